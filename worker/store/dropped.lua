#!lua name=hketo_dropped
-- Entries that are dropped at first sight, many in one step and one record. KEYS[1] is the key `seq`; every other key is
-- built from the prefix in ARGV[1] (same hash tag, same slot).

--@include known.lua
--@include clock.lua

-- What becomes of one entry, {index, guid-key, hash, key of its id, fate, reused}: its fate and number, or nothing where
-- an article of its own must be looked at: then it needs a put. `by_guid` and `by_id` are the values of its keys,
-- `number` is the one it gets if it is new, `ref` its place in the block.
local function end_of(prefix, entry, by_guid, by_id, number, ref, keep, alive)
  local guid, hash = prefix .. 'k:' .. entry[2], entry[3]
  local n, words, held = behind(prefix, by_guid, alive)
  if entry[6] and words ~= hash then n = nil end
  if n and not held then return nil end
  if n and words == hash then return 'seen', n end
  if n then
    redis.call('SET', guid, '~' .. held .. ':' .. hash, 'EX', keep)
    return 'updated', n
  end
  local other, _, elsewhere = behind(prefix, by_id, alive)
  if other and not elsewhere then return nil end
  redis.call('SET', guid, '~' .. ref .. ':' .. hash, 'EX', keep)
  if not other then redis.call('SET', prefix .. 'k:' .. entry[4], '~' .. ref, 'EX', keep) end
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

-- What is known of all entries: their fates of this poll, the values of their keys of guid, those of their ids.
local function held_of(prefix, fates, entries)
  local indexes, keys, ids = {}, {}, {}
  for i, entry in ipairs(entries) do
    indexes[i], keys[i], ids[i] = entry[1], prefix .. 'k:' .. entry[2], prefix .. 'k:' .. entry[4]
  end
  return redis.call('HMGET', fates, unpack(indexes)), redis.call('MGET', unpack(keys)), redis.call('MGET', unpack(ids))
end

-- drop_some  ARGV: prefix, poll id, seconds to keep, the entries as one packed block, and in its order as JSON
--   [[index, guid-key, hash, key of its id, fate, reused], ...]: the index as a string, `reused` when its id was another
--   document's. 64 entries at most.
-- ->  {fate, n} for each; {'', '0'} for one that needs a put, of which nothing was written
-- A second call for the same poll gives the first fates and changes nothing.
local function drop_some(keys, args)
  local prefix, fates, keep, entries = args[1], args[1] .. 'f:' .. args[2], args[3], cjson.decode(args[5])
  local before, by_guid, by_id = held_of(prefix, fates, entries)
  local first = redis.call('INCRBY', keys[1], #entries) - #entries + 1
  local out, fresh, written, alive = {}, {}, {}, {}
  local block = string.format('%d', first)
  for i, entry in ipairs(entries) do
    local fate, n = string.match(before[i] or '', '^([^:]+):(.*)$')
    if not fate then
      local new
      fate, n, new = end_of(prefix, entry, by_guid[i], by_id[i], string.format('%d', first + i - 1), block .. '.' .. i - 1,
        keep, alive)
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
