-- A lease as describe() wrote it; nil when there is none.
local function readLease(leaseKey)
  local text = redis.call('GET', leaseKey)
  if not text then
    return nil
  end
  local fence, since, callId, daemonId, channel, switch, scopes, option =
    string.match(text, '^(%d+)\n(%d+)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n([^\n]*)\n(%d+)$')
  if not fence then
    return nil
  end
  return {
    fence = tonumber(fence),
    since = tonumber(since),
    callId = callId,
    daemonId = daemonId,
    channel = channel,
    switch = switch,
    scopes = scopes,
    option = option,
  }
end
