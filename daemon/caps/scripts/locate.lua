--[[
  The A-leg of a call, looked for among some of the leases a daemon answers for. Reads only, and in pieces, so that
  Redis decides for others in between.

  KEYS[1] the leases of the daemon
  ARGV[1] cursor, '0' to begin
  ARGV[2] what the keys of leases begin with
  ARGV[3] the call id

  Returns { next cursor, '0' at the end } or, where it was found, { '0', channel, FreeSWITCH }
]]
--- @include "owned"

local piece = redis.call('SSCAN', KEYS[1], ARGV[1], 'COUNT', 200)
for _, leaseId in ipairs(piece[2]) do
  local lease = readLease(ARGV[2] .. leaseId)
  if lease and lease.callId == ARGV[3] and lease.channel ~= '' then
    return { '0', lease.channel, lease.switch }
  end
end
return { piece[1] }
