-- Included where one command serves many members.

local MANY = 1000  -- arguments that `unpack` puts on Lua's stack, which holds some thousands; even, for pairs

-- One command for many: `...` before each `MANY` of its arguments.
local function in_parts(arguments, ...)
  local front = {...}
  for first = 1, #arguments, MANY do
    local whole = {unpack(front)}
    for i = first, math.min(first + MANY - 1, #arguments) do whole[#whole + 1] = arguments[i] end
    redis.call(unpack(whole))
  end
end

-- The fields of a hash by name, of many names: a table with false for those that are not there.
local function fields_of(key, names)
  local out = {}
  for first = 1, #names, MANY do
    for _, value in ipairs(redis.call('HMGET', key, unpack(names, first, math.min(first + MANY - 1, #names)))) do
      out[#out + 1] = value
    end
  end
  return out
end
