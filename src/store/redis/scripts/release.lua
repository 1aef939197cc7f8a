-- Frees a lane if this is still its lease. KEYS: record. ARGV: token, 0, boot id, epoch.
local held = redis.call('HMGET', KEYS[1], 'boot', 'epoch', 'free')
if held[1] == ARGV[3] and held[2] == ARGV[4] and held[3] == '0' then
  redis.call('HSET', KEYS[1], 'free', '1', 'until', whole(clock()))
end
return 1
