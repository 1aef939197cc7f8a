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

-- A progress begins with its sequence and what the lane's sets go by: status, closed, created, triggered, finished.
local PROGRESS = '(%d+) (%u+ %d %d+ %S+ %S+)'
-- What each execution is like, as far as this commit has come.
local sequence_of, place_of = {}, {}
-- By entry: false for a conflict, else the place of its execution before it.
local before = {}
local answer = { 'done' }
for entry = 1, entries do
  local key = KEYS[KEYS_BEFORE + 2 * entry - 1]
  if sequence_of[key] == nil then
    local packed = redis.call('GET', key)
    sequence_of[key] = false
    if packed then sequence_of[key], place_of[key] = string.match(packed, '^%d+ ' .. PROGRESS) end
  end
  local at = ARGS_BEFORE + 3 * entry - 2
  if sequence_of[key] == ARGV[at] then
    before[entry] = place_of[key]
    sequence_of[key], place_of[key] = string.match(ARGV[at + 1], '^' .. PROGRESS)
  else
    before[entry] = false
    answer[#answer + 1] = entry
  end
end

local function move(execution, old_place, new_place)
  local PLACE = '^(%u+) (%d) (%d+) (%S+) (%S+)'
  local old_status, old_closed, created, old_triggered = string.match(old_place, PLACE)
  local new_status, new_closed, _, new_triggered, finished = string.match(new_place, PLACE)
  local tail = created .. execution
  if old_status ~= new_status then
    redis.call('ZREM', index, 's:' .. old_status .. ':' .. tail)
    redis.call('ZADD', index, 0, 's:' .. new_status .. ':' .. tail)
  end
  if old_triggered == '-' and new_triggered ~= '-' then redis.call('ZREM', index, 'u:' .. tail) end
  local was_active = old_triggered ~= '-' and old_closed == '0'
  local is_active = new_triggered ~= '-' and new_closed == '0'
  if is_active and not was_active then
    redis.call('ZADD', active, new_triggered, execution)
  elseif was_active and not is_active then
    redis.call('ZREM', active, execution)
  end
  if new_closed == '1' and old_closed == '0' and finished ~= '-' then redis.call('ZADD', index, 0, 'e:' .. finished .. execution) end
end

local outbox_sequence = with_outbox and following(held[5]) or 0
local mark = whole(outbox_sequence) .. ' '
local pointers = {}
local bytes = 0
for entry = 1, entries do
  local old_place = before[entry]
  if old_place then
    local key = KEYS[KEYS_BEFORE + 2 * entry - 1]
    local at = ARGS_BEFORE + 3 * entry - 2
    local progress, chunk = ARGV[at + 1], ARGV[at + 2]
    redis.call('RPUSH', KEYS[KEYS_BEFORE + 2 * entry], chunk)
    redis.call('SET', key, mark .. progress)
    local to, new_place = string.match(progress, '^' .. PROGRESS)
    if old_place ~= new_place then move(string.sub(key, execution_at), old_place, new_place) end
    if with_outbox then
      bytes = bytes + #chunk
      pointers[#pointers + 1] = string.sub(key, execution_at) .. ' ' .. whole(ARGV[at] + 1) .. ' ' .. to .. ' ' .. string.match(new_place, '^%u+ %d')
    end
  end
end

local args = ARGS_BEFORE + 3 * entries
local keys = KEYS_BEFORE + 2 * entries
for large = 1, larges do
  local at = args + 3 * large - 2
  if before[tonumber(ARGV[at])] then redis.call('HSET', KEYS[keys + large], ARGV[at + 1], ARGV[at + 2]) end
end

args = args + 3 * larges
keys = keys + larges
for receipt = 1, receipts do
  local at = args + 2 * receipt - 1
  local entry = tonumber(ARGV[at])
  if entry == 0 or before[entry] then
    local seen = KEYS[keys + receipt]
    local there = redis.call('GET', seen)
    local waits = there and string.sub(there, 1, 1) == 'q'
    if waits then redis.call('XDEL', commands, string.sub(there, 2) .. '-0') end
    -- The first receipt stands.
    if waits or not there then redis.call('SET', seen, 'r' .. ARGV[at + 1], 'EX', RECEIPT_SECONDS) end
  end
end

if #pointers > 0 then
  redis.call('XADD', outbox, whole(outbox_sequence) .. '-0', 'e', ARGV[4], 'b', whole(bytes), 'p', table.concat(pointers, '\n'))
  redis.call('HSET', record, 'outbox_sequence', whole(outbox_sequence), 'outbox_bytes', whole(held[6] + bytes))
end
local told = table.concat(answer, ' ')
redis.call('HSET', record, 'number', ARGV[5], 'clean', ARGV[6], 'answer', told)
return told
