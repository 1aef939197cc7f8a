-- Offers attempts, under the lane's lease. KEYS: record, offers, offer-bodies, unclaimed. ARGV: token, deadline, boot id, epoch, the
-- batch's number; for each offer its id, execution and body. An offer that exists already stays as it is, and a batch that is not above the
-- lane's last adds nothing. Answers 'offered' or 'fenced'.
local held = redis.call('HMGET', KEYS[1], 'boot', 'epoch', 'free', 'offer_sequence', 'offered')
if held[1] ~= ARGV[3] or held[2] ~= ARGV[4] or held[3] ~= '0' then return 'fenced' end
if tonumber(ARGV[5]) <= tonumber(held[5]) then return 'offered' end
local sequence = tonumber(held[4])
for at = 6, #ARGV, 3 do
  local id = ARGV[at]
  if redis.call('HEXISTS', KEYS[2], id) == 0 then
    sequence = sequence + 1
    redis.call('HSET', KEYS[2], id, '\n' .. ARGV[at + 1])
    redis.call('HSET', KEYS[3], id, ARGV[at + 2])
    redis.call('ZADD', KEYS[4], sequence, id)
  end
end
redis.call('HSET', KEYS[1], 'offer_sequence', whole(sequence), 'offered', ARGV[5])
return 'offered'
