--[[
  Joins a waiting line at its end (within its priority).

  KEYS[1] epoch
  KEYS[2] fence
  KEYS[3] the lines somebody waits in
  KEYS[4] the line
  KEYS[5] when each of its waiters was heard of last
  KEYS[6] the order of joining
  ARGV[1] clock override in ms, or ''
  ARGV[2] length of the restoring window in ms
  ARGV[3] the Redis process (run_id)
  ARGV[4] place id
  ARGV[5] priority times 1e13
  ARGV[6] most waiters
  ARGV[7] lease time in ms
  ARGV[8] name of the line
  ARGV[9] channel

  Returns { 1, score, position } or { 0 } when the line is full.
]]
--- @include "epoch"
--- @include "line"

local now = clock(ARGV[1])
restoringMs(KEYS[1], KEYS[2], now, tonumber(ARGV[2]), ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now)
if pruneLine(KEYS[4], KEYS[5], now) > 0 then
  announceHead(KEYS[4], ARGV[9], ARGV[8])
end
if redis.call('ZCARD', KEYS[4]) >= tonumber(ARGV[6]) then
  return { 0 }
end
-- The order starts from the clock, which runs faster than calls join: who joins after Redis lost its memory stands
-- behind those who waited before.
redis.call('SET', KEYS[6], whole(now), 'NX')
local score = whole(tonumber(ARGV[5]) + redis.call('INCR', KEYS[6]))
stand(KEYS[3], KEYS[4], KEYS[5], ARGV[8], ARGV[4], score, now, tonumber(ARGV[7]))
return { 1, score, redis.call('ZRANK', KEYS[4], ARGV[4]) + 1 }
