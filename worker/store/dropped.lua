#!lua name=hketo_dropped
-- Entries that are dropped at first sight, many in one step and one record. KEYS[1] is the key `seq`; every other key is
-- built from the prefix in ARGV[1] (same hash tag, same slot).

--@include known.lua
--@include clock.lua

local WEEK, DAY = 604800, 86400
local NAME, HASH = 18, 16  -- characters of a key's name (`g:` or `i:` and a digest) and of the hash of an entry's words
local FATES = {o = 'off-topic', O = 'off-topic', t = 'too-old', T = 'too-old'}
local REUSED = {O = true, T = true}

-- Lets a key lead to a place; `known.held` has it for the entries that follow: an id may stand twice in a document.
local function lead(known, name, value)
  if known.held[name] then known.stale[#known.stale + 1] = known.prefix .. 'k:' .. name end
  known.held[name] = value
  known.led[#known.led + 1], known.led[#known.led + 2] = name, value
end

-- What becomes of an entry of which something is known: its fate and number, or nothing where an article of its own must
-- be looked at: then it needs a put. The third is true when it is new: `number` is the one that it gets then, `ref` its
-- place in the block, `letter` tells its fate.
local function end_of(known, guid, own, hash, letter, number, ref)
  local n, words, place = behind(known.prefix, known.held[guid], known.alive)
  if REUSED[letter] and words ~= hash then n = nil end
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
  return FATES[letter], number, true
end

-- `at` in seconds since 1970; `size`: how many entries are new in it. `body`: the key of the body that is kept with it, '' for
-- none; without that it would tell nothing.
local function keep_block(prefix, first, block, keep, at, size, body)
  if body ~= '' then
    local kept = prefix .. 'db:' .. first
    if redis.call('COPY', body, kept) == 0 then return end
    redis.call('EXPIRE', kept, keep)
  end
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

-- What is known of all entries by key (`held`). What the keys lead to from now on is collected in `led`, those that stand
-- alone and hold nothing any more in `stale`; `alive` as in known.lua.
local function known_of(prefix, names, block)
  local held = {}
  for i, value in ipairs(values_of(prefix, names)) do held[names[i]] = value end
  return {prefix = prefix, held = held, led = {}, stale = {}, alive = {[block] = true}}
end

-- The fates that entries have in this poll already, by index; nothing when none has.
local function fates_so_far(fates)
  if redis.call('EXISTS', fates) == 0 then return nil end
  local found, flat = {}, redis.call('HGETALL', fates)
  for i = 1, #flat, 2 do found[flat[i]] = flat[i + 1] end
  return found
end

-- drop_entries  ARGV: prefix, poll id, seconds to keep, the entries as one packed block, and in its order, 64 at most: their
--   indexes with spaces between; one after the other, the names of their two keys, guid-key and key of its id; the hashes
--   of their words; a letter for each, `o` for off-topic, `t` for too old, in capitals when its id was another document's;
--   '1' when the block needs the body, which is kept then, else ''
-- ->  {n of the first if all are new, and for each that is not new its place (from 0), its fate and its n, ...}: fate and n
--   are '' and '0' when it needs a put: of that one nothing was written
-- A second call for the same poll gives the first fates and changes nothing.
local function drop_entries(keys, args)
  local prefix, fates, hashes, letters, names = args[1], args[1] .. 'f:' .. args[2], args[7], args[8], {}
  for i = 1, #args[6] / NAME do names[i] = string.sub(args[6], (i - 1) * NAME + 1, i * NAME) end
  local first = redis.call('INCRBY', keys[1], #names / 2) - #names / 2 + 1
  local block, at, i, out, written, fresh = string.format('%d', first), now(), 0, {first}, {}, 0
  local known, before = known_of(prefix, names, block), fates_so_far(fates)
  local held, led = known.held, known.led
  for index in string.gmatch(args[5], '%d+') do
    local guid, own, hash, ref = names[2 * i + 1], names[2 * i + 2], string.sub(hashes, i * HASH + 1, i * HASH + HASH), block .. '.' .. i
    local done, fate, n, new = before and before[index]
    if done then
      fate, n = string.match(done, '^([^:]+):(.*)$')
    elseif held[guid] or held[own] then
      fate, n, new = end_of(known, guid, own, hash, string.sub(letters, i + 1, i + 1), first + i, ref)
    else  -- as nearly all
      local place = '~' .. ref
      local value, k = place .. ':' .. hash, #led
      held[guid], held[own] = value, place
      led[k + 1], led[k + 2], led[k + 3], led[k + 4] = guid, value, own, place
      fate, n, new = FATES[string.sub(letters, i + 1, i + 1)], first + i, true
    end
    if fate and not done then written[#written + 1], written[#written + 2] = index, fate .. ':' .. n end
    if new then
      fresh = fresh + 1
    else
      local k = #out
      out[k + 1], out[k + 2], out[k + 3] = i, fate or '', n or '0'
    end
    i = i + 1
  end
  local body = args[9] == '1' and prefix .. 'b:' .. args[2] or ''
  if fresh > 0 then keep_block(prefix, block, args[4], args[3], at, fresh, body) end
  keep_keys(known, args[3], at)
  if #written > 0 then redis.call('HSET', fates, unpack(written)) end
  if not before then redis.call('EXPIRE', fates, 172800) end
  return out
end

redis.register_function('hketo_drop_entries', drop_entries)
