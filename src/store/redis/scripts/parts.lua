-- Precedes scripts that take parts, each of one lane, because a call for many lanes costs little more than one for one. ARGV: the data
-- token, the number of parts; for each the numbers of its keys and arguments, and those arguments. KEYS: those of all parts, one after the
-- other, each beginning with its lane's record.
local LOST = '!TROUPELOST the data token is gone'
local LATE = '!TROUPELATE '
-- The arguments that Lua accepts at a time. The number is even, for commands that take pairs.
local ARGUMENTS_MAX = 4000
-- Runs `run(keys, args, last)` for each part: its keys and arguments come after so many, and its last argument is at `last`. A fault in one
-- part does not affect the others: its answer is `!` and the fault.
local function each_part(run)
  local keys, args = 0, 2
  local answers = {}
  for part = 1, tonumber(ARGV[2]) do
    local keys_after, args_after = keys + tonumber(ARGV[args + 1]), args + 2 + tonumber(ARGV[args + 2])
    local is_done, answer = pcall(run, keys, args + 2, args_after)
    if not is_done then answer = '!' .. (type(answer) == 'table' and answer.err or tostring(answer)) end
    answers[part] = answer
    keys, args = keys_after, args_after
  end
  return answers
end
