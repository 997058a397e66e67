# Values of R's survival package for the CGD trial (scripts/cgd/cgd.csv).
#   Rscript tests/reference/cgd.R > tests/reference/cgd.csv
# Made with R 4.2.2, survival 3.5-3. test is the analysis, arm the group or
# empty, at the time or probability or empty, then the quantity and its value.
library(survival)

d <- read.csv("scripts/cgd/cgd.csv", stringsAsFactors = FALSE)
d$TRT01P <- factor(d$TRT01P, c("placebo", "rIFN-g"))
first <- d[d$ENUM == 1, ]

cat("test,arm,at,quantity,value\n")
put <- function(test, arm, at, quantity, value)
  cat(sprintf("%s,%s,%s,%s,%s\n", test, arm, at, quantity,
              ifelse(is.na(value), "NA", sprintf("%.17g", value))), sep = "")

for (arm in levels(d$TRT01P)) {
  own <- first[first$TRT01P == arm, ]
  put("counts", arm, "", "n", nrow(own))
  put("counts", arm, "", "n_event", sum(own$STATUS))
  put("counts", arm, "", "infections", sum(d$STATUS[d$TRT01P == arm]))
  put("counts", arm, "", "days", sum((d$TSTOP - d$TSTART)[d$TRT01P == arm]))
}

for (strata in c("", "INHERIT")) {
  f <- Surv(TSTOP, STATUS) ~ TRT01P
  if (strata != "") f <- update(f, ~ . + strata(INHERIT))
  s <- survdiff(f, first)
  name <- if (strata == "") "logrank" else "logrank_stratified"
  obs <- if (is.matrix(s$obs)) rowSums(s$obs) else s$obs
  exp <- if (is.matrix(s$exp)) rowSums(s$exp) else s$exp
  put(name, "", "", "statistic", s$chisq)
  put(name, "", "", "p_value", pchisq(s$chisq, 1, lower.tail = FALSE))
  put(name, levels(d$TRT01P), "", "observed", obs)
  put(name, levels(d$TRT01P), "", "expected", exp)
}

# The first time at which a limit of the curve is 1 - p or below. quantile()
# gives the same where the limit falls; the plain upper limit of rIFN-g rises
# again at the last event (0.8831 at 274, 0.8916 at 373), and there quantile()
# answers 373 for p = 0.1.
reached <- function(limit, time, p)
  sapply(p, function(x) time[which(limit <= 1 - x + 1e-12)[1]])

for (ci in c("log-log", "log", "plain")) {
  fit <- survfit(Surv(TSTOP, STATUS) ~ TRT01P, first, conf.type = ci)
  s <- summary(fit, times = c(100, 200, 300))
  arm <- sub("TRT01P=", "", s$strata)
  put(ci, arm, s$time, "n_risk", s$n.risk)
  put(ci, arm, s$time, "survival", s$surv)
  put(ci, arm, s$time, "std_error", s$std.err)
  put(ci, arm, s$time, "conf_low", s$lower)
  put(ci, arm, s$time, "conf_high", s$upper)
  q <- quantile(fit, c(0.1, 0.25, 0.5))
  for (i in seq_along(levels(d$TRT01P))) {
    arm <- levels(d$TRT01P)[i]
    p <- c(0.1, 0.25, 0.5)
    put(ci, arm, p, "quantile", q$quantile[i, ])
    own <- fit[i]
    low <- reached(own$lower, own$time, p)
    high <- reached(own$upper, own$time, p)
    stopifnot(ci == "plain" || identical(c(low, high),
      as.numeric(c(q$lower[i, ], q$upper[i, ]))))
    put(ci, arm, p, "quantile_low", low)
    put(ci, arm, p, "quantile_high", high)
  }
}

# Hazard ratios, alone and adjusted, and restricted means to 300 days.
control <- coxph.control(eps = 1e-14, toler.chol = 1e-15)
for (right in c("TRT01P", "TRT01P + AGE + STEROIDS + strata(INHERIT)")) {
  m <- coxph(as.formula(paste("Surv(TSTOP, STATUS) ~", right)), first,
             control = control)
  b <- summary(m)$coefficients[1, ]
  name <- if (right == "TRT01P") "hazard ratio" else "adjusted"
  put(name, "", "", "estimate", exp(b[1]))
  put(name, "", "", "std_error", b[3])
  put(name, "", "", "conf_low", exp(b[1] - qnorm(0.975) * b[3]))
  put(name, "", "", "p_value", b[5])
}
r <- summary(survfit(Surv(TSTOP, STATUS) ~ TRT01P, first), rmean = 300)$table
e <- r[2, "rmean"] - r[1, "rmean"]
se <- sqrt(sum(r[, "se(rmean)"]^2))
put("restricted mean", "", "", "estimate", e)
put("restricted mean", "", "", "std_error", se)
put("restricted mean", "", "", "conf_high", e + qnorm(0.975) * se)
put("restricted mean", "", "", "p_value", 2 * pnorm(-e / se))
