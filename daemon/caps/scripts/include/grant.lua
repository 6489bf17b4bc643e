-- Whether a scope has no room for this lease: nil when it has, else ms until its earliest lease would expire.
-- Expired holders go first. A limit below 0 limits nothing. Who holds already needs no room.
local function refusalMs(scopeKey, limit, leaseId, now, leaseMs)
  redis.call('ZREMRANGEBYSCORE', scopeKey, '-inf', now)
  if limit < 0 or redis.call('ZCARD', scopeKey) < limit or redis.call('ZSCORE', scopeKey, leaseId) then
    return nil
  end
  local earliest = redis.call('ZRANGE', scopeKey, 0, 0, 'WITHSCORES')
  return earliest[2] and math.max(1, tonumber(earliest[2]) - now) or leaseMs
end

-- Enters a lease in one scope; returns how many hold it now. The key outlives its last lease, but not for ever.
local function enter(scopeKey, leaseId, now, leaseMs)
  redis.call('ZADD', scopeKey, now + leaseMs, leaseId)
  redis.call('PEXPIRE', scopeKey, leaseMs * 2)
  return redis.call('ZCARD', scopeKey)
end

-- What is kept of a lease, a line each: fence, since, call, daemon, the A-leg's channel and its FreeSWITCH (both may be
-- empty), its scopes, and the option that take.lua granted (0: none). `holder` is the two lines of the channel.
local function describe(fence, since, callId, daemonId, holder, scopes, option)
  return table.concat({ whole(fence), whole(since), callId, daemonId, holder, scopes, option }, '\n')
end

-- A scope as it stands among a lease's scopes: they are divided by tabs.
local function scopeText(limit, scopeKey)
  return whole(limit) .. ' ' .. scopeKey
end

-- Puts a lease among those a daemon answers for.
local function hold(heldBy, daemonId, leaseId, leaseMs)
  redis.call('SADD', heldBy .. daemonId, leaseId)
  redis.call('PEXPIRE', heldBy .. daemonId, leaseMs * 2)
end

-- The fence of a lease: a new one from the counter, or the old one where the same lease comes twice.
local function fenceOf(leaseKey, fenceKey, now, lease, leaseMs)
  local known = redis.call('GET', leaseKey)
  if known then
    redis.call('PEXPIRE', leaseKey, leaseMs)
    return tonumber(string.match(known, '^%d+'))
  end
  local fence = redis.call('INCR', fenceKey)
  redis.call('SET', leaseKey, describe(fence, now, lease.callId, lease.daemonId, lease.holder, lease.scopes, lease.option),
    'PX', leaseMs)
  hold(lease.heldBy, lease.daemonId, lease.id, leaseMs)
  return fence
end
