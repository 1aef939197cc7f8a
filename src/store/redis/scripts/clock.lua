-- Stands before every script but `begin`.
local function clock()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
-- A number as a whole one: Lua would write 1e+15.
local function whole(number)
  return string.format('%.0f', number)
end
-- `outbox_last` of a lane whose outbox never had an entry, or had them from a build that kept no such field.
local NO_ENTRY = '0'
-- The number after `last`. By the clock, so that after a fall into an older past none is given twice: who still has one from
-- before must not take it for another's.
local function following(last)
  return math.max(last + 1, clock())
end
-- A level as it stands somewhere; where no build has ever noted one it is the first.
local function level_of(said)
  return tonumber(said or '1')
end
-- For how long the holder of a lease has it, as it said under this epoch; `other` where it is of a build that did not say.
local function ttl_of(said, epoch, other)
  local under, ttl = string.match(said or '', '^(%d+) (%d+)$')
  return under == epoch and tonumber(ttl) or other
end
