-- Answers the chunks of an execution that hold events after a sequence. KEYS: record, summary, log. ARGV: token, 0, sequence. It looks from
-- the end of the log, in growing steps: mostly little or nothing is new.
local sequence = tonumber(ARGV[3])
local packed = redis.call('GET', KEYS[2])
if not packed or tonumber(string.match(packed, '^%d+ (%d+)')) <= sequence then return {} end
-- The first element is no chunk.
local length = redis.call('LLEN', KEYS[3]) - 1
local step = 4
while true do
  if step > length then step = length end
  local some = redis.call('LRANGE', KEYS[3], -step, -1)
  if step == length or tonumber(string.match(some[1], '^(%d+) ')) <= sequence + 1 then
    local new = {}
    for at = 1, #some do
      if tonumber(string.match(some[at], '^%d+ (%d+)')) > sequence then new[#new + 1] = some[at] end
    end
    return new
  end
  step = step * 4
end
