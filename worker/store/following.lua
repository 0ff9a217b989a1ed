#!lua name=hketo_following
-- What more is told of a story: who covers it by now, what each watch was told of it, and a further alert.
-- KEYS[1] is the key `seq`; every other key is built from the prefix in ARGV[1] (same hash tag, same slot).
-- Facts are written `publishers,official,corrected,withdrawn`, the last three 0 or 1. Those that a watch was told stand
-- in its first alert of the story. They are changed only from what the caller decided by, so that of two workers which
-- see a story grow one tells it.

--@include alerts.lua
--@include storynames.lua

--@include clock.lua

local FLAGS = {'=official', '=corrected', '=withdrawn'}

local function facts(prefix, story)
  local held = redis.call('HMGET', prefix .. 'sf:' .. story, unpack(FLAGS))
  local told, count = {}, redis.call('HLEN', prefix .. 'sf:' .. story)
  for i = 1, #FLAGS do
    told[i] = held[i] and '1' or '0'
    if held[i] then count = count - 1 end
  end
  return count .. ',' .. table.concat(told, ',')
end

-- The alert by which a watch first heard of a story, or of one that was merged into it since.
local function first_alert(prefix, watch, story)
  local id = watch .. '-' .. story
  if redis.call('EXISTS', prefix .. 'al:' .. id) == 1 then return id end
  for _, younger in ipairs(redis.call('SMEMBERS', prefix .. 'sj:' .. story)) do
    id = watch .. '-' .. younger
    if redis.call('EXISTS', prefix .. 'al:' .. id) == 1 then return id end
  end
  return nil
end

-- Notes who tells a story, and what flags ('official corrected') that brings; the story by now.
local function note(prefix, keep, shown, publisher, flags)
  local story = current_story(prefix, shown)
  local key = prefix .. 'sf:' .. story
  if publisher ~= '' then redis.call('HSET', key, '@' .. publisher, '1') end
  for flag in string.gmatch(flags, '%S+') do redis.call('HSET', key, '=' .. flag, '1') end
  redis.call('EXPIRE', key, keep)
  return story
end

-- {story, its facts, then for each watch that wants to hear of it: watch, first alert, facts it was told}
-- Facts are empty where a watch wants to hear of the story and was told nothing yet. A first alert tells of the story
-- as it was when the first article was counted after it.
local function coverage(prefix, story, watches)
  local stands = facts(prefix, story)
  local out = {story, stands}
  for _, watch in ipairs(watches) do
    local first = first_alert(prefix, watch, story)
    if first then
      local kind, told = unpack(redis.call('HMGET', prefix .. 'al:' .. first, 'kind', 'told'))
      if kind ~= 'held' and not told then
        told = stands
        redis.call('HSET', prefix .. 'al:' .. first, 'told', told)
      end
      out[#out + 1], out[#out + 2], out[#out + 3] = watch, first, told or ''
    end
  end
  return out
end

-- covered_all  ARGV: prefix, keep, how many watches, watch, ..., then of each article: story, publisher, flags
--   ->  {coverage, ...} in order, each as it was after that article
local function covered_all(_, args)
  local prefix, keep, out = args[1], args[2], {}
  local watches = {unpack(args, 4, 3 + args[3])}
  for at = 4 + #watches, #args, 3 do
    local story = note(prefix, keep, args[at], args[at + 1], args[at + 2])
    out[#out + 1] = coverage(prefix, story, watches)
  end
  return out
end

-- tell  ARGV: prefix, first alert, facts it was told, facts now, end of the new alert's id, n, keep, alert (JSON)
-- ->  {1, channel, ...}: the channels that have something to send at once; {0} when another worker told meanwhile
local function tell(_, args)
  local prefix, first, id = args[1], args[2], args[2] .. '-' .. args[5]
  local key = prefix .. 'al:' .. first
  local kind, told, story = unpack(redis.call('HMGET', key, 'kind', 'told', 'story'))
  if not kind or (told or '') ~= args[3] then return {0} end
  redis.call('HSET', key, 'told', args[4])
  local wanted, channels, at = cjson.decode(args[8]), {}, now()
  if redis.call('EXISTS', prefix .. 'al:' .. id) == 0 then
    local n = args[6]
    redis.call('HSET', prefix .. 'al:' .. id, 'watch', wanted.watch, 'story', current_story(prefix, story), 'n', n,
      'kind', 'updated', 'event', wanted.event, 'parent', kind == 'held' and '' or first,
      'grade', redis.call('HGET', prefix .. 'a:' .. n, 'grade') or '0', 'sentence', wanted.sentence,
      'matched', redis.call('HGET', key, 'matched') or '', 'created', string.format('%.3f', at),
      'shadow', wanted.shadow and '1' or '0')
    tell_watch(prefix, wanted, id, at, tonumber(args[7]), channels)
  end
  return {1, unpack(channels)}
end

redis.register_function('hketo_covered_all', covered_all)
redis.register_function('hketo_tell', tell)
