#!lua name=hketo_pages
-- Article pages: wanted (zset `pages`), fetched and to be read (zset `paged`), both with the leases of lease.lua.
-- KEYS[1] is the zset; every other key is built from the prefix in ARGV[1] (same hash tag, same slot).

local KEPT = 172800 -- seconds: a page is wanted once; its record outlives the budget of its day

--@include clock.lua

-- Gives up the lease; false when it was not held any more.
local function let_go(keys, n, token)
  if redis.call('HGET', keys[1] .. ':lease', n) ~= token then return false end
  redis.call('HDEL', keys[1] .. ':lease', n)
  redis.call('ZREM', keys[1], n)
  return true
end

local function offer_one(prefix, pages, most, most_of_host, n, host, day, job)
  local spent = prefix .. 'pd:' .. day
  if redis.call('EXISTS', prefix .. 'pg:' .. n) == 1 then return end
  local used = redis.call('HMGET', spent, 'total', 'host:' .. host)
  if tonumber(used[1] or '0') >= most or tonumber(used[2] or '0') >= most_of_host then
    redis.call('HINCRBY', spent, 'end:over-budget', 1)
  else
    redis.call('HINCRBY', spent, 'total', 1)
    redis.call('HINCRBY', spent, 'host:' .. host, 1)
    redis.call('HSET', prefix .. 'pg:' .. n, 'job', job)
    redis.call('EXPIRE', prefix .. 'pg:' .. n, KEPT)
    redis.call('ZADD', pages, now(), n)
  end
  redis.call('EXPIRE', spent, 7776000)
end

-- offer_pages  KEYS[1] `pages`  ARGV: prefix, pages a day, pages a day and host, then for each page n, host, day, job JSON
-- ->  1. Each is wanted now, unless it was wanted before or the budget of the day is spent.
local function offer(keys, args)
  for i = 4, #args, 4 do
    offer_one(args[1], keys[1], tonumber(args[2]), tonumber(args[3]), unpack(args, i, i + 3))
  end
  return 1
end

-- page_came  KEYS[1] `pages`  ARGV: prefix, n, token, then field, value, ... of the page
-- ->  1, or 0 when the token is not valid any more
local function came(keys, args)
  local prefix, n = args[1], args[2]
  if not let_go(keys, n, args[3]) then return 0 end
  if redis.call('EXISTS', prefix .. 'pg:' .. n) == 0 then return 0 end
  redis.call('HSET', prefix .. 'pg:' .. n, 'attempts', 0, unpack(args, 4))
  redis.call('ZADD', prefix .. 'paged', now(), n)
  return 1
end

-- end_page  KEYS[1] `pages` or `paged`  ARGV: prefix, n, token, day, name of the end, sentence
-- ->  1, or 0 when the token is not valid any more
local function finish(keys, args)
  local prefix, n, spent = args[1], args[2], args[1] .. 'pd:' .. args[4]
  if not let_go(keys, n, args[3]) then return 0 end
  redis.call('HINCRBY', spent, 'end:' .. args[5], 1)
  redis.call('EXPIRE', spent, 7776000)
  if redis.call('EXISTS', prefix .. 'pg:' .. n) == 1 then
    redis.call('HDEL', prefix .. 'pg:' .. n, 'job', 'body', 'url', 'content_type')
    redis.call('HSET', prefix .. 'pg:' .. n, 'end', args[5])
  end
  if redis.call('EXISTS', prefix .. 'a:' .. n) == 1 then
    redis.call('HSET', prefix .. 'a:' .. n, 'page', args[5] .. ': ' .. args[6])
  end
  return 1
end

redis.register_function('hketo_offer_pages', offer)
redis.register_function('hketo_page_came', came)
redis.register_function('hketo_end_page', finish)
