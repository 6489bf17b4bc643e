--[[
  Who holds a scope. Reads only.

  KEYS[1] the scope
  ARGV[1] clock override in ms, or ''
  ARGV[2] what the keys of leases begin with
  ARGV[3] at most so many

  Returns { lease id, ms until it expires, its holder or '' … }, the earliest expiry first.
]]
--- @include "epoch"

local now = clock(ARGV[1])
local found = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. whole(now), '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[3])
local reply = {}
for index = 1, #found, 2 do
  reply[#reply + 1] = found[index]
  reply[#reply + 1] = tonumber(found[index + 1]) - now
  reply[#reply + 1] = redis.call('GET', ARGV[2] .. found[index]) or ''
end
return reply
