-- Takes a lane: src/store/fence.ts in Lua. KEYS: record, offers, offer-bodies, unclaimed. ARGV: token, deadline, boot id, ttl (ms; 0:
-- whoever has it), the highest epoch of the lane that the boot has seen, its level. Answers { 1, epoch, who died, takers } or { 0, the
-- remaining time of its holder }.
local record = KEYS[1]
local boot, ttl = ARGV[3], tonumber(ARGV[4])
local held = redis.call('HMGET', record, 'boot', 'epoch', 'number', 'clean', 'died', 'until', 'free', 'takers', 'ttl', 'level')
if level_of(held[10]) > tonumber(ARGV[6]) then
  return redis.error_reply('TROUPELEVEL ' .. held[10] .. ' ' .. ARGV[6])
end
local now = clock()
local is_mine = held[1] == boot
if ttl > 0 and not is_mine and held[7] == '0' and tonumber(held[6]) > now then
  -- After a fail-over the clock may be another one: nobody's lease is longer than its own TTL.
  local longest = ttl_of(held[9], held[2], ttl)
  if tonumber(held[6]) > now + longest then
    redis.call('HSET', record, 'until', whole(now + longest))
    return { 0, longest }
  end
  return { 0, tonumber(held[6]) - now }
end

local died = ''
if held[2] ~= '0' and held[4] ~= '1' then
  if not is_mine then
    died = held[1]
  elseif held[3] == '0' then
    died = held[5]
  end
end
-- Neither is given twice if Redis comes back with older data.
local epoch = whole(math.max(following(held[2]), ARGV[5] + 1))
-- A build without this field leaves it as it is: whoever comes after it is another boot, and counts.
local takers = is_mine and held[8] or whole(following(held[8] or 0))
redis.call('HSET', record, 'boot', boot, 'epoch', epoch, 'number', '0', 'clean', '0', 'died', died, 'answer', '', 'until', whole(now + ttl), 'free', '0', 'offered', '0', 'takers', takers, 'ttl', epoch .. ' ' .. ARGV[4])

local ids = redis.call('ZRANGE', KEYS[4], 0, -1)
for first = 1, #ids, 1000 do
  local last = math.min(first + 999, #ids)
  redis.call('HDEL', KEYS[2], unpack(ids, first, last))
  redis.call('HDEL', KEYS[3], unpack(ids, first, last))
end
if #ids > 0 then redis.call('DEL', KEYS[4]) end
return { 1, epoch, died, takers }
