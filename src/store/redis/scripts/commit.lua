-- Commits, one in each part. First everything of a part is read and decided, then everything is written: Redis does not roll back.
--
-- KEYS of a part: record, active, index, outbox, commands; for each entry its summary, then for each its log; a `big` for each large text;
-- a `seen` for each receipt. ARGV of a part: boot id, epoch, number, clean (1 or 0), outbox (1 or 0), the numbers of entries, large texts
-- and receipts; for each entry the sequence before it, its progress in three, its chunk and, if there is an outbox, its pointer; for each
-- large text its entry, key and text; for each receipt its entry (0: whatever becomes of the entries) and itself.
--
-- Answers 'fenced', or 'done', with an outbox also the id of the entry there (`-` for none) and of the one before it, and the positions of
-- the entries that conflict, from 1.
local KEYS_BEFORE, ARGS_BEFORE = 5, 8
local RECEIPT_SECONDS = 600
-- The moves in one call of a command. Each adds at most two members.
local MOVES_MAX = 3 * 1000
local NONE = {}
-- By summary: the line that this call has made of it. Keys of different lanes differ.
local line_of = {}

local function read_all(first, last)
  if last - first < ARGUMENTS_MAX then return first <= last and redis.call('MGET', unpack(KEYS, first, last)) or NONE end
  local all = read_all(first, last - ARGUMENTS_MAX)
  local rest = redis.call('MGET', unpack(KEYS, last - ARGUMENTS_MAX + 1, last))
  for at = 1, ARGUMENTS_MAX do all[#all + 1] = rest[at] end
  return all
end

-- Executions that have come from one place to another, three items each: what that changes in the lane's sets.
local PLACE = '^(%u+) (%d) (%d+) (%S+) (%S+)'
local function move(moves, first, last, active, index, execution_at)
  local gone, new, settled, begun = {}, {}, {}, {}
  for at = first, last, 3 do
    local execution = string.sub(moves[at], execution_at)
    local old_status, old_closed, created, old_triggered = string.match(moves[at + 1], PLACE)
    local new_status, new_closed, _, new_triggered, finished = string.match(moves[at + 2], PLACE)
    local tail = created .. execution
    if old_status ~= new_status then
      gone[#gone + 1] = 's:' .. old_status .. ':' .. tail
      new[#new + 1] = '0'
      new[#new + 1] = 's:' .. new_status .. ':' .. tail
    end
    if old_triggered == '-' and new_triggered ~= '-' then gone[#gone + 1] = 'u:' .. tail end
    if new_closed == '1' and old_closed == '0' and finished ~= '-' then
      new[#new + 1] = '0'
      new[#new + 1] = 'e:' .. finished .. execution
    end
    local was_active = old_triggered ~= '-' and old_closed == '0'
    local is_active = new_triggered ~= '-' and new_closed == '0'
    if is_active and not was_active then
      begun[#begun + 1] = new_triggered
      begun[#begun + 1] = execution
    elseif was_active and not is_active then
      settled[#settled + 1] = execution
    end
  end
  if #gone > 0 then redis.call('ZREM', index, unpack(gone)) end
  if #new > 0 then redis.call('ZADD', index, unpack(new)) end
  if #settled > 0 then redis.call('ZREM', active, unpack(settled)) end
  if #begun > 0 then redis.call('ZADD', active, unpack(begun)) end
end

return each_part(function(keys, args)
  local record, active, index, outbox, commands = KEYS[keys + 1], KEYS[keys + 2], KEYS[keys + 3], KEYS[keys + 4], KEYS[keys + 5]
  local epoch, number, clean, with_outbox = ARGV[args + 2], ARGV[args + 3], ARGV[args + 4], ARGV[args + 5] == '1'
  local entries, larges, receipts = tonumber(ARGV[args + 6]), tonumber(ARGV[args + 7]), tonumber(ARGV[args + 8])
  local held = redis.call('HMGET', record, 'token', 'boot', 'epoch', 'number', 'clean', 'free', 'outbox_last', 'outbox_bytes')
  if held[1] ~= ARGV[1] then return LOST end
  if held[2] ~= ARGV[args + 1] or held[3] ~= epoch or held[6] ~= '0' then return 'fenced' end
  if held[4] == number and number ~= '0' then return redis.call('HGET', record, 'answer') end
  if tonumber(number) ~= held[4] + 1 then return 'fenced' end

  -- This commit deletes commands, or marks an end. That must also work if Redis is full, as in when-full.lua.
  if entries == 0 then redis.call('HDEL', record, '') end

  keys, args = keys + KEYS_BEFORE, args + ARGS_BEFORE
  local args_each = with_outbox and 6 or 5
  local stored = read_all(keys + 1, keys + entries)
  local outbox_number = with_outbox and whole(following(string.match(held[7] or NO_ENTRY, '^%d+'))) or '0'
  local mark = outbox_number .. ' '
  -- Summary, the place before and the one now (status, closed, created, triggered, finished: what decides on the lane's sets).
  local moves, move_of = NONE, NONE
  local lines = {}
  local is_conflict = NONE
  local conflicts = ''
  for entry = 1, entries do
    local summary = KEYS[keys + entry]
    local at = args + args_each * (entry - 1)
    local before, place = ARGV[at + 1], ARGV[at + 3]
    local packed = line_of[summary] or stored[entry]
    local begins = packed and string.find(packed, ' ', 1, true)
    local ends = begins and begins + #before
    if packed and string.sub(packed, begins + 1, ends) == before then
      if string.sub(packed, ends + 1, ends + #place) ~= place then
        if moves == NONE then moves, move_of = {}, {} end
        if not move_of[summary] then
          move_of[summary] = #moves + 3
          moves[#moves + 1] = summary
          moves[#moves + 1] = string.sub(packed, ends + 1)
        end
        moves[move_of[summary]] = place
      end
      local line = mark .. ARGV[at + 2] .. place .. ARGV[at + 4]
      line_of[summary] = line
      lines[#lines + 1] = summary
      lines[#lines + 1] = line
    else
      if is_conflict == NONE then is_conflict = {} end
      is_conflict[entry] = true
      conflicts = conflicts .. ' ' .. entry
    end
  end

  local pointers = {}
  local bytes = 0
  for entry = 1, entries do
    if not is_conflict[entry] then
      local at = args + args_each * (entry - 1)
      redis.call('RPUSH', KEYS[keys + entries + entry], ARGV[at + 5])
      if with_outbox then
        bytes = bytes + #ARGV[at + 5]
        pointers[#pointers + 1] = ARGV[at + 6]
      end
    end
  end
  for first = 1, #lines, ARGUMENTS_MAX do
    redis.call('MSET', unpack(lines, first, math.min(first + ARGUMENTS_MAX - 1, #lines)))
  end
  -- `…:lane` and `…:x:` differ by so many characters. What follows is the execution.
  local execution_at = #record - #'lane' + #'x:' + 1
  for first = 1, #moves, MOVES_MAX do
    move(moves, first, math.min(first + MOVES_MAX - 1, #moves), active, index, execution_at)
  end

  args, keys = args + args_each * entries, keys + 2 * entries
  for large = 1, larges do
    local at = args + 3 * large - 2
    if not is_conflict[tonumber(ARGV[at])] then redis.call('HSET', KEYS[keys + large], ARGV[at + 1], ARGV[at + 2]) end
  end

  args, keys = args + 3 * larges, keys + larges
  for receipt = 1, receipts do
    local at = args + 2 * receipt - 1
    if not is_conflict[tonumber(ARGV[at])] then
      local seen = KEYS[keys + receipt]
      local there = redis.call('GET', seen)
      local waits = there and string.sub(there, 1, 1) == 'q'
      if waits then redis.call('XDEL', commands, string.sub(there, 2) .. '-0') end
      -- The first receipt stands.
      if waits or not there then redis.call('SET', seen, 'r' .. ARGV[at + 1], 'EX', RECEIPT_SECONDS) end
    end
  end

  local told = 'done' .. conflicts
  if with_outbox then
    local outbox_id = '-'
    if #pointers > 0 then
      outbox_id = outbox_number .. '-' .. whole(bytes)
      redis.call('XADD', outbox, outbox_id, 'e', epoch, 'p', table.concat(pointers, '\n'))
      redis.call('HSET', record, 'outbox_last', outbox_id, 'outbox_bytes', whole(held[8] + bytes))
    end
    told = 'done ' .. outbox_id .. ' ' .. (held[7] or NO_ENTRY) .. conflicts
  end
  redis.call('HSET', record, 'number', number, 'answer', told)
  if clean ~= held[5] then redis.call('HSET', record, 'clean', clean) end
  return told
end)
