-- Included where the time is asked: the server's, in seconds since 1970.
local function now()
  local t = redis.call('TIME')
  return tonumber(t[1]) + tonumber(t[2]) / 1000000
end
