-- REDCap: the data dictionary of a project says what the columns of its raw
-- exports are: labels, types, and the choices that codes stand for.

local csv = require "ts.csv"
local fail = require "ts.error".fail

local M = {}

-- The headings that are used here, as the program's page and its interface for
-- programs write them; letters and digits count.
local HEADINGS = {
  variable_field_name = "name", field_name = "name",
  form_name = "form",
  field_type = "type",
  field_label = "label",
  choices_calculations_or_slider_labels = "choices",
  choices_or_calculations = "choices",
  select_choices_or_calculations = "choices",
  text_validation_type_or_show_slider_number = "validation",
}
local NEEDED = { { "name", "Variable / Field Name" }, { "type", "Field Type" },
  { "label", "Field Label" },
  { "choices", "Choices, Calculations, OR Slider Labels" } }

-- Columns of an export that belong to no field.
local OWN = { redcap_event_name = true, redcap_repeat_instrument = true,
  redcap_repeat_instance = true, redcap_data_access_group = true,
  redcap_survey_identifier = true }

local function plain(heading)
  return (heading:lower():gsub("[^a-z0-9]+", "_"):gsub("^_", ""):gsub("_$", ""))
end

local function one_line(text)
  return (text:gsub("%s+", " "):gsub("^ ", ""):gsub(" $", ""))
end

local function base_name(path) return path:match "[^/]*$" end

-- Reading the dictionary -----------------------------------------------------

-- A dictionary has the encoding of the export only where UTF-8 is not what it
-- is in.
local function open(path, encoding)
  local options = { all_text = true, empty_is_missing = true }
  local ok, file, facts = pcall(csv.open, path, options)
  if ok then return file, facts end
  if not encoding then error(file, 0) end
  options.encoding = encoding
  return csv.open(path, options)
end

-- "1, Male | 2, Female" as two lists; labels differ, so that each is a level.
local function choices(where, text)
  local codes, labels, seen = {}, {}, {}
  for part in text:gmatch "[^|]+" do
    part = one_line(part)
    local code, label = part:match "^(.-) ?, ?(.*)$"
    code = code or part
    if code == "" and part ~= "" then
      fail("format", ("%s: '%s' has no code"):format(where, part))
    elseif seen[code] then
      fail("format", ("%s: the code %s is there twice"):format(where, code))
    elseif code ~= "" then
      seen[code] = true
      codes[#codes + 1] = code
      labels[#labels + 1] = label ~= "" and label or code
    end
  end
  local times = {}
  for _, label in ipairs(labels) do times[label] = (times[label] or 0) + 1 end
  for i, label in ipairs(labels) do
    if times[label] > 1 then labels[i] = ("%s (%s)"):format(label, codes[i]) end
  end
  return { codes = codes, labels = labels }
end

local function two(first, second)
  return { codes = { "0", "1" }, labels = { first, second } }
end

-- Fields whose numbers are written 1,5.
local function has_comma(validation)
  return validation:find "^number.*comma_decimal$" ~= nil
end

-- What a field that is one column holds: choices, "real", "text", or nil where
-- its values decide.
local function content(where, field)
  local kind, validation = field.type, field.validation
  if kind == "yesno" then return two("No", "Yes") end
  if kind == "truefalse" then return two("False", "True") end
  if kind == "calc" or kind == "slider" then return "real" end
  if (kind == "radio" or kind == "dropdown") and field.choices ~= "" then
    return choices(where, field.choices)
  end
  if kind == "text" and (validation == "integer" or validation == "number"
      or validation:find "^number_%d+dp$") then
    return "real"
  end
  if kind == "text" and has_comma(validation) then return "real" end
  return "text"
end

-- The columns of one field, into the map.
local function enter(columns, where, field)
  if field.type == "checkbox" then
    local all = choices(where, field.choices)
    for i, code in ipairs(all.codes) do
      local name = field.name .. "___" .. code:lower():gsub("[^%w_]", "_")
      columns[name] = { content = two("Unchecked", "Checked"),
        label = field.label .. ": " .. all.labels[i] }
    end
  elseif field.type ~= "descriptive" then
    columns[field.name] = { content = content(where, field),
      label = field.label ~= "" and field.label or nil,
      free = field.type == "text" and field.validation == "",
      comma = field.type == "text" and has_comma(field.validation) }
  end
  if field.form ~= "" then
    columns[field.form .. "_complete"] = { label = field.form .. ": complete?",
      content = { codes = { "0", "1", "2" },
        labels = { "Incomplete", "Unverified", "Complete" } } }
    columns[field.form .. "_timestamp"] = {
      label = field.form .. ": time of the survey" }
  end
end

--- redcap.dictionary(path [, encoding]) -> columns, facts
-- columns[NAME] of an export: { label =, content =, free = }, where content is
-- "real", "text" or { codes =, labels = }.
function M.dictionary(path, encoding)
  local file, facts = open(path, encoding)
  local frame, at = file:frame(), {}
  file:close()
  for j, heading in ipairs(facts.names) do
    local key = HEADINGS[plain(heading)]
    if key and not at[key] then at[key] = j end
  end
  for _, needed in ipairs(NEEDED) do
    if not at[needed[1]] then
      fail("format", ("%s: no column '%s'; this is no data dictionary of "
        .. "REDCap"):format(path, needed[2]))
    end
  end
  local NA = require "ts.na".NA
  local columns, first = {}
  for i = 1, #frame do
    local field = { form = "", validation = "" }
    for key, j in pairs(at) do
      local value = frame:value(i, j)
      field[key] = value ~= NA and one_line(value) or ""
    end
    if field.name == "" then
      fail("format", ("%s: row %d has no name of a field"):format(path, i))
    end
    enter(columns, ("%s: field %s"):format(path, field.name), field)
    first = first or field.name
  end
  if first and columns[first] then columns[first].free = false end -- the record
  return columns, facts
end

-- What the export gets from it -----------------------------------------------

--- redcap.apply(path, options, dictionary) -> what
-- Adds to the options of csv.open what the dictionary says of the columns of
-- the export at path; what the user says of one goes before.
--   what   { by =, sha256 =, unknown = { names }, free = { NAME = true } }
function M.apply(path, options, dictionary)
  local columns, facts = M.dictionary(dictionary, options.encoding)
  local found = 0
  local what = { by = base_name(dictionary), sha256 = facts.sha256,
    unknown = {}, free = {} }
  options.names_only = true
  local file, header = csv.open(path, options)
  options.names_only = nil
  file:close()
  local given, types = options.types or {}, {}
  options.codes, options.labels, options.dictionary_types = {}, {}, types
  options.empty_is_missing, options.commas = true, {}
  for _, name in ipairs(header.names) do
    local column = columns[name]
    if column then
      found = found + 1
      options.labels[name] = column.label
      if column.comma then table.insert(options.commas, name) end
      if type(column.content) == "table" and not given[name] then
        table.insert(options.codes, { column = name,
          codes = column.content.codes, labels = column.content.labels })
      elseif not given[name] then
        types[name], what.free[name] = column.content, column.free
      end
    elseif not OWN[name] then
      what.unknown[#what.unknown + 1] = name
    end
  end
  if found == 0 then
    fail("format", ("%s: none of its columns is a field of %s; is it the raw "
      .. "data, not the labelled ones, and of the same project?"):format(path,
      dictionary))
  end
  return what
end

return M
