-- Checks all policies of one subject, then takes from all of them or from none.
-- KEYS  one per policy, all with the hash tag of the subject
-- ARGV  the time in microseconds, for tests, or '' for the server's own; then for each policy
--       kind      'g' for a bucket, 'l' for a log
--       room      what fits: microseconds of a bucket, units of a log
--       period    after which an entry of a log is over, in microseconds
--       take      what the request takes, in the measure of 'room'; -1 when it can never fit
--       enforced  '1' unless the policy may refuse nothing
-- Answers the time, then for each policy: how long until it lets the request pass (-1: never, 0: it does), what is used
-- afterwards in the measure of 'room', after how long nothing is used any more, and what a bucket got back.
--
-- A bucket is a string 'tat:since:returned', a log a list of times, the oldest first; rate.rs says what they mean.
-- Numbers stay below 2^53, up to which Lua's are exact.
local now = tonumber(ARGV[1])
local is_own = not now
if is_own then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end

local function keep(bucket)
  local value = string.format('%.0f:%.0f:%.0f', now + bucket.used, bucket.since, bucket.returned)
  if is_own then
    redis.call('SET', bucket.key, value, 'PX', string.format('%.0f', math.ceil(bucket.used / 1000)))
  else
    redis.call('SET', bucket.key, value)
  end
end

local policies, passes = {}, true
for i, key in ipairs(KEYS) do
  local at = 5 * i - 3
  local policy = {
    key = key, kind = ARGV[at], room = tonumber(ARGV[at + 1]), period = tonumber(ARGV[at + 2]),
    take = tonumber(ARGV[at + 3]), wait = 0, since = now, returned = 0,
  }
  if policy.kind == 'g' then
    local tat, since, returned = string.match(redis.call('GET', key) or '', '^(%d+):(%d+):(%d+)$')
    local missing = math.max(tonumber(tat or 0) - now, 0)
    -- A quota that was made smaller, or a clock that was set back, leaves no more than a full bucket can miss.
    policy.used = math.min(missing, policy.room)
    if missing > 0 then
      policy.since, policy.returned = tonumber(since), tonumber(returned) + missing - policy.used
      if missing > policy.room then keep(policy) end
    end
    if policy.take > 0 then
      policy.wait = math.max(policy.used + policy.take - policy.room, 0)
    end
  else
    local oldest = redis.call('LINDEX', key, 0)
    while oldest and oldest + policy.period <= now do
      redis.call('LPOP', key)
      oldest = redis.call('LINDEX', key, 0)
    end
    policy.used = redis.call('LLEN', key)
    -- A clock that was set back: nothing was taken later than now.
    for from_end = 1, policy.used do
      if tonumber(redis.call('LINDEX', key, -from_end)) <= now then break end
      redis.call('LSET', key, -from_end, string.format('%.0f', now))
    end
    local too_many = policy.used + policy.take - policy.room
    if policy.take > 0 and too_many > 0 then
      local leaves_last = redis.call('LINDEX', key, too_many - 1)
      policy.wait = leaves_last and leaves_last + policy.period - now or -1
    end
  end
  if policy.take < 0 then policy.wait = -1 end
  if policy.wait ~= 0 and ARGV[at + 4] == '1' then passes = false end
  policies[i] = policy
end

local answer = { now }
for _, policy in ipairs(policies) do
  local takes = passes and policy.wait == 0 and policy.take > 0
  local reset = 0
  if takes then policy.used = policy.used + policy.take end
  if policy.kind == 'g' then
    if takes then keep(policy) end
    reset = policy.used
  else
    if takes then
      for _ = 1, policy.take do
        redis.call('RPUSH', policy.key, string.format('%.0f', now))
      end
      if is_own then
        redis.call('PEXPIRE', policy.key, string.format('%.0f', math.ceil(policy.period / 1000)))
      end
    end
    local newest = redis.call('LINDEX', policy.key, -1)
    if newest then reset = newest + policy.period - now end
  end
  answer[#answer + 1] = policy.wait
  answer[#answer + 1] = policy.used
  answer[#answer + 1] = reset
  answer[#answer + 1] = policy.returned
end
return answer
