#!lua name=hketo_story_records
-- The articles of stories; stories merged and parted again.
-- KEYS[1] is the key `seq`; every other key is built from the prefix in ARGV[1] (same hash tag, same slot).

local MAX_DECISIONS = 50

--@include storynames.lua

-- A story is its members; all else that a reader sees of it follows from them (storyrecords.py).
local function keep_story(prefix, story, keep)
  redis.call('EXPIRE', prefix .. 'sm:' .. story, keep)
  redis.call('EXPIRE', prefix .. 'sj:' .. story, keep)
end

local function admit(prefix, story, n, ts)
  redis.call('ZADD', prefix .. 'sm:' .. story, ts, n)
end

local function note(prefix, story, record, keep)
  local key = prefix .. 'sh:' .. story
  redis.call('LPUSH', key, record)
  redis.call('LTRIM', key, 0, MAX_DECISIONS - 1)
  redis.call('EXPIRE', key, keep)
end

local function member(prefix, n, keep)
  local held, ts, fate = unpack(redis.call('HMGET', prefix .. 'a:' .. n, 'story', 'ts', 'fate'))
  if not held or fate ~= 'stored' then return '' end
  local story = current_story(prefix, held)
  if story ~= held then redis.call('HSET', prefix .. 'a:' .. n, 'story', story) end
  admit(prefix, story, n, tonumber(ts))
  keep_story(prefix, story, keep)
  return story
end

-- story_members  ARGV: prefix, keep seconds, n, ...  ->  {the article's story, or '' when the article is gone, ...}
-- The story is the one that the put gave the article: for a copy, that of what it copies.
local function story_members(_, args)
  local out = {}
  for i = 3, #args do out[#out + 1] = member(args[1], args[i], args[2]) end
  return out
end

-- story_merge  ARGV: prefix, elder, younger, keep seconds, decision (JSON)  ->  1, or 0 when there is nothing to merge
-- The younger's members stay written under its name, so that story_part can take them out again.
local function story_merge(_, args)
  local prefix, keep = args[1], args[4]
  local elder, younger = current_story(prefix, args[2]), current_story(prefix, args[3])
  if elder == younger then return 0 end
  if redis.call('EXISTS', prefix .. 'sm:' .. elder, prefix .. 'sm:' .. younger) < 2 then return 0 end
  local members = redis.call('ZRANGE', prefix .. 'sm:' .. younger, 0, -1, 'WITHSCORES')
  for i = 1, #members, 2 do
    admit(prefix, elder, members[i], tonumber(members[i + 1]))
    if redis.call('EXISTS', prefix .. 'a:' .. members[i]) == 1 then
      redis.call('HSET', prefix .. 'a:' .. members[i], 'story', elder)
    end
  end
  redis.call('SET', prefix .. 'sa:' .. younger, elder, 'EX', keep)
  redis.call('SADD', prefix .. 'sj:' .. elder, younger, unpack(redis.call('SMEMBERS', prefix .. 'sj:' .. younger)))
  redis.call('EXPIRE', prefix .. 'sj:' .. elder, keep)
  local covered = redis.call('HGETALL', prefix .. 'sf:' .. younger)
  if #covered > 0 then
    redis.call('HSET', prefix .. 'sf:' .. elder, unpack(covered))
    redis.call('EXPIRE', prefix .. 'sf:' .. elder, keep)
  end
  redis.call('DEL', prefix .. 'sv:' .. younger)
  redis.call('EXPIRE', prefix .. 'sm:' .. younger, keep)
  keep_story(prefix, elder, keep)
  note(prefix, elder, args[5], keep)
  return 1
end

-- Who covers a story, counted anew from its articles; that a government's source told it, or that it was corrected,
-- stays with the story that was parted.
local function cover_anew(prefix, story, keep)
  local key = prefix .. 'sf:' .. story
  for _, field in ipairs(redis.call('HKEYS', key)) do
    if string.sub(field, 1, 1) == '@' then redis.call('HDEL', key, field) end
  end
  for _, n in ipairs(redis.call('ZRANGE', prefix .. 'sm:' .. story, 0, -1)) do
    local held = redis.call('HGETALL', prefix .. 'a:' .. n)
    for i = 1, #held, 2 do
      local publisher
      if held[i] == 'publisher' then
        publisher = held[i + 1]
      elseif string.sub(held[i], 1, 1) == '@' and held[i + 1] ~= '' then
        publisher = cjson.decode(held[i + 1]).publisher
      end
      if publisher and publisher ~= '' then redis.call('HSET', key, '@' .. publisher, '1') end
    end
  end
  redis.call('EXPIRE', key, keep)
end

-- story_part  ARGV: prefix, story, new story, keep seconds, decision (JSON), n, ...  ->  how many articles moved
-- Takes articles out of a story into another one; undoes a merge when the new story is one that was merged.
-- The two are not merged again by the pass over all stories.
local function story_part(_, args)
  local prefix, keep = args[1], args[4]
  local from, to, moved = current_story(prefix, args[2]), args[3], 0
  if from == to then return 0 end
  for i = 6, #args do
    local ts = redis.call('ZSCORE', prefix .. 'sm:' .. from, args[i])
    if ts then
      redis.call('ZREM', prefix .. 'sm:' .. from, args[i])
      admit(prefix, to, args[i], tonumber(ts))
      if redis.call('EXISTS', prefix .. 'a:' .. args[i]) == 1 then
        redis.call('HSET', prefix .. 'a:' .. args[i], 'story', to)
      end
      moved = moved + 1
    end
  end
  if moved == 0 then return 0 end
  redis.call('DEL', prefix .. 'sa:' .. to)
  redis.call('SREM', prefix .. 'sj:' .. from, to, unpack(redis.call('SMEMBERS', prefix .. 'sj:' .. to)))
  redis.call('SET', prefix .. 'sn:' .. from .. ':' .. to, '1', 'EX', keep)
  redis.call('SET', prefix .. 'sn:' .. to .. ':' .. from, '1', 'EX', keep)
  for _, story in ipairs({from, to}) do
    if redis.call('EXISTS', prefix .. 'sm:' .. story) == 0 then redis.call('DEL', prefix .. 'sv:' .. story) end
    cover_anew(prefix, story, keep)
    keep_story(prefix, story, keep)
    note(prefix, story, args[5], keep)
  end
  return moved
end

redis.register_function('hketo_story_members', story_members)
redis.register_function('hketo_story_merge', story_merge)
redis.register_function('hketo_story_part', story_part)
