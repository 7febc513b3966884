-- What one connection asks: CRM reads (70 %), writes (20 %), model calls on the simulated provider (10 %). Used by benches/load/run.
--
-- wrk runs one connection in each of its threads here (as many threads as connections), so that the time between a request
-- and its answer can be taken in the thread itself, for each kind apart. Times are counted in steps of 1 %.

local ffi = require("ffi")
ffi.cdef [[
typedef struct { long sec; long nsec; } aurora_time;
int clock_gettime(int clock, aurora_time *time);
]]
local time = ffi.new("aurora_time")
local function now()
    ffi.C.clock_gettime(1, time) -- CLOCK_MONOTONIC
    return tonumber(time.sec) + tonumber(time.nsec) / 1e9
end

-- The last step: 100 s.
local LAST = 1620
local kinds = { "read", "write", "model" }
local threads = {}

function setup(thread)
    thread:set("number", #threads)
    table.insert(threads, thread)
end

function init(arguments)
    local key = arguments[1]
    search = arguments[3] == "search"
    ids = {}
    for line in io.lines(arguments[2]) do
        table.insert(ids, line)
    end
    math.randomseed(number * 7919 + 17)
    for _ = 1, 10 do math.random() end
    serial = 0
    headers = { ["Authorization"] = "Bearer " .. key, ["Content-Type"] = "application/json" }
end

local names = { "ana", "bruno", "carla", "diego", "elisa", "fabio", "gabriela", "hugo" }

local function read()
    local chance = math.random()
    if chance < 0.6 then
        return wrk.format("GET", "/api/v1/clients/" .. ids[math.random(#ids)], headers)
    elseif chance < 0.85 then
        return wrk.format("GET", "/api/v1/clients?limit=20", headers)
    end
    if search then return wrk.format("GET", "/api/v1/clients?limit=10&q=" .. names[math.random(#names)], headers) end
    return wrk.format("GET", "/api/v1/clients?limit=10&order=name", headers)
end

local function write()
    local body = string.format(
        '{"kind":"person","legal_name":"%s load %d-%d","email":"load.%d.%d@example.com","tags":["load"]}',
        names[math.random(#names)], number, serial, number, serial)
    return wrk.format("POST", "/api/v1/clients", headers, body)
end

local function model()
    local body = string.format('{"messages":[{"role":"user","content":"Question %d of %d?"}]}', serial, number)
    return wrk.format("POST", "/llm/chat", headers, body)
end

function request()
    serial = serial + 1
    local chance = math.random(10)
    local made
    if chance <= 7 then
        kind, made = "read", read()
    elseif chance <= 9 then
        kind, made = "write", write()
    else
        kind, made = "model", model()
    end
    began = now()
    return made
end

-- In globals, each a number: wrk hands no tables from a thread to `done`.
function count(name) _G[name] = (_G[name] or 0) + 1 end

function response(status)
    local took = now() - began
    local step = math.floor(math.log(math.max(took, 1e-5) / 1e-5) / math.log(1.01))
    count(kind .. "_" .. step)
    if took > (_G["slowest_" .. kind] or 0) then _G["slowest_" .. kind] = took end
    if status ~= 200 and status ~= 201 then count("status_" .. kind .. "_" .. status) end
end

-- Figures for the script that runs this, a line each.
function done(summary)
    local all, bad, most, seen = {}, {}, {}, {}
    for _, kind in ipairs(kinds) do
        all[kind], bad[kind], most[kind] = {}, 0, 0
        for _, thread in ipairs(threads) do
            for step = 0, LAST do
                local some = thread:get(kind .. "_" .. step)
                if some then all[kind][step] = (all[kind][step] or 0) + some end
            end
            most[kind] = math.max(most[kind], thread:get("slowest_" .. kind) or 0)
            for status = 100, 599 do
                local some = status ~= 200 and status ~= 201 and thread:get("status_" .. kind .. "_" .. status)
                if some then
                    bad[kind] = bad[kind] + some
                    seen[kind .. " " .. status] = (seen[kind .. " " .. status] or 0) + some
                end
            end
        end
    end
    for _, kind in ipairs(kinds) do
        local steps, total = {}, 0
        for step, count in pairs(all[kind]) do
            table.insert(steps, step)
            total = total + count
        end
        table.sort(steps)
        local function percentile(share)
            local sum = 0
            for _, step in ipairs(steps) do
                sum = sum + all[kind][step]
                if sum >= share * total then return 1e3 * 1e-5 * 1.01 ^ (step + 1) end
            end
            return 0
        end
        io.write(string.format("KIND %s %d %.1f %.1f %.1f %.1f %d\n", kind, total, percentile(0.5), percentile(0.95),
            percentile(0.99), 1e3 * most[kind], bad[kind]))
    end
    for what, count in pairs(seen) do io.write(string.format("STATUS %s %d\n", what, count)) end
    local errors = summary.errors
    io.write(string.format("SUM %d %.3f %d\n", summary.requests, summary.duration / 1e6,
        errors.connect + errors.read + errors.write + errors.timeout))
end
