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

-- The same for a key.
local function known(prefix, key)
  return behind(prefix, redis.call('GET', prefix .. 'k:' .. key), {})
end
