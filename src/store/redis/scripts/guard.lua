-- Precedes every script for one lane. KEYS[1]: the record of the lane (or of the store). ARGV[1]: the data token. ARGV[2]: the time by this
-- clock at which the script is too late, because its sender has given up; 0 if being late does no harm.
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then
  return redis.error_reply('TROUPELOST the data token is gone')
end
if ARGV[2] ~= '0' and clock() > tonumber(ARGV[2]) then
  return redis.error_reply('TROUPELATE ' .. whole(clock()))
end
