-- New executions of one lane. First everything is read and decided, then everything is written.
--
-- KEYS: record, active, index, outbox, definitions; for each execution summary, log and definition; a `big` for each large
-- text. ARGV: token, 0, outbox (1 or 0), how many executions, texts of definitions, large texts and earlier chunks; for each
-- execution the body's hash, progress, origin, chunk, members of the index (a line each) and which text is its definition;
-- those texts; for each large text its execution, key and text; for each earlier chunk its execution (rising) and itself.
--
-- Answers a letter for each: c created, e exists, d differs.
local record, active, index, outbox, definitions = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local with_outbox = ARGV[3] == '1'
local executions, texts, larges, earliers = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local KEYS_BEFORE, ARGS_BEFORE = 5, 7
local KEYS_EACH, ARGS_EACH = 3, 6
local execution_at = #record - #'lane' + #'x:' + 1
local definition_at = #record - #'lane' + #'def:' + 1

local answers = {}
local new = {}
for at = 1, executions do
  local key = KEYS_BEFORE + KEYS_EACH * (at - 1) + 1
  local hash = ARGV[ARGS_BEFORE + ARGS_EACH * (at - 1) + 1]
  local there = new[KEYS[key]]
  if there == nil and redis.call('EXISTS', KEYS[key]) == 1 then
    local origin = redis.call('LINDEX', KEYS[key + 1], 0)
    there = string.sub(origin, 1, string.find(origin, '\n', 1, true) - 1)
  end
  if there == nil then
    answers[at] = 'c'
    new[KEYS[key]] = hash
  else
    answers[at] = there == hash and 'e' or 'd'
  end
end

local outbox_sequence = 0
if with_outbox then outbox_sequence = following(redis.call('HGET', record, 'outbox_sequence')) end
local mark = whole(outbox_sequence) .. ' '
local texts_before = ARGS_BEFORE + ARGS_EACH * executions
local larges_before = texts_before + texts
local earliers_before = larges_before + 3 * larges
local earlier = 1
local pointers = {}
local bytes, births = 0, 0
for at = 1, executions do
  if answers[at] == 'c' then
    local key = KEYS_BEFORE + KEYS_EACH * (at - 1) + 1
    local arg = ARGS_BEFORE + ARGS_EACH * (at - 1) + 1
    local execution = string.sub(KEYS[key], execution_at)
    local progress, chunk = ARGV[arg + 1], ARGV[arg + 3]
    local sequence, status, closed, created, triggered = string.match(progress, '^(%d+) (%u+) (%d) (%d+) (%S+)')
    redis.call('SET', KEYS[key], mark .. progress)
    redis.call('RPUSH', KEYS[key + 1], ARGV[arg + 2])
    while earlier <= earliers and tonumber(ARGV[earliers_before + 2 * earlier - 1]) <= at do
      if tonumber(ARGV[earliers_before + 2 * earlier - 1]) == at then
        redis.call('RPUSH', KEYS[key + 1], ARGV[earliers_before + 2 * earlier])
      end
      earlier = earlier + 1
    end
    redis.call('RPUSH', KEYS[key + 1], chunk)
    if redis.call('HINCRBY', definitions, string.sub(KEYS[key + 2], definition_at), 1) == 1 then
      redis.call('SET', KEYS[key + 2], ARGV[texts_before + ARGV[arg + 5]])
    end
    for member in string.gmatch(ARGV[arg + 4], '[^\n]+') do redis.call('ZADD', index, 0, member) end
    if triggered ~= '-' and closed == '0' then
      redis.call('ZADD', active, triggered, execution)
      births = births + 1
    end
    if with_outbox then
      bytes = bytes + #chunk
      pointers[#pointers + 1] = execution .. ' ' .. string.match(chunk, '^%d+') .. ' ' .. sequence .. ' ' .. status .. ' ' .. closed
    end
  end
end

for large = 1, larges do
  local at = larges_before + 3 * large - 2
  if answers[tonumber(ARGV[at])] == 'c' then
    redis.call('HSET', KEYS[KEYS_BEFORE + KEYS_EACH * executions + large], ARGV[at + 1], ARGV[at + 2])
  end
end
if #pointers > 0 then
  redis.call('XADD', outbox, whole(outbox_sequence) .. '-0', 'e', '0', 'b', whole(bytes), 'p', table.concat(pointers, '\n'))
  redis.call('HSET', record, 'outbox_sequence', whole(outbox_sequence))
  redis.call('HINCRBY', record, 'outbox_bytes', bytes)
end
if births > 0 then redis.call('HINCRBY', record, 'births', births) end
return table.concat(answers)
