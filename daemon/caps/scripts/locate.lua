--[[
  Some of the leases a daemon answers for: those of one call, or of all. Reads only, and in pieces, so that Redis
  decides for others in between.

  KEYS[1] the leases of the daemon
  ARGV[1] cursor, '0' to begin
  ARGV[2] what the keys of leases begin with
  ARGV[3] the call id, '' for all

  Returns { next cursor, '0' at the end, then call id, since, daemon, channel, FreeSWITCH, scopes of each lease }
]]
--- @include "epoch"
--- @include "owned"

local piece = redis.call('SSCAN', KEYS[1], ARGV[1], 'COUNT', 200)
local reply = { piece[1] }
for _, leaseId in ipairs(piece[2]) do
  local lease = readLease(ARGV[2] .. leaseId)
  if lease and (ARGV[3] == '' or lease.callId == ARGV[3]) and lease.channel ~= '' then
    for _, fact in ipairs({ lease.callId, whole(lease.since), lease.daemonId, lease.channel, lease.switch, lease.scopes }) do
      reply[#reply + 1] = fact
    end
  end
end
return reply
