-- Stands before scripts that must also work where Redis is full: those that keep leases, and those that free memory. Of a
-- script Redis refuses the first write where that may take memory, and nothing after a write that takes none: so the first
-- deletes a field that is never there. (The flag `allow-oom` says the same from Redis 7 on, and is an error before.)
redis.call('HDEL', KEYS[1], '')
