#!lua name=hketo_articles
-- The one atomic put: duplicate keys, number, article, indexes, fate, alerts and deliveries in one step.
-- KEYS[1] is the key `seq`; every other key is built from the prefix in ARGV[1] (same hash tag, same slot).

local MAX_VERSIONS = 20

--@include alerts.lua

local function now()
  local t = redis.call('TIME')
  return tonumber(t[1]) + tonumber(t[2]) / 1000000
end

-- The number of an article that a duplicate key leads to, or nil when the key or the article is gone.
local function known(prefix, key)
  local value = redis.call('GET', prefix .. 'k:' .. key)
  if not value then return nil end
  local n, hash = string.match(value, '^(%d+):?(.*)$')
  if redis.call('EXISTS', prefix .. 'a:' .. n) == 0 then return nil end
  return n, hash
end

local function remember_keys(prefix, put, n, keep)
  redis.call('SET', prefix .. 'k:' .. put.guid_key, n .. ':' .. put.entry_hash, 'EX', keep)
  for _, key in ipairs(put.keys) do
    local value = redis.call('GET', prefix .. 'k:' .. key)
    if not value or value == n or redis.call('EXISTS', prefix .. 'a:' .. value) == 0 then
      redis.call('SET', prefix .. 'k:' .. key, n, 'EX', keep)
    end
  end
end

local function remember_sighting(prefix, put, n, keep)
  if redis.call('HSETNX', prefix .. 'sg:' .. n, put.source, put.sighting) == 1 then
    redis.call('HINCRBY', prefix .. 'a:' .. n, 'sightings', 1)
  end
  if redis.call('TTL', prefix .. 'sg:' .. n) < keep then redis.call('EXPIRE', prefix .. 'sg:' .. n, keep) end
end

local function index(prefix, put, n, score)
  redis.call('ZADD', prefix .. 'z', score, n)
  redis.call('ZREM', prefix .. 'rej', n)
  for _, tag in ipairs(put.tags) do
    if redis.call('ZADD', prefix .. 't:' .. tag, score, n) == 1 then
      redis.call('HINCRBY', prefix .. 'tags', tag, 1)
    end
  end
  local packed = struct.pack('>I4', tonumber(n))
  local bucket = math.floor(score / 2592000)
  local expire = (bucket + 1) * 2592000 + put.keep
  for _, term in ipairs(put.terms) do
    local key = prefix .. 'w:' .. bucket .. ':' .. term
    redis.call('APPEND', key, packed)
    redis.call('EXPIREAT', key, expire)
  end
end

-- Takes an article out of the tag indexes of what it was, except those it stays in.
local function unindex_tags(prefix, n, new)
  local stays = {}
  for _, tag in ipairs(new) do stays[tag] = true end
  local tags, grade, lang, source = unpack(redis.call('HMGET', prefix .. 'a:' .. n, 'tags', 'grade', 'lang', 'source'))
  local old = cjson.decode(tags or '[]')
  old[#old + 1] = 'grade/' .. (grade or '')
  old[#old + 1] = 'lang/' .. (lang or '')
  old[#old + 1] = 'source/' .. (source or '')
  for _, tag in ipairs(old) do
    if not stays[tag] then redis.call('ZREM', prefix .. 't:' .. tag, n) end
  end
end

local function write(prefix, put, n, text)
  local flat = {}
  for field, value in pairs(put.fields) do
    flat[#flat + 1] = field
    flat[#flat + 1] = value
  end
  redis.call('HSET', prefix .. 'a:' .. n, 'text', text, unpack(flat))
  redis.call('EXPIRE', prefix .. 'a:' .. n, put.keep)
end

-- One alert per watch and story. Its deliveries come into being with it: what is stored is told.
local function alert(prefix, put, n, at)
  local story = redis.call('HGET', prefix .. 'a:' .. n, 'story')
  local channels = {}
  for _, wanted in ipairs(put.alerts) do
    local id = wanted.watch .. '-' .. story
    if redis.call('EXISTS', prefix .. 'al:' .. id) == 0 then
      redis.call('HSET', prefix .. 'al:' .. id, 'watch', wanted.watch, 'story', story, 'n', n, 'kind', 'first',
        'grade', put.grade, 'sentence', put.fields.sentence, 'matched', wanted.matched,
        'created', string.format('%.3f', at), 'shadow', wanted.shadow and '1' or '0')
      tell_watch(prefix, wanted, id, at, put.keep, channels)
    end
  end
  return channels
end

local function keep_version(prefix, n, at, keep)
  local old = redis.call('HMGET', prefix .. 'a:' .. n, 'title', 'summary', 'grade')
  local record = cjson.encode({title = old[1] or '', summary = old[2] or '', grade = old[3] or '', until_ = at})
  redis.call('LPUSH', prefix .. 'v:' .. n, record)
  redis.call('LTRIM', prefix .. 'v:' .. n, 0, MAX_VERSIONS - 1)
  redis.call('EXPIRE', prefix .. 'v:' .. n, keep)
end

-- A text that is news to us for an article we have: a new version, and a new verdict unless it says less.
local function revise(prefix, put, n, text, at)
  local a = prefix .. 'a:' .. n
  if put.grade < tonumber(redis.call('HGET', a, 'grade') or '0') then return end
  keep_version(prefix, n, at, put.keep)
  unindex_tags(prefix, n, put.tags)
  local story, score, id = unpack(redis.call('HMGET', a, 'story', 'ts', 'id'))
  put.fields.story, put.fields.ts, put.fields.id, put.fields.first_seen = story, score, id, nil
  write(prefix, put, n, text)
  redis.call('HINCRBY', a, 'versions', 1)
  index(prefix, put, n, tonumber(score))
end

local function store_new(prefix, put, text, at, seq)
  local n = tostring(redis.call('INCR', seq))
  put.fields.stored = string.format('%.3f', at)
  put.fields.fate = put.fate
  write(prefix, put, n, text)
  if put.grade > 0 and put.fate == 'stored' then
    index(prefix, put, n, tonumber(put.fields.ts))
  else
    redis.call('ZADD', prefix .. 'rej', at, n)
  end
  return n
end

local function decide(prefix, put, text, at, seq)
  local n, hash = known(prefix, put.guid_key)
  if put.reused and hash ~= put.entry_hash then n = nil end
  local same_guid = n ~= nil
  if same_guid and hash == put.entry_hash then return 'seen', n, false end
  for _, key in ipairs(put.keys) do
    if n then break end
    n = known(prefix, key)
  end
  if not n then return put.fate, store_new(prefix, put, text, at, seq), true end
  local was = redis.call('HMGET', prefix .. 'a:' .. n, 'fate', 'grade')
  local kept, before = was[1] == 'stored', tonumber(was[2] or '0')
  local fate = same_guid and 'updated' or 'duplicate'
  if put.fate ~= 'stored' then return fate, n, false end
  local better = not kept or put.grade > before
  if better or same_guid then revise(prefix, put, n, text, at) end
  if not kept then
    redis.call('HSET', prefix .. 'a:' .. n, 'fate', 'stored', 'stored', string.format('%.3f', at))
    fate = 'stored'
  end
  return fate, n, better
end

-- put  ARGV: prefix, poll id, entry index, JSON (see worker/store/articles.py: PutRequest), text (zlib)
-- ->  {fate, n, channel, ...}: the channels that have a new delivery.
-- A second call for the same poll and index returns the first fate and changes nothing.
local function put(keys, args)
  local prefix, poll, entry = args[1], args[2], args[3]
  local fates = prefix .. 'f:' .. poll
  local done = redis.call('HGET', fates, entry)
  if done then
    local fate, n = string.match(done, '^([^:]+):(.*)$')
    return {fate, n}
  end
  local at, request = now(), cjson.decode(args[4])
  local fate, n, worth_telling = decide(prefix, request, args[5], at, keys[1])
  local channels = {}
  if fate ~= 'seen' then
    local keep = math.max(request.keep, redis.call('TTL', prefix .. 'a:' .. n))
    remember_keys(prefix, request, n, keep)
    remember_sighting(prefix, request, n, keep)
    if worth_telling and request.fate == 'stored' then channels = alert(prefix, request, n, at) end
  end
  redis.call('HSET', fates, entry, fate .. ':' .. n)
  redis.call('EXPIRE', fates, 172800)
  return {fate, n, unpack(channels)}
end

-- recognise  ARGV: prefix, poll id, then entry index, guid key, entry hash, ...  ->  {index, ...} of the entries
-- that this source showed before with the same words. Their fate (`seen`) is written; the others need a put.
local function recognise(_, args)
  local prefix, fates, out = args[1], args[1] .. 'f:' .. args[2], {}
  for i = 3, #args, 3 do
    local done = redis.call('HGET', fates, args[i])
    local n, hash = known(prefix, 'g:' .. args[i + 1])
    if done and string.match(done, '^seen:') then
      out[#out + 1] = args[i]
    elseif not done and n and hash == args[i + 2] then
      redis.call('HSET', fates, args[i], 'seen:' .. n)
      out[#out + 1] = args[i]
    end
  end
  redis.call('EXPIRE', fates, 172800)
  return out
end

redis.register_function('hketo_put', put)
redis.register_function('hketo_recognise', recognise)
