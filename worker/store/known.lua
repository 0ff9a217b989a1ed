-- Included where duplicate keys are followed (articles.lua, dropped.lua).

-- What the value of a duplicate key leads to: the number, as a string, and the hash of the entry's words; for an entry
-- that stands in a block of what was dropped, also its place there, `first number.place`. nil without a value, and when
-- its record is gone. `alive` remembers, for one call, which blocks are there.
local function behind(prefix, value, alive)
  if not value then return nil end
  local first, place, words = string.match(value, '^~(%d+)%.(%d+):?(.*)$')
  if not first then
    local n, hash = string.match(value, '^(%d+):?(.*)$')
    if redis.call('EXISTS', prefix .. 'a:' .. n) == 0 then return nil end
    return n, hash
  end
  local n = string.format('%d', first + place)
  if redis.call('EXISTS', prefix .. 'a:' .. n) == 1 then return n, words end
  if alive[first] == nil then alive[first] = redis.call('EXISTS', prefix .. 'd:' .. first) == 1 end
  if not alive[first] then return nil end
  return n, words, first .. '.' .. place
end

-- The values of duplicate keys, in order; false for none. Of what was dropped they stand together in a hash for each
-- week: a key of its own for each costs the server several times as much to write.
local function values_of(prefix, names)
  local keys = {}
  for i, name in ipairs(names) do keys[i] = prefix .. 'k:' .. name end
  local values = redis.call('MGET', unpack(keys))
  for _, week in ipairs(redis.call('ZREVRANGE', prefix .. 'dks', 0, -1)) do
    for i, value in ipairs(redis.call('HMGET', prefix .. 'dk:' .. week, unpack(names))) do
      values[i] = values[i] or value
    end
  end
  return values
end

-- What one key leads to.
local function known(prefix, name)
  return behind(prefix, values_of(prefix, {name})[1], {})
end
