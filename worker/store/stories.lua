#!lua name=hketo_stories
-- What finds copies of a text and the story of an article: sampled shingles, term frequencies, live stories.
-- Nothing here decides; it looks up, and writes what parsers/duplicates.py and parsers/stories.py decided.
-- KEYS[1] is the key `seq`; every other key is built from the prefix in ARGV[1] (same hash tag, same slot).
-- 32-bit numbers travel packed, big-endian: a hash field of four bytes keeps its bucket a packed list.

local SHINGLE_BUCKETS, TERM_BUCKETS = 2048, 1024
local TWO_DAYS, TERM_PERIOD = 2 * 86400, 7 * 86400  -- seconds that one bucket of shingles, of terms is added to
local SHINGLE_HOLDERS = 8   -- more texts than this with one shingle on one day: it is furniture
local ODD = 2 ^ 31          -- added to the number of a text that was seen on an odd day
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

-- The names with the highest scores, the highest first. Thousands may have one, a dozen are wanted: no sorting.
local function best(scores, limit)
  local names, points, size = {}, {}, 0
  for name, score in pairs(scores) do
    local at = size
    while at > 0 and (points[at] < score or (points[at] == score and name < names[at])) do at = at - 1 end
    if at < limit then
      table.insert(names, at + 1, name)
      table.insert(points, at + 1, score)
      size = math.min(size + 1, limit)
      names[limit + 1], points[limit + 1] = nil, nil
    end
  end
  return names
end

-- Whether anything was ever written under a day or a period. Asked only of one that is ahead: hardly ever was it.
local function begun(key) return redis.call('EXISTS', key) == 1 end

-- The two days that hold `first` to `last`, as {their key, whether their even day counts, whether their odd one}.
local function spans(prefix, first, last)
  local out = {}
  for span = math.floor(first / 2), math.floor(last / 2) do
    local key = prefix .. 'nk:' .. span
    if 2 * span < last or begun(key) then
      out[#out + 1] = {key .. ':', 2 * span >= first, 2 * span < last}
    end
  end
  return out
end

-- How many shingles of `sample` each text seen on the days `first` to `last` has: n -> shingles.
local function sharing(prefix, sample, first, last)
  local call, counts, looked = redis.call, {}, spans(prefix, first, last)
  for at = 1, #sample, 4 do
    local field = string.sub(sample, at, at + 3)
    local bucket = u32(sample, at) % SHINGLE_BUCKETS
    for _, span in ipairs(looked) do
      local holders = call('HGET', span[1] .. bucket, field)
      for i = 1, holders and #holders or 0, 4 do
        local n = u32(holders, i)
        local odd = n >= ODD
        if odd then n = n - ODD end
        if span[odd and 3 or 2] then counts[n] = (counts[n] or 0) + 1 end
      end
    end
  end
  return counts
end

-- near_find  ARGV: prefix, fewest in common, limit, sample (packed), first and last day
--   ->  {n, sketch, n, sketch, ...}
local function near_find(_, args)
  local prefix, fewest, limit = args[1], tonumber(args[2]), tonumber(args[3])
  local counts = sharing(prefix, args[4], tonumber(args[5]), tonumber(args[6]))
  for n, shared in pairs(counts) do
    if shared < fewest then counts[n] = nil end
  end
  local out = {}
  for _, n in ipairs(best(counts, limit)) do
    local sketch = redis.call('GET', prefix .. 'nd:' .. n)
    if sketch then
      out[#out + 1] = n
      out[#out + 1] = sketch
    end
  end
  return out
end

-- The packed texts of a shingle with one more, unless it stands there or its day has enough of them.
local function with_text(holders, item, odd)
  local same = 0
  for i = 1, #holders, 4 do
    if string.sub(holders, i, i + 3) == item then return holders end
    if (u32(holders, i) >= ODD) == odd then same = same + 1 end
  end
  return same < SHINGLE_HOLDERS and holders .. item or holders
end

-- near_add  ARGV: prefix, day, keep seconds, n, sketch (packed), sample (packed)  ->  1
local function near_add(_, args)
  local prefix, day, keep, n, sketch, sample = args[1], tonumber(args[2]), args[3], args[4], args[5], args[6]
  local call, odd, life = redis.call, day % 2 == 1, tonumber(keep) + TWO_DAYS
  local item = struct.pack('>I4', tonumber(n) + (odd and ODD or 0))
  local span = prefix .. 'nk:' .. math.floor(day / 2)
  call('SET', prefix .. 'nd:' .. n, sketch, 'EX', keep)
  call('SET', span, '', 'EX', life)
  for at = 1, #sample, 4 do
    local field = string.sub(sample, at, at + 3)
    local key = span .. ':' .. (u32(sample, at) % SHINGLE_BUCKETS)
    local holders = call('HGET', key, field) or ''
    local more = with_text(holders, item, odd)
    if more ~= holders and call('HSET', key, field, more) == 1 then call('EXPIRE', key, life) end
  end
  return 1
end

-- The counts of the articles of a family and of each of `terms`, packed; one article is added first if `add`.
local function counted(now, before, terms, keep, add)
  local cells, writes, reads = {0}, {'OVERFLOW', 'SAT'}, {}
  for at = 1, #terms, 4 do cells[#cells + 1] = 1 + u32(terms, at) % (CELLS - 1) end
  for i, cell in ipairs(cells) do
    local at, r, w = '#' .. cell, 3 * i, 4 * i
    reads[r - 2], reads[r - 1], reads[r] = 'GET', 'u16', at
    if add then writes[w - 1], writes[w], writes[w + 1], writes[w + 2] = 'INCRBY', 'u16', at, 1 end
  end
  local old = redis.call('BITFIELD_RO', before, unpack(reads))
  local young, last = redis.call(add and 'BITFIELD' or 'BITFIELD_RO', now, unpack(add and writes or reads)), {}
  if add then redis.call('EXPIRE', now, keep) end
  for i, cell in ipairs(cells) do last[cell] = young[i] end  -- of two terms in one cell the second counts both
  for i, cell in ipairs(cells) do young[i] = struct.pack('>I4', last[cell] + old[i]) end
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

-- The beginnings of the keys of the periods `from` to `to`, the last only if anything was written under it.
local function periods(prefix, from, to)
  local heads = {}
  for period = tonumber(from), tonumber(to) do
    local key = prefix .. 'si:' .. period
    if period < tonumber(to) or begun(key) then heads[#heads + 1] = key .. ':' end
  end
  return heads
end

-- How much of the weights of `terms` (packed, as their `weights`) each story has, in the periods `from` to `to`:
-- packed id -> weight.
local function scored(prefix, terms, weights, from, to)
  local call, sub, scores, last, heads = redis.call, string.sub, {}, {}, periods(prefix, from, to)
  for at = 1, #terms, 4 do
    local field, weight, bucket = sub(terms, at, at + 3), u32(weights, at), u32(terms, at) % TERM_BUCKETS
    for _, head in ipairs(heads) do
      local holders = call('HGET', head .. bucket, field)
      for j = 1, holders and #holders or 0, 8 do
        local story = sub(holders, j, j + 7)
        if last[story] ~= at then  -- it may have the term in several periods
          last[story] = at
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
  local call, item, life = redis.call, packed_id(story), tonumber(keep) + TERM_PERIOD
  local head = prefix .. 'si:' .. period
  call('SET', prefix .. 'sv:' .. story, held, 'EX', keep)
  call('SET', head, '', 'EX', life)
  for at = 1, #terms, 4 do
    local field = string.sub(terms, at, at + 3)
    local key = head .. ':' .. (u32(terms, at) % TERM_BUCKETS)
    local holders = call('HGET', key, field) or ''
    if not has(holders, item) then
      local new = call('HSET', key, field, string.sub(holders .. item, -8 * TERM_HOLDERS)) == 1
      if new then call('EXPIRE', key, life) end
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
