# Kenward and Roger's standard errors in tests/lua/test_mmrm.lua: from the
# definitions, by R 4.2.2. fev_data is that of R's package mmrm.
#   Rscript tests/reference/mmrm_fev.R FEV_DATA.csv
source("tests/reference/mixed_engine.R")
lines <- readLines("tests/reference/mmrm.R") # its covariance matrices and setup
part <- grep("^# (Covariance matrices of|Output ---)", lines)
eval(parse(text = lines[part[1]:(part[2] - 1)]))
d <- read.csv(commandArgs(TRUE)[1], stringsAsFactors = TRUE)
d <- d[!is.na(d$FEV1), ]
d$ARMCD <- relevel(d$ARMCD, "PBO"); d$AVISITN <- as.integer(d$AVISIT)
for (s in c("un", "cs", "csh", "toep", "toeph", "ar1", "ar1h", "ante1")) {
  p <- setup(FEV1 ~ ARMCD, d, s); o <- optimum(p); x <- sums(p, o$theta)
  Phi <- solve(Re(x$A)); P <- slopes(p, o$theta); V <- roger(p, o, Phi, P, FALSE)
  cat(s, sprintf("%.12f", c(o$value, sqrt(V[2, 2]), satterthwaite(c(0, 1), Phi, P, o$W))), "\n")
}
