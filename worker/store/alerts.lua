-- Included where alerts arise (articles.lua, sources.lua): an alert's deliveries come into being with it.
-- A delivery that is gathered waits in the brief of its watch, time and channel; the brief is what stands in the
-- outbox then, as a delivery like any other, and its end is the end of all that it holds (outbox.lua).

-- The brief of this time that still takes alerts: what is in one is fixed by the first try to send it.
local function open_brief(prefix, brief, channel)
  local name, part = brief, 1
  while redis.call('HGET', prefix .. 'dl:' .. name .. '|' .. channel, 'closed') do
    part = part + 1
    name = brief .. '.' .. part
  end
  return name .. '|' .. channel
end

local function queue(prefix, channel, delivery, due)
  redis.call('ZADD', prefix .. 'out:' .. channel, 'NX', due, delivery)
  redis.call('SADD', prefix .. 'channels', channel)
end

local function deliver(prefix, wanted, id, channel, at, keep)
  local delivery, due = id .. '|' .. channel, math.max(at, wanted.due or 0)
  local times = {'created', string.format('%.3f', at), 'due', string.format('%.3f', due)}
  local lives = math.ceil(keep + due - at)
  redis.call('HSET', prefix .. 'dl:' .. delivery, 'alert', id, 'channel', channel, 'state', 'pending',
    'attempts', 0, 'note', wanted.why or '', unpack(times))
  redis.call('EXPIRE', prefix .. 'dl:' .. delivery, lives)
  if (wanted.brief or '') == '' then
    queue(prefix, channel, delivery, due)
    return due <= at
  end
  local brief = open_brief(prefix, wanted.brief, channel)
  redis.call('HSET', prefix .. 'dl:' .. delivery, 'brief', brief)
  if redis.call('EXISTS', prefix .. 'dl:' .. brief) == 0 then
    redis.call('HSET', prefix .. 'dl:' .. brief, 'alert', string.match(brief, '^(.*)|'), 'channel', channel,
      'state', 'pending', 'attempts', 0, 'note', wanted.why or '', unpack(times))
    queue(prefix, channel, brief, due)
  end
  redis.call('SADD', prefix .. 'br:' .. brief, delivery)
  redis.call('EXPIRE', prefix .. 'dl:' .. brief, lives)
  redis.call('EXPIRE', prefix .. 'br:' .. brief, lives)
  return due <= at
end

-- For the throttle: when messages of this watch go out. A brief counts once.
local function remember_time(prefix, wanted, id, at)
  if (wanted.window or 0) == 0 then return end
  local key = prefix .. 'wt:' .. wanted.watch
  redis.call('ZREMRANGEBYSCORE', key, '-inf', at - wanted.window)
  redis.call('ZADD', key, wanted.counted, wanted.brief ~= '' and wanted.brief or id)
  redis.call('EXPIRE', key, math.max(1, redis.call('TTL', key), math.ceil(wanted.counted - at + wanted.window)))
end

-- `al:<id>` was written by the caller. Adds to `channels` those that have something to send at once.
local function tell_watch(prefix, wanted, id, at, keep, channels)
  redis.call('EXPIRE', prefix .. 'al:' .. id, keep)
  redis.call('ZADD', prefix .. 'alerts', at, id)
  remember_time(prefix, wanted, id, at)
  for _, channel in ipairs(wanted.channels) do
    if deliver(prefix, wanted, id, channel, at, keep) then channels[#channels + 1] = channel end
  end
end
