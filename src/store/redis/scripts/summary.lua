-- Answers summaries, in each part those of one lane. KEYS of a part: record; for each its summary and log. ARGV of a part: their number.
-- Answers for each its stored summary and the log's first element, in turn.
return each_part(function(keys, args)
  if redis.call('HGET', KEYS[keys + 1], 'token') ~= ARGV[1] then return LOST end
  local answer = {}
  for at = 1, 2 * tonumber(ARGV[args + 1]), 2 do
    answer[at] = redis.call('GET', KEYS[keys + 1 + at])
    answer[at + 1] = redis.call('LINDEX', KEYS[keys + 2 + at], 0)
  end
  return answer
end)
