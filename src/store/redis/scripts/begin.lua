-- Makes the record of a lane or of the store, if it does not exist yet. This is the only script without a guard. KEYS: record. ARGV: a
-- token, then fields and values of a new record; without any, nothing is made. Answers the record's token (or nothing) and the time.
local there = redis.call('HGET', KEYS[1], 'token')
if not there and #ARGV > 1 then
  redis.call('HSET', KEYS[1], 'token', unpack(ARGV))
  there = ARGV[1]
end
local time = redis.call('TIME')
return { there, time[1] * 1000 + math.floor(time[2] / 1000) }
