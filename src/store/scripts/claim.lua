-- Claims unclaimed offers: all that stand there are of the lane's present epoch, since whoever takes the lane drops the others.
-- Whoever owns the lane claims nothing: a claim that it sent before it took the lane would take its own offers from it.
-- KEYS: record, offers, offer-bodies, unclaimed, claims. ARGV: token, deadline, boot id, the claim's number, how many at most.
-- Answers id, execution and body of each, in turn: for the boot's last claim again, of those that are still its; for an
-- earlier one, nothing.
local offers, bodies, unclaimed, claims = KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local boot, number, max = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
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

local held = redis.call('HMGET', KEYS[1], 'free', 'boot')
local is_none = held[1] == '1' or held[2] == boot or max <= 0
local ids = is_none and {} or redis.call('ZRANGE', unclaimed, 0, max - 1)
for at = 1, #ids do
  local execution = string.sub(redis.call('HGET', offers, ids[at]), 2)
  add(ids[at], execution)
  redis.call('HSET', offers, ids[at], boot .. '\n' .. execution)
end
if #ids > 0 then redis.call('ZREMRANGEBYRANK', unclaimed, 0, #ids - 1) end
table.insert(ids, 1, ARGV[4])
redis.call('HSET', claims, boot, table.concat(ids, '\n'))
redis.call('EXPIRE', claims, 3600)
return mine
