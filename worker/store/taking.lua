-- Included where work is begun that was claimed (lease.lua, sources.lua).

-- Swaps the token of a member of `key` for one that only this run knows, and has its lease end at `ends`; false when the
-- token is not valid any more.
local function take(key, member, token, new, ends)
  if redis.call('HGET', key .. ':lease', member) ~= token then return false end
  redis.call('HSET', key .. ':lease', member, new)
  redis.call('ZADD', key, 'XX', ends, member)
  return true
end
