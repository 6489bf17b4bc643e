-- Tells every daemon who is the head of the line now; the one that has this waiter tries for it.
local function announceHead(lineKey, channel, line)
  local head = redis.call('ZRANGE', lineKey, 0, 0)[1]
  if head then
    redis.call('PUBLISH', channel, cjson.encode({ line = line, head = head }))
  end
end

-- Removes the waiters whose daemon has not been heard of for the lease time; returns how many.
local function pruneLine(lineKey, aliveKey, now)
  local dead = redis.call('ZRANGEBYSCORE', aliveKey, '-inf', now)
  for _, place in ipairs(dead) do
    redis.call('ZREM', lineKey, place)
    redis.call('ZREM', aliveKey, place)
  end
  return #dead
end

-- A waiter stands in the line and was heard of just now.
local function stand(linesKey, lineKey, aliveKey, line, place, score, now, leaseMs)
  redis.call('ZADD', lineKey, 'NX', score, place)
  redis.call('ZADD', aliveKey, now + leaseMs, place)
  redis.call('ZADD', linesKey, now + leaseMs, line)
  redis.call('PEXPIRE', lineKey, leaseMs * 2)
  redis.call('PEXPIRE', aliveKey, leaseMs * 2)
  redis.call('PEXPIRE', linesKey, leaseMs * 2)
end
