#!lua name=hketo_stories
-- What finds copies of a text and the story of an article: sampled shingles, term frequencies, live stories.
-- Nothing here decides; it looks up, and writes what parsers/duplicates.py and parsers/stories.py decided.
-- KEYS[1] is the key `seq`; every other key is built from the prefix in ARGV[1] (same hash tag, same slot).
-- 32-bit numbers travel packed, big-endian: a hash field of four bytes keeps its bucket a packed list.

local SHINGLE_BUCKETS, TERM_BUCKETS = 4096, 1024
local SHINGLE_HOLDERS = 8   -- more texts than this with one shingle on one day: it is furniture
local TERM_HOLDERS = 64     -- stories of one period under one term, the youngest
local CELLS = 131072        -- counters of one family and period; two terms may share one
local RECENT = 512          -- stories whose last change is remembered by number

local function u32(blob, at) return (struct.unpack('>I4', blob, at)) end

local function has(packed, item)
  for at = 1, #packed, #item do
    if string.sub(packed, at, at + #item - 1) == item then return true end
  end
  return false
end

local function best(scores, limit)
  local order = {}
  for name in pairs(scores) do order[#order + 1] = name end
  table.sort(order, function(a, b)
    if scores[a] ~= scores[b] then return scores[a] > scores[b] end
    return a < b
  end)
  for i = #order, limit + 1, -1 do order[i] = nil end
  return order
end

-- near_find  ARGV: prefix, fewest in common, limit, sample (packed), day, ...  ->  {n, sketch, n, sketch, ...}
local function near_find(_, args)
  local prefix, fewest, limit, sample = args[1], tonumber(args[2]), tonumber(args[3]), args[4]
  local counts = {}
  for at = 1, #sample, 4 do
    local field = string.sub(sample, at, at + 3)
    local bucket = u32(sample, at) % SHINGLE_BUCKETS
    for day = 5, #args do
      local holders = redis.call('HGET', prefix .. 'nk:' .. args[day] .. ':' .. bucket, field)
      if holders then
        for i = 1, #holders, 4 do
          local n = u32(holders, i)
          counts[n] = (counts[n] or 0) + 1
        end
      end
    end
  end
  local out = {}
  for _, n in ipairs(best(counts, limit)) do
    if counts[n] < fewest then break end
    local sketch = redis.call('GET', prefix .. 'nd:' .. n)
    if sketch then
      out[#out + 1] = n
      out[#out + 1] = sketch
    end
  end
  return out
end

-- near_add  ARGV: prefix, day, keep seconds, n, sketch (packed), sample (packed)  ->  1
local function near_add(_, args)
  local prefix, day, keep, n, sketch, sample = args[1], args[2], args[3], args[4], args[5], args[6]
  local item = struct.pack('>I4', tonumber(n))
  redis.call('SET', prefix .. 'nd:' .. n, sketch, 'EX', keep)
  for at = 1, #sample, 4 do
    local field = string.sub(sample, at, at + 3)
    local key = prefix .. 'nk:' .. day .. ':' .. (u32(sample, at) % SHINGLE_BUCKETS)
    local holders = redis.call('HGET', key, field) or ''
    if not has(holders, item) and #holders < 4 * SHINGLE_HOLDERS then
      redis.call('HSET', key, field, holders .. item)
      redis.call('EXPIRE', key, keep)
    end
  end
  return 1
end

-- The counts of the articles of a family and of each of `terms`, packed; one article is added first if `add`.
local function counted(now, before, terms, keep, add)
  local writes, reads = {'OVERFLOW', 'SAT'}, {}
  local function cell(index)
    local at = '#' .. index
    reads[#reads + 1], reads[#reads + 2], reads[#reads + 3] = 'GET', 'u16', at
    writes[#writes + 1], writes[#writes + 2], writes[#writes + 3], writes[#writes + 4] = 'INCRBY', 'u16', at, 1
  end
  cell(0)
  for at = 1, #terms, 4 do cell(1 + u32(terms, at) % (CELLS - 1)) end
  if add then
    redis.call('BITFIELD', now, unpack(writes))
    redis.call('EXPIRE', now, keep)
  end
  local young, old = redis.call('BITFIELD_RO', now, unpack(reads)), redis.call('BITFIELD_RO', before, unpack(reads))
  for i = 1, #young do young[i] = struct.pack('>I4', young[i] + old[i]) end
  return table.concat(young)
end

-- count  ARGV: prefix, keep seconds, add (0|1), this period, the one before, family, terms (packed), ...
--   ->  {packed counts: of articles, of the first term, ...} for each family. The first cell counts the articles.
local function count(_, args)
  local prefix, keep, add, out = args[1], args[2], args[3] == '1', {}
  for i = 6, #args, 2 do
    local key = prefix .. 'df:' .. args[i] .. ':'
    out[#out + 1] = counted(key .. args[4], key .. args[5], args[i + 1], keep, add)
  end
  return out
end

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

-- How much of the weights of `terms` (packed, as their `weights`) each story has, in the periods `from` to `to`:
-- packed id -> weight.
local function scored(prefix, terms, weights, from, to)
  local scores = {}
  for at = 1, #terms, 4 do
    local field, weight = string.sub(terms, at, at + 3), u32(weights, at)
    local bucket, seen = u32(terms, at) % TERM_BUCKETS, {}
    for period = tonumber(from), tonumber(to) do
      local holders = redis.call('HGET', prefix .. 'si:' .. period .. ':' .. bucket, field) or ''
      for j = 1, #holders, 8 do
        local story = string.sub(holders, j, j + 7)
        if not seen[story] then
          seen[story] = true
          scores[story] = (scores[story] or 0) + weight
        end
      end
    end
  end
  return scores
end

-- story_find  ARGV: prefix, limit, article id, terms (packed), their weights (packed), first and last period
--   ->  {story of this article or '', commit number, story, state, ...}
local function story_find(_, args)
  local prefix, limit = args[1], tonumber(args[2])
  local out = {given(prefix, args[3]) or '', number(prefix)}
  for _, story in ipairs(best(scored(prefix, args[4], args[5], args[6], args[7]), limit)) do
    local name = string.gsub(story, '.', function(byte) return string.format('%02x', string.byte(byte)) end)
    local held = state(prefix, name)
    if held then
      out[#out + 1] = name
      out[#out + 1] = held
    end
  end
  return out
end

local function packed_id(story)
  return (string.gsub(story, '..', function(pair) return string.char(tonumber(pair, 16)) end))
end

-- Writes a story's state, finds it under its terms, and gives the change a number.
local function write_story(prefix, keep, story, held, period, terms)
  redis.call('SET', prefix .. 'sv:' .. story, held, 'EX', keep)
  local item = packed_id(story)
  for at = 1, #terms, 4 do
    local field = string.sub(terms, at, at + 3)
    local key = prefix .. 'si:' .. period .. ':' .. (u32(terms, at) % TERM_BUCKETS)
    local holders = redis.call('HGET', key, field) or ''
    if not has(holders, item) then
      redis.call('HSET', key, field, string.sub(holders .. item, -8 * TERM_HOLDERS))
      redis.call('EXPIRE', key, keep)
    end
  end
  local change = redis.call('INCR', prefix .. 'sc')
  redis.call('EXPIRE', prefix .. 'sc', 4 * keep)
  redis.call('ZADD', prefix .. 'sq', change, story)
  redis.call('EXPIRE', prefix .. 'sq', keep)
  redis.call('ZREMRANGEBYRANK', prefix .. 'sq', 0, -RECENT - 1)
  return change
end

local ARTICLE = 9  -- arguments of story_commit for each article

-- Which of `moved` (names) could make another decision of an article's: those that have terms in common with it, and
-- the one that it was going to join.
local function overtaking(prefix, args, at, moved)
  local found = {}
  if #moved == 0 then return found end
  local scores = scored(prefix, args[at + 5], args[at + 6], args[at + 7], args[at + 8])
  for _, other in ipairs(moved) do
    if other == args[at + 1] or scores[packed_id(other)] then found[#found + 1] = other end
  end
  return found
end

local function is_merged(prefix, story) return redis.call('EXISTS', prefix .. 'sa:' .. story) == 1 end

-- story_commit  ARGV: prefix, commit number of the look-up or -1 for any, keep seconds, then of each article: its id,
--   story, the story's state, this period, the story's terms (packed), and the article's as for story_find
--   ->  {commit number, how many were written, {story, ...} of those and of one that had a story, story, state, ...}:
--   done in order up to the first article that has a story or whose decision was overtaken; then the stories that
--   others changed and that matter to the rest. The commit number is -1 when too many changed to tell.
local function story_commit(_, args)
  local prefix, expected, keep = args[1], tonumber(args[2]), args[3]
  local last, moved = number(prefix), {}
  if expected >= 0 and last > expected then
    if last - expected > RECENT then return {-1, 0, {}} end
    moved = redis.call('ZRANGEBYSCORE', prefix .. 'sq', '(' .. expected, '+inf')
  end
  local at, stories, written, mine = 4, {}, 0, {}
  while at <= #args do
    local article, story = args[at], args[at + 1]
    local known = given(prefix, article)
    if known then
      stories[#stories + 1] = known
      at = at + ARTICLE
      break
    end
    if expected >= 0 and (is_merged(prefix, story) or #overtaking(prefix, args, at, moved) > 0) then break end
    write_story(prefix, keep, story, args[at + 2], args[at + 3], args[at + 4])
    redis.call('SET', prefix .. 'am:' .. article, story, 'EX', keep)
    stories[#stories + 1], written, mine[story] = story, written + 1, true
    at = at + ARTICLE
  end
  local out, told = {number(prefix), written, stories}, mine
  local function tell(story)
    if told[story] then return end
    told[story] = true
    out[#out + 1] = story
    out[#out + 1] = not is_merged(prefix, story) and state(prefix, story) or ''
  end
  for rest = at, #args, ARTICLE do
    for _, other in ipairs(overtaking(prefix, args, rest, moved)) do tell(other) end
    if is_merged(prefix, args[rest + 1]) then tell(args[rest + 1]) end
  end
  return out
end

-- story_write  ARGV: prefix, keep seconds, story, state, period, terms (packed)  ->  commit number
-- For a state computed anew, after a merge or a split.
local function story_write(_, args) return write_story(args[1], args[2], args[3], args[4], args[5], args[6]) end

redis.register_function('hketo_near_find', near_find)
redis.register_function('hketo_near_add', near_add)
redis.register_function('hketo_count', count)
redis.register_function('hketo_story_find', story_find)
redis.register_function('hketo_story_commit', story_commit)
redis.register_function('hketo_story_write', story_write)
