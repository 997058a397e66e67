# Tab, in a real terminal: it knows where the cursor is.
. tests/shell/tap.bash
. tests/shell/tmux.bash
cd "$tmp/work" || exit 1

printf 'USUBJID,ARM,AGE,my var,CHGABS,CHGREL\n1,A,50,1,2,3\n2,B,60,2,3,4\n' >t.csv
printf 'USUBJID,WEIGHT,WEEK\n1,70,2\n' >u.csv
mkdir data data/deeper
touch adlb_long_name.csv data/adsl_raw.csv run_me.lua
"$TRIALSH" -e 's = study.create "t.db"' -e 's:import "t.csv"' -e 's:import "u.csv"' \
  >make.out 2>&1
cat >own.lua <<'LUA'
d = read "t.csv"
trial "T" {
  arms = { { "Active", "high" }, { "Placebo", "none", reference = true } },
  compare = { "Active vs Placebo" },
  parameters = { { "ALC", "Lymphocytes", "adlb" } },
  populations = { { "ITT", "All", "USUBJID is not null" } },
}
LUA
start t -q -d t.db -i own.lua

# becomes NAME LEFT RIGHT WANT: Tab between LEFT and RIGHT makes the line WANT
becomes() {
  typed "$2$3"
  [ -z "$3" ] || keys -N ${#3} Left
  keys Tab
  ends "$1" 1 "> $4"
  keys C-c C-l
}
# offers NAME LEFT REGEX: Tab Tab lists these, and the line stays
offers() {
  typed "$2"
  keys Tab Tab
  seen "$1" "$3"
  ends "and none is chosen" 1 "$(sed 's/ *$//' <<<"> $2")"
  keys C-c C-l
}

# Lua
becomes "a global" 'type(coro' ')' 'type(coroutine)'
offers "ties are listed" 'print(2, string.g' '^gmatch +gsub$'
becomes "what stands to the right stays" 'demo.adsl.APA' '.max' 'demo.adsl.APACHE.max'
becomes "a function of ours" 'descr' '' 'describe'
becomes "a keyword" 'retu' '' 'return'
becomes "a field of a library" 'x = figure.poi' '' 'x = figure.points'
typed 'print("a") -- demo.ads'
keys Tab
ends "nothing in a comment" 1 '> print("a") -- demo.ads'
keys C-c C-l

# data
becomes "a table of a study" 's.t' '' 's.t'
becomes "a table of demo" 'demo.adt' '' 'demo.adtte'
becomes "a column of a frame" 'd.AG' '' 'd.AGE'
becomes "a column of a relation" 's.u.WEI' '' 's.u.WEIGHT'
becomes "a column whose name is no name of Lua" 'd["my ' '' 'd["my var"'
typed 'd.my'
keys Tab
ends "which no dot can give" 1 '> d.my'
keys C-c C-l
becomes "a verb of a relation" 's.t:summ' '' 's.t:summarise'
becomes "a verb behind a chain" 's.t:where "AGE > 3":wi' '' 's.t:where "AGE > 3":wider'
becomes "a member of a result" 'ttest({1}, {2}):ti' '' 'ttest({1}, {2}):tidy'

# text
becomes "a column in a condition" 's.t:where "CHGA' '' 's.t:where "CHGABS'
becomes "a column in an expression" 's.t:mutate "Z = ln(CHGR' ') + 1"' \
  's.t:mutate "Z = ln(CHGREL) + 1"'
becomes "a column of that table alone" 's.u:where "WEEK > 1 and CHG' '"' \
  's.u:where "WEEK > 1 and CHG"'
becomes "whose case is forgiven where nothing else is meant" 's.t:where "age' '' \
  's.t:where "AGE'
becomes "here too" 'd.ag' '' 'd.AGE'
becomes "a new column, further on" 's.t:mutate "LRAT = 1":where "LRA' '' \
  's.t:mutate "LRAT = 1":where "LRAT'
becomes "a column to group by" 's.t:by("AR' '' 's.t:by("ARM"'
becomes "a column as a key" 's.t:where { AR' '' 's.t:where { ARM'
becomes "a column in a formula" 'lm("AVAL ~ BA' '", demo.adlb)' \
  'lm("AVAL ~ BASE", demo.adlb)'
becomes "a column in Surv()" 'km("Surv(AVAL, CN' '", demo.adtte)' \
  'km("Surv(AVAL, CNSR", demo.adtte)'
offers "levels behind COL = '" "demo.adlb:where \"AVISIT = 'Day " '^Day 15 +Day 29 +Day 8$'
becomes "the one that is left" "demo.adlb:where \"AVISIT = 'Day 2" '' \
  "demo.adlb:where \"AVISIT = 'Day 29'"
becomes "levels in a list" "demo.adlb:where \"PARAMCD in ('ALC', 'CRE" '' \
  "demo.adlb:where \"PARAMCD in ('ALC', 'CREAT'"
becomes "levels of a key" 'demo.adlb:where { AVISIT = "Day 1' '' \
  'demo.adlb:where { AVISIT = "Day 15"'
becomes "values of a text without levels" "s.t:where \"ARM = 'A" '' "s.t:where \"ARM = 'A'"

# options
becomes "an option" 'ttest({1, 2}, {3, 4}, { conf' '' 'ttest({1, 2}, {3, 4}, { conf_level'
becomes "a value of an option" 'ttest({1, 2}, {3, 4}, { alternative = "tw' '' \
  'ttest({1, 2}, {3, 4}, { alternative = "two-sided"'
becomes "columns where an option takes them" 'figure.points { demo.adsl, y = "APA' '' \
  'figure.points { demo.adsl, y = "APACHE"'
becomes "a comparison of the trial" 'ttest("AVAL ~ ARM", d, { compare = "Act' '' \
  'ttest("AVAL ~ ARM", d, { compare = "Active vs Placebo"'
becomes "a parameter of the trial" 'endpoint "X" { parameter = "A' '' \
  'endpoint "X" { parameter = "ALC"'
becomes "an analysis" 'endpoint "X" { analysis = "kap' '' 'endpoint "X" { analysis = "kap'
becomes "a population" 'endpoint "X" { population = "I' '' 'endpoint "X" { population = "ITT"'

# SQL
offers "columns in sql()" 'sql("select CHG' '^CHGABS +CHGREL$'
typed 'select CHG from t'
keys Left Left Left Left Left Left Left Tab Tab
seen "columns of the table behind from, to the right of the cursor" '^CHGABS +CHGREL$'
keys C-c C-l
becomes "and of that table alone" 'select WE' ' from t' 'select WE from t'
becomes "a table behind from" 'select * from dem' '' 'select * from dem'
becomes "a level" "select * from t where ARM = 'B" '' "select * from t where ARM = 'B'"
becomes "a column by its alias" 'select x.WEI' ' from u x' 'select x.WEIGHT from u x'

# files, commands, help
becomes "a file" 'read "adlb_l' '")' 'read "adlb_long_name.csv")'
becomes "a folder, open for more" 'read "da' '' 'read "data/'
becomes "a file inside" 's:import "data/ads' '' 's:import "data/adsl_raw.csv"'
becomes "a command" '.tab' '' '.tables'
becomes "its word" '.mode jsonl' '' '.mode jsonl'
becomes "its file" '.read run_' '' '.read run_me.lua'
becomes "a topic of the help" '?mutat' '' '?mutate'
becomes "behind its family" '?model:contr' '' '?model:contrast'

line 'wide = {} for i = 1, 2000 do wide[("COLUMN%04d"):format(i)] = i end'
typed 'wide.'
keys Tab
sees '^> wide\.COLUMN$'
keys Tab
seen "of many names a hundred are listed" '^\.\.\. and 1900 more$'
keys C-c

finish
