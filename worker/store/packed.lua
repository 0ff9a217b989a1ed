-- Included where packed numbers are read (near.lua, frequencies.lua, stories.lua): 32 bits each, big-endian.

local function u32(blob, at) return (struct.unpack('>I4', blob, at)) end

local PART = 256  -- numbers that are unpacked at once: they go over Lua's stack

local function numbers(packed)
  local out = {}
  for first = 1, #packed, 4 * PART do
    local many = math.min(PART, (#packed - first + 1) / 4)
    local part = {struct.unpack('>' .. string.rep('I4', many), packed, first)}
    for i = 1, many do out[#out + 1] = part[i] end
  end
  return out
end
