#!lua name=hketo_outbox
-- Deliveries: pending -> sent, or back to pending after a while, or dead.
-- KEYS[1] zset `out:<channel>`; tokens in KEYS[1]:lease. ARGV[1] is the prefix.

local function now()
  local t = redis.call('TIME')
  return tonumber(t[1]) + tonumber(t[2]) / 1000000
end

local function held(keys, delivery, token)
  return redis.call('HGET', keys[1] .. ':lease', delivery) == token
end

local function let_go(keys, delivery)
  redis.call('HDEL', keys[1] .. ':lease', delivery)
  redis.call('ZREM', keys[1], delivery)
end

-- settle  ARGV: prefix, delivery, token, state (sent | dead), attempt, note (the channel's own id, or the reason)
-- ->  1, or 0 when the token is not valid any more
local function settle(keys, args)
  local prefix, delivery, token, state = args[1], args[2], args[3], args[4]
  if not held(keys, delivery, token) then return 0 end
  local at = now()
  let_go(keys, delivery)
  redis.call('HSET', prefix .. 'dl:' .. delivery, 'state', state, 'attempts', args[5], 'note', args[6],
    state, string.format('%.3f', at))
  if state == 'dead' then redis.call('ZADD', prefix .. 'dead', at, delivery) end
  return 1
end

-- later  ARGV: prefix, delivery, token, delay, attempt, reason  ->  1, or 0 when the token is not valid any more
local function later(keys, args)
  local prefix, delivery, token = args[1], args[2], args[3]
  if not held(keys, delivery, token) then return 0 end
  redis.call('HDEL', keys[1] .. ':lease', delivery)
  redis.call('ZADD', keys[1], 'XX', now() + tonumber(args[4]), delivery)
  redis.call('HSET', prefix .. 'dl:' .. delivery, 'attempts', args[5], 'note', args[6])
  return 1
end

-- revive  ARGV: prefix, delivery  ->  1 when a dead delivery is pending again, else 0
local function revive(keys, args)
  local prefix, delivery = args[1], args[2]
  if redis.call('ZREM', prefix .. 'dead', delivery) == 0 then return 0 end
  if redis.call('EXISTS', prefix .. 'dl:' .. delivery) == 0 then return 0 end
  redis.call('HSET', prefix .. 'dl:' .. delivery, 'state', 'pending', 'attempts', 0, 'note', 'tried again by hand')
  redis.call('ZADD', keys[1], now(), delivery)
  return 1
end

redis.register_function('hketo_settle', settle)
redis.register_function('hketo_later', later)
redis.register_function('hketo_revive', revive)
