--[[
  Where a place stands in its line, and how fast the line has moved. Reads only.

  KEYS[1] the line
  KEYS[2] the times of its last turns
  ARGV[1] clock override in ms, or ''
  ARGV[2] place id

  Returns { position from 1, or 0 when not in the line; number of turns remembered; ms since the oldest of them }
]]
--- @include "epoch"

local now = clock(ARGV[1])
local rank = redis.call('ZRANK', KEYS[1], ARGV[2])
local oldest = redis.call('LINDEX', KEYS[2], -1)
return {
  rank and rank + 1 or 0,
  redis.call('LLEN', KEYS[2]),
  oldest and math.max(0, now - tonumber(oldest)) or 0,
}
