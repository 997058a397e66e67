-- Where the cursor stands in a piece of Lua: inside a string or not, and in
-- which brackets of which calls. Read from the left, token by token; nothing
-- is run and nothing needs to be complete.
--
--   context.read(before) -> {
--     string = { quote =, text = what it holds so far } or nil,
--     comment = true when it stands in one,
--     chain = "s.adlb:where():su" and strings, where it stands behind a name,
--     frames = open brackets, outermost first, each {
--       open = "(" "{" "[", callee = "s.adlb:where" or nil,
--       receiver = what stands before its last . or :, name = what follows,
--       arguments = texts of those before this one, key = "y" after `y =`,
--       list_of = "y" in y = { ... }, outer = what these are in,
--       strings = of the chain } }

local M = {}

local Scan = {}
Scan.__index = Scan

-- The end of a long bracket that begins at `at`, or nil; its level.
local function long_bracket(s, at)
  local level = s:match("^%[(=*)%[", at)
  if not level then return nil end
  local _, last = s:find("]" .. level .. "]", at, true)
  return level, last
end

local closers = { ["("] = ")", ["{"] = "}", ["["] = "]" }

function Scan:push(open)
  local callee = self.chain
  if open == "{" and (callee == "" or self.after_operator) then callee = "" end
  -- f(x, { ... }): options belong to the call around them
  local top = self.frames[#self.frames]
  local frame = { open = open, arguments = {}, strings = self.strings,
    callee = callee ~= "" and callee or nil, from = self.at + 1 }
  if not frame.callee and open == "{" and top and top.callee then
    frame.callee, frame.outer, frame.list_of = top.callee, top, top.key
    frame.strings = top.strings
  end
  if frame.callee then
    frame.receiver, frame.separator, frame.name =
      frame.callee:match "^(.-)([.:])([%a_][%w_]*)$"
    frame.name = frame.name or frame.callee
  end
  self.frames[#self.frames + 1] = frame
  self.chain, self.strings, self.after_operator = "", {}, false
end

function Scan:pop()
  local frame = table.remove(self.frames)
  -- the chain goes on behind the brackets: f(x):y
  local callee = frame and not frame.outer and frame.callee
  self.chain = callee and callee .. "()" or "()"
  self.strings = frame and frame.strings or {}
  self.after_operator = false
end

function Scan:argument_ends()
  local top = self.frames[#self.frames]
  self.chain, self.strings, self.after_operator = "", {}, false
  if top then
    top.arguments[#top.arguments + 1] = self.s:sub(top.from, self.at - 1)
    top.from, top.key = self.at + 1, nil
  end
end

-- A whole string: f "x" is a call, and what verbs define stays with the chain.
function Scan:string_ends(text)
  self.strings[#self.strings + 1] = text
  local top = self.frames[#self.frames]
  if top and top.strings then top.strings[#top.strings + 1] = text end
  if self.chain ~= "" and not self.chain:find "%(%)$" then
    self.chain = self.chain .. "()"
  end
end

-- The call that a string without brackets is the argument of: f "x
local function bare_call(scan)
  local callee = scan.chain
  if callee == "" or scan.after_operator then return nil end
  local receiver, separator, name = callee:match "^(.-)([.:])([%a_][%w_]*)$"
  return { open = "", callee = callee, receiver = receiver,
    separator = separator, name = name or callee, arguments = {},
    strings = scan.strings }
end

local function open_string(scan, quote, text)
  local call = bare_call(scan)
  if call then scan.frames[#scan.frames + 1] = call end
  return { string = { quote = quote, text = text }, frames = scan.frames }
end

local keyword = {}
for word in ([[and break do else elseif end for function goto if in local nil
    not or repeat return then until while]]):gmatch "%a+" do
  keyword[word] = true
end

function M.read(before)
  local scan = setmetatable({ s = before, at = 1, frames = {}, chain = "",
    strings = {}, after_operator = false }, Scan)
  local s, at = before, 1
  while at <= #s do
    scan.at = at
    local c = s:sub(at, at)
    local word = s:match("^[%a_][%w_]*", at)
    if s:find("^%-%-", at) then
      local level, last = long_bracket(s, at + 2)
      last = level and last or not level and s:find("\n", at, true)
      if not last then return { comment = true, frames = scan.frames } end
      at = last + 1
    elseif c == '"' or c == "'" then
      local last = at + 1
      while last <= #s and s:sub(last, last) ~= c do
        last = last + (s:sub(last, last) == "\\" and 2 or 1)
      end
      if last > #s then return open_string(scan, c, s:sub(at + 1)) end
      scan:string_ends(s:sub(at + 1, last - 1))
      at = last + 1
    elseif long_bracket(s, at) then
      local level, last = long_bracket(s, at)
      if not last then
        return open_string(scan, "[[", s:sub(at + 2 + #level))
      end
      scan:string_ends(s:sub(at + 2 + #level, last - 2 - #level))
      at = last + 1
    elseif word then
      if keyword[word] then
        scan.chain, scan.strings, scan.after_operator = "", {}, true
      else
        local goes_on = scan.chain:find "[.:]$"
        scan.chain = goes_on and scan.chain .. word or word
        if not goes_on then scan.strings = {} end
        scan.after_operator = false
      end
      at = at + #word
    elseif (c == "." or c == ":") and not s:find("^%.%.", at) then
      scan.chain = scan.chain .. c
      at = at + 1
    elseif closers[c] then
      scan:push(c)
      at = at + 1
    elseif c == ")" or c == "}" or c == "]" then
      scan:pop()
      at = at + 1
    elseif c == "," or c == ";" then
      scan:argument_ends()
      at = at + 1
    elseif c:find "%s" then
      at = at + 1
    else
      local top = scan.frames[#scan.frames]
      if c == "=" and not s:find("^==", at) and top and top.open == "{" then
        top.key = scan.chain:match "^[%a_][%w_]*$"
      end
      scan.chain, scan.strings, scan.after_operator = "", {}, true
      at = at + (s:match("^[=~<>]=", at) and 2 or 1)
    end
  end
  return { frames = scan.frames, chain = scan.chain, strings = scan.strings }
end

return M
