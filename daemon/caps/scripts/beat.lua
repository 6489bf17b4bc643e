--[[
  A daemon says that it lives, or (time 0) that it goes.

  KEYS[1] the daemons
  KEYS[2] the leases it answers for
  ARGV[1] clock override in ms, or ''
  ARGV[2] daemon id
  ARGV[3] ms for which it counts as living; 0: it is gone

  Returns 1.
]]
--- @include "epoch"

local livesMs = tonumber(ARGV[3])
if livesMs > 0 then
  redis.call('ZADD', KEYS[1], clock(ARGV[1]) + livesMs, ARGV[2])
elseif redis.call('SCARD', KEYS[2]) > 0 then
  redis.call('ZADD', KEYS[1], 0, ARGV[2])
else
  redis.call('ZREM', KEYS[1], ARGV[2])
end
return 1
