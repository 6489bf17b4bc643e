--[[
  Run first on every connection: a Redis process not seen before (restart, failover) may have lost its last writes,
  so it opens the restoring window, in which the daemons put their leases back and nobody acquires.

  KEYS[1] epoch
  KEYS[2] fence
  ARGV[1] clock override in ms, or ''
  ARGV[2] length of the window in ms
  ARGV[3] the Redis process (run_id)

  Returns the ms left of the window, 0 when it is open.
]]
--- @include "epoch"

local now = clock(ARGV[1])
local windowMs = tonumber(ARGV[2])
local left = restoringMs(KEYS[1], KEYS[2], now, windowMs, ARGV[3])
if redis.call('HGET', KEYS[1], 'run') ~= ARGV[3] then
  redis.call('HSET', KEYS[1], 'until', whole(now + windowMs), 'run', ARGV[3])
  left = windowMs
end
return left
