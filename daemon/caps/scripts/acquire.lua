--[[
  Takes every scope or none.

  KEYS[1] epoch
  KEYS[2] fence
  KEYS[3] the lease
  KEYS[4..] the scopes
  ARGV[1] clock override in ms, or ''
  ARGV[2] length of the restoring window in ms
  ARGV[3] the Redis process (run_id)
  ARGV[4] lease id
  ARGV[5] call id
  ARGV[6] daemon id
  ARGV[7] lease time in ms
  ARGV[8] what the keys of daemons' leases begin with
  ARGV[9] channel and FreeSWITCH of the A-leg, a line each
  ARGV[10..] one limit a scope, -1 for none

  Returns
    { 1, fence, now in ms, holders of each scope … }   granted
    { 0, number of the scope that refused (from 1), ms until its earliest lease would expire }
    { -1, ms }                                         restoring
]]
--- @include "epoch"
--- @include "grant"

local now = clock(ARGV[1])
local leaseId = ARGV[4]
local leaseMs = tonumber(ARGV[7])
local restoring = restoringMs(KEYS[1], KEYS[2], now, tonumber(ARGV[2]), ARGV[3])
if restoring > 0 then
  return { -1, restoring }
end
local scopes = {}
for index = 4, #KEYS do
  local limit = tonumber(ARGV[index + 6])
  scopes[#scopes + 1] = scopeText(limit, KEYS[index])
  local refused = refusalMs(KEYS[index], limit, leaseId, now, leaseMs)
  if refused then
    return { 0, index - 3, refused }
  end
end
local lease = {
  id = leaseId,
  callId = ARGV[5],
  daemonId = ARGV[6],
  heldBy = ARGV[8],
  holder = ARGV[9],
  scopes = table.concat(scopes, '\t'),
  option = 0,
}
local reply = { 1, fenceOf(KEYS[3], KEYS[2], now, lease, leaseMs), now }
for index = 4, #KEYS do
  reply[index] = enter(KEYS[index], leaseId, now, leaseMs)
end
return reply
