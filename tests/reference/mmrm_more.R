# More values of tests/lua/test_mmrm_r.lua, by the functions of mmrm.R: Dialyzer
# and BodyWeight of nlme 3.1-162 (GPL >= 2), some rows left out, which it writes to
# tests/data/dialyzer.csv and rats.csv. gls driven to convergence must agree.
#   Rscript tests/reference/mmrm_more.R > tests/reference/mmrm_more.csv
suppressMessages(library(nlme))
num <- function(x) sprintf("%.17g", x)
source("tests/reference/mixed_engine.R")
lines <- readLines("tests/reference/mmrm.R")
eval(parse(text = lines[(grep("^# Covariance matrices of", lines)):(grep("^f <- DIST", lines) - 1)]))

d <- as.data.frame(Dialyzer); k <- seq_len(nrow(d))
d <- data.frame(USUBJID = paste0("D", d$Subject), AVISIT = paste0("V", d$index), AVISITN = d$index,
                QB = paste0("Q", d$QB), PRESSURE = d$pressure, RATE = d$rate, W = 0.5 + ((k * 31) %% 9) / 6)
d <- d[(k * 7) %% 13 != 2, ]
r <- as.data.frame(BodyWeight); k <- seq_len(nrow(r))
r <- data.frame(USUBJID = paste0("R", r$Rat), AVISIT = sprintf("day %02d", r$Time), AVISITN = r$Time,
                DIET = paste0("D", r$Diet), GRAMS = r$weight, WEEK = r$Time / 7, W = 0.5 + ((k * 31) %% 9) / 6)
r <- r[(k * 11) %% 17 != 5 & r$AVISITN != 43, ]
r$WEEK <- as.numeric(sprintf("%.6f", r$WEEK)); d$W <- as.numeric(sprintf("%.6f", d$W)); r$W <- as.numeric(sprintf("%.6f", r$W))
write.csv(d, "tests/data/dialyzer.csv", row.names = FALSE, quote = FALSE)
write.csv(r, "tests/data/rats.csv", row.names = FALSE, quote = FALSE)
for (n in c("d", "r")) {
  x <- get(n); x$USUBJID <- factor(x$USUBJID)
  x$AVISIT <- factor(x$AVISIT, levels = unique(x$AVISIT[order(x$AVISITN)])); assign(n, x)
}
f <- RATE ~ QB * AVISIT; g <- GRAMS ~ DIET * WEEK
for (s in c("csh", "toeph", "ante1", "ar1h")) report(paste("dialyzer", s), f, d, s)
report("dialyzer sp_pow", f, d, "sp_pow", time = "PRESSURE")
report("dialyzer un ml", RATE ~ QB + AVISIT, d, "un", ml = TRUE)
report("dialyzer ar1h group", f, d, "ar1h", group = "QB")
report("dialyzer toep weights", f, d, "toep", weights = "W")
report("dialyzer sp_pow weights", f, d, "sp_pow", time = "PRESSURE", weights = "W")
report("dialyzer csh ml", f, d, "csh", ml = TRUE)
for (s in c("cs", "ar1h")) report(paste("rats", s), g, r, s)
report("rats sp_pow", g, r, "sp_pow", time = "WEEK")
report("rats sp_exp ml", g, r, "sp_exp", ml = TRUE, time = "WEEK")
report("rats sp_pow group", g, r, "sp_pow", group = "DIET", time = "WEEK")
report("rats sp_pow weights", g, r, "sp_pow", time = "WEEK", weights = "W")
d$V <- as.integer(d$AVISIT); r$V <- as.integer(r$AVISIT); h <- varIdent(form = ~ 1 | AVISIT)
# of the three with a variance for each visit gls stops short
of_gls("dialyzer csh", f, d, correlation = corCompSymm(form = ~ 1 | USUBJID), weights = h, slack = 2e-5)
of_gls("dialyzer ar1h", f, d, correlation = corAR1(form = ~ V | USUBJID), weights = h, slack = 2e-5)
of_gls("dialyzer sp_pow", f, d, correlation = corCAR1(form = ~ PRESSURE | USUBJID))
of_gls("dialyzer un ml", RATE ~ QB + AVISIT, d, correlation = corSymm(form = ~ V | USUBJID), weights = h, method = "ML", slack = 2e-5)
w <- varFixed(~ I(1 / W))
of_gls("dialyzer sp_pow weights", f, d, correlation = corCAR1(form = ~ PRESSURE | USUBJID), weights = w)
of_gls("rats cs", g, r, correlation = corCompSymm(form = ~ 1 | USUBJID))
of_gls("rats sp_pow", g, r, correlation = corCAR1(form = ~ WEEK | USUBJID))
of_gls("rats sp_exp ml", g, r, correlation = corExp(form = ~ WEEK | USUBJID), method = "ML")
of_gls("rats sp_pow weights", g, r, correlation = corCAR1(form = ~ WEEK | USUBJID), weights = w)
