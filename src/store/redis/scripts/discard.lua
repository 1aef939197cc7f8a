-- Removes offers, claimed or not. KEYS: record, offers, offer-bodies, unclaimed. ARGV: token, deadline, ids.
for at = 3, #ARGV do
  redis.call('HDEL', KEYS[2], ARGV[at])
  redis.call('HDEL', KEYS[3], ARGV[at])
  redis.call('ZREM', KEYS[4], ARGV[at])
end
return 1
