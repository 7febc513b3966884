-- Puts back what was taken too much, or takes what was taken too little.
-- KEYS  one per policy, all with the hash tag of the subject
-- ARGV  the time in microseconds, for tests, or '' for the server's own; then for each policy
--       kind, room, period         as in take.lua, where it also says how things are kept
--       back, extra                what comes back and what is taken, in the measure of 'room'
--       at, shows_until, returned  when it had been taken, until when it shows at most, and what take.lua said
local now = tonumber(ARGV[1])
local is_own = not now
if is_own then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end

local function expires(key, micros)
  if is_own then redis.call('PEXPIRE', key, string.format('%.0f', math.ceil(micros / 1000))) end
end

for i, key in ipairs(KEYS) do
  local first = 8 * i - 6
  local kind, room, period = ARGV[first], tonumber(ARGV[first + 1]), tonumber(ARGV[first + 2])
  local back, extra = tonumber(ARGV[first + 3]), tonumber(ARGV[first + 4])
  local at, shows_until, returned_then = ARGV[first + 5], tonumber(ARGV[first + 6]), tonumber(ARGV[first + 7])
  if kind == 'g' then
    local tat, since, returned = string.match(redis.call('GET', key) or '', '^(%d+):(%d+):(%d+)$')
    local missing = math.max(tonumber(tat or 0) - now, 0)
    local used = math.min(missing, room)
    if missing > 0 then
      since, returned = tonumber(since), tonumber(returned) + missing - used
      if tonumber(at) >= since then
        -- What the passing time has given back does not come twice: see Bucket::give_back in rate.rs.
        local still_missing = math.max(shows_until - math.max(returned - returned_then, 0) - now, 0)
        local comes_back = math.min(back, still_missing, used)
        used, returned = used - comes_back, returned + comes_back
      end
    end
    if used == 0 then since, returned = now, 0 end
    if used + extra > room then
      returned, used = returned + used + extra - room, room
    else
      used = used + extra
    end
    if used > 0 then
      redis.call('SET', key, string.format('%.0f:%.0f:%.0f', now + used, since, returned))
      expires(key, used)
    else
      redis.call('DEL', key)
    end
  else
    local oldest = redis.call('LINDEX', key, 0)
    while oldest and oldest + period <= now do
      redis.call('LPOP', key)
      oldest = redis.call('LINDEX', key, 0)
    end
    if back > 0 then redis.call('LREM', key, back, at) end
    for _ = 1, math.min(extra, room - redis.call('LLEN', key)) do
      redis.call('RPUSH', key, string.format('%.0f', now))
    end
    if extra > 0 then expires(key, period) end
  end
end
return 1
