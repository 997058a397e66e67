-- Replays a session: `trialsh sessions.lua FILE [update]`. FILE holds what was
-- typed, behind "> ", each line of an entry of many lines too, and below it what
-- the prompt showed. Lines before the first > say what the session is about.
--
-- The entries go to a prompt in a terminal of its own (script, of bsdutils); a
-- print of a mark behind each tells where its output ends.

local path, update = ...
local program = assert(os.getenv "TRIALSH")
local MARK = "end of entry "

local function read(name)
  local f <close> = assert(io.open(name, "rb"))
  return f:read "a"
end

local function write(name, text)
  local f <close> = assert(io.open(name, "wb"))
  f:write(text)
end

-- As the prompt does: more lines follow when either reading breaks off early.
local function incomplete(code)
  if code:find "^%s*[?.\\]" or code:lower():find "^%s*select " then return false end
  local early = false
  for _, text in ipairs { "return " .. code, code } do
    local chunk, message = load(text)
    if chunk then return false end
    early = early or message:find "<eof>$" ~= nil
      and not message:find "unfinished string near"
  end
  return early
end

local intro, entries = {}, {}
for line in read(path):gmatch "([^\n]*)\n" do
  local code, last = line:match "^> (.*)$", entries[#entries]
  if not code and not last then
    intro[#intro + 1] = line
  elseif code and last and #last.output == 0 and incomplete(last.code) then
    last.code = last.code .. "\n" .. code
  elseif code then
    entries[#entries + 1] = { code = code, output = {} }
  else
    last.output[#last.output + 1] = line
  end
end
assert(#entries > 0, path .. " holds no entries")

local typed = {}
for i, e in ipairs(entries) do
  typed[#typed + 1] = e.code
  typed[#typed + 1] = ('print("%s%d")'):format(MARK, i)
end
write("typed", table.concat(typed, "\n") .. "\n\4")
assert(os.execute(("script -qec 'stty -echo cols 80 rows 500; exec env TERM=dumb "
  .. "PAGER= \"%s\" -q --no-history' /dev/null <typed >shown"):format(program)))

-- what was typed is shown once, before the program runs
local shown = read "shown":gsub("\r+\n", "\n")
local from = 1
local out = { table.concat(intro, "\n") }
for i, e in ipairs(entries) do
  local mark = "\n> " .. MARK .. i .. "\n"
  local at, to = shown:find(mark, from, true)
  if not at then -- an entry without output: the prompt alone stands before it
    at, to = shown:find("> " .. MARK .. i .. "\n", from, true)
  end
  assert(at, "no end of entry " .. i .. " in\n" .. shown)
  local text = shown:sub(from, at - 1)
  if i == 1 then text = text:match "^.-print%(\"[^\n]*\n(> .*)$" or text end
  from = to + 1
  out[#out + 1] = "> " .. e.code:gsub("\n", "\n> ")
  text = text:gsub("^> ", ""):gsub("[ \t]+\n", "\n"):gsub("%s+$", "")
  if text ~= "" then out[#out + 1] = text end
end
local got = table.concat(out, "\n") .. "\n"
if update then write(path, got) end
write("got", got)
