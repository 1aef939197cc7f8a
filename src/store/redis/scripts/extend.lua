-- Writes what happened elsewhere to an execution behind its first event, if it was never triggered here. KEYS: record, active, index,
-- outbox, summary, log, big. ARGV: token, 0, outbox (1 or 0), execution, the time of its trigger, progress, the numbers of index members
-- that go and that come, of chunks and of large texts; those members; for each chunk itself and its pointer; for each large text its key
-- and itself. Answers 1, or 0 if it was triggered here.
local record, active, index, outbox, summary, log, big = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7]
local sequence, triggered = string.match(redis.call('GET', summary) or '', '^%d+ (%d+) %u+ %d %d+ (%S+)')
if sequence ~= '1' or triggered ~= '-' then return 0 end

local held = redis.call('HMGET', record, 'outbox_last', 'epoch')
local with_outbox = ARGV[3] == '1'
local outbox_number = with_outbox and whole(following(string.match(held[1] or NO_ENTRY, '^%d+'))) or '0'
local at = 10
for _ = 1, tonumber(ARGV[7]) do
  redis.call('ZREM', index, ARGV[at + 1])
  at = at + 1
end
for _ = 1, tonumber(ARGV[8]) do
  redis.call('ZADD', index, '0', ARGV[at + 1])
  at = at + 1
end
local pointers, bytes = {}, 0
for _ = 1, tonumber(ARGV[9]) do
  redis.call('RPUSH', log, ARGV[at + 1])
  bytes = bytes + #ARGV[at + 1]
  pointers[#pointers + 1] = ARGV[at + 2]
  at = at + 2
end
for _ = 1, tonumber(ARGV[10]) do
  redis.call('HSET', big, ARGV[at + 1], ARGV[at + 2])
  at = at + 2
end
redis.call('SET', summary, outbox_number .. ' ' .. ARGV[6])
redis.call('ZADD', active, ARGV[5], ARGV[4])
redis.call('HINCRBY', record, 'births', 1)
if with_outbox then
  local outbox_id = outbox_number .. '-' .. whole(bytes)
  redis.call('XADD', outbox, outbox_id, 'e', held[2], 'p', table.concat(pointers, '\n'))
  redis.call('HSET', record, 'outbox_last', outbox_id)
  redis.call('HINCRBY', record, 'outbox_bytes', bytes)
end
return 1
