--[[
  Which daemons were heard of lately.

  KEYS[1] the daemons
  ARGV[1] clock override in ms, or ''

  Returns their ids.
]]
--- @include "epoch"

return redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. whole(clock(ARGV[1])), '+inf')
