-- Included where duplicate keys are followed (articles.lua, dropped.lua).

-- What a duplicate key leads to: the number, as a string, and the hash of the entry's words; for an entry that stands in
-- a block of what was dropped, also its place there, `first number.place`. nil when it or its record is gone.
local function known(prefix, key)
  local value = redis.call('GET', prefix .. 'k:' .. key)
  if not value then return nil end
  local first, place, words = string.match(value, '^~(%d+)%.(%d+):?(.*)$')
  if not first then
    local n, hash = string.match(value, '^(%d+):?(.*)$')
    if redis.call('EXISTS', prefix .. 'a:' .. n) == 0 then return nil end
    return n, hash
  end
  local n = string.format('%d', first + place)
  if redis.call('EXISTS', prefix .. 'a:' .. n) == 1 then return n, words end
  if redis.call('EXISTS', prefix .. 'd:' .. first) == 0 then return nil end
  return n, words, first .. '.' .. place
end
