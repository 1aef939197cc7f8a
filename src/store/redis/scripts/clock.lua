-- Precedes every script except `begin`.
local function clock()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
-- A number as a whole one: Lua would write 1e+15.
local function whole(number)
  return string.format('%.0f', number)
end
-- The `outbox_last` of a lane whose outbox never had an entry, or had them from a build without that field.
local NO_ENTRY = '0'
-- The number after `last`, by the clock: if Redis comes back with older data, no number is given twice, and nobody mistakes a new entry for
-- an old one.
local function following(last)
  return math.max(last + 1, clock())
end
-- A stored level; the first one if no build has ever noted one.
local function level_of(said)
  return tonumber(said or '1')
end
-- The TTL of a lease, as its holder said under this epoch; `other` if its build did not say.
local function ttl_of(said, epoch, other)
  local under, ttl = string.match(said or '', '^(%d+) (%d+)$')
  return under == epoch and tonumber(ttl) or other
end
