#!lua name=hketo_articles
-- The one atomic put: duplicate keys, number, article, indexes, fate, alerts and deliveries in one step.
-- KEYS[1] is the key `seq`; every other key is built from the prefix in ARGV[1] (same hash tag, same slot).

local MAX_VERSIONS = 20

--@include alerts.lua
--@include storynames.lua
--@include known.lua

--@include clock.lua
--@include many.lua

-- `is_new`: `decide` found that none of them leads anywhere.
local function remember_keys(prefix, put, n, keep, is_new)
  redis.call('SET', prefix .. 'k:' .. put.guid_key, n .. ':' .. put.entry_hash, 'EX', keep)
  for _, key in ipairs(put.keys) do
    local value = not is_new and redis.call('GET', prefix .. 'k:' .. key)
    if not value or value == n or redis.call('EXISTS', prefix .. 'a:' .. value) == 0 then
      redis.call('SET', prefix .. 'k:' .. key, n, 'EX', keep)
    end
  end
end

local function remember_sighting(prefix, put, n)
  return redis.call('HSETNX', prefix .. 'a:' .. n, '@' .. put.source, put.sighting) == 1
end

-- The index is kept in segments of 65,536 slots, given in the order of arrival; what stands in a slot never changes.
-- A revised article takes a new slot and its old one leaves the bitmap `all`, so nothing else need be unlearned.
local SEGMENT, MARK_LIST, MARK_BITS = 65536, 'l', 'b'
local SMALL, LARGE = 62, 8192  -- bytes: longest posting inside a room (64 would cost its compact form), longest list
-- Of an article's terms hardly two have one room, but of those of a hundred articles several have. So terms wait, in
-- parts of the rooms, until there are so many bytes of them: what is sorted in one step takes some milliseconds, and
-- the parts are not sorted at one time.
local WAITING, STAGGER = 65536, 2048
local ROOM_DIGIT = 48  -- the character of the digit 0 of base 64, two of which are the number of a room

local function bits_of(list)
  local bytes = {}
  for i = 1, LARGE do bytes[i] = 0 end
  for at = 1, #list, 2 do
    local slot = struct.unpack('>I2', list, at)
    local i = math.floor(slot / 8) + 1
    bytes[i] = bit.bor(bytes[i], bit.rshift(128, slot % 8))
  end
  for i = 1, LARGE do bytes[i] = string.char(bytes[i]) end
  return table.concat(bytes)
end

local function set_bits(key, packed)
  for at = 1, #packed, 2 do redis.call('SETBIT', key, (struct.unpack('>I2', packed, at)), 1) end
end

-- A term's posting in its room, after packed slots were added to what it `held`; nil when it stays as it is. It is
-- inside the room while it is short, then a list, then a bitmap.
local function posting(prefix, segment, term, held, packed)
  if held == MARK_BITS then
    set_bits(prefix .. 'wb:' .. segment .. ':' .. term, packed)
    return nil
  end
  local slots = held and held ~= MARK_LIST and held .. packed or packed
  if held ~= MARK_LIST and #slots <= SMALL then return slots end
  local list = prefix .. 'wl:' .. segment .. ':' .. term
  if redis.call('APPEND', list, slots) >= LARGE then
    redis.call('SET', prefix .. 'wb:' .. segment .. ':' .. term, bits_of(redis.call('GET', list)))
    redis.call('DEL', list)
    return MARK_BITS
  end
  return held ~= MARK_LIST and MARK_LIST or nil
end

-- Adds to the postings of one room. `more`: terms, and for each its packed slots. A few of them, hundreds of times: what
-- fits on the stack goes there without another table.
local function post(prefix, segment, room, more)
  local key, written, few = prefix .. 'w:' .. segment .. ':' .. room, {}, #more <= MANY / 2
  for i, held in ipairs(few and redis.call('HMGET', key, unpack(more)) or fields_of(key, more)) do
    local slots = posting(prefix, segment, more[i], held, more[more[i]])
    if slots then written[#written + 1], written[#written + 2] = more[i], slots end
  end
  if not few then
    in_parts(written, 'HSET', key)
  elseif #written > 0 then
    redis.call('HSET', key, unpack(written))
  end
end

-- What waits in a part of the rooms: {room (its two characters), ...} and by room what `post` takes.
local function by_room(unsorted)
  local words, packs, rooms, more = {}, {}, {}, {}
  for slot, terms in string.gmatch(unsorted, '\n(%d+)%z([^\n]*)') do
    local packed = struct.pack('>I2', slot)
    for word in string.gmatch(terms, '%Z+') do
      local slots = packs[word]
      if not slots then words[#words + 1] = word end
      packs[word] = slots and slots .. packed or packed
    end
  end
  for _, word in ipairs(words) do
    local room, term = string.sub(word, 1, 2), string.sub(word, 3)
    local own = more[room]
    if not own then
      own = {}
      more[room], rooms[#rooms + 1] = own, room
    end
    own[#own + 1], own[term] = term, packs[word]
  end
  return rooms, more
end

-- Sorts what waits into the rooms. One command for all terms of a room costs little more than one for each term.
local function sort_in(prefix, segment, key)
  local rooms, more = by_room(redis.call('GET', key))
  for _, room in ipairs(rooms) do
    local high, low = string.byte(room, 1, 2)
    post(prefix, segment, (high - ROOM_DIGIT) * 64 + low - ROOM_DIGIT, more[room])
  end
  redis.call('DEL', key)
end

-- Adds an article's terms, as segments.py writes them, to those that wait.
local function add_terms(prefix, segment, slot, terms)
  local part, head = 0, '\n' .. slot .. '\0'
  for own in string.gmatch(terms, '([^\n]*)\n') do
    if own ~= '' then
      local key = prefix .. 'wu:' .. segment .. ':' .. part
      if redis.call('APPEND', key, head .. own) >= WAITING + part * STAGGER then sort_in(prefix, segment, key) end
    end
    part = part + 1
  end
end

local function place(number)
  local segment = math.floor(number / SEGMENT)
  return segment, number - segment * SEGMENT
end

local function open_slot(prefix, score)
  local info = prefix .. 'ix'
  local number = redis.call('HINCRBY', info, 'slots', 1) - 1
  local segment, slot = place(number)
  local first, last = unpack(redis.call('HMGET', info, 'first:' .. segment, 'last:' .. segment))
  if not first then
    redis.call('HSET', info, 'born:' .. segment, string.format('%.6f', now()),
      'first:' .. segment, score, 'last:' .. segment, score)
  elseif score < tonumber(first) then
    redis.call('HSET', info, 'first:' .. segment, score)
  elseif score > tonumber(last) then
    redis.call('HSET', info, 'last:' .. segment, score)
  end
  return number, segment, slot
end

-- Where an article stands; nothing for one whose segment is past its days.
local function slot_of(prefix, n)
  local number = redis.call('HGET', prefix .. 'a:' .. n, 'slot')
  if not number then return nil end
  local segment, slot = place(tonumber(number))
  if redis.call('HEXISTS', prefix .. 'ix', 'born:' .. segment) == 0 then return nil end
  return segment, slot
end

local function close_slot(prefix, n)
  local segment, slot = slot_of(prefix, n)
  if not segment then return end
  redis.call('SETBIT', prefix .. 't:' .. segment .. ':all', slot, 0)
end

local RECENT = 256  -- changes that are remembered one by one, so that readers need not read a bitmap again

-- Counts articles for tags that they got.
local function count_tags(prefix, tags)
  if #tags == 0 then return end
  local counted = {}
  for i, number in ipairs(redis.call('HMGET', prefix .. 'tags', unpack(tags))) do
    counted[2 * i - 1], counted[2 * i] = tags[i], (number or 0) + 1
  end
  redis.call('HSET', prefix .. 'tags', unpack(counted))
end

-- Puts a slot under tags (a list) and notes it as one change.
local function tag_slot(prefix, segment, slot, tags)
  local new = {}
  for _, tag in ipairs(tags) do
    local first = redis.call('SETBIT', prefix .. 't:' .. segment .. ':' .. tag, slot, 1) == 0
    if first and string.sub(tag, 1, 4) ~= 'day/' then new[#new + 1] = tag end
  end
  count_tags(prefix, new)
  local change = redis.call('HINCRBY', prefix .. 'ix', 'changes', 1)
  redis.call('HINCRBY', prefix .. 'ix', 'state:' .. segment, 1)
  local note = change .. '\0' .. segment .. '\0' .. slot .. '\0' .. table.concat(tags, '\0')
  redis.call('RPUSH', prefix .. 'ixl', note)
  redis.call('LTRIM', prefix .. 'ixl', -RECENT, -1)
end

-- Whoever published or showed an article, it is found under that name.
local function publisher_tag(tags, publisher)
  if publisher and publisher ~= '' then tags[#tags + 1] = 'publisher/' .. publisher end
end

local function publisher_tags(tags, prefix, n)
  local fields = redis.call('HGETALL', prefix .. 'a:' .. n)
  for i = 1, #fields, 2 do
    if fields[i] == 'first' then
      publisher_tag(tags, cjson.decode(string.match(fields[i + 1], '^[^\n]*')).publisher)
    elseif string.sub(fields[i], 1, 1) == '@' and fields[i + 1] ~= '' then
      publisher_tag(tags, cjson.decode(fields[i + 1]).publisher)
    end
  end
end

-- Gives an article a slot in the index, under these tags. Its `slot` is to be written by whoever calls.
local function enter(prefix, put, n, score, tags)
  local number, segment, slot = open_slot(prefix, score)
  redis.call('ZADD', prefix .. 'z', score, n)
  redis.call('SETRANGE', prefix .. 'ic:' .. segment, slot * 12, struct.pack('>I4d', tonumber(n), score))
  redis.call('SETBIT', prefix .. 't:' .. segment .. ':all', slot, 1)
  tag_slot(prefix, segment, slot, tags)
  add_terms(prefix, segment, slot, put.terms)
  return number
end

-- The tags of what is put, but for those who showed it before.
local function tags_of(put, score)
  local tags = {'day/' .. math.floor((score + 28800) / 86400)}
  for _, tag in ipairs(put.tags) do tags[#tags + 1] = tag end
  publisher_tag(tags, put.fields.publisher)
  return tags
end

-- Gives an article that is there already another slot.
local function enter_again(prefix, put, n, score)
  close_slot(prefix, n)
  local tags = tags_of(put, score)
  publisher_tags(tags, prefix, n)
  redis.call('ZREM', prefix .. 'rej', n)
  redis.call('HSET', prefix .. 'a:' .. n, 'slot', enter(prefix, put, n, score, tags))
end

-- One more outlet for an article that stands in the index.
local function index_publisher(prefix, put, n)
  local segment, slot = slot_of(prefix, n)
  if not segment then return end
  local tags = {}
  publisher_tag(tags, put.fields.publisher)
  if #tags > 0 then tag_slot(prefix, segment, slot, tags) end
end

local function write(prefix, put, n, packed)
  local flat = {}
  for field, value in pairs(put.fields) do
    flat[#flat + 1] = field
    flat[#flat + 1] = value
  end
  redis.call('HSET', prefix .. 'a:' .. n, 'd', packed, unpack(flat))
  redis.call('EXPIRE', prefix .. 'a:' .. n, put.keep)
end

-- Whether a watch was told of a story, or of one that was merged into it since.
local function told(prefix, watch, story)
  if redis.call('EXISTS', prefix .. 'al:' .. watch .. '-' .. story) == 1 then return true end
  for _, younger in ipairs(redis.call('SMEMBERS', prefix .. 'sj:' .. story)) do
    if redis.call('EXISTS', prefix .. 'al:' .. watch .. '-' .. younger) == 1 then return true end
  end
  return false
end

-- One alert per watch and story. Its deliveries come into being with it: what is stored is told. One that is held tells
-- nothing: its watch hears of the story when more is known (following.lua).
local function alert(prefix, put, n, at)
  local story = current_story(prefix, redis.call('HGET', prefix .. 'a:' .. n, 'story'))
  local channels = {}
  for _, wanted in ipairs(put.alerts) do
    local id = wanted.watch .. '-' .. story
    if not told(prefix, wanted.watch, story) then
      redis.call('HSET', prefix .. 'al:' .. id, 'watch', wanted.watch, 'story', story, 'n', n,
        'kind', wanted.held and 'held' or 'first',
        'grade', put.grade, 'sentence', put.sentence, 'matched', wanted.matched,
        'created', string.format('%.3f', at), 'shadow', wanted.shadow and '1' or '0')
      if wanted.held then
        redis.call('EXPIRE', prefix .. 'al:' .. id, put.keep)
      else
        tell_watch(prefix, wanted, id, at, put.keep, channels)
      end
    end
  end
  return channels
end

-- A version is a line of JSON with what changes under readers' eyes, then the packed rest.
local function keep_version(prefix, n, at, keep)
  local a = prefix .. 'a:' .. n
  local old = redis.call('HMGET', a, 'title', 'publisher', 'grade', 'best', 'd')
  local line = cjson.encode({
    title = old[1] or '', publisher = old[2] or '', grade = old[3] or '', best = old[4] or '', until_ = at,
  })
  local record = line .. '\n' .. (old[5] or '')
  redis.call('HSETNX', a, 'first', record)
  redis.call('LPUSH', prefix .. 'v:' .. n, record)
  redis.call('LTRIM', prefix .. 'v:' .. n, 0, MAX_VERSIONS - 1)
  redis.call('EXPIRE', prefix .. 'v:' .. n, keep)
end

-- The source of an article stays the one that showed it first, whoever's version is kept.
local function shown_first_by(put, source)
  local tags = {'source/' .. source}
  for _, tag in ipairs(put.tags) do
    if string.sub(tag, 1, 7) ~= 'source/' then tags[#tags + 1] = tag end
  end
  put.tags, put.fields.source = tags, source
end

-- A text that is news to us for an article we have: a new version, and a new verdict unless it says less. What was
-- dropped before had no story yet.
-- Returns whether the article took it.
local function revise(prefix, put, n, packed, at)
  local a = prefix .. 'a:' .. n
  if put.grade < tonumber(redis.call('HGET', a, 'grade') or '0') then return false end
  keep_version(prefix, n, at, put.keep)
  local story, score, id, fate, source = unpack(redis.call('HMGET', a, 'story', 'ts', 'id', 'fate', 'source'))
  if fate == 'stored' then
    put.fields.story = story
    shown_first_by(put, source)
  end
  put.fields.ts, put.fields.id, put.fields.first_seen = score, id, nil
  write(prefix, put, n, packed)
  redis.call('HINCRBY', a, 'versions', 1)
  enter_again(prefix, put, n, tonumber(score))
  return true
end

-- What is known of a kept version: its article's fate and grade, whether it is this source's own showing, and whether
-- this one is better (parsers/versions.py: Version.standing).
local function standing(prefix, put, n)
  local fate, grade, best = unpack(redis.call('HMGET', prefix .. 'a:' .. n, 'fate', 'grade', 'best'))
  local number, source = string.match(best or '', '^(-?%d+):(.*)$')
  return fate == 'stored', tonumber(grade or '0'), source == nil or source == put.source,
    number ~= nil and put.best > tonumber(number)
end

-- The first showing follows from the article itself and is an empty value; its words stay readable in `first` after
-- the article was revised. What is no article has no fields to follow from.
local function store_new(prefix, put, packed, at, seq)
  local n = tostring(redis.call('INCR', seq))
  put.fields['@' .. put.source] = put.fate == 'unreadable' and put.sighting or ''
  put.fields.stored = string.format('%.3f', at)
  put.fields.fate = put.fate
  if put.grade > 0 and put.fate == 'stored' then
    local score = tonumber(put.fields.ts)
    put.fields.slot = enter(prefix, put, n, score, tags_of(put, score))
  else
    redis.call('ZADD', prefix .. 'rej', at, n)
  end
  write(prefix, put, n, packed)
  return n
end

-- The kept article that this one is a near-duplicate of, as a string, or nil.
local function near(prefix, put)
  if (put.near or 0) == 0 then return nil end
  local n = string.format('%d', put.near)
  return redis.call('HGET', prefix .. 'a:' .. n, 'fate') == 'stored' and n or nil
end

-- What a page says of an entry that was put before. An entry that its source edited or dropped meanwhile stays as it
-- is; one whose page turns out to be the page of another article we kept is a duplicate of that.
local function decide_again(prefix, put, n, hash, packed, at)
  if not n or hash ~= put.entry_hash then return 'seen', n or '0', false end
  for _, key in ipairs(put.keys) do
    local other = known(prefix, key)
    if other and other ~= n and redis.call('HGET', prefix .. 'a:' .. other, 'fate') == 'stored' then
      return 'duplicate', other, false
    end
  end
  local copied = near(prefix, put)
  if copied and copied ~= n then return 'duplicate', copied, false end
  local kept, before, own, better = standing(prefix, put, n)
  if kept and put.grade <= before and not own and not better then return 'seen', n, false end
  local revised = revise(prefix, put, n, packed, at)
  if not kept then
    redis.call('HSET', prefix .. 'a:' .. n, 'fate', 'stored', 'stored', string.format('%.3f', at))
  end
  return kept and 'updated' or 'stored', n, not kept or put.grade > before, false, revised
end

-- Gives an entry of a block a record of its own, as it would have had from the beginning.
local function restore(prefix, put, n, ref, packed)
  local keep = redis.call('TTL', prefix .. 'd:' .. string.match(ref, '^%d+'))
  write(prefix, {fields = put.prior, keep = keep}, n, packed)
  if not redis.call('ZSCORE', prefix .. 'rej', n) then  -- as an earlier release counted it
    redis.call('HINCRBY', prefix .. 'dn', math.floor(now() / 86400), -1)
  end
end

local function decide(prefix, put, packed, at, seq, prior)
  local values, alive = values_of(prefix, {put.guid_key, unpack(put.keys)}), {}
  local n, hash, ref = behind(prefix, values[1], alive)
  if put.reused and hash ~= put.entry_hash then n = nil end
  if put.again then return decide_again(prefix, put, n, hash, packed, at) end
  local same_guid = n ~= nil
  if same_guid and hash == put.entry_hash then return 'seen', n, false end
  for i = 2, #put.keys + 1 do
    if n then break end
    local _hash
    n, _hash, ref = behind(prefix, values[i], alive)
  end
  if n and ref then
    if put.prior_ref ~= ref then return 'dropped', ref, false end
    restore(prefix, put, n, ref, prior)
  end
  n = n or near(prefix, put)
  if not n then return put.fate, store_new(prefix, put, packed, at, seq), true, true end
  local kept, before, own, better = standing(prefix, put, n)
  local fate = same_guid and 'updated' or 'duplicate'
  if put.fate ~= 'stored' then return fate, n, false end
  -- An edit of a version that is not the kept one is a version that we do not show.
  local raises, revised = not kept or put.grade > before, false
  if raises or better or (same_guid and own) then revised = revise(prefix, put, n, packed, at) end
  if not kept then
    redis.call('HSET', prefix .. 'a:' .. n, 'fate', 'stored', 'stored', string.format('%.3f', at))
    fate = 'stored'
  end
  return fate, n, raises, false, revised
end

-- One entry; JSON is worker/store/articles.py: PutRequest, packed worker/store/packing.py, terms postings.py
-- ->  {fate, n, revised (0|1), channel, ...}: whether the article took this version, and the channels that have a new
-- delivery; or {'dropped', place}, and nothing is written, when it leads to an entry in a block of what was dropped:
-- then it must be put again with that entry's record.
-- A second call for the same poll and index returns the first fate and changes nothing.
local function put(prefix, fates, seq, entry, json, packed, terms, prior)
  local done = redis.call('HGET', fates, entry)
  if done then
    local fate, n = string.match(done, '^([^:]+):(.*)$')
    return {fate, n, 0}
  end
  local at, request = now(), cjson.decode(json)
  request.terms = terms
  local fate, n, worth_telling, is_new, revised = decide(prefix, request, packed, at, seq, prior)
  if fate == 'dropped' then return {fate, n} end
  local channels = {}
  if is_new then
    remember_keys(prefix, request, n, request.keep, true)
  elseif fate ~= 'seen' then
    local keep = math.max(request.keep, redis.call('TTL', prefix .. 'a:' .. n))
    remember_keys(prefix, request, n, keep, false)
    if remember_sighting(prefix, request, n) then index_publisher(prefix, request, n) end
  end
  if fate ~= 'seen' and worth_telling and request.fate == 'stored' then
    channels = alert(prefix, request, n, at)
  end
  redis.call('HSET', fates, entry, fate .. ':' .. n)
  return {fate, n, revised and 1 or 0, unpack(channels)}
end

-- put_some  ARGV: prefix, then for each entry its poll id, its index, JSON, packed fields, terms, and packed fields of the
-- record that it had in a block  ->  an answer of `put` each
-- One call for several entries: what a call costs by itself is more than an entry that is dropped.
local function put_some(keys, args)
  local prefix, out, last = args[1], {}, nil
  for i = 2, #args, 6 do
    local fates = prefix .. 'f:' .. args[i]
    out[#out + 1] = put(prefix, fates, keys[1], unpack(args, i + 1, i + 5))
    if fates ~= last then redis.call('EXPIRE', fates, 172800) end
    last = fates
  end
  return out
end

-- What becomes known of some entries of a body, given as lists: `seen` and `changed` are added to.
local function recognise_some(prefix, fates, indexes, names, words, seen, changed)
  local done, values = redis.call('HMGET', fates, unpack(indexes)), values_of(prefix, names)
  local written, alive = {}, {}
  for i, index in ipairs(indexes) do
    local n, hash = behind(prefix, values[i], alive)
    if done[i] and string.sub(done[i], 1, 5) == 'seen:' then
      seen[#seen + 1] = index
    elseif not done[i] and n and hash == words[i] then
      written[#written + 1], written[#written + 2] = index, 'seen:' .. n
      seen[#seen + 1] = index
    elseif n then
      changed[#changed + 1] = index
    end
  end
  if #written > 0 then redis.call('HSET', fates, unpack(written)) end
end

-- recognise_each  ARGV: prefix, then for each body its poll id and its entries as `index guid-key hash` with a space between
--   each and the next
-- ->  for each {indexes of the entries that this source showed before with the same words, indexes of those whose id it
-- showed with other words}. The fate of the first (`seen`) is written; the others need a put.
local function recognise_body(prefix, poll, entries)
  local fates, seen, changed = prefix .. 'f:' .. poll, {}, {}
  local indexes, names, words = {}, {}, {}
  for index, guid, hash in string.gmatch(entries, '(%d+) (%S+) (%S+)') do
    local i = #indexes + 1
    indexes[i], names[i], words[i] = index, 'g:' .. guid, hash
    if i == MANY then
      recognise_some(prefix, fates, indexes, names, words, seen, changed)
      indexes, names, words = {}, {}, {}
    end
  end
  if #indexes > 0 then recognise_some(prefix, fates, indexes, names, words, seen, changed) end
  if #seen > 0 then redis.call('EXPIRE', fates, 172800) end
  return {seen, changed}
end

local function recognise_each(_, args)
  local out = {}
  for i = 2, #args, 2 do out[#out + 1] = recognise_body(args[1], args[i], args[i + 1]) end
  return out
end

-- forget_day  ARGV: prefix, segment, day, ...  ->  1. What stands in these days leaves the index.
local function forget_day(_, args)
  local start = args[1] .. 't:' .. args[2] .. ':'
  for i = 3, #args do
    local day = start .. 'day/' .. args[i]
    if redis.call('EXISTS', day) == 1 then
      -- all AND NOT day, as all XOR (all AND day)
      redis.call('BITOP', 'AND', day, start .. 'all', day)
      redis.call('BITOP', 'XOR', start .. 'all', start .. 'all', day)
      redis.call('DEL', day)
    end
  end
  return 1
end

redis.register_function('hketo_put_some', put_some)
redis.register_function('hketo_forget_day', forget_day)
redis.register_function('hketo_recognise_each', recognise_each)
