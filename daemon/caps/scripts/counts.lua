--[[
  How many hold each scope. Reads only.

  KEYS[1] and further: the scopes
  ARGV[1] clock override in ms, or ''

  Returns { holders … }, in the order of the keys.
]]
--- @include "epoch"

local now = clock(ARGV[1])
local reply = {}
for index, key in ipairs(KEYS) do
  reply[index] = redis.call('ZCOUNT', key, '(' .. whole(now), '+inf')
end
return reply
