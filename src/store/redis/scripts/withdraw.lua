-- Takes back offers that nobody has claimed, under the lane's lease. KEYS: record, offers, offer-bodies, unclaimed. ARGV: token, deadline,
-- boot id, epoch, ids. Answers id and record of those that are claimed, in turn (they stay); or 'fenced'.
local held = redis.call('HMGET', KEYS[1], 'boot', 'epoch', 'free')
if held[1] ~= ARGV[3] or held[2] ~= ARGV[4] or held[3] ~= '0' then return 'fenced' end
local claimed = {}
for at = 5, #ARGV do
  local id = ARGV[at]
  local offer = redis.call('HGET', KEYS[2], id)
  if offer and string.sub(offer, 1, 1) ~= '\n' then
    claimed[#claimed + 1] = id
    claimed[#claimed + 1] = offer
  elseif offer then
    redis.call('HDEL', KEYS[2], id)
    redis.call('HDEL', KEYS[3], id)
    redis.call('ZREM', KEYS[4], id)
  end
end
return claimed
