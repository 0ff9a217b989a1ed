#!lua name=hketo_near
-- What finds copies of texts: their sampled shingles. Nothing here decides; parsers/duplicates.py does.
-- KEYS[1] is the key `seq`; every other key is built from the prefix in ARGV[1] (same hash tag, same slot).

--@include packed.lua
--@include buckets.lua

local BUCKETS = 2048
local TWO_DAYS = 2 * 86400  -- seconds that one bucket is added to
local HOLDERS = 8           -- more texts than this with one shingle on one day: it is furniture
local ODD = 2 ^ 31          -- added to the number of a text that was seen on an odd day

-- The two days that hold `first` to `last`, as {their key, whether their even day counts, whether their odd one}.
local function spans(prefix, first, last)
  local out = {}
  for span = math.floor(first / 2), math.floor(last / 2) do
    local key = prefix .. 'nk:' .. span
    if begun(key) then out[#out + 1] = {key .. ':', 2 * span >= first, 2 * span < last} end
  end
  return out
end

-- How many shingles of `sample` each text seen on the days of `looked` has: n -> shingles.
local function sharing(sample, looked)
  local call, sub, counts, hashes = redis.call, string.sub, {}, numbers(sample)
  for i, hash in ipairs(hashes) do
    local field, bucket = sub(sample, 4 * i - 3, 4 * i), text_of(hash % BUCKETS)
    for _, span in ipairs(looked) do
      local holders = call('HGET', span[1] .. bucket, field)
      for j = 1, holders and #holders or 0, 4 do
        local n = u32(holders, j)
        local odd = n >= ODD
        if odd then n = n - ODD end
        if span[odd and 3 or 2] then counts[n] = (counts[n] or 0) + 1 end
      end
    end
  end
  return counts
end

-- near_find_all  ARGV: prefix, limit, first and last day, then of each text: fewest in common, sample (packed)
--   ->  {{n, sketch, n, sketch, ...}, ...} in order
local function near_find_all(_, args)
  local prefix, limit, out = args[1], tonumber(args[2]), {}
  local looked = spans(prefix, tonumber(args[3]), tonumber(args[4]))
  for at = 5, #args, 2 do
    local fewest, counts, found = tonumber(args[at]), sharing(args[at + 1], looked), {}
    for n, shared in pairs(counts) do
      if shared < fewest then counts[n] = nil end
    end
    for _, n in ipairs(best(counts, limit)) do
      local sketch = redis.call('GET', prefix .. 'nd:' .. n)
      if sketch then
        found[#found + 1] = n
        found[#found + 1] = sketch
      end
    end
    out[#out + 1] = found
  end
  return out
end

-- The packed texts of a shingle with one more, unless it stands there or its day has enough of them.
local function with_text(holders, item, odd)
  local same = 0
  for i = 1, #holders, 4 do
    if string.sub(holders, i, i + 3) == item then return holders end
    if (string.byte(holders, i) >= 128) == odd then same = same + 1 end
  end
  return same < HOLDERS and holders .. item or holders
end

-- Finds a text under a shingle, too; whether the field is new in its bucket, as nearly all are.
local function find_under(key, field, item, odd)
  if redis.call('HSETNX', key, field, item) == 1 then return true end
  local holders = redis.call('HGET', key, field)
  local more = with_text(holders, item, odd)
  if more ~= holders then redis.call('HSET', key, field, more) end
  return false
end

-- near_add_all  ARGV: prefix, day, keep seconds, then of each text: n, sketch (packed), sample (packed)  ->  1
local function near_add_all(_, args)
  local prefix, day, keep = args[1], tonumber(args[2]), args[3]
  local span, odd, life = prefix .. 'nk:' .. math.floor(day / 2), day % 2 == 1, tonumber(keep) + TWO_DAYS
  local head, touched = span .. ':', {}
  redis.call('SET', span, '', 'EX', life + FRESH)
  for at = 4, #args, 3 do
    local n, sketch, sample = args[at], args[at + 1], args[at + 2]
    local item = struct.pack('>I4', tonumber(n) + (odd and ODD or 0))
    redis.call('SET', prefix .. 'nd:' .. n, sketch, 'EX', keep)
    for i, hash in ipairs(numbers(sample)) do
      local bucket = hash % BUCKETS
      local new = find_under(head .. text_of(bucket), string.sub(sample, 4 * i - 3, 4 * i), item, odd)
      if new then touched[bucket] = true end
    end
  end
  give_life(head, touched, life + FRESH)
  return 1
end

redis.register_function('hketo_near_find_all', near_find_all)
redis.register_function('hketo_near_add_all', near_add_all)
