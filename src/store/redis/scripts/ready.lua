-- Notes that every lane has its record. KEYS: the store's record. ARGV: token, 0.
redis.call('HSET', KEYS[1], 'ready', '1')
return 1
