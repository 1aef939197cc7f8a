-- Stands before every script. KEYS[1]: the record of the lane (or of the store). ARGV[1]: the data token. ARGV[2]: when, by
-- this clock, the script is too late, since whoever sent it has given up; 0 where being late does no harm.
local function clock()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
-- A number as a whole one: Lua would write 1e+15.
local function whole(number)
  return string.format('%.0f', number)
end
-- The number after `last`. By the clock, so that after a fall into an older past none is given twice: who still has one from
-- before must not take it for another's.
local function following(last)
  return math.max(last + 1, clock())
end
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then
  return redis.error_reply('TROUPELOST the data token is gone')
end
if ARGV[2] ~= '0' and clock() > tonumber(ARGV[2]) then
  return redis.error_reply('TROUPELATE ' .. whole(clock()))
end
