-- Milliseconds since 1970 by Redis' own clock, so that daemons need not agree on theirs; tests pass one instead.
local function clock(override)
  if override ~= '' then
    return tonumber(override)
  end
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

local function whole(number)
  return string.format('%.0f', number)
end

-- How long (ms) nobody may acquire yet, because this Redis has just lost its memory; 0 when it is open.
-- The first script that finds no epoch writes one and opens the restoring window. The fence starts from the clock:
-- it goes on growing although the old counter is gone.
local function restoringMs(epochKey, fenceKey, now, windowMs, runId)
  local untilMs = redis.call('HGET', epochKey, 'until')
  if not untilMs then
    untilMs = whole(now + windowMs)
    redis.call('HSET', epochKey, 'until', untilMs, 'run', runId)
    redis.call('SET', fenceKey, whole(now * 1000))
  end
  return math.max(0, tonumber(untilMs) - now)
end
