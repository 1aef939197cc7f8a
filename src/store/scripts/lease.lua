-- Who has a lane. KEYS: record. ARGV: token, 0, for how long anybody may have it (ms). Answers boot id ('' where it is free),
-- epoch, and for how long (ms; negative: since when).
local held = redis.call('HMGET', KEYS[1], 'boot', 'epoch', 'until', 'free')
local epoch, ttl = tonumber(held[2]), tonumber(ARGV[3])
if epoch == 0 then return { '', 0, 0 } end
local remaining = tonumber(held[3]) - clock()
-- Written by a clock that has jumped since.
if remaining > ttl then
  redis.call('HSET', KEYS[1], 'until', whole(clock() + ttl))
  remaining = ttl
end
return { held[4] == '1' and '' or held[1], epoch, remaining }
