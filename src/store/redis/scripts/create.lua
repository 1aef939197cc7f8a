-- Creates new executions, in each part those of one lane. First everything of a part is read and decided, then everything is written.
--
-- KEYS of a part: record, active, index, outbox, definitions; for each definition its key; for each execution summary and log; a `big` for
-- each large text. ARGV of a part: outbox (1 or 0), the numbers of definitions, executions, large texts and earlier chunks; the time by
-- this clock at which the sender has given up (0: never); the definitions' texts; for each execution the body's hash, progress, origin,
-- chunk, the time of its trigger if it is active (else empty), the number of its definition, its pointer and, after their number, its
-- members of the index; for each large text its execution, key and text; for each earlier chunk its execution (rising), itself and its
-- pointer.
--
-- Answers a letter for each execution (c created, e exists, d differs), the id of the entry in the outbox (`-` for none), that of the one
-- before it, and the lane's epoch, under which it stands there.
local KEYS_BEFORE, ARGS_BEFORE, ARGS_EACH = 5, 6, 8

local now = clock()

return each_part(function(keys, args)
  local record, active, index, outbox, definitions = KEYS[keys + 1], KEYS[keys + 2], KEYS[keys + 3], KEYS[keys + 4], KEYS[keys + 5]
  local with_outbox = ARGV[args + 1] == '1'
  local texts, executions, larges, earliers = tonumber(ARGV[args + 2]), tonumber(ARGV[args + 3]), tonumber(ARGV[args + 4]), tonumber(ARGV[args + 5])
  local definition_keys, execution_keys = keys + KEYS_BEFORE, keys + KEYS_BEFORE + texts
  local definition_texts = args + ARGS_BEFORE
  local definition_at = #record - #'lane' + #'def:' + 1
  local execution_at = #record - #'lane' + #'x:' + 1

  local held = redis.call('HMGET', record, 'token', 'outbox_last', 'epoch')
  if held[1] ~= ARGV[1] then return LOST end
  local until_ms = ARGV[args + 6]
  if until_ms ~= '0' and now >= tonumber(until_ms) then return LATE .. whole(now) end

  local answers = {}
  local hashes = {}
  local args_of = {}
  local next_args = definition_texts + texts
  for at = 1, executions do
    args_of[at] = next_args
    local summary, hash = KEYS[execution_keys + 2 * at - 1], ARGV[next_args + 1]
    next_args = next_args + ARGS_EACH + tonumber(ARGV[next_args + ARGS_EACH])
    local there = hashes[summary]
    if there == nil and redis.call('EXISTS', summary) == 1 then
      local origin = redis.call('LINDEX', KEYS[execution_keys + 2 * at], 0)
      there = string.sub(origin, 1, string.find(origin, '\n', 1, true) - 1)
    end
    if there == nil then
      answers[at] = 'c'
      hashes[summary] = hash
    else
      answers[at] = there == hash and 'e' or 'd'
    end
  end
  local large_args = next_args
  local earlier_args = large_args + 3 * larges

  local outbox_number = with_outbox and whole(following(string.match(held[2] or NO_ENTRY, '^%d+'))) or '0'
  local mark = outbox_number .. ' '
  local earlier = 1
  local pointers, lines, members, born = {}, {}, {}, {}
  local uses = {}
  local bytes, births = 0, 0
  local function tell(text, pointer)
    if not with_outbox then return end
    bytes = bytes + #text
    pointers[#pointers + 1] = pointer
  end
  local function write()
    if #lines > 0 then redis.call('MSET', unpack(lines)) end
    if #members > 0 then redis.call('ZADD', index, unpack(members)) end
    if #born > 0 then redis.call('ZADD', active, unpack(born)) end
    lines, members, born = {}, {}, {}
  end
  for at = 1, executions do
    if answers[at] == 'c' then
      local summary, log = KEYS[execution_keys + 2 * at - 1], KEYS[execution_keys + 2 * at]
      local arg = args_of[at]
      local chunk, triggered, definition = ARGV[arg + 4], ARGV[arg + 5], tonumber(ARGV[arg + 6])
      if earlier <= earliers and tonumber(ARGV[earlier_args + 3 * earlier - 2]) <= at then
        redis.call('RPUSH', log, ARGV[arg + 3])
        while earlier <= earliers and tonumber(ARGV[earlier_args + 3 * earlier - 2]) <= at do
          local its = earlier_args + 3 * earlier - 2
          if tonumber(ARGV[its]) == at then
            redis.call('RPUSH', log, ARGV[its + 1])
            tell(ARGV[its + 1], ARGV[its + 2])
          end
          earlier = earlier + 1
        end
        redis.call('RPUSH', log, chunk)
      else
        redis.call('RPUSH', log, ARGV[arg + 3], chunk)
      end
      tell(chunk, ARGV[arg + 7])
      lines[#lines + 1] = summary
      lines[#lines + 1] = mark .. ARGV[arg + 2]
      for member = 1, tonumber(ARGV[arg + ARGS_EACH]) do
        members[#members + 1] = '0'
        members[#members + 1] = ARGV[arg + ARGS_EACH + member]
      end
      if triggered ~= '' then
        born[#born + 1] = triggered
        born[#born + 1] = string.sub(summary, execution_at)
        births = births + 1
      end
      uses[definition] = (uses[definition] or 0) + 1
      if #members >= ARGUMENTS_MAX / 2 then write() end
    end
  end
  write()

  for at = 1, texts do
    local definition = KEYS[definition_keys + at]
    if uses[at] and redis.call('HINCRBY', definitions, string.sub(definition, definition_at), uses[at]) == uses[at] then
      redis.call('SET', definition, ARGV[definition_texts + at])
    end
  end
  for large = 1, larges do
    local at = large_args + 3 * large - 2
    if answers[tonumber(ARGV[at])] == 'c' then redis.call('HSET', KEYS[execution_keys + 2 * executions + large], ARGV[at + 1], ARGV[at + 2]) end
  end
  local outbox_id = '-'
  if #pointers > 0 then
    outbox_id = outbox_number .. '-' .. whole(bytes)
    redis.call('XADD', outbox, outbox_id, 'e', held[3], 'p', table.concat(pointers, '\n'))
    redis.call('HSET', record, 'outbox_last', outbox_id)
    redis.call('HINCRBY', record, 'outbox_bytes', bytes)
  end
  if births > 0 then redis.call('HINCRBY', record, 'births', births) end
  return table.concat(answers) .. ' ' .. outbox_id .. ' ' .. (held[2] or NO_ENTRY) .. ' ' .. held[3]
end)
