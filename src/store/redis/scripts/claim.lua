-- Claims unclaimed offers. All of them are of the lane's present epoch, because whoever takes the lane drops the others. The lane's owner
-- claims nothing: a claim that it sent before it took the lane would take its own offers. KEYS: record, offers, offer-bodies, unclaimed,
-- claims. ARGV: token, deadline, boot id, the claim's number, how many at most, how many at most with those that their owner cannot run,
-- its level, and what the claimer can run (src/store/offer-id.ts in Lua). Answers id, execution and body of each, in turn. For the boot's
-- last claim again: those that are still its. For an earlier one: nothing.
local offers, bodies, unclaimed, claims = KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local boot, number, max, away_max = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local held = redis.call('HMGET', KEYS[1], 'free', 'boot', 'level')
if level_of(held[3]) > tonumber(ARGV[7]) then
  return redis.error_reply('TROUPELEVEL ' .. held[3] .. ' ' .. ARGV[7])
end

local mine = {}
local function add(id, execution)
  mine[#mine + 1] = id
  mine[#mine + 1] = execution
  mine[#mine + 1] = redis.call('HGET', bodies, id)
end

local before = redis.call('HGET', claims, boot)
local last = before and tonumber(string.match(before, '^%d+')) or 0
if number < last then return {} end
if number == last then
  for id in string.gmatch(before or '', '\n([^\n]+)') do
    local holder, execution = string.match(redis.call('HGET', offers, id) or '', '^([^\n]*)\n(.*)$')
    if holder == boot then add(id, execution) end
  end
  return mine
end

local is_none = held[1] == '1' or held[2] == boot or away_max <= 0
local needs = {}
for at = 8, #ARGV do needs[string.sub(ARGV[at], 2)] = tonumber(string.sub(ARGV[at], 1, 1)) end

-- How many offers may be claimed with this one; 0 if the claimer cannot run it.
local function most_with(id)
  local sign, carries, handler = string.match(id, '^([+-])(%d)([^/]*)/[^/]*/%d+/%d+/%d+$')
  if sign then
    local need = needs[handler]
    if not need or bit.band(need, bit.bnot(tonumber(carries))) ~= 0 then return 0 end
    return sign == '+' and away_max or max
  end
  -- An older instance's offer: its text names the handler.
  local is_json, columns = pcall(cjson.decode, redis.call('HGET', bodies, id))
  handler = is_json and type(columns) == 'table' and columns[5]
  if type(handler) ~= 'string' then return max end
  handler = string.gsub(handler, "[^%w%-_%.!~%*'%(%)]", function(char) return string.format('%%%02X', string.byte(char)) end)
  return needs[handler] and max or 0
end

local ids = {}
local first = 0
while not is_none and #ids < away_max do
  local some = redis.call('ZRANGE', unclaimed, first, first + 999)
  if #some == 0 then break end
  for at = 1, #some do
    if #ids < most_with(some[at]) then ids[#ids + 1] = some[at] end
  end
  first = first + #some
end
for at = 1, #ids do
  local execution = string.sub(redis.call('HGET', offers, ids[at]), 2)
  add(ids[at], execution)
  redis.call('HSET', offers, ids[at], boot .. '\n' .. execution)
  redis.call('ZREM', unclaimed, ids[at])
end
table.insert(ids, 1, ARGV[4])
redis.call('HSET', claims, boot, table.concat(ids, '\n'))
redis.call('EXPIRE', claims, 3600)
return mine
