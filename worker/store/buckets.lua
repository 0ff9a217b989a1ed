-- Included where something is found by its parts (near.lua, stories.lua): hashes of few fields, which are stored
-- compactly, under one head for some days. A field is four bytes, and its bucket follows from it.

local FRESH = 86400  -- seconds

-- The text of a number: it is made once, as making it takes longer than looking it up.
local texts = {}
local function text_of(number)
  local text = texts[number]
  if not text then
    text = string.format('%d', number)
    texts[number] = text
  end
  return text
end

-- Whether anything was ever written under some days: where nothing was, none of its buckets is asked for.
local function begun(key) return redis.call('EXISTS', key) == 1 end

-- Gives buckets their life: once a day, for a bit in `<head>fresh`, which is itself gone after a day, says that it was
-- done. So a bucket outlives what was written last by its life less a day.
local function give_life(head, touched, life)
  local key = head .. 'fresh'
  local held = redis.call('GET', key)
  local bits, more = {string.byte(held or '', 1, -1)}, false
  for number in pairs(touched) do
    local at, value = math.floor(number / 8) + 1, 2 ^ (number % 8)
    for missing = #bits + 1, at do bits[missing] = 0 end
    if math.floor(bits[at] / value) % 2 == 0 then
      bits[at], more = bits[at] + value, true
      redis.call('EXPIRE', head .. text_of(number), life)
    end
  end
  if not more then return end
  local packed = string.char(unpack(bits))
  if held then redis.call('SET', key, packed, 'KEEPTTL') else redis.call('SET', key, packed, 'EX', FRESH) end
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
