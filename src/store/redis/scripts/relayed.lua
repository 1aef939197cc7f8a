-- Deletes entries of the outbox that the bus has, in each part those of one lane. They are deleted by id, because entries before them may
-- not be sent yet. KEYS of a part: record, outbox. ARGV of a part: ids, each an entry's number, `-` and its bytes.
local function bytes_of(ids)
  local bytes = 0
  for at = 1, #ids do bytes = bytes + string.match(ids[at], '%d+$') end
  return bytes
end

return each_part(function(keys, args, last)
  local record, outbox = KEYS[keys + 1], KEYS[keys + 2]
  if redis.call('HGET', record, 'token') ~= ARGV[1] then return LOST end
  local ids = {}
  for at = args + 1, last do ids[#ids + 1] = ARGV[at] end
  if #ids == 0 then return 0 end
  local deleted = redis.call('XDEL', outbox, unpack(ids))
  if deleted == #ids then
    redis.call('HINCRBY', record, 'outbox_bytes', -bytes_of(ids))
  elseif deleted > 0 then
    -- Some were gone already, so what is left is counted.
    local left = {}
    for _, entry in ipairs(redis.call('XRANGE', outbox, '-', '+')) do left[#left + 1] = entry[1] end
    redis.call('HSET', record, 'outbox_bytes', whole(bytes_of(left)))
  end
  -- A wrong count (ids of an earlier build do not have their bytes) is right again when nothing is left.
  if redis.call('XLEN', outbox) == 0 then redis.call('HSET', record, 'outbox_bytes', '0') end
  return deleted
end)
