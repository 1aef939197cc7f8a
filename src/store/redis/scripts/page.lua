-- Answers a page of what lanes hold: the newest that come before a position and are of every kind that is asked for. KEYS: for each lane
-- its record and its index. ARGV: token, 0, the position (the time of creation, 16 digits, and the execution; empty: from the newest), how
-- many at most, the kinds. Answers the position from which it goes on (empty: there is no more), then those found and the lane of each
-- (from 1), in turn. They may be fewer than there are: if few pass, the search takes several calls.
local before, size = ARGV[3], tonumber(ARGV[4])
local FIRST_KIND = 5
-- The members that one call may look at: some milliseconds, of which most are not needed.
local EXAMINED_MAX = 1000
local STEP_MAX = 250
local examined = 0

-- The index's order: by time, then by bytes. (Lua compares texts by the rules of its locale.)
local function is_newer(a, b)
  local created_a, created_b = tonumber(string.sub(a, 1, 16)), tonumber(string.sub(b, 1, 16))
  if created_a ~= created_b then return created_a > created_b end
  for at = 17, math.min(#a, #b) do
    local byte_a, byte_b = string.byte(a, at), string.byte(b, at)
    if byte_a ~= byte_b then return byte_a > byte_b end
  end
  return #a > #b
end

local function count_of(lane, kind)
  local index = KEYS[2 * lane]
  local max = before == '' and '(' .. kind .. '~' or '(' .. kind .. before
  return redis.call('ZLEXCOUNT', index, '[' .. kind, max)
end

-- Of several kinds, the one of which the lane has fewest decides.
local function rarest_of(lane)
  local rarest, fewest = FIRST_KIND, nil
  if #ARGV == FIRST_KIND then return rarest end
  for at = FIRST_KIND, #ARGV do
    local count = count_of(lane, ARGV[at])
    if not fewest or count < fewest then rarest, fewest = at, count end
  end
  return rarest
end

-- Reads the next members of the lane. `found`: those that are of all kinds; `last`: the place up to which it looked.
local function read_more(line)
  local index = KEYS[2 * line.lane]
  local kind = ARGV[line.kind]
  local max = line.last == '' and '(' .. kind .. '~' or '(' .. kind .. line.last
  local members = redis.call('ZREVRANGEBYLEX', index, max, '[' .. kind, 'LIMIT', 0, line.step)
  examined = examined + #members
  line.ended = #members < line.step
  line.step = math.min(line.step * 2, STEP_MAX)
  line.found, line.at = {}, 1
  for at = 1, #members do
    local position = string.sub(members[at], #kind + 1)
    local is_listed = true
    for other = FIRST_KIND, #ARGV do
      if is_listed and other ~= line.kind and not redis.call('ZSCORE', index, ARGV[other] .. position) then is_listed = false end
    end
    if is_listed then line.found[#line.found + 1] = position end
    line.last = position
  end
end

-- The place of the line: its newest that was found, or up to where nothing was; nil at its end.
local function place_of(line)
  while line.at > #line.found and not line.ended and examined < EXAMINED_MAX do read_more(line) end
  line.is_found = line.at <= #line.found
  if line.is_found then return line.found[line.at] end
  return not line.ended and line.last or nil
end

-- The lines, the newest last.
local lines = {}
local function put(line)
  local place = place_of(line)
  if not place then return end
  line.place = place
  local low, high = 1, #lines + 1
  while low < high do
    local middle = math.floor((low + high) / 2)
    if is_newer(lines[middle].place, place) then high = middle else low = middle + 1 end
  end
  table.insert(lines, low, line)
end

local step = math.min(STEP_MAX, math.ceil(2 * size / #KEYS) * 2 + 2)
for lane = 1, #KEYS / 2 do
  local record = KEYS[2 * lane - 1]
  if redis.call('HGET', record, 'token') ~= ARGV[1] then return redis.error_reply('TROUPELOST the data token is gone') end
  local line = { lane = lane, kind = rarest_of(lane), last = before, step = step }
  read_more(line)
  put(line)
end

local answer = { '' }
while #lines > 0 do
  local line = table.remove(lines)
  if not line.is_found or #answer > 2 * size then
    -- This place is not in the answer yet, so the next page goes on from just before it.
    answer[1] = line.is_found and answer[#answer - 1] or line.place
    return answer
  end
  answer[#answer + 1] = line.place
  answer[#answer + 1] = line.lane
  line.at = line.at + 1
  put(line)
end
return answer
