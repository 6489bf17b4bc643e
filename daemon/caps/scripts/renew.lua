--[[
  Renews many leases of one daemon. A lease that is missing in a scope (expired, or Redis lost it) is entered again
  where there is room. In the restoring window a scope may be claimed by more leases than its limit: those that
  expired before the memory was lost, and those that took their places. The last confirmed ones win; that is right,
  because whatever was valid at the loss was confirmed later than anything that had expired by then.

  KEYS[1] epoch
  KEYS[2] fence
  then a lease: its key, its scopes …
  ARGV[1] clock override in ms, or ''
  ARGV[2] length of the restoring window in ms
  ARGV[3] the Redis process (run_id)
  ARGV[4] daemon id
  ARGV[5] lease time in ms
  ARGV[6] what the keys of daemons' leases begin with
  then a lease: lease id, call id, fence, since when in ms ('' unknown), '1' to write its holder anew, channel and
    FreeSWITCH of the A-leg (a line each), number of scopes, and a scope: limit (-1 none), when it was last confirmed (ms)

  Returns { now in ms, ms left of the restoring window, the scopes where a lease is missing: their running number
  over all leases, from 1 … }
]]
--- @include "epoch"
--- @include "grant"

local now = clock(ARGV[1])
local daemonId = ARGV[4]
local leaseMs = tonumber(ARGV[5])
local restoring = restoringMs(KEYS[1], KEYS[2], now, tonumber(ARGV[2]), ARGV[3])

local function enterAgain(scopeKey, leaseId, limit)
  redis.call('ZREMRANGEBYSCORE', scopeKey, '-inf', now)
  if limit >= 0 and redis.call('ZCARD', scopeKey) >= limit then
    return false
  end
  enter(scopeKey, leaseId, now, leaseMs)
  return true
end

local function restore(scopeKey, leaseId, limit, confirmed)
  local restoredKey = scopeKey .. ':restored'
  local entered = enterAgain(scopeKey, leaseId, limit)
  while not entered do
    local oldest = redis.call('ZRANGE', restoredKey, 0, 0, 'WITHSCORES')
    if not oldest[1] or tonumber(oldest[2]) >= confirmed then
      return false
    end
    redis.call('ZREM', restoredKey, oldest[1])
    redis.call('ZREM', scopeKey, oldest[1])
    entered = enterAgain(scopeKey, leaseId, limit)
  end
  redis.call('ZADD', restoredKey, confirmed, leaseId)
  redis.call('PEXPIRE', restoredKey, leaseMs)
  return true
end

local reply = { now, restoring }
local extended = {}
redis.call('PEXPIRE', ARGV[6] .. daemonId, leaseMs * 2)
local key, arg, running = 3, 7, 0
while key <= #KEYS do
  local leaseId, callId, fence, since, anew, holder, scopes = unpack(ARGV, arg, arg + 6)
  -- Not among ours: another daemon claimed it while ours was not heard of. Who renews it answers for it: else nobody
  -- would look for it where ours dies later.
  if redis.call('PEXPIRE', KEYS[key], leaseMs) == 0 or anew == '1'
    or redis.call('SISMEMBER', ARGV[6] .. daemonId, leaseId) == 0 then
    local known = redis.call('GET', KEYS[key])
    local began = tonumber(since) or (known and tonumber(string.match(known, '^%d+\n(%d+)'))) or now
    local owner = known and string.match(known, '^%d+\n%d+\n[^\n]*\n([^\n]*)')
    if owner and owner ~= daemonId then
      redis.call('SREM', ARGV[6] .. owner, leaseId)
    end
    if holder == '\n' and known then
      holder = string.match(known, '^%d+\n%d+\n[^\n]*\n[^\n]*\n([^\n]*\n[^\n]*)') or holder
    end
    local held = {}
    for offset = 1, tonumber(scopes) do
      held[offset] = scopeText(tonumber(ARGV[arg + 5 + offset * 2]), KEYS[key + offset])
    end
    redis.call('SET', KEYS[key],
      describe(tonumber(fence), began, callId, daemonId, holder, table.concat(held, '\t'), 0), 'PX', leaseMs)
    hold(ARGV[6], daemonId, leaseId, leaseMs)
  end
  arg = arg + 7
  for offset = 1, tonumber(scopes) do
    local scopeKey = KEYS[key + offset]
    running = running + 1
    local held = redis.call('ZADD', scopeKey, 'XX', 'CH', now + leaseMs, leaseId) == 1
      or redis.call('ZSCORE', scopeKey, leaseId)
    if held and not extended[scopeKey] then
      extended[scopeKey] = true
      redis.call('PEXPIRE', scopeKey, leaseMs * 2)
    elseif not held then
      local limit, confirmed = tonumber(ARGV[arg]), tonumber(ARGV[arg + 1])
      if restoring > 0 then
        held = restore(scopeKey, leaseId, limit, confirmed)
      else
        held = enterAgain(scopeKey, leaseId, limit)
      end
    end
    if not held then
      reply[#reply + 1] = running
    end
    arg = arg + 2
  end
  key = key + 1 + tonumber(scopes)
end
return reply
