-- Notes a level in a record, if it is above the one there. KEYS: record. ARGV: token, 0, the level.
if level_of(redis.call('HGET', KEYS[1], 'level')) < tonumber(ARGV[3]) then redis.call('HSET', KEYS[1], 'level', ARGV[3]) end
return 1
