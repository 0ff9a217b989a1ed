#!lua name=hketo_lease
-- Work that stands in a sorted set, scored by when it may be taken (server seconds).
-- A claim does not remove a member: it moves the score by the lease and writes a token, so that work whose
-- holder dies is due again by itself. Whoever holds no valid token changes nothing.
--   KEYS[1] zset of the work; its tokens stand in the hash KEYS[1]:lease

--@include clock.lua
--@include many.lua

-- claim  ARGV: limit, lease seconds, nonce (unique per call)  ->  {member, token, score it had, ...}
-- An answer lost on the way costs one lease of waiting, nothing more.
local function claim(keys, args)
  local at, limit, lease, nonce = now(), tonumber(args[1]), tonumber(args[2]), args[3]
  local out, scores, tokens = {}, {}, {}
  local found = redis.call('ZRANGEBYSCORE', keys[1], '-inf', at, 'WITHSCORES', 'LIMIT', 0, limit)
  for i = 1, #found, 2 do
    local member, token = found[i], nonce .. '.' .. i
    scores[#scores + 1], scores[#scores + 2] = at + lease, member
    tokens[#tokens + 1], tokens[#tokens + 2] = member, token
    out[#out + 1], out[#out + 2], out[#out + 3] = member, token, found[i + 1]
  end
  in_parts(scores, 'ZADD', keys[1])  -- half the time of one command for each
  in_parts(tokens, 'HSET', keys[1] .. ':lease')
  return out
end

-- begin  ARGV: member, token, new token, lease seconds  ->  1, or 0 when the token is not valid any more
-- Swaps the token for one that only this run knows: a nudge that was delivered twice begins once.
local function begin(keys, args)
  if redis.call('HGET', keys[1] .. ':lease', args[1]) ~= args[2] then return 0 end
  redis.call('HSET', keys[1] .. ':lease', args[1], args[3])
  redis.call('ZADD', keys[1], 'XX', now() + tonumber(args[4]), args[1])
  return 1
end

-- release  ARGV: member, token, delay seconds  ->  1, or 0 when the token is not valid any more
local function release(keys, args)
  if redis.call('HGET', keys[1] .. ':lease', args[1]) ~= args[2] then return 0 end
  redis.call('HDEL', keys[1] .. ':lease', args[1])
  redis.call('ZADD', keys[1], 'XX', now() + tonumber(args[3]), args[1])
  return 1
end

redis.register_function('hketo_claim', claim)
redis.register_function('hketo_begin', begin)
redis.register_function('hketo_release', release)
