--[[
  Leaves a line; harmless when not in it.

  KEYS[1] the line
  KEYS[2] when each of its waiters was heard of last
  ARGV[1] place id
  ARGV[2] name of the line
  ARGV[3] channel

  Returns 1 when the place was in the line.
]]
--- @include "line"

local wasHead = redis.call('ZRANGE', KEYS[1], 0, 0)[1] == ARGV[1]
local left = redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
if wasHead then
  announceHead(KEYS[1], ARGV[3], ARGV[2])
end
return left
