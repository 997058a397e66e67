#!/usr/bin/env bash
# The whole CDISC folder in one study (limit 2 s) and a Dataset-JSON of 25,000
# rows and 46 columns (limit 1 s), beside R's haven, jsonlite and read.csv where
# they are installed; then the same rows in the other forms. Best of three,
# start-up included: time that passed, time of the processor, memory.
set -eu
cd "$(dirname "$0")/../.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
data=../shared/data/cdisc
trialsh=$PWD/${B:-build}/trialsh

cat >"$dir/make.lua" <<'LUA'
local rows, columns = {}, {}
local function add(name, kind, value, more)
  columns[#columns + 1] = { ('{"itemOID":"IT.ADLB.%s","name":"%s",'
    .. '"label":"Label of %s","dataType":"%s"%s}'):format(name, name, name,
    kind, more or ""), value }
end
local seed = 7
local function random(n) -- Park and Miller: the same file everywhere
  seed = seed * 48271 % 2147483647
  return seed % n
end
add("USUBJID", "string", function(i) return ('"01-701-%05d"'):format(i // 100) end)
for k = 1, 18 do
  add("C" .. k, "string", function()
    return ('"value %d"'):format(random(3 ^ (k % 6 + 1) // 1))
  end)
end
for k = 1, 12 do add("I" .. k, "integer", function() return random(1000) end) end
for k = 1, 12 do
  add("F" .. k, "float", function()
    return random(20) == 0 and "null" or ("%.3f"):format(random(1e6) / 1e4)
  end)
end
for k = 1, 3 do
  add("D" .. k, "date", function()
    return ('"20%02d-%02d-%02d"'):format(10 + random(15), 1 + random(12),
      1 + random(28))
  end, ',"targetDataType":"integer","displayFormat":"DATE9."')
end
local head = {}
for j, c in ipairs(columns) do head[j] = c[1] end
for i = 1, 25000 do
  local cells = {}
  for j, c in ipairs(columns) do cells[j] = c[2](i) end
  rows[i] = "[" .. table.concat(cells, ",") .. "]"
end
io.open(arg[1], "w"):write('{"datasetJSONCreationDateTime":'
  .. '"2026-01-01T00:00:00","datasetJSONVersion":"1.1.0","itemGroupOID":'
  .. '"IG.ADLB","records":25000,"name":"ADLB","label":"Laboratory","columns":[',
  table.concat(head, ","), '],"rows":[\n', table.concat(rows, ",\n"), "]}"):close()
LUA
cat >"$dir/folder.lua" <<'LUA'
local s = study.create(arg[1])
for _, folder in ipairs { "csv", "dsjson", "xpt" } do
  local path = arg[2] .. "/" .. folder .. "/"
  for _, file in ipairs(require "ts.file".list(path)) do
    if not file:find "schema" then
      s:import(path .. file, { as = (folder .. "_" .. file):gsub("%W", "_"),
        na = folder == "csv" and { "NA" } or nil })
    end
  end
end
LUA
cat >"$dir/one.lua" <<'LUA'
study.create(arg[1]):import(arg[2], { as = "t" })
LUA
cat >"$dir/convert.lua" <<'LUA'
demo:export(read(arg[1]), arg[2], { member = "ADLB" })
LUA
cat >"$dir/folder.R" <<'R'
folder <- commandArgs(TRUE)[1]
suppressMessages({ library(haven); library(jsonlite) })
for (file in list.files(folder, recursive = TRUE, full.names = TRUE)) {
  if (grepl("xpt$", file)) read_xpt(file)
  else if (grepl("csv$", file)) read.csv(file)
  else if (grepl("ndjson$", file)) lapply(readLines(file), fromJSON)
  else if (grepl("json$", file)) fromJSON(file)
}
R

timed() { # NAME COMMAND...: best of three
  local name=$1 best=999 busy=0 memory=0 seconds user system kb
  shift
  for _ in 1 2 3; do
    rm -f "$dir"/s.db*
    /usr/bin/time -f "%e %U %S %M" -o "$dir/time" "$@" >"$dir/out" 2>"$dir/err"
    read -r seconds user system kb <"$dir/time"
    if awk "BEGIN { exit !($seconds < $best) }"; then
      best=$seconds; busy=$(awk "BEGIN { print $user + $system }"); memory=$kb
    fi
  done
  printf '%-30s %6.2f s %6.2f s %4d MB\n' "$name" "$best" "$busy" \
    $((memory / 1024))
}
has() { Rscript --vanilla -e "library($1)" >/dev/null 2>&1; }

if [ -d "$data" ]; then
  timed "CDISC folder, trialsh import" "$trialsh" "$dir/folder.lua" \
    "$dir/s.db" "$data"
  if has haven && has jsonlite; then
    timed "CDISC folder, R read" Rscript --vanilla "$dir/folder.R" "$data"
  fi
else
  echo "$data is not there"
fi
"$trialsh" "$dir/make.lua" "$dir/adlb.json"
"$trialsh" "$dir/convert.lua" "$dir/adlb.json" "$dir/adlb.ndjson"
"$trialsh" "$dir/convert.lua" "$dir/adlb.json" "$dir/adlb.dsjc"
"$trialsh" "$dir/convert.lua" "$dir/adlb.json" "$dir/adlb.xpt"
echo "25,000 rows, 46 columns, $(stat -c %s "$dir/adlb.json") bytes of JSON"
for ending in json ndjson dsjc xpt; do
  timed ".$ending, trialsh import" "$trialsh" "$dir/one.lua" "$dir/s.db" \
    "$dir/adlb.$ending"
  timed ".$ending, trialsh read" "$trialsh" -e "read '$dir/adlb.$ending'"
done
if has jsonlite; then
  timed ".json, R jsonlite" Rscript --vanilla -e \
    "invisible(jsonlite::fromJSON('$dir/adlb.json'))"
fi
if has haven; then
  timed ".xpt, R haven" Rscript --vanilla -e \
    "invisible(haven::read_xpt('$dir/adlb.xpt'))"
fi
