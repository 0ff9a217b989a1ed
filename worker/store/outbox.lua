#!lua name=hketo_outbox
-- Deliveries: pending -> sent, or back to pending after a while, or dead.
-- KEYS[1] zset `out:<channel>`; tokens in KEYS[1]:lease. ARGV[1] is the prefix.

--@include clock.lua

local function held(keys, delivery, token)
  return redis.call('HGET', keys[1] .. ':lease', delivery) == token
end

local function let_go(keys, delivery)
  redis.call('HDEL', keys[1] .. ':lease', delivery)
  redis.call('ZREM', keys[1], delivery)
end

-- The records that share the fate of a delivery: its own and, if it is a brief, those of what it holds.
local function records(prefix, delivery)
  local all = redis.call('SMEMBERS', prefix .. 'br:' .. delivery)
  all[#all + 1] = delivery
  return all
end

local function note(prefix, delivery, ...)
  for _, name in ipairs(records(prefix, delivery)) do
    if redis.call('EXISTS', prefix .. 'dl:' .. name) == 1 then redis.call('HSET', prefix .. 'dl:' .. name, ...) end
  end
end

-- settle  ARGV: prefix, delivery, token, state (sent | dead), attempt, note (the channel's own id, or the reason)
-- ->  1, or 0 when the token is not valid any more
local function settle(keys, args)
  local prefix, delivery, token, state = args[1], args[2], args[3], args[4]
  if not held(keys, delivery, token) then return 0 end
  local at = now()
  let_go(keys, delivery)
  note(prefix, delivery, 'state', state, 'attempts', args[5], 'note', args[6], state, string.format('%.3f', at))
  if state == 'dead' then redis.call('ZADD', prefix .. 'dead', at, delivery) end
  return 1
end

-- later  ARGV: prefix, delivery, token, delay, attempt, reason  ->  1, or 0 when the token is not valid any more
local function later(keys, args)
  local prefix, delivery, token = args[1], args[2], args[3]
  if not held(keys, delivery, token) then return 0 end
  redis.call('HDEL', keys[1] .. ':lease', delivery)
  redis.call('ZADD', keys[1], 'XX', now() + tonumber(args[4]), delivery)
  note(prefix, delivery, 'attempts', args[5], 'note', args[6])
  return 1
end

-- revive  ARGV: prefix, delivery  ->  1 when a dead delivery is pending again, else 0
-- What is part of a brief is sent again with all of it.
local function revive(keys, args)
  local prefix = args[1]
  local delivery = redis.call('HGET', prefix .. 'dl:' .. args[2], 'brief') or args[2]
  if redis.call('ZREM', prefix .. 'dead', delivery) == 0 then return 0 end
  if redis.call('EXISTS', prefix .. 'dl:' .. delivery) == 0 then return 0 end
  note(prefix, delivery, 'state', 'pending', 'attempts', 0, 'note', 'tried again by hand')
  redis.call('ZADD', keys[1], now(), delivery)
  return 1
end

-- gather  ARGV: prefix, brief, token  ->  the deliveries in a brief, which takes no more of them from then on, so
-- that it says the same at every attempt; none when the token is not valid any more
local function gather(keys, args)
  if not held(keys, args[2], args[3]) then return {} end
  redis.call('HSET', args[1] .. 'dl:' .. args[2], 'closed', '1')
  return redis.call('SMEMBERS', args[1] .. 'br:' .. args[2])
end

redis.register_function('hketo_settle', settle)
redis.register_function('hketo_later', later)
redis.register_function('hketo_revive', revive)
redis.register_function('hketo_gather', gather)
