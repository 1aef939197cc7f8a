-- Renews leases, one in each part, and tells what waits in the lane. KEYS of a part: record, commands, offers, outbox. ARGV of a
-- part: deadline, boot id, epoch, ttl (ms). Answers { 'lost' }, { 'lapsed' } or { 'renewed', commands, births, offers, outbox
-- entries, outbox bytes }.
local now = clock()
return each_part(function(keys, args)
  local record = KEYS[keys + 1]
  local held = redis.call('HMGET', record, 'token', 'boot', 'epoch', 'until', 'free', 'births', 'outbox_bytes')
  if held[1] ~= ARGV[1] then return LOST end
  if now > tonumber(ARGV[args + 1]) then return LATE .. whole(now) end
  if held[2] ~= ARGV[args + 2] or held[3] ~= ARGV[args + 3] or held[5] ~= '0' then return { 'lost' } end
  if tonumber(held[4]) <= now then return { 'lapsed' } end
  redis.call('HSET', record, 'until', whole(now + ARGV[args + 4]), 'ttl', held[3] .. ' ' .. ARGV[args + 4])
  local commands, offers, outbox = KEYS[keys + 2], KEYS[keys + 3], KEYS[keys + 4]
  return {
    'renewed', redis.call('XLEN', commands), tonumber(held[6]), redis.call('HLEN', offers), redis.call('XLEN', outbox), tonumber(held[7]),
  }
end)
