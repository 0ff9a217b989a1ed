#!lua name=hketo_frequencies
-- How often terms were in articles of late: counters of 16 bits in one string for each family of languages and period.
-- KEYS[1] is the key `seq`; every other key is built from the prefix in ARGV[1] (same hash tag, same slot).

--@include packed.lua

local PART_OF_CELLS = 500  -- of which one command has four arguments each: they go over Lua's stack

-- One BITFIELD for some of `cells`: raised by `times`, or read when there are none.
local function field(key, cells, times, first, last)
  local args = times and {'BITFIELD', key, 'OVERFLOW', 'SAT'} or {'BITFIELD_RO', key}
  local at, what = #args, times and 'INCRBY' or 'GET'
  for i = first, last do
    args[at + 1], args[at + 2], args[at + 3] = what, 'u16', 16 * cells[i]
    at = at + 3
    if times then
      at = at + 1
      args[at] = times[i]
    end
  end
  return redis.call(unpack(args))
end

-- The values of all `cells`, packed.
local function counted(key, cells, times)
  local parts = {}
  for first = 1, #cells, PART_OF_CELLS do
    local last = math.min(first + PART_OF_CELLS - 1, #cells)
    local values = field(key, cells, times, first, last)
    parts[#parts + 1] = struct.pack('>' .. string.rep('I2', #values), unpack(values))
  end
  return table.concat(parts)
end

-- count_all  ARGV: prefix, keep seconds, add (0|1), then of each family and period: family, this period, the one before,
--   cells (packed), and how often each is counted (packed)
--   ->  of each {counts of this period by cell, those of the one before or ''}, two packed bytes a count
local function count_all(_, args)
  local prefix, keep, add, out = args[1], args[2], args[3] == '1', {}
  for at = 4, #args, 5 do
    local head, cells = prefix .. 'df:' .. args[at] .. ':', numbers(args[at + 3])
    local now, before = head .. args[at + 1], head .. args[at + 2]
    local young = counted(now, cells, add and numbers(args[at + 4]))
    if add then redis.call('EXPIRE', now, keep) end
    local old = redis.call('EXISTS', before) == 1 and counted(before, cells) or ''
    out[#out + 1] = {young, old}
  end
  return out
end

redis.register_function('hketo_count_all', count_all)
