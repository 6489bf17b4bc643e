--[[
  Renews leases a daemon claimed from one that is gone, as long as they are its own: one that was released, or that the
  session of another daemon has adopted, is left alone.

  KEYS[1] the leases this daemon answers for
  then the leases
  ARGV[1] clock override in ms, or ''
  ARGV[2] this daemon's id
  ARGV[3] lease time in ms
  then one lease id a lease

  Returns the numbers (from 1) of those that are not its own any more.
]]
--- @include "epoch"
--- @include "owned"

local now = clock(ARGV[1])
local leaseMs = tonumber(ARGV[3])
local lost = {}
redis.call('PEXPIRE', KEYS[1], leaseMs * 2)
for index = 2, #KEYS do
  local lease, leaseId = readLease(KEYS[index]), ARGV[index + 2]
  if not lease or lease.daemonId ~= ARGV[2] then
    redis.call('SREM', KEYS[1], leaseId)
    lost[#lost + 1] = index - 1
  else
    redis.call('PEXPIRE', KEYS[index], leaseMs)
    for scopeKey in string.gmatch(lease.scopes, '[^\t ]+ ([^\t]+)') do
      redis.call('ZADD', scopeKey, 'XX', now + leaseMs, leaseId)
      redis.call('PEXPIRE', scopeKey, leaseMs * 2)
    end
  end
end
return lost
