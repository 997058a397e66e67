-- The loop of fault.sh, under fault.c: the n-th allocation, write or read of an
-- import fails, for n = 1, 1 + step, ... until the import needs less. Each time
-- the study must be as it was, or have all of the new table; also when it is
-- opened again. Exports leave the old file or the new one.
--   trialsh fault.lua FOLDER KIND HOW STEP JOB
--   KIND  memory, write, space or read;  HOW  once or always
--   JOB   a key of jobs below
local folder, kind, how, step, job = table.unpack(arg, 1, 5)
step = tonumber(step)

local function path(name) return folder .. "/" .. name end

local function content(name)
  local f = io.open(path(name), "rb")
  if not f then return nil end
  local all = f:read "a"
  f:close()
  return all
end

local function put(name, bytes)
  local f = assert(io.open(path(name), "wb"))
  assert(f:write(bytes))
  f:close()
end

-- Everything in a study but the times of its audit trail: that and the head
-- of the trail. That it was refused may stand there, and is no change.
local function state(s)
  local done = s.audit:where "verb <> 'unblind refused'"
  assert(s:verify() - #done <= 1)
  local parts = { ("%d events"):format(#done),
    (tostring(s):gsub("on [%d-]+ [%d:]+ UTC", "")) }
  local names = {}
  for name in tostring(s):gmatch "\n%d+  (%w+)" do names[#names + 1] = name end
  for _, name in ipairs(names) do
    local rows, cells = s[name]:collect(), {}
    for i = 1, #rows do
      for column, value in pairs(rows:row(i)) do
        cells[#cells + 1] = column .. "=" .. tostring(value)
      end
    end
    table.sort(cells)
    parts[#parts + 1] = name .. " "
      .. require "ts.text".sha256(table.concat(cells, " "))
  end
  return table.concat(parts, "\n"), done:row(#done).hash
end

-- What is done under faults: f(study) changes it or writes `file`.
local function importing(file, opt)
  return { f = function(s) s:import(path(file), opt) end }
end
local function exporting(file)
  return { file = file, f = function(s) s:export("old", path(file)) end }
end

local jobs = {
  ["import csv"] = importing "new.csv",
  ["import xpt"] = importing "new.xpt",
  ["import json"] = importing "new.json",
  ["import dsjc"] = importing "new.dsjc",
  ["replace xpt"] = importing("new.xpt", { as = "old", replace = true }),
  ["replace csv"] = importing("new.csv", { as = "old", replace = true }),
  ["export csv"] = exporting "out.csv",
  ["export xpt"] = exporting "out.xpt",
  ["export json"] = exporting "out.json",
  ["export dsjc"] = exporting "out.dsjc",
  unblind = { blinded = true, f = function(s)
    s:unblind { reason = "a fault", codes = path "codes.csv" }
  end },
  ["read csv"] = { f = function() read(path "new.csv") end },
  ["read xpt"] = { f = function() read(path "new.xpt") end },
  ["read json"] = { f = function() read(path "new.json") end },
}

-- A study with a raw table and one that is derived of it, and the files.
local function prepare()
  local s = study.create(path "made.db")
  put("old.csv", "ID,X\na,1\nb,2\nc,3\n")
  s:import(path "old.csv")
  s.part = s.old:where "X > 1"
  local lines = { "ID,X,T" }
  for i = 1, 60 do lines[#lines + 1] = ("s%d,%g,v%d"):format(i, i / 8, i % 3) end
  put("new.csv", table.concat(lines, "\n") .. "\n")
  local f = read(path "new.csv")
  for _, ending in ipairs { "xpt", "json", "dsjc" } do
    s:export(f, path("new." .. ending))
  end
  s:close()
  -- a special missing value, kept beside the table: the first X, 1/8
  local x = content "new.xpt"
  local at = x:find("\x40\x20\0\0\0\0\0\0", 1, true)
  put("new.xpt", x:sub(1, at - 1) .. "A\0\0\0\0\0\0\0" .. x:sub(at + 8))
end

-- A blinded study, whose tables hold dummy arms, and the codes.
local function prepare_blinded()
  local s = study.create(path "blinded.db")
  local dm, codes = { "USUBJID,AGE" }, { "USUBJID,TRT01P" }
  for i = 1, 8 do
    dm[i + 1] = ("S-%d,%d"):format(i, 40 + i)
    codes[i + 1] = ("S-%d,%s"):format(i, i % 3 == 0 and "A" or "B")
  end
  put("dm.csv", table.concat(dm, "\n") .. "\n")
  put("codes.csv", table.concat(codes, "\n") .. "\n")
  s.trial = trial "F-1" { arms = { { "A" }, { "B" } }, seed = 1 }
  s:import(path "dm.csv")
  s.adsl = s.dm:join(s.arms, "USUBJID"):key "USUBJID"
  s.count = s.adsl:by "TRT01P":summarise "N = count(*)"
  s:close()
end

local function fault(...) return os.getenv("FAULT " .. table.concat({ ... }, " ")) end

local todo = assert(jobs[job], job)
local made = todo.blinded and "blinded.db" or "made.db"
if not content(made) then (todo.blinded and prepare_blinded or prepare)() end
made = content(made)

local function open()
  os.remove(path "work.db")
  os.remove(path "work.db-wal")
  os.remove(path "work.db-shm")
  put("work.db", made)
  if todo.file then put(todo.file, "what was there\n") end
  return study.open(path "work.db")
end

local function outcome(s) return todo.file and content(todo.file) or state(s) end

-- What it comes to when nothing fails.
local s = open()
local before, head = outcome(s)
todo.f(s)
local after = outcome(s)
s:close()
local changes = job:find "^read" == nil
assert((before ~= after) == changes, "the job does nothing")

local tried, failed, n = 0, 0, 1
local words = {}
local function wrong(what, err)
  io.stderr:write(("%s %s %d %s: %s: %s\n"):format(job, kind, n, how, what,
    tostring(err)))
  os.exit(1)
end

while true do
  s = open()
  collectgarbage()
  fault(kind, n, how)
  local ok, err = pcall(todo.f, s)
  local count = tonumber(os.getenv "FAULT off") -- nothing is made to ask
  local message = type(err) == "table" and err.message or tostring(err)
  if not ok then
    failed = failed + 1
    words[message:gsub("^.*: ", "")] = true
    if message == "" or message:find "\n" or message:find "attempt to"
        or message:find "bad argument" then
      wrong("no good message", message)
    end
  end
  local now, chain = outcome(s)
  if ok and now ~= after then wrong("success without effect", now) end
  -- a file may be there by the time that a note about it fails
  local written = todo.file and now == after
  if not ok and not written and (now ~= before or chain ~= head) then
    wrong("an error that changed", message)
  end
  s:close()
  s = study.open(path "work.db")
  local again, its_chain = outcome(s)
  if again ~= now or chain ~= its_chain then
    wrong("another state when opened again", message)
  end
  s:close()
  for _, name in ipairs(require "ts.file".list(folder)) do
    if name:find "^%.trialsh" then wrong("a file is left", name) end
  end
  tried = tried + 1
  if count < n then break end
  n = n + step
end
local list = {}
for word in pairs(words) do list[#list + 1] = word end
table.sort(list)
print(("%d tried, %d failed"):format(tried, failed))
for _, word in ipairs(list) do print("# " .. word) end
