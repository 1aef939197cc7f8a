-- Precedes scripts that must also work if Redis is full: those that keep leases, and those that free memory. Redis refuses a script's first
-- write if it may take memory, and nothing after a write that takes none. So the first one deletes a field that never exists. (From Redis 7
-- on the flag `allow-oom` says the same; before, it is an error.)
redis.call('HDEL', KEYS[1], '')
