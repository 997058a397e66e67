-- Completion of dot commands and their words.

local columns = require "trialsh.complete.columns"
local sql = require "trialsh.complete.sql"
local strings = require "trialsh.complete.strings"

local M = {}

local in_files = { read = true, open = true, import = true, output = true,
  once = true, log = true, i = true, o = true, c = true }

--- command.is(line): whether it is a dot command or one with a backslash.
function M.is(line)
  return line == "." or line:find "^%s*[.\\][%a!]" ~= nil
    or line:find "^%s*!" ~= nil
end

local function files(head, word)
  local list = strings.files(word)
  for _, c in ipairs(list) do c.from, c.close = c.from + #head, nil end
  return list
end

--- command.candidates(before, after) -> list
function M.candidates(before, after)
  if before:find "^%s*\\?!" or before:find "^%s*%.shell%s" then
    return files(before:match "^(.-)([^%s!\"'=<>|;&]*)$")
  end
  local head, name, word = before:match "^(%s*[.\\]([%a?]*)%s+)(.*)$"
  local command = require "trialsh.prompt.command"
  if not head then
    local mark, typed = before:match "^%s*([.\\])(.*)$"
    local names = mark == "." and command.names() or {}
    return sql.from(names, typed, #before - #typed + 1)
  end
  local place = #head + 1
  if name == "sql" then
    local list = sql.statement(word, after)
    for _, c in ipairs(list) do c.from = c.from + #head end
    return list
  elseif in_files[name] then
    return files(head, word)
  end
  local function switch() return { "on", "off" } end
  local names = ({
    mode = function() return require "trialsh.prompt.mode".names end,
    timer = switch, headers = switch,
    schema = function() return columns.names(columns.sources()) end,
    help = function() return require "trialsh.help".topics() end,
  })[name == "d" and "schema" or name]
  return names and sql.from(names(), word, place) or {}
end

return M
