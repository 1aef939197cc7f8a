-- Shows an instance, forgets those that have been dead for ten minutes, and answers the time, the level in use, and then all others: boot
-- id and record in turn. KEYS: the store's record, members. ARGV: token, deadline, boot id, itself as JSON, ttl (ms), its level.
local KEPT_MS = 600000
local now = clock()
local levels = redis.call('HMGET', KEYS[1], 'level', 'least')
if level_of(levels[2]) > tonumber(ARGV[6]) then
  return redis.error_reply('TROUPELEVEL ' .. levels[2] .. ' ' .. ARGV[6])
end
local before = redis.call('HGET', KEYS[2], ARGV[3])
local beats = before and string.match(before, '^%S+ (%d+)') or 0
redis.call('HSET', KEYS[2], ARGV[3], whole(now + ARGV[5]) .. ' ' .. whole(beats + 1) .. ' ' .. ARGV[5] .. ' ' .. ARGV[6] .. ' ' .. ARGV[4])
local all = redis.call('HGETALL', KEYS[2])
local answer = { whole(now), whole(level_of(levels[1])) }
for at = 1, #all, 2 do
  local boot, record = all[at], all[at + 1]
  local alive_until, rest = string.match(record, '^(%d+)( .*)$')
  if now > alive_until + KEPT_MS then
    redis.call('HDEL', KEYS[2], boot)
  else
    -- Written by a clock that has jumped since. A build that did not say its TTL has that of this one.
    local ends = now + (string.match(rest, '^ %d+ (%d+) ') or ARGV[5])
    if tonumber(alive_until) > ends then
      record = whole(ends) .. rest
      redis.call('HSET', KEYS[2], boot, record)
    end
    answer[#answer + 1] = boot
    answer[#answer + 1] = record
  end
end
return answer
