#!/usr/bin/env -S trialsh -q
-- trialsh [--jobs N] operating.lua [TRIALS [OUT]]: how often the plan claims what is not there, and what is. Simulates as many trials
-- (200) without any effect of the drug and with the published one, from raw files to results, on all cores, and leaves OUT/operating.csv.
-- SIMULATED DATA. Of each endpoint below the main analysis, as endpoints.lua has it, without variations.
local here = arg[0]:match "^.*/" or ""
local trials, out, scenario, from, step = ...
trials, out = math.tointeger(tonumber(trials or 200)), out or here .. "out/operating"
assert(trials and trials > 0, "operating.lua: TRIALS is a number of trials, 200 if left out")

local wanted = { "ALC50", "ALC", "CD4", "CD8", "ALCTWM", "SOFA", "DEATH28", "OSFD28" }
local scenarios = { { "no effect", effect = 0 }, { "published effect", effect = 1 } }

-- One trial: a line for each endpoint -------------------------------------------------------------------------------------------
local function results_of(replicate, effect, folder)
  dofile("simulate.lua", folder, 29, { replicate = replicate, effect = effect })
  local s = study.create ":memory:"
  s.trial = dofile "trial.lua"
  s:import(folder .. "/raw", { simulated = true })
  s:unblind { reason = "simulated", codes = folder .. "/sealed/codes.csv" }
  dofile("derive.lua", s, folder)
  dofile "endpoints.lua"
  run(s, { rerandomise = false })
  return s.results:where { own = "Y", variation = "main", kind = "main" }:collect()
end

-- A worker: every step-th trial of a scenario.
if scenario then
  local effect = scenarios[tonumber(scenario)].effect
  local plan, keep = endpoint, {}
  for _, id in ipairs(wanted) do keep[id] = true end
  function endpoint(id) -- of the plan what is wanted, without variations
    return function(definition)
      if not keep[id] then return end
      definition.sensitivity, definition.supplementary, definition.subgroups = nil, nil, nil
      return plan(id)(definition)
    end
  end
  for replicate = tonumber(from), trials, tonumber(step) do
    for row in results_of(replicate, effect, out):rows() do
      print(("%s,%d,%s,%s,%s"):format(scenarios[tonumber(scenario)][1], replicate, row.endpoint,
        row.p_value == NA and "" or row.p_value, row.rejected == NA and "" or row.rejected))
    end
    print "trial"
    io.stdout:flush()
  end
  return
end

-- Workers, whose lines are read in turn ------------------------------------------------------------------------------------------
local function line_of(command)
  local pipe = io.popen(command)
  local line = pipe:read "l"
  pipe:close()
  return line
end

local function quoted(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

local program = quoted(line_of "readlink /proc/$PPID/exe")
local jobs = require "trialsh.session".jobs
jobs = jobs > 1 and jobs or tonumber(line_of "nproc") or 1
local workers = {}
for k in ipairs(scenarios) do
  for j = 1, jobs do
    local folder = ("%s/%d.%d"):format(out, k, j)
    os.execute("mkdir -p " .. quoted(folder))
    workers[#workers + 1] = { folder = folder, scenario = k, from = j }
  end
end

local lines, done = {}, 0
local function start(w)
  w.pipe = io.popen(("%s -q %s %d %s %d %d %d"):format(program, quoted(arg[0]), trials, quoted(w.folder), w.scenario, w.from, jobs))
end

-- The lines of one trial; false at the end.
local function read_trial(w)
  for line in w.pipe:lines() do
    if line == "trial" then
      done = done + 1
      io.stderr:write(("\r%d of %d trials"):format(done, trials * #scenarios))
      return true
    end
    lines[#lines + 1] = line
  end
  assert(w.pipe:close(), "operating.lua: a worker stopped: its message stands above")
  os.execute("rm -r " .. quoted(w.folder))
  return false
end

for k in ipairs(scenarios) do                                    -- one scenario after another, each on all cores
  local running = {}
  for _, w in ipairs(workers) do
    if w.scenario == k then
      start(w)
      running[#running + 1] = w
    end
  end
  while #running > 0 do
    for i = #running, 1, -1 do
      if not read_trial(running[i]) then table.remove(running, i) end
    end
  end
end
io.stderr:write "\n"

-- What came of it ---------------------------------------------------------------------------------------------------------------
local file = assert(io.open(out .. "/operating.csv", "w"))
file:write("scenario,trial,endpoint,p_value,rejected\n", table.concat(lines, "\n"), "\n")
file:close()
local shares = read(out .. "/operating.csv"):by("scenario", "endpoint"):summarise("n = count(p_value)",
  "below = count(*) filter (where p_value <= 0.05)", "claims = count(*) filter (where rejected = 'Y')"):collect()
print(("%d simulated trials without any effect and as many with the published one: SIMULATED DATA"):format(trials))
for _, scenario in ipairs(scenarios) do
  print(("%-18s share with P <= 0.05, 95 %% interval   claimed by the graph"):format(scenario[1]))
  for _, id in ipairs(wanted) do
    for row in shares:rows() do
      if row.scenario == scenario[1] and row.endpoint == id then
        local p = proportion { row.below, row.n }
        print(("  %-10s %4d      %.3f   %.3f to %.3f            %.3f"):format(id, row.n, p.estimate, p.conf_low, p.conf_high,
          row.claims / row.n))
      end
    end
  end
end
