-- Deletes executions whose time is over. KEYS: record, index, outbox, definitions; for each summary, log, big and definition.
-- ARGV: token, 0, how many; for each its summary as it was read and its members of the index (a line each). One that has
-- changed since, or that an entry of the outbox still points at, stays. Answers how many went.
local index, outbox, definitions = KEYS[2], KEYS[3], KEYS[4]
local KEYS_BEFORE, ARGS_BEFORE = 4, 3
local definition_at = #KEYS[1] - #'lane' + #'def:' + 1
local oldest = redis.call('XRANGE', outbox, '-', '+', 'COUNT', 1)[1]
local relayed_before = oldest and tonumber(string.match(oldest[1], '^%d+')) or math.huge
local gone = 0
for at = 1, tonumber(ARGV[3]) do
  local key = KEYS_BEFORE + 4 * (at - 1) + 1
  local packed = ARGV[ARGS_BEFORE + 2 * at - 1]
  if redis.call('GET', KEYS[key]) == packed and tonumber(string.match(packed, '^%d+')) < relayed_before then
    redis.call('UNLINK', KEYS[key], KEYS[key + 1], KEYS[key + 2])
    for member in string.gmatch(ARGV[ARGS_BEFORE + 2 * at], '[^\n]+') do redis.call('ZREM', index, member) end
    local definition = string.sub(KEYS[key + 3], definition_at)
    if redis.call('HINCRBY', definitions, definition, -1) <= 0 then
      redis.call('HDEL', definitions, definition)
      redis.call('UNLINK', KEYS[key + 3])
    end
    gone = gone + 1
  end
end
return gone
