-- Answers who has a lane, one in each part. KEYS of a part: record. ARGV of a part: the TTL (ms) of a holder that did not say its own.
-- Answers boot id ('' if it is free), epoch, the remaining time (ms; negative: since when), and the TTL of its leases (ms).
local now = clock()
return each_part(function(keys, args)
  local record = KEYS[keys + 1]
  local held = redis.call('HMGET', record, 'token', 'boot', 'epoch', 'until', 'free', 'ttl')
  if held[1] ~= ARGV[1] then return LOST end
  local epoch, ttl = tonumber(held[3]), ttl_of(held[6], held[3], tonumber(ARGV[args + 1]))
  if epoch == 0 then return { '', 0, 0, ttl } end
  local remaining = tonumber(held[4]) - now
  -- Written by a clock that has jumped since.
  if remaining > ttl then
    redis.call('HSET', record, 'until', whole(now + ttl))
    remaining = ttl
  end
  return { held[5] == '1' and '' or held[2], epoch, remaining, ttl }
end)
