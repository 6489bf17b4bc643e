--[[
  Which daemons are gone and have left leases behind. Forgets those that left nothing.

  KEYS[1] epoch
  KEYS[2] fence
  KEYS[3] the daemons
  ARGV[1] clock override in ms, or ''
  ARGV[2] length of the restoring window in ms
  ARGV[3] the Redis process (run_id)
  ARGV[4] what the keys of daemons' leases begin with

  Returns their ids; none in the restoring window, when the living have not all been heard of.
]]
--- @include "epoch"

local now = clock(ARGV[1])
local gone = {}
if restoringMs(KEYS[1], KEYS[2], now, tonumber(ARGV[2]), ARGV[3]) > 0 then
  return gone
end
for _, daemonId in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', whole(now))) do
  if redis.call('EXISTS', ARGV[4] .. daemonId) == 1 then
    gone[#gone + 1] = daemonId
  else
    redis.call('ZREM', KEYS[3], daemonId)
  end
end
return gone
