#!lua name=hketo_dropped
-- Entries that are dropped at first sight, many in one step and one record. KEYS[1] is the key `seq`; every other key is
-- built from the prefix in ARGV[1] (same hash tag, same slot).

--@include known.lua
--@include clock.lua

local WEEK, DAY = 604800, 86400

-- Lets a key lead to a place; `known.held` has it for the entries that follow: an id may stand twice in a document.
local function lead(known, name, value)
  if known.held[name] then known.stale[#known.stale + 1] = known.prefix .. 'k:' .. name end
  known.held[name] = value
  known.led[#known.led + 1], known.led[#known.led + 2] = name, value
end

-- What becomes of one entry, {index, guid-key, hash, key of its id, fate, reused}: its fate and number, or nothing where
-- an article of its own must be looked at: then it needs a put. `number` is the one it gets if it is new, `ref` its place
-- in the block.
local function end_of(known, entry, number, ref)
  local guid, own, hash = entry[2], entry[4], entry[3]
  local n, words, place = behind(known.prefix, known.held[guid], known.alive)
  if entry[6] and words ~= hash then n = nil end
  if n and not place then return nil end
  if n and words == hash then return 'seen', n end
  if n then
    lead(known, guid, '~' .. place .. ':' .. hash)
    return 'updated', n
  end
  local other, _, elsewhere = behind(known.prefix, known.held[own], known.alive)
  if other and not elsewhere then return nil end
  lead(known, guid, '~' .. ref .. ':' .. hash)
  if not other then lead(known, own, '~' .. ref) end
  return entry[5], number, true
end

-- `at` in seconds since 1970; `size`: how many entries are new in it.
local function keep_block(prefix, first, block, keep, at, size)
  redis.call('SET', prefix .. 'd:' .. first, block, 'EX', keep)
  redis.call('ZADD', prefix .. 'drops', first, first)
  redis.call('HINCRBY', prefix .. 'dn', math.floor(at / DAY), size)
end

local function keep_keys(known, keep, at)
  if #known.led == 0 then return end
  local week = math.floor(at / WEEK)
  local key = known.prefix .. 'dk:' .. week
  if #known.stale > 0 then redis.call('DEL', unpack(known.stale)) end
  if redis.call('HSET', key, unpack(known.led)) > 0 then
    redis.call('EXPIREAT', key, (week + 1) * WEEK + keep)
    redis.call('ZADD', known.prefix .. 'dks', week, week)
  end
end

-- What is known of all entries: their fates of this poll, and by key what it leads to (`held`). What the keys lead to from
-- now on is collected in `led`, those that stand alone and hold nothing any more in `stale`; `alive` as in known.lua.
local function known_of(prefix, fates, entries, block)
  local indexes, names, held = {}, {}, {}
  for i, entry in ipairs(entries) do
    indexes[i] = entry[1]
    names[2 * i - 1], names[2 * i] = entry[2], entry[4]
  end
  for i, value in ipairs(values_of(prefix, names)) do held[names[i]] = value end
  return redis.call('HMGET', fates, unpack(indexes)),
    {prefix = prefix, held = held, led = {}, stale = {}, alive = {[block] = true}}
end

-- drop_some  ARGV: prefix, poll id, seconds to keep, the entries as one packed block, and in its order as JSON
--   [[index, guid-key, hash, key of its id, fate, reused], ...]: the index as a string, `reused` when its id was another
--   document's. 64 entries at most.
-- ->  {fate, n} for each; {'', '0'} for one that needs a put, of which nothing was written
-- A second call for the same poll gives the first fates and changes nothing.
local function drop_some(keys, args)
  local prefix, fates, keep, entries = args[1], args[1] .. 'f:' .. args[2], args[3], cjson.decode(args[5])
  local first = redis.call('INCRBY', keys[1], #entries) - #entries + 1
  local block, at, out, written, fresh = string.format('%d', first), now(), {}, {}, 0
  local before, known = known_of(prefix, fates, entries, block)
  for i, entry in ipairs(entries) do
    local fate, n = string.match(before[i] or '', '^([^:]+):(.*)$')
    if not fate then
      local new
      fate, n, new = end_of(known, entry, string.format('%d', first + i - 1), block .. '.' .. i - 1)
      if new then fresh = fresh + 1 end
      if fate then written[#written + 1], written[#written + 2] = entry[1], fate .. ':' .. n end
    end
    out[i] = {fate or '', n or '0'}
  end
  if fresh > 0 then keep_block(prefix, block, args[4], keep, at, fresh) end
  keep_keys(known, keep, at)
  if #written > 0 then redis.call('HSET', fates, unpack(written)) end
  redis.call('EXPIRE', fates, 172800)
  return out
end

redis.register_function('hketo_drop_some', drop_some)
