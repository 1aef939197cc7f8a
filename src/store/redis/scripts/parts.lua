-- Stands before scripts that take parts, each of one lane, since a call for many lanes costs little more than one for one.
-- ARGV: the data token, how many parts; for each how many keys and how many arguments it has, and those arguments. KEYS: those
-- of all parts, one after the other, each beginning with its lane's record.
local LOST = '!TROUPELOST the data token is gone'
local LATE = '!TROUPELATE '
-- Lua takes so many arguments at a time. Even, for commands that take pairs.
local ARGUMENTS_MAX = 4000
-- `run(keys, args, last)` does the part whose keys and arguments come after so many, the last argument at `last`, and answers for
-- it. What is wrong with one part harms no other: its answer is `!` and what is wrong.
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
