#!lua name=hketo_stories
-- What finds the story of an article: live stories by their terms. Nothing here decides; it looks up, and writes what
-- parsers/stories.py decided.
-- KEYS[1] is the key `seq`; every other key is built from the prefix in ARGV[1] (same hash tag, same slot).

--@include packed.lua
--@include buckets.lua

local BUCKETS = 1024
local TERM_PERIOD = 7 * 86400  -- seconds that one bucket is added to
local HOLDERS = 64             -- stories of one period under one term, the youngest
local RECENT = 512             -- stories whose last change is remembered by number

-- The state of a story, or nil when it ended.
local function state(prefix, story) return redis.call('GET', prefix .. 'sv:' .. story) end

-- The story that an article was given, under the name it has by now, or nil.
local function given(prefix, article)
  local story = redis.call('GET', prefix .. 'am:' .. article)
  for _ = 1, 8 do
    local into = story and redis.call('GET', prefix .. 'sa:' .. story)
    if not into then break end
    story = into
  end
  return story or nil
end

local function number(prefix) return tonumber(redis.call('GET', prefix .. 'sc') or '0') end

-- Looks terms up in the periods `from` to `to`: a function of a term (packed) and its bucket that tells the stories
-- (packed ids) which have it. Each term is looked up once, however many articles have it.
local function holders_of(prefix, from, to)
  local call, sub, heads, known, last = redis.call, string.sub, {}, {}, {}
  for period = tonumber(from), tonumber(to) do
    local key = prefix .. 'si:' .. period
    if begun(key) then heads[#heads + 1] = key .. ':' end
  end
  return function(term, bucket)
    local found = known[term]
    if found then return found end
    found = {}
    for _, head in ipairs(heads) do
      local packed = call('HGET', head .. text_of(bucket), term)
      for at = 1, packed and #packed or 0, 8 do
        local story = sub(packed, at, at + 7)
        if last[story] ~= term then  -- it may have the term in several periods
          last[story] = term
          found[#found + 1] = story
        end
      end
    end
    known[term] = found
    return found
  end
end

-- The same for articles of any time: one function for all that look into the same periods.
local function looking(prefix)
  local made = {}
  return function(from, to)
    local name = from .. ' ' .. to
    made[name] = made[name] or holders_of(prefix, from, to)
    return made[name]
  end
end

-- How much of the weights of `terms` (packed, as their `weights`) each story has: packed id -> weight.
local function scored(terms, weights, holders)
  local scores, worth = {}, numbers(weights)
  for i, hash in ipairs(numbers(terms)) do
    local weight = worth[i]
    for _, story in ipairs(holders(string.sub(terms, 4 * i - 3, 4 * i), hash % BUCKETS)) do
      scores[story] = (scores[story] or 0) + weight
    end
  end
  return scores
end

local function id_of(packed) return string.format('%08x%08x', u32(packed, 1), u32(packed, 5)) end

local function packed_id(id)
  return struct.pack('>I4I4', tonumber(string.sub(id, 1, 8), 16), tonumber(string.sub(id, 9), 16))
end

-- stories_find  ARGV: prefix, limit, then of each article: its id, terms (packed), their weights (packed), first and
--   last period
--   ->  {commit number, {{story of this article or '', candidate, ...}, ...}, candidate, state, ...}; each state once
local function stories_find(_, args)
  local prefix, limit, look = args[1], tonumber(args[2]), looking(args[1])
  local out, found, told = {number(prefix), {}}, {}, {}
  out[2] = found
  for at = 3, #args, 5 do
    local names = {given(prefix, args[at]) or ''}
    for _, story in ipairs(best(scored(args[at + 1], args[at + 2], look(args[at + 3], args[at + 4])), limit)) do
      local name = id_of(story)
      if told[name] == nil then
        local held = state(prefix, name)
        told[name] = held and true
        if held then out[#out + 1], out[#out + 2] = name, held end
      end
      if told[name] then names[#names + 1] = name end
    end
    found[#found + 1] = names
  end
  return out
end

-- The fields of the buckets under `head`, each read once and written once in a call.
local function opened(head)
  local held, changed, own = {}, {}, {}

  function own.get(number, field)
    local value = held[field]
    if not value then
      value = redis.call('HGET', head .. text_of(number), field) or ''
      held[field] = value
    end
    return value
  end

  function own.set(number, field, value) held[field], changed[field] = value, number end

  -- Writes what was set; `life` in seconds.
  function own.close(life)
    local touched = {}
    for field, number in pairs(changed) do
      if redis.call('HSET', head .. text_of(number), field, held[field]) == 1 then touched[number] = true end
    end
    give_life(head, touched, life + FRESH)
  end

  return own
end

-- Whether `item` is one of the packed ids.
local function has(packed, item)
  local at = string.find(packed, item, 1, true)
  while at and at % 8 ~= 1 do at = string.find(packed, item, at + 1, true) end
  return at ~= nil
end

-- Finds a story under its terms (packed), too.
local function index(own, story, terms)
  local item = packed_id(story)
  for i, hash in ipairs(numbers(terms)) do
    local term, bucket = string.sub(terms, 4 * i - 3, 4 * i), hash % BUCKETS
    local holders = own.get(bucket, term)
    if not has(holders, item) then own.set(bucket, term, string.sub(holders .. item, -8 * HOLDERS)) end
  end
end

-- Writes states of stories: `note` takes a story, its state, the period and its terms (packed); `close` writes the last
-- state of each, finds it under all these terms, and returns the number of the last change. Each state has a number.
local function writing(prefix, keep)
  local call, life, periods, last, noted, own = redis.call, tonumber(keep) + TERM_PERIOD, {}, {}, 0, {}

  function own.note(story, held, period, terms)
    noted = noted + 1
    last[story] = {held, noted}
    periods[period] = periods[period] or opened(prefix .. 'si:' .. period .. ':')
    index(periods[period], story, terms)
  end

  function own.close()
    if noted == 0 then return end
    for period, buckets in pairs(periods) do
      call('SET', prefix .. 'si:' .. period, '', 'EX', life + FRESH)
      buckets.close(life)
    end
    local change, numbered = call('INCRBY', prefix .. 'sc', noted), {}
    for story, one in pairs(last) do
      call('SET', prefix .. 'sv:' .. story, one[1], 'EX', keep)
      numbered[#numbered + 1], numbered[#numbered + 2] = change - noted + one[2], story
    end
    call('ZADD', prefix .. 'sq', unpack(numbered))
    call('EXPIRE', prefix .. 'sc', 4 * keep)
    call('EXPIRE', prefix .. 'sq', keep)
    call('ZREMRANGEBYRANK', prefix .. 'sq', 0, -RECENT - 1)
    return change
  end

  return own
end

local ARTICLE = 9  -- arguments of stories_commit for each article

-- Which of `moved` (names) could make another decision of an article's: those that have terms in common with it, and
-- the one that it was going to join.
local function overtaking(look, args, at, moved)
  local found = {}
  if #moved == 0 then return found end
  local scores = scored(args[at + 5], args[at + 6], look(args[at + 7], args[at + 8]))
  for _, other in ipairs(moved) do
    if other == args[at + 1] or scores[packed_id(other)] then found[#found + 1] = other end
  end
  return found
end

local function is_merged(prefix, story) return redis.call('EXISTS', prefix .. 'sa:' .. story) == 1 end

-- stories_commit  ARGV: prefix, commit number of the look-up or -1 for any, keep seconds, then of each article: its id,
--   story, the story's state, this period, the story's terms (packed), and the article's as for stories_find
--   ->  {commit number, how many were written, {story, ...} of those and of one that had a story, story, state, ...}:
--   done in order up to the first article that has a story or whose decision was overtaken; then the stories that
--   others changed and that matter to the rest. The commit number is -1 when too many changed to tell.
local function stories_commit(_, args)
  local prefix, expected, keep = args[1], tonumber(args[2]), args[3]
  local last, moved = number(prefix), {}
  if expected >= 0 and last > expected then
    if last - expected > RECENT then return {-1, 0, {}} end
    moved = redis.call('ZRANGEBYSCORE', prefix .. 'sq', '(' .. expected, '+inf')
  end
  local at, stories, written, mine, look, writes = 4, {}, 0, {}, looking(prefix), writing(prefix, keep)
  while at <= #args do
    local article, story = args[at], args[at + 1]
    local known = given(prefix, article)
    if known then
      stories[#stories + 1] = known
      at = at + ARTICLE
      break
    end
    if expected >= 0 and (is_merged(prefix, story) or #overtaking(look, args, at, moved) > 0) then break end
    writes.note(story, args[at + 2], args[at + 3], args[at + 4])
    redis.call('SET', prefix .. 'am:' .. article, story, 'EX', keep)
    stories[#stories + 1], written, mine[story] = story, written + 1, true
    at = at + ARTICLE
  end
  writes.close()
  local out, told = {number(prefix), written, stories}, mine
  local function tell(story)
    if told[story] then return end
    told[story] = true
    out[#out + 1] = story
    out[#out + 1] = not is_merged(prefix, story) and state(prefix, story) or ''
  end
  for rest = at, #args, ARTICLE do
    for _, other in ipairs(overtaking(look, args, rest, moved)) do tell(other) end
    if is_merged(prefix, args[rest + 1]) then tell(args[rest + 1]) end
  end
  return out
end

-- story_write  ARGV: prefix, keep seconds, story, state, period, terms (packed)  ->  commit number
-- For a state computed anew, after a merge or a split.
local function story_write(_, args)
  local writes = writing(args[1], args[2])
  writes.note(args[3], args[4], args[5], args[6])
  return writes.close()
end

redis.register_function('hketo_stories_find', stories_find)
redis.register_function('hketo_stories_commit', stories_commit)
redis.register_function('hketo_story_write', story_write)
