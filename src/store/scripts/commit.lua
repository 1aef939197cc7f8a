-- One commit of a lane. First everything is read and decided, then everything is written: Redis does not roll back.
--
-- KEYS: record, active, index, outbox, commands; for each entry summary and log; a `big` for each large text; a `seen` for
-- each receipt. ARGV: token, 0, boot id, epoch, number, clean (1 or 0), outbox (1 or 0), how many entries, large texts and
-- receipts; for each entry the sequence before it, its progress, its chunk; for each large text its entry, key and text;
-- for each receipt its entry (0: whatever becomes of the entries) and itself.
--
-- Answers 'fenced', or 'done' and the positions of the entries that conflict, from 1.
local record, active, index, outbox, commands = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local with_outbox = ARGV[7] == '1'
local entries, larges, receipts = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
local KEYS_BEFORE, ARGS_BEFORE = 5, 10
local RECEIPT_SECONDS = 600
-- `…:lane` and `…:x:` differ by so much: what follows is the execution.
local execution_at = #record - #'lane' + #'x:' + 1

local held = redis.call('HMGET', record, 'boot', 'epoch', 'number', 'answer', 'outbox_sequence', 'outbox_bytes', 'free')
if held[1] ~= ARGV[3] or held[2] ~= ARGV[4] or held[7] ~= '0' then return 'fenced' end
local number, last = tonumber(ARGV[5]), tonumber(held[3])
if number == last and number > 0 then return held[4] end
if number ~= last + 1 then return 'fenced' end

local function parse(progress)
  local sequence, status, closed, created, triggered, finished = string.match(progress, '^(%d+) (%u+) (%d) (%d+) (%S+) (%S+)')
  local is_active = triggered ~= '-' and closed == '0'
  return { sequence = sequence, status = status, closed = closed, created = created, triggered = triggered, finished = finished, active = is_active }
end

-- What each execution is like, as far as this commit has come.
local present = {}
local steps = {}
local answer = { 'done' }
for entry = 1, entries do
  local key = KEYS[KEYS_BEFORE + 2 * entry - 1]
  local now = present[key]
  if now == nil then
    local packed = redis.call('GET', key)
    now = packed and parse(string.sub(packed, string.find(packed, ' ', 1, true) + 1))
    present[key] = now
  end
  local at = ARGS_BEFORE + 3 * entry - 2
  if now and now.sequence == ARGV[at] then
    local after = parse(ARGV[at + 1])
    steps[entry] = { now, after }
    present[key] = after
  else
    steps[entry] = false
    answer[#answer + 1] = entry
  end
end

local function move(execution, from, to)
  local tail = to.created .. execution
  if from.status ~= to.status then
    redis.call('ZREM', index, 's:' .. from.status .. ':' .. tail)
    redis.call('ZADD', index, 0, 's:' .. to.status .. ':' .. tail)
  end
  if from.triggered == '-' and to.triggered ~= '-' then redis.call('ZREM', index, 'u:' .. tail) end
  if to.active and not from.active then
    redis.call('ZADD', active, to.triggered, execution)
  elseif from.active and not to.active then
    redis.call('ZREM', active, execution)
  end
  if to.closed == '1' and from.closed == '0' and to.finished ~= '-' then
    redis.call('ZADD', index, 0, 'e:' .. to.finished .. execution)
  end
end

local outbox_sequence = with_outbox and tonumber(held[5]) + 1 or 0
local mark = whole(outbox_sequence) .. ' '
local pointers = {}
local bytes = 0
for entry = 1, entries do
  local step = steps[entry]
  if step then
    local from, to = step[1], step[2]
    local key = KEYS[KEYS_BEFORE + 2 * entry - 1]
    local at = ARGS_BEFORE + 3 * entry - 2
    local chunk = ARGV[at + 2]
    redis.call('RPUSH', KEYS[KEYS_BEFORE + 2 * entry], chunk)
    redis.call('SET', key, mark .. ARGV[at + 1])
    if from.status ~= to.status or from.triggered ~= to.triggered or from.closed ~= to.closed then
      move(string.sub(key, execution_at), from, to)
    end
    if with_outbox then
      bytes = bytes + #chunk
      pointers[#pointers + 1] = string.sub(key, execution_at) .. ' ' .. whole(ARGV[at] + 1) .. ' ' .. to.sequence .. ' ' .. to.status .. ' ' .. to.closed
    end
  end
end

local args = ARGS_BEFORE + 3 * entries
local keys = KEYS_BEFORE + 2 * entries
for large = 1, larges do
  local at = args + 3 * large - 2
  if steps[tonumber(ARGV[at])] then redis.call('HSET', KEYS[keys + large], ARGV[at + 1], ARGV[at + 2]) end
end

args = args + 3 * larges
keys = keys + larges
for receipt = 1, receipts do
  local at = args + 2 * receipt - 1
  local entry = tonumber(ARGV[at])
  if entry == 0 or steps[entry] then
    local seen = KEYS[keys + receipt]
    local before = redis.call('GET', seen)
    if before and string.sub(before, 1, 1) == 'q' then redis.call('XDEL', commands, string.sub(before, 2) .. '-0') end
    -- The first receipt stands.
    if not before or string.sub(before, 1, 1) == 'q' then redis.call('SET', seen, 'r' .. ARGV[at + 1], 'EX', RECEIPT_SECONDS) end
  end
end

if #pointers > 0 then
  redis.call('XADD', outbox, whole(outbox_sequence) .. '-0', 'e', ARGV[4], 'b', whole(bytes), 'p', table.concat(pointers, '\n'))
  redis.call('HSET', record, 'outbox_sequence', whole(outbox_sequence), 'outbox_bytes', whole(held[6] + bytes))
end
local told = table.concat(answer, ' ')
redis.call('HSET', record, 'number', ARGV[5], 'clean', ARGV[6], 'answer', told)
return told
