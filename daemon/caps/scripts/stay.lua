--[[
  Says that the waiters of one daemon are still there; puts those back, in their old order, that Redis forgot.

  KEYS[1] epoch
  KEYS[2] fence
  KEYS[3] the lines somebody waits in
  then a waiter: its line, when each waiter of that line was heard of last
  ARGV[1] clock override in ms, or ''
  ARGV[2] length of the restoring window in ms
  ARGV[3] the Redis process (run_id)
  ARGV[4] lease time in ms
  then a waiter: place id, score, name of the line

  Returns the ms left of the restoring window.
]]
--- @include "epoch"
--- @include "line"

local now = clock(ARGV[1])
local restoring = restoringMs(KEYS[1], KEYS[2], now, tonumber(ARGV[2]), ARGV[3])
local arg = 5
for key = 4, #KEYS, 2 do
  stand(KEYS[3], KEYS[key], KEYS[key + 1], ARGV[arg + 2], ARGV[arg], ARGV[arg + 1], now, tonumber(ARGV[4]))
  arg = arg + 3
end
return restoring
