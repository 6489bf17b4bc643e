--[[
  Removes a holder from its scopes; harmless when it is not there. Tells the waiting lines, where there are any.

  KEYS[1] the lines somebody waits in
  KEYS[2] the lease
  KEYS[3..] the scopes
  ARGV[1] lease id
  ARGV[2] channel
  ARGV[3] what the keys of daemons' leases begin with

  Returns from how many scopes it was removed.
]]
local known = redis.call('GET', KEYS[2])
if known then
  redis.call('SREM', ARGV[3] .. string.match(known, '^%d+\n%d+\n[^\n]*\n([^\n]*)'), ARGV[1])
  redis.call('DEL', KEYS[2])
end
local freed = {}
for index = 3, #KEYS do
  if redis.call('ZREM', KEYS[index], ARGV[1]) == 1 then
    freed[#freed + 1] = KEYS[index]
  end
end
if #freed > 0 and redis.call('EXISTS', KEYS[1]) == 1 then
  redis.call('PUBLISH', ARGV[2], cjson.encode({ freed = freed }))
end
return #freed
