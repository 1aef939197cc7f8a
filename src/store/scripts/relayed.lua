-- Deletes entries of the outbox that the bus has: by id, since entries before them may not be sent yet. KEYS: record, outbox.
-- ARGV: token, 0, ids.
local bytes = 0
for at = 3, #ARGV do
  local entry = redis.call('XRANGE', KEYS[2], ARGV[at], ARGV[at])[1]
  if entry then
    bytes = bytes + tonumber(entry[2][4])
    redis.call('XDEL', KEYS[2], ARGV[at])
  end
end
if bytes > 0 then redis.call('HINCRBY', KEYS[1], 'outbox_bytes', -bytes) end
return 1
