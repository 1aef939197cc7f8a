-- Adds a command for the lane's owner, once. KEYS: record, commands, seen. ARGV: token, deadline, id, execution, body.
-- Answers 'q', or 'r' and the receipt.
local seen = redis.call('GET', KEYS[3])
if seen then return string.sub(seen, 1, 1) == 'q' and 'q' or seen end
local position = whole(following(redis.call('HGET', KEYS[1], 'command_sequence')))
redis.call('XADD', KEYS[2], position .. '-0', 'i', ARGV[3], 'x', ARGV[4], 'b', ARGV[5])
redis.call('HSET', KEYS[1], 'command_sequence', position)
redis.call('SET', KEYS[3], 'q' .. position)
return 'q'
