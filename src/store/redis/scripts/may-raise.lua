-- Whether every instance that lives knows a level: then none below it is let in from now on. KEYS: the store's record, members.
-- ARGV: token, deadline, the level. Answers 1 or 0.
local now, level = clock(), tonumber(ARGV[3])
local all = redis.call('HGETALL', KEYS[2])
for at = 2, #all, 2 do
  local alive_until = string.match(all[at], '^%d+')
  if tonumber(alive_until) > now and level_of(string.match(all[at], '^%d+ %d+ %d+ (%d+) ')) < level then return 0 end
end
if level_of(redis.call('HGET', KEYS[1], 'least')) < level then redis.call('HSET', KEYS[1], 'least', whole(level)) end
return 1
