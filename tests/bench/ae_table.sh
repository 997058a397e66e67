#!/usr/bin/env bash
# An AE table of 100,000 events of 3,000 subjects, 2,000 terms in 27 classes, beside
# the same counts by R's tables, and the rows as HTML.
set -eu
cd "$(dirname "$0")/../.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
awk 'BEGIN { srand(1); print "USUBJID,AEBODSYS,AEDECOD"
  for (i = 0; i < 100000; i++) { t = int(2000 * rand() * rand())
    printf "S%04d,Class %02d,Term %04d\n", 3000 * rand(), t % 27, t } }' \
  >"$dir/adae.csv"
awk 'BEGIN { print "USUBJID,TRT01A"
  for (i = 0; i < 3000; i++) printf "S%04d,Arm %d\n", i, i % 3 }' >"$dir/adsl.csv"
cat >"$dir/t.lua" <<'LUA'
local dir = ...
local s = study.create(dir .. "/s.db")
s:import(dir .. "/adsl.csv")
s:import(dir .. "/adae.csv")
local function timed(what, f)
  local start = os.clock()
  local x = f()
  print(("trialsh  %-28s %8.0f ms"):format(what, 1000 * (os.clock() - start)))
  return x
end
local t = timed("count", function()
  return table.ae { s.adae, subjects = s.adsl, by = "TRT01A" }
end)
timed("with differences", function()
  return table.ae { s.adae, subjects = s.adsl, by = "TRT01A", riskdiff = true,
    compare = { "Arm 1 vs Arm 0", "Arm 2 vs Arm 0" } }
end)
for _, e in ipairs { "html", "rtf", "docx", "xlsx" } do
  timed("write ." .. e, function() return t:save(dir .. "/t." .. e) end)
end
print(("trialsh  %d rows, %s in the first"):format(#t.rows, t:cell(1, 1)))
LUA
"${B:-build}/trialsh" "$dir/t.lua" "$dir"

if ! command -v Rscript >/dev/null; then
  echo "R        is not installed"
  exit
fi
cat >"$dir/t.R" <<'R'
dir <- commandArgs(TRUE)
adsl <- read.csv(file.path(dir, "adsl.csv"))
adae <- read.csv(file.path(dir, "adae.csv"))
s <- system.time({
  e <- merge(adae, adsl, by = "USUBJID")
  any <- table(unique(e[c("USUBJID", "TRT01A")])$TRT01A)
  soc <- unique(e[c("USUBJID", "TRT01A", "AEBODSYS")])
  pt <- unique(e[c("USUBJID", "TRT01A", "AEBODSYS", "AEDECOD")])
  a <- table(soc$AEBODSYS, soc$TRT01A)
  b <- table(paste(pt$AEBODSYS, pt$AEDECOD), pt$TRT01A)
  n <- table(adsl$TRT01A)
  text <- sprintf("%d (%.1f %%)", rbind(any, a, b), 100 * sweep(rbind(any, a, b), 2, n, "/"))
})
cat(sprintf("R        %-28s %8.0f ms\n", "count", 1000 * sum(s[1:2])))
s <- system.time({
  cells <- cbind(c("Any", rownames(a), rownames(b)), matrix(text, ncol = 3))
  lines <- apply(cells, 1, function(x) paste0("<tr>", paste0("<td>", x, "</td>", collapse = ""), "</tr>"))
  writeLines(c("<table>", lines, "</table>"), file.path(dir, "r.html"))
})
cat(sprintf("R        %-28s %8.0f ms\n", "write .html", 1000 * sum(s[1:2])))
cat(sprintf("R        %d rows, %s in the first\n", 1 + nrow(a) + nrow(b), text[1]))
R
Rscript "$dir/t.R" "$dir"
