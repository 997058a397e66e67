-- Completion of dot commands and their words.

local columns = require "trialsh.complete.columns"
local sql = require "trialsh.complete.sql"
local strings = require "trialsh.complete.strings"

local M = {}

local in_files = { read = true, open = true, import = true, output = true,
  once = true, i = true, o = true, c = true }

--- command.is(line): whether it is a dot command or one with a backslash.
function M.is(line) return line:find "^%s*[.\\]%a" ~= nil or line == "." end

--- command.candidates(before, after) -> list
function M.candidates(before, after)
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
    local list = strings.files(word)
    for _, c in ipairs(list) do c.from, c.close = c.from + #head, nil end
    return list
  end
  local names = ({
    mode = function() return require "trialsh.prompt.mode".names end,
    timer = function() return { "on", "off" } end,
    schema = function() return columns.names(columns.sources()) end,
    help = function() return require "trialsh.help".topics() end,
  })[name == "d" and "schema" or name]
  return names and sql.from(names(), word, place) or {}
end

return M
