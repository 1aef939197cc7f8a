-- Summaries, one in each part. KEYS of a part: record, summary, log. Answers what is stored of it and the log's first element.
return each_part(function(keys)
  if redis.call('HGET', KEYS[keys + 1], 'token') ~= ARGV[1] then return LOST end
  return { redis.call('GET', KEYS[keys + 2]), redis.call('LINDEX', KEYS[keys + 3], 0) }
end)
