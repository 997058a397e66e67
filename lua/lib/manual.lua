-- The manual from the help's own blocks: a man page and one HTML file that
-- needs no other. `make doc` writes them; the same build gives the same bytes.

local help = require "trialsh.help"
local session = require "trialsh.session"

local M = {}

local about = {
  "trialsh is a Lua prompt for people who analyse randomised clinical trials."
    .. " Data come from a study, one SQLite file, or from CSV files; statistics"
    .. " take a formula and data; Lua scripts define endpoints; gnuplot draws the"
    .. " figures.",
  "Without a script, on a terminal, it prompts; else it runs the script, the code"
    .. " after -e, or standard input.",
}

local prompt = {
  "An expression prints its values; a semicolon at the end keeps them off the"
    .. " screen. _ is the last value. Enter adds a line while a block is"
    .. " incomplete; a block, or what was pasted, is edited, recalled and run as one.",
  "?name shows the help on a name, ??word searches it, ? alone gives an overview."
    .. " Tab completes names, columns, options and files.",
  "Ctrl-C stops the work, or abandons what is typed. While something does not"
    .. " stop, a second Ctrl-C says what it is and a third ends the program. Ctrl-D on"
    .. " an empty line leaves. !ls runs a command of the system.",
  "Keys are readline's and follow ~/.inputrc ($if trialsh).",
}

local environment = {
  { "XDG_STATE_HOME", "where the folder trialsh of the history is; ~/.local/state if unset" },
  { "HISTFILE", "when it is set and empty, no history is kept" },
  { "COLUMNS", "the width of what is printed where standard output is no terminal" },
}

local files = {
  { "$XDG_STATE_HOME/trialsh/history", "what was typed, for the user alone; an"
    .. " entry that begins with a blank is not kept" },
}

-- { name, text } of the options, and the exit codes, from the usage text
local function usage()
  local options, exits = {}, {}
  for line in session.usage:gmatch "[^\n]+" do
    local name, what = line:match "^  (%-.-)   +(.*)"
    if name then
      options[#options + 1] = { name, what }
    elseif line:find "^    " and #exits == 0 and #options > 0 then
      local last = options[#options]
      last[2] = last[2] .. " " .. line:match "^%s*(.*)"
    elseif line:find "^exit:" or #exits > 0 then
      exits[#exits + 1] = line:gsub("^exit:", ""):match "^%s*(.*)"
    end
  end
  return options, table.concat(exits, " ")
end

-- The body of a block as pieces: { "text" or "lines", line, ... }
local function pieces(block)
  local list = {}
  for _, line in ipairs(block.body) do
    local last = list[#list]
    if line == "" then
      if last and last[1] == "lines" then last[#last + 1] = "" else list[#list + 1] = { "gap" } end
    else
      local kind = line:find "^  " and "lines" or "text"
      if not last or last[1] ~= kind then
        last = { kind }
        list[#list + 1] = last
      end
      last[#last + 1] = kind == "lines" and line:sub(3) or line
    end
  end
  local out = {}
  for _, piece in ipairs(list) do
    while piece[#piece] == "" do table.remove(piece) end
    if piece[1] ~= "gap" then out[#out + 1] = piece end
  end
  return out
end

-- Man page ----------------------------------------------------------------------

local function roff(s)
  s = s:gsub("\\", "\\e"):gsub("%-", "\\-")
  s = s:gsub("[\xC2-\xF4][\x80-\xBF]+", function(c)
    return ("\\[u%04X]"):format(utf8.codepoint(c))
  end)
  return (s:gsub("^[.']", "\\&%0"))
end

local function add_roff_block(out, block)
  out[#out + 1] = ".SS \"" .. roff(block.title):gsub('"', '""') .. '"'
  for _, piece in ipairs(pieces(block)) do
    local lines = piece[1] == "lines"
    out[#out + 1] = lines and ".PP\n.RS 4\n.nf" or ".PP"
    for i = 2, #piece do
      out[#out + 1] = piece[i] == "" and ".sp" or roff(piece[i])
    end
    if lines then out[#out + 1] = ".fi\n.RE" end
  end
end

--- manual.man(): the man page.
function M.man()
  local options, exits = usage()
  local out = { ('.TH TRIALSH 1 "" "trialsh %s"'):format(session.version),
    ".SH NAME", "trialsh \\- an analysis shell for randomised clinical trials",
    ".SH SYNOPSIS", ".B trialsh", "[options] [script.lua [args]]" }
  local function section(name, paragraphs)
    out[#out + 1] = ".SH " .. name
    for _, p in ipairs(paragraphs) do out[#out + 1] = ".PP\n" .. roff(p) end
  end
  local function list(name, entries)
    out[#out + 1] = ".SH " .. name
    for _, e in ipairs(entries) do
      out[#out + 1] = ".TP\n.B " .. roff(e[1]) .. "\n" .. roff(e[2])
    end
  end
  section("DESCRIPTION", about)
  list("OPTIONS", options)
  section('"EXIT STATUS"', { exits })
  section('"THE PROMPT"', prompt)
  for _, group in ipairs(help.groups()) do
    if #group > 1 then
      out[#out + 1] = '.SH "' .. group[1]:upper() .. '"'
      for i = 2, #group do add_roff_block(out, group[i]) end
    end
  end
  list("ENVIRONMENT", environment)
  list("FILES", files)
  section('"SEE ALSO"', { "lua(1), gnuplot(1), sqlite3(1)" })
  return table.concat(out, "\n") .. "\n"
end

-- HTML --------------------------------------------------------------------------

local entities = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }

local function html(s) return (s:gsub('[&<>"]', entities)) end

local style = [[
body { font: 16px/1.5 sans-serif; max-width: 50em; margin: 2em auto; padding: 0 1em; color: #222 }
h1, h2, h3 { line-height: 1.2 } h2 { border-bottom: 1px solid #bbb; margin-top: 2em }
h3 { font: bold 1em monospace; margin-top: 1.8em }
pre { background: #f4f4f4; padding: .6em .9em; overflow-x: auto; line-height: 1.35 }
code, pre { font-family: monospace; font-size: .92em } dt { font-family: monospace }
nav a { margin-right: .9em; white-space: nowrap } a { color: #05539e }
]]

local function anchor(name) return (name:gsub("[^%w_.]", "-")) end

-- Names after "See also:" become links where they have a block.
local function see_also(line)
  local head, names, rest = line:match "^(See also: )(.-)(%.%f[%s\0].*)$"
  if not head then return html(line) end
  local linked = names:gsub("[%a_][%w_:.]*", function(name)
    if help.block(name) then
      return ('<a href="#%s">%s</a>'):format(anchor(name), html(name))
    end
  end)
  return html(head) .. linked .. html(rest)
end

local function add_html_block(out, block)
  out[#out + 1] = ('<h3 id="%s">%s</h3>'):format(anchor(block.name), html(block.title))
  for _, piece in ipairs(pieces(block)) do
    local list = {}
    for i = 2, #piece do
      list[i - 1] = piece[1] == "lines" and html(piece[i]) or see_also(piece[i])
    end
    local body = table.concat(list, "\n")
    out[#out + 1] = piece[1] == "lines" and "<pre>" .. body .. "</pre>"
      or "<p>" .. body .. "</p>"
  end
end

--- manual.html(): the manual as one HTML file.
function M.html()
  local options, exits = usage()
  local out = { '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">',
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
      .. "style-src 'unsafe-inline'\">",
    '<meta name="viewport" content="width=device-width">',
    "<title>trialsh " .. html(session.version) .. "</title>",
    "<style>\n" .. style .. "</style></head><body>", "<h1>trialsh</h1>" }
  local function section(name, paragraphs)
    if name then out[#out + 1] = "<h2>" .. html(name) .. "</h2>" end
    for _, p in ipairs(paragraphs) do out[#out + 1] = "<p>" .. html(p) .. "</p>" end
  end
  local function list(name, entries)
    out[#out + 1] = "<h2>" .. name .. "</h2>\n<dl>"
    for _, e in ipairs(entries) do
      out[#out + 1] = ("<dt>%s</dt><dd>%s</dd>"):format(html(e[1]), html(e[2]))
    end
    out[#out + 1] = "</dl>"
  end
  section(nil, about)
  out[#out + 1] = "<nav>"
  for _, group in ipairs(help.groups()) do
    if #group > 1 then
      out[#out + 1] = "<p><b>" .. html(group[1]) .. "</b><br>"
      for i = 2, #group do
        out[#out + 1] = ('<a href="#%s">%s</a>'):format(anchor(group[i].name),
          html(group[i].name))
      end
      out[#out + 1] = "</p>"
    end
  end
  out[#out + 1] = "</nav>"
  section("The prompt", prompt)
  list("Options", options)
  section("Exit codes", { exits })
  for _, group in ipairs(help.groups()) do
    if #group > 1 then
      out[#out + 1] = "<h2>" .. html(group[1]) .. "</h2>"
      for i = 2, #group do add_html_block(out, group[i]) end
    end
  end
  list("Environment", environment)
  list("Files", files)
  out[#out + 1] = "</body></html>"
  return table.concat(out, "\n") .. "\n"
end

local function write(path, text)
  local file = assert(io.open(path, "w"))
  assert(file:write(text))
  assert(file:close())
end

--- manual.write(folder): trialsh.1, manual.html and, for editors, trialsh.lua into
-- a folder that is there.
function M.write(folder)
  write(folder .. "/trialsh.1", M.man())
  write(folder .. "/manual.html", M.html())
  write(folder .. "/trialsh.lua", require "trialsh.help.luacats".text())
end

return M
