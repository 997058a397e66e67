# Ctrl-C while work outside of Lua runs: SQL, statistics, files, gnuplot. What is
# partial is rolled back, which is said; progress is on a terminal only.
. tests/shell/tap.bash
. tests/shell/tmux.bash
cd "$tmp/work" || exit 1

{ echo id,x,y; awk 'BEGIN { for (i = 1; i <= 400000; i++)
    printf "%d,%d,%.17g\n", i, i % 7, i / 3 }'; } >big.csv
# stops NAME TENTHS LINE: Ctrl-C once LINE has run for so long; the prompt is back
# within a second
stops() {
  line "for i = 1, 30 do print() end print('go', 1) $3"
  sees '^go +1$'
  sleep "0.$2"
  keys C-c
  line '"ba" .. "ck"'
  if sees '^back$' 10 && sees interrupted 1; then
    pass "Ctrl-C stops $1"
  else
    fail "Ctrl-C stops $1"
  fi
}

start a -q
line 'v = 12345'
line 's = study.create "big.db"'
stops "SQL" 3 'sql("with recursive c(x) as (select 1 union all select x+1 from c) select sum(x) from c")'
line 'sql("select 2 as two"), v'
seen "SQL works afterwards, and variables are there" '^12345$'
line 's:import "big.csv"'
seen "an import" '400000 rows read, 3 columns, table big' 200
stops "an import" 5 'while true do s:import("big.csv", { as = "again", replace = true }) end'
line 'pairs_of = s.big:join(s.big:select("x", "z = y"), "x", { many = true })' # 2e10 rows
line 's.pairs = pairs_of'
sleep 0.3
keys C-c
seen "a change that is stopped is rolled back, and says so" \
  'interrupted.*; rolled back, the study is as it was$' 20
line 'print(#s.big, s:verify() > 1)'
seen "the study is as it was" '^400000 +true$' 100
stops "a query of the study" 3 'n = #pairs_of'
line 's:export(pairs_of, "o.csv")'
sleep 0.2
keys C-c
sees 'interrupted'
check "an export that is stopped leaves no file" test ! -e o.csv
start a -q
line 'v = {} for i = 1, 1500 do v[i] = i * 7919 % 2017 - 900 end'
line 'signed_rank(v)'
seen "a second of work shows how far it is, and what is left" \
  '^units [0-9]+ % \(about [0-9]+ (s|min) left\)$' 40
keys C-c
seen "Ctrl-C stops it with no partial number" \
  '^(\^C)?interrupted after [0-9]+ of 1[0-9]+ units$' 10
line 'fisher { { 12, 30, 18, 40, 22 }, { 25, 14, 33, 20, 31 }, { 17, 28, 21, 35, 19 }, { 22, 17, 31, 12, 44 } }'
seen "so does work of unknown length" '^[0-9]+ steps$' 40
keys C-c
seen "Ctrl-C stops that as well" \
  '^(\^C)?interrupted after [0-9]+ steps$' 10
is "a line of progress is gone" "$(shows '^[0-9]+ steps$')" 0
line 'sql("with recursive c(x) as (select 1 union all select x+1 from c) select sum(x) from c")'
seen "so does a query" '^query [0-9]+ s$' 40
keys C-c
sees '^(\^C)?interrupted$'
"$TRIALSH" -e 's = study.create "other.db"' -e 's:import("big.csv", { as = "b" })' \
  -e '#s.b:order("y desc"):collect()' >out 2>err
is "no terminal gets none" "$(cat out err)" 400000

# what Lua's own libraries would go on with
start a -q
line 'r = {} for i = 1, 2e6 do r[i] = i * 7919 % 2000003 end print("filled", 1)'
sees '^filled +1$'
stops "a sort" 3 'table.sort(r)'
stops "a move" 3 'table.move({}, 1, 1 << 50, 2)'
stops "a finalizer" 3 'setmetatable({}, { __gc = function() while true do end end }) collectgarbage()'
stops "one among pcalls" 3 'setmetatable({}, { __gc = function() while true do end end }) while true do pcall(string.rep, "x") t = {} end'
line 'keep = setmetatable({}, { __gc = function() while true do end end })'
line 'quit'
sleep 0.3
keys C-c
seen "one that runs at the end" 'left with 0$' 10

# replicates: models fitted again and again, in Lua
cat >m.lua <<'LUA'
m = mmrm("CHG ~ TRT01P * AVISIT + BASE", demo.adlb:where { PARAMCD = "ALC",
  AVISIT = { "Day 8", "Day 15", "Day 29" } },
  { subject = "USUBJID", visit = "AVISIT" })
LUA
start a -q
line 'dofile "m.lua"'
line 'm:contrast { "CYT107 HF vs Placebo", permutations = 999999, seed = 1 }'
seen "permutations of a model tell how far they are" \
  '^permutations [0-9]+ % \(about [0-9.]+ (s|min|h) left\)$' 40
keys C-c
seen "Ctrl-C stops them within a second, with no partial P" \
  '^(\^C)?interrupted after [0-9]+ of 999999 permutations$' 10
line 'm:contrast { "CYT107 HF vs Placebo", permutations = 9, seed = 1 }.p_permuted'
seen "the model is usable afterwards" '^p_permuted: 3 values, 0 missing'

# Work that is shared by processes.
start a -q --jobs 2
line 'v = { y = {}, g = {} } for i = 1, 60 do v.y[i], v.g[i] = i * 7919 % 2017, i % 2 == 0 and "a" or "b" end'
line 'rerandomise(function(d) return d:where { g = "a" }.y:mean() end, v, { group = "g", replicates = 200000 })'
seen "re-randomisation on two cores tells how far it is" \
  '^parts of re-randomisation [0-9]+ % \(about [0-9.]+ (s|min|h) left\)$' 60
keys C-c
seen "Ctrl-C stops it with no partial P" \
  '^(\^C)?interrupted after [0-9]+ of 400 parts of re-randomisation$' 10
is "no process of it is left" \
  "$(pgrep -cP "$(pgrep -n -f -- '-q --jobs 2$')")" 0
line 'rerandomise("y ~ g", v).p_value'
seen "it works afterwards" '^0\.[0-9]+$' 10

# gnuplot ----------------------------------------------------------------------------
mkdir fake plots
printf '#!/bin/sh\nexec sleep 1002\n' >fake/gnuplot
chmod +x fake/gnuplot
with="PATH=$tmp/work/fake:$PATH TMPDIR=$tmp/work/plots" start g -q
line 'figure.points { demo.adlb:where("PARAMCD = ?", "ALC") }:save "k.svg"'
for ((i = 0; i < 200; i++)); do
  pgrep -f "^sleep 1002$" >/dev/null && break
  sleep 0.025
done
keys C-c
line '6 * 7'
seen "Ctrl-C stops a plot" '^42$' 10
is "its program ends, and leaves no file" \
  "$(pgrep -cf "^sleep 1002$") $(ls plots k.svg 2>/dev/null | grep -v plots)" "0 "

finish
