-- Tests whether Redis accepts anything new: a write that may take memory and changes nothing. KEYS: record. ARGV: token, 0.
redis.call('HSETNX', KEYS[1], 'token', ARGV[1])
return 1
