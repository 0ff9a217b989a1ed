#!lua name=hketo_dropped
-- Entries that are dropped at first sight, many in one step and one record. KEYS[1] is the key `seq`; every other key is
-- built from the prefix in ARGV[1] (same hash tag, same slot).

--@include known.lua

--@include clock.lua

-- What becomes of one entry: its fate and number, or nothing where an article of its own must be looked at: then it
-- needs a put. `number` is the one it gets if it is new; `ref` is its place in the block.
local function end_of(prefix, guid, hash, own, fate, reused, number, ref, keep)
  local n, words, held = known(prefix, guid)
  if reused and words ~= hash then n = nil end
  if n and not held then return nil end
  if n and words == hash then return 'seen', n end
  if n then
    redis.call('SET', prefix .. 'k:' .. guid, '~' .. held .. ':' .. hash, 'EX', keep)
    return 'updated', n
  end
  local other, _, elsewhere = known(prefix, own)
  if other and not elsewhere then return nil end
  redis.call('SET', prefix .. 'k:' .. guid, '~' .. ref .. ':' .. hash, 'EX', keep)
  if not other then redis.call('SET', prefix .. 'k:' .. own, '~' .. ref, 'EX', keep) end
  return fate, number, true
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

-- drop_some  ARGV: prefix, poll id, seconds to keep, the entries as one packed block, the entries in its order as `index
--   guid-key hash key-of-its-id fate reused` with a space between each and the next; `reused` is 1 when its id was
--   another document's, else 0
-- ->  {fate, n} for each; {'', '0'} for one that needs a put, of which nothing was written
-- A second call for the same poll gives the first fates and changes nothing.
local function drop_some(keys, args)
  local prefix, fates, keep = args[1], args[1] .. 'f:' .. args[2], args[3]
  local indexes, entries = {}, {}
  for index, guid, hash, own, fate, reused in string.gmatch(args[5], '(%d+) (%S+) (%S+) (%S+) (%S+) (%d)') do
    indexes[#indexes + 1] = index
    entries[#entries + 1] = {guid, hash, own, fate, reused == '1'}
  end
  local before = redis.call('HMGET', fates, unpack(indexes))
  local first = redis.call('INCRBY', keys[1], #indexes) - #indexes + 1
  local out, fresh, written = {}, {}, {}
  for place, index in ipairs(indexes) do
    local fate, n = string.match(before[place] or '', '^([^:]+):(.*)$')
    if not fate then
      local guid, hash, own, wanted, reused = unpack(entries[place])
      local number, ref, new = string.format('%d', first + place - 1), string.format('%d.%d', first, place - 1), nil
      fate, n, new = end_of(prefix, guid, hash, own, wanted, reused, number, ref, keep)
      if new then fresh[#fresh + 1] = n end
      if fate then
        written[#written + 1] = index
        written[#written + 1] = fate .. ':' .. n
      end
    end
    out[place] = {fate or '', n or '0'}
  end
  if #fresh > 0 then keep_block(prefix, string.format('%d', first), args[4], keep, fresh) end
  if #written > 0 then redis.call('HSET', fates, unpack(written)) end
  redis.call('EXPIRE', fates, 172800)
  return out
end

redis.register_function('hketo_drop_some', drop_some)
