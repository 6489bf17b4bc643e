--[[
  The head of a line takes the first option that has room, and leaves the line with it. Safe to repeat when the
  answer was lost: the lease tells that it was granted.

  KEYS[1] epoch
  KEYS[2] fence
  KEYS[3] the lines somebody waits in
  KEYS[4] the line
  KEYS[5] when each of its waiters was heard of last
  KEYS[6] the times of its last turns
  KEYS[7] the lease
  KEYS[8..] the scopes of all options
  ARGV[1] clock override in ms, or ''
  ARGV[2] length of the restoring window in ms
  ARGV[3] the Redis process (run_id)
  ARGV[4] place id
  ARGV[5] score of the place
  ARGV[6] lease id
  ARGV[7] call id
  ARGV[8] daemon id
  ARGV[9] lease time in ms
  ARGV[10] name of the line
  ARGV[11] channel
  ARGV[12] what the keys of daemons' leases begin with
  ARGV[13] channel and FreeSWITCH of the A-leg, a line each
  then an option: number of scopes, and a scope: index into KEYS[8..] (from 1), limit (-1 none)

  Returns
    { 'granted', fence, now in ms, number of the option (from 1) }
    { 'behind', ms until a waiter of the line would vanish if its daemon kept silent }
    { 'full', ms until the earliest lease in the way would expire }
    { 'restoring', ms }
]]
--- @include "epoch"
--- @include "grant"
--- @include "line"

local now = clock(ARGV[1])
local lineKey, aliveKey, leaseKey = KEYS[4], KEYS[5], KEYS[7]
local place, leaseId, leaseMs = ARGV[4], ARGV[6], tonumber(ARGV[9])

local known = redis.call('GET', leaseKey)
if known then
  local fence, since, option = string.match(known, '^(%d+)\n(%d+)\n.*\n(%d+)$')
  if redis.call('ZREM', lineKey, place) == 1 then
    announceHead(lineKey, ARGV[11], ARGV[10])
  end
  redis.call('ZREM', aliveKey, place)
  return { 'granted', tonumber(fence), tonumber(since), tonumber(option) }
end
local restoring = restoringMs(KEYS[1], KEYS[2], now, tonumber(ARGV[2]), ARGV[3])
stand(KEYS[3], lineKey, aliveKey, ARGV[10], place, ARGV[5], now, leaseMs)
local pruned = pruneLine(lineKey, aliveKey, now)
if restoring > 0 then
  return { 'restoring', restoring }
end
if redis.call('ZRANGE', lineKey, 0, 0)[1] ~= place then
  if pruned > 0 then
    announceHead(lineKey, ARGV[11], ARGV[10])
  end
  local silent = redis.call('ZRANGE', aliveKey, 0, 0, 'WITHSCORES')
  return { 'behind', math.max(1, tonumber(silent[2]) - now) }
end

local earliest = leaseMs
local arg, option = 14, 0
while arg <= #ARGV do
  local scopes = tonumber(ARGV[arg])
  option = option + 1
  local fits, held = true, {}
  for offset = 1, scopes do
    local scopeKey, limit = KEYS[7 + tonumber(ARGV[arg + offset * 2 - 1])], tonumber(ARGV[arg + offset * 2])
    held[offset] = scopeText(limit, scopeKey)
    local refused = refusalMs(scopeKey, limit, leaseId, now, leaseMs)
    if refused then
      fits = false
      earliest = math.min(earliest, refused)
    end
  end
  if fits then
    local lease = {
      id = leaseId,
      callId = ARGV[7],
      daemonId = ARGV[8],
      heldBy = ARGV[12],
      holder = ARGV[13],
      scopes = table.concat(held, '\t'),
      option = option,
    }
    local fence = fenceOf(leaseKey, KEYS[2], now, lease, leaseMs)
    for offset = 1, scopes do
      enter(KEYS[7 + tonumber(ARGV[arg + offset * 2 - 1])], leaseId, now, leaseMs)
    end
    redis.call('ZREM', lineKey, place)
    redis.call('ZREM', aliveKey, place)
    redis.call('LPUSH', KEYS[6], now)
    redis.call('LTRIM', KEYS[6], 0, 31)
    redis.call('PEXPIRE', KEYS[6], 600000)
    announceHead(lineKey, ARGV[11], ARGV[10])
    return { 'granted', fence, now, option }
  end
  arg = arg + 1 + scopes * 2
end
return { 'full', earliest }
