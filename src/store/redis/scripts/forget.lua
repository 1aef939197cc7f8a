-- Deletes executions whose time is over. KEYS: record, index, outbox, definitions, active; for each summary, log, big and definition. ARGV: token,
-- 0, their number; for each its summary as it was read, the number of its index members, and these. An execution stays if it has changed
-- since, or if an entry of the outbox still points at it. Answers the number of deleted ones.
local index, outbox, definitions = KEYS[2], KEYS[3], KEYS[4]
local active = KEYS[5]
local KEYS_BEFORE = 5
local execution_at = #KEYS[1] - #'lane' + #'x:' + 1
local definition_at = #KEYS[1] - #'lane' + #'def:' + 1
local oldest = redis.call('XRANGE', outbox, '-', '+', 'COUNT', 1)[1]
local relayed_before = oldest and tonumber(string.match(oldest[1], '^%d+')) or math.huge
-- By definition: how many of its executions go, and which key it is.
local uses, key_of = {}, {}
local gone = 0
local arg = 4
for at = 1, tonumber(ARGV[3]) do
  local key = KEYS_BEFORE + 4 * (at - 1) + 1
  local packed, members = ARGV[arg], tonumber(ARGV[arg + 1])
  if redis.call('GET', KEYS[key]) == packed and tonumber(string.match(packed, '^%d+')) < relayed_before then
    redis.call('UNLINK', KEYS[key], KEYS[key + 1], KEYS[key + 2])
    redis.call('ZREM', index, unpack(ARGV, arg + 2, arg + 1 + members))
    -- One that a client wants deleted is not closed until it is.
    if string.match(packed, '^%d+ %d+ %u+ 0 ') then redis.call('ZREM', active, string.sub(KEYS[key], execution_at)) end
    local definition = string.sub(KEYS[key + 3], definition_at)
    uses[definition] = (uses[definition] or 0) + 1
    key_of[definition] = key + 3
    gone = gone + 1
  end
  arg = arg + 2 + members
end
for definition, count in pairs(uses) do
  if redis.call('HINCRBY', definitions, definition, -count) <= 0 then
    redis.call('HDEL', definitions, definition)
    redis.call('UNLINK', KEYS[key_of[definition]])
  end
end
return gone
