# Where an error is said to be, what it is called, and the same as JSON.
. tests/shell/tap.bash
unset HISTFILE COLUMNS
export HOME=$tmp XDG_STATE_HOME=$tmp/state
cd "$tmp" || exit 1

# script NAME WANT: the script on standard input, and its error
script() {
  cat >a.lua
  run a.lua
  is "$1" "$rc $out$err" "1 $2"
}

# the caret --------------------------------------------------------------------
script "a column of a chain of verbs" "a.lua:3: select: no column AGEE; nearest: AGE
    :select(\"USUBJID\", \"AGEE\")
                        ^" <<'END'
local x = demo.adsl
  :where "AGE > 30"
  :select("USUBJID", "AGEE")
print(x)
END
script "an option on a line of its own" \
  "a.lua:4: ttest has no option conf_lvel; nearest: conf_level
    conf_lvel = 0.9,
    ^" <<'END'
local alc = demo.adlb:where "PARAMCD = 'ALC'"
local r = ttest("AVAL ~ TRT01P", alc, {
  compare = "CYT107 HF vs Placebo",
  conf_lvel = 0.9,
})
END
script "a word of an option" \
  "a.lua:1: ttest: alternative = \"lesss\" is none of two-sided, less, greater; nearest: less
    ttest({ 1, 2 }, { 3, 4 }, { alternative = \"lesss\" })
                                               ^" <<'END'
ttest({ 1, 2 }, { 3, 4 }, { alternative = "lesss" })
END
script "wide characters and a tab before the word" "a.lua:1: no variable or function 'nosuch'
    local x = \"日本é\"	.. nosuch
                     	   ^" <<'END'
local x = "日本é"	.. nosuch
END
script "the second of two signs is the wrong one" \
  "a.lua:2: unexpected symbol near '='
    y = = x
        ^" <<'END'
x = 1
y = = x
END
script "what != is here" "a.lua:1: 'then' expected near '!'; not equal is ~=, not is not
    if 1 != 2 then end
         ^" <<'END'
if 1 != 2 then end
END
script "and what = is" "a.lua:1: 'then' expected near '='; equal is ==
    if x = 2 then end
         ^" <<'END'
if x = 2 then end
END
script "a block that is not ended has no caret" \
  "a.lua:4: 'end' expected (to close 'for' at line 1) near <eof>" <<'END'
for i = 1, 2 do
  print(i)

END
script "what error() says is not looked for" 'a.lua:1: x
    error "x"' <<'END'
error "x"
END
long=$(printf 'x%.0s' $(seq 300))
printf 'local a = "%s", nosuch\n' "$long" >a.lua
run a.lua
is "of a long line what is around the word" "$(sed -n 2p err | cut -c 1-8) $(
  sed -n 3p err | sed 's/ //g') $(wc -L <err)" "    ...x ^ 113"
run -e 'local x = 1
local y = nosuch + x'
is "of many lines after -e the one that is meant" "$err" \
  "error: line 2: no variable or function 'nosuch'
    local y = nosuch + x
              ^"
mkdir -p a/folder/whose/name/is/longer/than/what/Lua/keeps/of/the/name/of/a/chunk
deep=$(echo a/folder/*/*/*/*/*/*/*/*/*/*/*/*/*/*)/deep.lua
printf '\nprint(demo.adsl.AGEE)\n' >"$deep"
run --errors=json "$deep"
check "JSON has the whole name of a file" grep -qF "\"file\":\"$deep\"" err

script "a stack that overflows, in no time" 'a.lua:2: stack overflow
    return f() + 1
  called from a.lua:2 in f
  ...' <<'END'
local function f()
  return f() + 1
end
f()
END
script "a module that is not there" "a.lua:2: no module 'nosuchmodule' in package.path
    require \"nosuchmodule\"" <<'END'

require "nosuchmodule"
END
script "an arrow is no assignment" "a.lua:1: syntax error near '<'; a value is given by =, x = 5
    x <- 5
      ^" <<'END'
x <- 5
END

script "a file without its quotes" 'a.lua:1: no variable or function '"'adsl'"'; the name of a file stands in quotes, "adsl.csv"
    local x = read(adsl.csv)
                   ^' <<'END'
local x = read(adsl.csv)
END
script "a name with a blank behind a point" \
  "a.lua:1: ')' expected near 'var'; such a name stands in brackets, data[\"my var\"]
    print(demo.my var)
                  ^" <<'END'
print(demo.my var)
END
script "an empty name of a file" 'a.lua:1: the name of a file is empty
    read ""' <<'END'
read ""
END
script "a study that is called" "a.lua:1: attempt to call a table value (global 'study'); study.create \"trial.db\" makes one, study.open \"trial.db\" opens it
    study \"x\"
    ^" <<'END'
study "x"
END

# JSON ---------------------------------------------------------------------------
printf 'local t = demo.adsl\nprint(t:select "AGEE")\n' >b.lua
run --errors=json b.lua
is "an error is one object" "$rc $out$err" '1 {"code":"not found","column":17,"file":"b.lua","hint":"nearest: AGE","line":2,"message":"select: no column AGEE","object":"AGEE","severity":"error"}'
run --errors=json -e 'warn("a\nb", "c")' -e 'x = ='
is "so are warnings, each on one line" "$rc $err" '1 {"message":"a\nbc","severity":"warning"}
{"code":"syntax","column":5,"file":"(command line)","line":1,"message":"unexpected symbol near '"'='"'","object":"=","severity":"error"}'
printf 'A\n1\nNA\n' >n.csv
run --errors=json -e 'd = read "n.csv"'
is "and notes, without a terminal too" "$rc $err" \
  '0 {"message":"n.csv: 2 rows read, 1 column","severity":"note"}
{"message":"n.csv: NA or . is missing in A: 1 value","severity":"note"}'
run --errors=json -e 'error({})'
is "a value that is no text" "$err" \
  '{"code":"lua","message":"error value is a table","severity":"error"}'
run --errors=xml
is "json or text" "$rc $err" "2 trialsh: --errors is json or text, not 'xml'"
cat >c.lua <<'END'
local ok, e = pcall(function() return demo.adsl:select "AGEE" end)
print(e.severity, e.code, e.object, e.hint, e.file, e.line, e.column, e.nosuch)
END
run c.lua
is "pcall gives the same fields" "$out$err" \
  "error	not found	AGEE	nearest: AGE	c.lua	1	57	nil"

# nothing of ours leaks --------------------------------------------------------------
cat >leak.lua <<'END'
local values = { nil, NA, true, 3, 1e308, "", "x", "y ~ x", {}, { 1, 2 },
  { x = 1 }, print, demo, demo.adsl, demo.adsl:collect(), demo.adsl.AGE }
local names = {}
for name in pairs(require "trialsh.init".home) do names[#names + 1] = name end
table.sort(names)
local told = 0
local function try(what, f, ...)
  local given = table.pack(...)
  local ok, e = pcall(f, ...)
  if ok then return end
  told = told + 1
  if not require "ts.error".is(e) and not tostring(e):find "interrupted" then
    print(what, tostring(e))
  end
end
local skip = { log_to = true, tour = true }
for _, name in ipairs(names) do
  local f = _G[name]
  if type(f) == "function" and not skip[name] then
    for i = 1, 16 do
      try(name, f, values[i])
      for j = 1, 16, 3 do try(name, f, values[i], values[j]) end
    end
  end
end
for name in pairs(require "trialsh.relation".verbs) do
  for i = 1, 16 do
    try("relation:" .. name, function() return #demo.adsl[name](demo.adsl, values[i]) end)
  end
end
print(told > 1000)
END
run leak.lua
is "wrong arguments give errors of ours" "$out$err" "true"

finish
