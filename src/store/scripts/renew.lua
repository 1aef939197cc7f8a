-- Renews a lease, and tells what waits in the lane. KEYS: record, commands, offers, outbox. ARGV: token, deadline, boot id,
-- epoch, ttl (ms). Answers { 'lost' }, { 'lapsed' } or { 'renewed', commands, births, offers, outbox entries, outbox bytes }.
local held = redis.call('HMGET', KEYS[1], 'boot', 'epoch', 'until', 'free', 'births', 'outbox_bytes')
if held[1] ~= ARGV[3] or held[2] ~= ARGV[4] or held[4] ~= '0' then return { 'lost' } end
local now = clock()
if tonumber(held[3]) <= now then return { 'lapsed' } end
redis.call('HSET', KEYS[1], 'until', whole(now + ARGV[5]))
return {
  'renewed', redis.call('XLEN', KEYS[2]), tonumber(held[5]), redis.call('HLEN', KEYS[3]), redis.call('XLEN', KEYS[4]), tonumber(held[6]),
}
