#!/usr/bin/env bash
# A survival figure of 3,000 subjects, a profile of 27 and points of 3,000, saved
# as PDF and as PNG of 600 dpi, beside the same by R's base graphics.
set -eu
cd "$(dirname "$0")/../.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
awk 'BEGIN { srand(1); print "USUBJID,TRT01P,AVAL,CNSR,Y"
  for (i = 0; i < 3000; i++) printf "S%04d,Arm %d,%d,%d,%.3f\n", i, i % 3,
    1 + int(-60 * log(1 - rand())), rand() < 0.4, exp(5 + rand() + rand()) }' \
  >"$dir/t.csv"
awk 'BEGIN { srand(2); print "USUBJID,TRT01P,AVISITN,AVAL"
  for (i = 0; i < 27; i++) for (d = 1; d < 60; d += 6)
    printf "S%04d,Arm %d,%d,%.3f\n", i, i % 3, d, exp(6 + rand()) }' >"$dir/l.csv"
cat >"$dir/t.lua" <<'LUA'
local dir = ...
local clock = function()
  local f = io.open "/proc/uptime"
  local t = tonumber(f:read "a":match "^[%d.]+")
  f:close()
  return t
end
local t, l = read(dir .. "/t.csv"), read(dir .. "/l.csv")
for _, case in ipairs {
  { "survival", function() return figure.survival { t, p_value = true } end },
  { "profile", function() return figure.profile { l, lines = true,
    centre = "geometric mean", yscale = "log" } end },
  { "points", function() return figure.points { t, y = "Y", yscale = "log",
    by = "TRT01P" } end } } do
  for _, e in ipairs { "pdf", "png" } do
    local from = clock()
    for i = 1, 5 do case[2]():save(("%s/%s.%s"):format(dir, case[1], e)) end
    print(("trialsh  %-10s .%s %8.0f ms"):format(case[1], e,
      1000 * (clock() - from) / 5))
  end
end
LUA
"${B:-build}/trialsh" -q "$dir/t.lua" "$dir"

if ! command -v Rscript >/dev/null; then
  echo "R        is not installed"
  exit
fi
cat >"$dir/t.R" <<'R'
dir <- commandArgs(TRUE)
t <- read.csv(file.path(dir, "t.csv")); t$TRT01P <- factor(t$TRT01P)
l <- read.csv(file.path(dir, "l.csv"))
suppressMessages(library(survival))
draw <- list(
  survival = function() {
    plot(survfit(Surv(AVAL, CNSR == 0) ~ TRT01P, t), col = 1:3, mark.time = TRUE)
    survdiff(Surv(AVAL, CNSR == 0) ~ TRT01P, t)
  },
  profile = function() {
    plot(range(l$AVISITN), range(l$AVAL), type = "n", log = "y")
    for (s in split(l, l$USUBJID)) lines(s$AVISITN, s$AVAL, col = "grey")
    for (a in split(l, l$TRT01P)) {
      m <- tapply(log(a$AVAL), a$AVISITN, mean)
      e <- tapply(log(a$AVAL), a$AVISITN, function(x) t.test(x)$conf.int)
      x <- as.numeric(names(m))
      lines(x, exp(m))
      segments(x, exp(sapply(e, `[`, 1)), x, exp(sapply(e, `[`, 2)))
    }
  },
  points = function() {
    boxplot(Y ~ TRT01P, t, log = "y", outline = FALSE)
    stripchart(Y ~ TRT01P, t, method = "jitter", vertical = TRUE, add = TRUE)
  })
for (name in names(draw)) for (e in c("pdf", "png")) {
  s <- system.time(for (i in 1:5) {
    file <- file.path(dir, paste0("r.", e))
    if (e == "pdf") pdf(file, 3.5, 2.5)
    else png(file, 3.5, 2.5, "in", res = 600, type = "cairo")
    draw[[name]]()
    invisible(dev.off())
  })
  cat(sprintf("R        %-10s .%s %8.0f ms\n", name, e, 1000 * s[3] / 5))
}
R
Rscript --vanilla "$dir/t.R" "$dir"
