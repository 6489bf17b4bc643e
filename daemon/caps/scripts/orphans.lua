--[[
  The leases of a daemon that is gone, and with `claim` those of the named FreeSWITCH machines become another daemon's:
  one script, so that each goes to one survivor. They expire when they would have: whoever claims them looks whether
  their calls live before it renews them.

  KEYS[1] the daemons
  KEYS[2] the leases the absent daemon answers for
  ARGV[1] clock override in ms, or ''
  ARGV[2] the absent daemon's id
  ARGV[3] what the keys of leases begin with
  ARGV[4] what the keys of daemons' leases begin with
  ARGV[5] who claims them, '' only to look
  ARGV[6] lease time in ms
  ARGV[7] at most so many
  ARGV[8..] the FreeSWITCH machines; none with '' in ARGV[5]: all

  Returns { lease id, fence, call id, channel, FreeSWITCH, scopes … }; nothing where the daemon is not gone.
]]
--- @include "epoch"
--- @include "grant"
--- @include "owned"

local score = redis.call('ZSCORE', KEYS[1], ARGV[2])
if score and tonumber(score) > clock(ARGV[1]) then
  return {}
end
local claimant, most = ARGV[5], tonumber(ARGV[7])
local reachable = {}
for index = 8, #ARGV do
  reachable[ARGV[index]] = true
end
local reply, found = {}, 0
for _, leaseId in ipairs(redis.call('SMEMBERS', KEYS[2])) do
  local leaseKey = ARGV[3] .. leaseId
  local lease = readLease(leaseKey)
  if not lease or lease.daemonId ~= ARGV[2] then
    redis.call('SREM', KEYS[2], leaseId)
  elseif lease.channel ~= '' and (claimant == '' or reachable[lease.switch]) and found < most then
    found = found + 1
    for _, fact in ipairs({ leaseId, whole(lease.fence), lease.callId, lease.channel, lease.switch, lease.scopes }) do
      reply[#reply + 1] = fact
    end
    if claimant ~= '' then
      local holder = lease.channel .. '\n' .. lease.switch
      local text = describe(lease.fence, lease.since, lease.callId, claimant, holder, lease.scopes, lease.option)
      redis.call('SET', leaseKey, text, 'KEEPTTL')
      redis.call('SREM', KEYS[2], leaseId)
      hold(ARGV[4], claimant, leaseId, tonumber(ARGV[6]))
    end
  end
end
return reply
