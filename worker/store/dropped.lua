#!lua name=hketo_dropped
-- Entries that are dropped at first sight, many in one step and one record. KEYS[1] is the key `seq`; every other key is
-- built from the prefix in ARGV[1] (same hash tag, same slot).

--@include known.lua
--@include clock.lua

-- Lets a key lead to a place; `held` knows it for the entries that follow: an id may stand twice in a document.
local function lead(prefix, held, key, value, keep)
  redis.call('SET', prefix .. 'k:' .. key, value, 'EX', keep)
  held[key] = value
end

-- What becomes of one entry, {index, guid-key, hash, key of its id, fate, reused}: its fate and number, or nothing where
-- an article of its own must be looked at: then it needs a put. `held` has the values of the keys, `number` is the one it
-- gets if it is new, `ref` its place in the block.
local function end_of(prefix, entry, held, number, ref, keep, alive)
  local guid, own, hash = entry[2], entry[4], entry[3]
  local n, words, place = behind(prefix, held[guid], alive)
  if entry[6] and words ~= hash then n = nil end
  if n and not place then return nil end
  if n and words == hash then return 'seen', n end
  if n then
    lead(prefix, held, guid, '~' .. place .. ':' .. hash, keep)
    return 'updated', n
  end
  local other, _, elsewhere = behind(prefix, held[own], alive)
  if other and not elsewhere then return nil end
  lead(prefix, held, guid, '~' .. ref .. ':' .. hash, keep)
  if not other then lead(prefix, held, own, '~' .. ref, keep) end
  return entry[5], number, true
end

local function keep_block(prefix, first, block, keep, numbers)
  redis.call('SET', prefix .. 'd:' .. first, block, 'EX', keep)
  redis.call('ZADD', prefix .. 'drops', first, first)
  local at, members = string.format('%.6f', now()), {}
  for _, n in ipairs(numbers) do
    members[#members + 1] = at
    members[#members + 1] = n
  end
  redis.call('ZADD', prefix .. 'rej', unpack(members))
end

-- What is known of all entries: their fates of this poll, and by key what it leads to.
local function held_of(prefix, fates, entries)
  local indexes, names, keys, held = {}, {}, {}, {}
  for i, entry in ipairs(entries) do
    indexes[i] = entry[1]
    names[2 * i - 1], names[2 * i] = entry[2], entry[4]
    keys[2 * i - 1], keys[2 * i] = prefix .. 'k:' .. entry[2], prefix .. 'k:' .. entry[4]
  end
  for i, value in ipairs(redis.call('MGET', unpack(keys))) do held[names[i]] = value end
  return redis.call('HMGET', fates, unpack(indexes)), held
end

-- drop_some  ARGV: prefix, poll id, seconds to keep, the entries as one packed block, and in its order as JSON
--   [[index, guid-key, hash, key of its id, fate, reused], ...]: the index as a string, `reused` when its id was another
--   document's. 64 entries at most.
-- ->  {fate, n} for each; {'', '0'} for one that needs a put, of which nothing was written
-- A second call for the same poll gives the first fates and changes nothing.
local function drop_some(keys, args)
  local prefix, fates, keep, entries = args[1], args[1] .. 'f:' .. args[2], args[3], cjson.decode(args[5])
  local before, held = held_of(prefix, fates, entries)
  local first = redis.call('INCRBY', keys[1], #entries) - #entries + 1
  local out, fresh, written = {}, {}, {}
  local block = string.format('%d', first)
  local alive = {[block] = true}
  for i, entry in ipairs(entries) do
    local fate, n = string.match(before[i] or '', '^([^:]+):(.*)$')
    if not fate then
      local number, ref, new = string.format('%d', first + i - 1), block .. '.' .. i - 1, nil
      fate, n, new = end_of(prefix, entry, held, number, ref, keep, alive)
      if new then fresh[#fresh + 1] = n end
      if fate then written[#written + 1], written[#written + 2] = entry[1], fate .. ':' .. n end
    end
    out[i] = {fate or '', n or '0'}
  end
  if #fresh > 0 then keep_block(prefix, block, args[4], keep, fresh) end
  if #written > 0 then redis.call('HSET', fates, unpack(written)) end
  redis.call('EXPIRE', fates, 172800)
  return out
end

redis.register_function('hketo_drop_some', drop_some)
