#!lua name=hketo_sources
-- Sources and their polls. KEYS[1] is always the key `due`; every other key is built from the prefix, which
-- stands in ARGV[1] (same hash tag, so the same slot).

--@include alerts.lua

--@include clock.lua
--@include many.lua

local POLLS, MORE = 20, 10 -- kept of a source, and how many more before they are cut: a command less for most polls

local function remember_poll(prefix, source, record)
  local key = prefix .. 'polls:' .. source
  if redis.call('LPUSH', key, record) > POLLS + MORE then redis.call('LTRIM', key, 0, POLLS - 1) end
end

local function tell(prefix, events)
  if events and events ~= '' then
    redis.call('XADD', prefix .. 'events', 'MAXLEN', '~', 1000, '*', 'events', events)
  end
end

-- registered  ARGV: prefix, digest of a list, how many sources are in it, the shortest ceiling
-- ->  1 when `register` of that list would change nothing, else 0: it was the last one, all its sources are due some time
-- (none is stopped), and none beyond a ceiling.
local function registered(keys, args)
  local prefix, count = args[1], tonumber(args[3])
  local same = redis.call('GET', prefix .. 'registered') == args[2] and redis.call('HLEN', prefix .. 'src') == count
    and redis.call('ZCARD', keys[1]) == count
  if not same then return 0 end
  return redis.call('ZCOUNT', keys[1], '(' .. string.format('%.6f', now() + tonumber(args[4])), '+inf') == 0 and 1 or 0
end

-- register  ARGV: prefix, JSON [{id, definition, delay, ceiling}], digest of the list  ->  {new, kept, dropped}
-- Makes the set of polled sources equal to the list. A new source is due after `delay`; a known one keeps
-- its due time, but never later than `ceiling` from now; one that is not in the list is polled no more (its
-- state stays). A source that its publisher ended (`stopped`) stays stopped until its address changes.
local function register(keys, args)
  local prefix, at = args[1], now()
  local wanted, new, kept, dropped = {}, 0, 0, 0
  for _, source in ipairs(cjson.decode(args[2])) do
    wanted[source.id] = true
    local before = redis.call('HGET', prefix .. 'src', source.id)
    if before ~= source.definition then
      redis.call('HSET', prefix .. 'src', source.id, source.definition)
      if before then redis.call('HDEL', prefix .. 'st:' .. source.id, 'stopped') end
    end
    local score = tonumber(redis.call('ZSCORE', keys[1], source.id) or nil)
    if redis.call('HGET', prefix .. 'st:' .. source.id, 'stopped') then
      redis.call('ZREM', keys[1], source.id)
    elseif not score then
      redis.call('ZADD', keys[1], at + source.delay, source.id)
      new = new + 1
    else
      if score > at + source.ceiling then
        redis.call('ZADD', keys[1], at + source.delay, source.id)
        redis.call('HDEL', keys[1] .. ':lease', source.id)
      end
      kept = kept + 1
    end
  end
  for _, id in ipairs(redis.call('HKEYS', prefix .. 'src')) do
    if not wanted[id] then
      redis.call('HDEL', prefix .. 'src', id)
      redis.call('HDEL', keys[1] .. ':lease', id)
      redis.call('ZREM', keys[1], id)
      dropped = dropped + 1
    end
  end
  redis.call('SET', prefix .. 'registered', args[3])
  return {new, kept, dropped}
end

-- Alerts about a source, each with its deliveries: JSON [{id, fields, wanted, keep}].
local function raise_notices(prefix, alerts, at)
  for _, notice in ipairs(cjson.decode(alerts)) do
    local key, flat = prefix .. 'al:' .. notice.id, {'created', string.format('%.3f', at)}
    for field, value in pairs(notice.fields) do
      flat[#flat + 1] = field
      flat[#flat + 1] = value
    end
    if redis.call('EXISTS', key) == 0 then
      redis.call('HSET', key, unpack(flat))
      tell_watch(prefix, notice.wanted, notice.id, at, notice.keep, {})
    end
  end
end

-- The fields of a hash that are `asked` for: {field, value, ...}. A hash of few fields is read in whole faster than by name.
local function asked_of(key, asked)
  local out, all, n = {}, redis.call('HGETALL', key), 0
  for i = 1, #all, 2 do
    if asked[all[i]] then
      out[n + 1], out[n + 2], n = all[i], all[i + 1], n + 2
    end
  end
  return out
end

-- begin_polls  ARGV: prefix, lease seconds, names of the fields that are asked for (with spaces between), then member,
--   token, new token of each claim
-- ->  for each {} when its token is not valid any more, else {definition JSON or '', {field, value, ... of its state}}
-- `begin` of lease.lua for several sources, with what asking them needs, in one round trip.
local function begin_polls(keys, args)
  local prefix, ends, lease = args[1], now() + tonumber(args[2]), keys[1] .. ':lease'
  local sources, out, begun, scores, tokens, asked = {}, {}, {}, {}, {}, {}
  for name in string.gmatch(args[3], '%S+') do asked[name] = true end
  for i = 4, #args, 3 do sources[#sources + 1] = args[i] end
  local held, definitions = fields_of(lease, sources), fields_of(prefix .. 'src', sources)
  for n, source in ipairs(sources) do
    out[n] = {}
    if held[n] == args[3 * n + 2] and not begun[source] then
      begun[source] = true
      scores[#scores + 1], scores[#scores + 2] = ends, source
      tokens[#tokens + 1], tokens[#tokens + 2] = source, args[3 * n + 3]
      out[n] = {definitions[n] or '', asked_of(prefix .. 'st:' .. source, asked)}
    end
  end
  in_parts(scores, 'ZADD', keys[1], 'XX')
  in_parts(tokens, 'HSET', lease)
  return out
end

local function stage(prefix, poll, at, ...)
  local body = prefix .. 'b:' .. poll
  redis.call('HSET', body, 'staged', string.format('%.3f', at), ...)
  redis.call('EXPIRE', body, 172800)
  redis.call('ZADD', prefix .. 'staged', at, poll)
end

-- finish_polls  ARGV: prefix, then for each poll: how many arguments follow for it, source, token, delay, how many polls
--   it has had, what polling keeps of it (JSON), poll record JSON, and nothing more for a poll like most; else fields of
--   its state that stood by themselves and are written anew in what is kept (with spaces between), stop ('1' or ''),
--   events JSON or '', held host or '', hold seconds, alerts JSON or '', poll id or '', and when there is one the fields
--   of the staged body.
-- ->  for each 1, or 0 when its token is not valid any more (then nothing changes).
-- State, staged body and next due time change together: a body is never forgotten while its validators are kept.
-- Fields that stand by themselves in a state hide those of the same name in its packed field `poll`: they were written
-- since the last poll (by finish_bodies), or by a release that did not pack.
local function finish_more(keys, prefix, at, source, written, stop, events, host, hold, alerts, poll, ...)
  local key, gone = prefix .. 'st:' .. source, {}
  for name in string.gmatch(written, '%S+') do gone[#gone + 1] = name end
  if #gone > 0 then redis.call('HDEL', key, unpack(gone)) end
  if stop == '1' then
    redis.call('ZREM', keys[1], source)
    redis.call('HSET', key, 'stopped', '1')
  end
  if host ~= '' then redis.call('SET', prefix .. 'hold:' .. host, source, 'EX', math.ceil(tonumber(hold))) end
  if poll ~= '' then stage(prefix, poll, at, ...) end
  tell(prefix, events)
  if alerts ~= '' then raise_notices(prefix, alerts, at) end
end

local function finish_polls(keys, args)
  local prefix, at, lease = args[1], now(), keys[1] .. ':lease'
  local sources, starts, out, ended, scores = {}, {}, {}, {}, {}
  local i = 2
  while i <= #args do
    sources[#sources + 1], starts[#starts + 1] = args[i + 1], i + 1
    i = i + 1 + tonumber(args[i])
  end
  starts[#starts + 1] = #args + 2
  local held, moment = fields_of(lease, sources), string.format('%.3f', at)
  for n, source in ipairs(sources) do
    local first = starts[n]
    out[n] = 0
    if held[n] == args[first + 1] and not ended[source] then
      out[n], ended[source], ended[#ended + 1] = 1, true, source
      redis.call('HSET', prefix .. 'st:' .. source, 'poll', args[first + 4], 'polled', moment, 'polls', args[first + 3])
      remember_poll(prefix, source, args[first + 5])
      scores[#scores + 1], scores[#scores + 2] = at + tonumber(args[first + 2]), source
      if starts[n + 1] - first > 7 then
        finish_more(keys, prefix, at, source, unpack(args, first + 6, starts[n + 1] - 2))
      end
    end
  end
  in_parts(scores, 'ZADD', keys[1], 'XX')
  in_parts(ended, 'HDEL', lease)
  return out
end

-- Moves the due time of a source into earliest..latest seconds from `at` ('' for no bound), with the reason.
-- A source that is being polled is left alone: the end of that poll decides.
local function reschedule(keys, prefix, source, at, earliest, latest, why)
  local due = tonumber(redis.call('ZSCORE', keys[1], source) or nil)
  if not due or redis.call('HGET', keys[1] .. ':lease', source) then return end
  local wanted = due
  if earliest ~= '' and wanted < at + tonumber(earliest) then wanted = at + tonumber(earliest) end
  if latest ~= '' and wanted > at + tonumber(latest) then wanted = at + tonumber(latest) end
  if wanted == due then return end
  redis.call('ZADD', keys[1], 'XX', wanted, source)
  redis.call('HSET', prefix .. 'st:' .. source, 'interval', string.format('%.1f', wanted - at), 'why', why)
end

local BEGUN = 4194304  -- bytes of bodies that are begun together, unless the first alone has more

-- begin_bodies  ARGV: prefix, '1' when they are begun alone, '' when together with others, poll ids
-- ->  for each {} when it was processed meanwhile, {'alone'} when it was begun before, or would be too much with those in
-- front of it, and must be begun alone (nothing is counted then), else {attempts, definition JSON or '', {field, value,
-- ... of the body}, {field, value, ... of its source's state}}
local function begin_body(prefix, poll, alone, held)
  local body = prefix .. 'b:' .. poll
  local source, attempts = unpack(redis.call('HMGET', body, 'source', 'attempts'))
  if not source then return {}, 0 end
  local size = redis.call('HSTRLEN', body, 'body')
  if alone == '' and (attempts or (held > 0 and held + size > BEGUN)) then return {'alone'}, 0 end
  local found = redis.call('HGETALL', body)
  attempts = redis.call('HINCRBY', body, 'attempts', 1)
  local definition = redis.call('HGET', prefix .. 'src', source) or ''
  return {attempts, definition, found, redis.call('HGETALL', prefix .. 'st:' .. source)}, size
end

local function begin_bodies(_, args)
  local out, held = {}, 0
  for i = 3, #args do
    local begun, size = begin_body(args[1], args[i], args[2], held)
    out[#out + 1], held = begun, held + size
  end
  return out
end

-- The fates of a body so far: by fate how many entries have it, and how many have any. `seen`: ranges `first-last` of
-- indexes, with spaces between: those entries have the fate `seen` unless another was written.
local function fates_of(prefix, poll, entries, seen)
  local key, fates, known, counted = prefix .. 'f:' .. poll, {}, 0, 0
  for _, fate in ipairs(redis.call('HVALS', key)) do
    local name = string.match(fate, '^[^:]+')
    fates[name] = (fates[name] or 0) + 1
    known = known + 1
  end
  for first, last in string.gmatch(seen, '(%d+)%-(%d+)') do counted = counted + last - first + 1 end
  if counted > 0 and known + counted ~= entries then  -- an earlier attempt wrote fates of some of them
    for first, last in string.gmatch(seen, '(%d+)%-(%d+)') do
      for entry = tonumber(first), tonumber(last) do
        counted = counted - redis.call('HEXISTS', key, string.format('%d', entry))
      end
    end
  end
  if counted > 0 then fates.seen = (fates.seen or 0) + counted end
  return fates, known + counted
end

-- Counts the entries of a body by fate, of their day and of their source, whose other fields are set in the same step.
-- ->  {fate, count, ...}
local function count_fates(prefix, source, day, fates, entries, ...)
  local state, out, fields, names, more = prefix .. 'st:' .. source, {}, {...}, {'entries', 'bodies'}, {entries, 1}
  for name, count in pairs(fates) do
    local known = redis.call('HINCRBY', prefix .. 'fates:' .. day, source .. '|' .. name, count)
    if known == count then redis.call('EXPIRE', prefix .. 'fates:' .. day, 7776000) end
    names[#names + 1], more[#more + 1] = 'fate:' .. name, count
    out[#out + 1] = name
    out[#out + 1] = tostring(count)
  end
  for i, before in ipairs(redis.call('HMGET', state, unpack(names))) do
    fields[#fields + 1], fields[#fields + 2] = names[i], string.format('%d', tonumber(before or 0) + more[i])
  end
  redis.call('HSET', state, unpack(fields))
  return out
end

-- finish_bodies  ARGV: prefix, then for each body: how many arguments follow for it, poll id, token, number of entries,
--   day, poll record JSON or '', events JSON or '', earliest and latest seconds from now at which the source may be due
--   ('' for no bound) and why, ranges of entries that are seen (fates_of), then field, value, ... to set in the source's
--   state
-- ->  for each {'done', fate, count, ...}, {'stale'} when the token is not valid any more, or {'short', fates known}
--   when entries are still without a fate (then nothing changes).
local function finish_body(keys, prefix, poll, token, entries, day, record, events, earliest, latest, why, seen, ...)
  if redis.call('HGET', prefix .. 'staged:lease', poll) ~= token then return {'stale'} end
  local fates, known = fates_of(prefix, poll, tonumber(entries), seen)
  if known ~= tonumber(entries) then return {'short', tostring(known)} end
  local source = redis.call('HGET', prefix .. 'b:' .. poll, 'source')
  local out = count_fates(prefix, source, day, fates, known, ...)
  if earliest ~= '' or latest ~= '' then reschedule(keys, prefix, source, now(), earliest, latest, why) end
  if record ~= '' then remember_poll(prefix, source, record) end
  tell(prefix, events)
  redis.call('DEL', prefix .. 'b:' .. poll, prefix .. 'f:' .. poll)
  redis.call('ZREM', prefix .. 'staged', poll)
  redis.call('HDEL', prefix .. 'staged:lease', poll)
  return {'done', unpack(out)}
end

local function finish_bodies(keys, args)
  local out, i = {}, 2
  while i <= #args do
    local last = i + tonumber(args[i])
    out[#out + 1] = finish_body(keys, args[1], unpack(args, i + 1, last))
    i = last + 1
  end
  return out
end

redis.register_function('hketo_registered', registered)
redis.register_function('hketo_register', register)
redis.register_function('hketo_begin_polls', begin_polls)
redis.register_function('hketo_finish_polls', finish_polls)
redis.register_function('hketo_begin_bodies', begin_bodies)
redis.register_function('hketo_finish_bodies', finish_bodies)
