-- Who has a lane, one in each part. KEYS of a part: record. ARGV of a part: for how long anybody may have it (ms). Answers boot
-- id ('' where it is free), epoch, and for how long (ms; negative: since when).
local now = clock()
return each_part(function(keys, args)
  local record = KEYS[keys + 1]
  local held = redis.call('HMGET', record, 'token', 'boot', 'epoch', 'until', 'free')
  if held[1] ~= ARGV[1] then return LOST end
  local epoch, ttl = tonumber(held[3]), tonumber(ARGV[args + 1])
  if epoch == 0 then return { '', 0, 0 } end
  local remaining = tonumber(held[4]) - now
  -- Written by a clock that has jumped since.
  if remaining > ttl then
    redis.call('HSET', record, 'until', whole(now + ttl))
    remaining = ttl
  end
  return { held[5] == '1' and '' or held[2], epoch, remaining }
end)
