# Numbers of tables of the demo study, by base R from the same CSV files.
#   Rscript tables.R > tables.csv      below tests/reference
d <- read.csv("../../lua/lib/demo/adsl.csv", na.strings = "")
e <- read.csv("../../lua/lib/demo/adae.csv", na.strings = "")
l <- read.csv("../../lua/lib/demo/adlb.csv", na.strings = "")
arms <- c("Placebo", "CYT107 LF", "CYT107 HF")
out <- function(table, row, arm, statistic, value)
  cat(sprintf('"%s","%s","%s","%s",%.15g\n', table, row, arm, statistic, value))
cat("table,row,arm,statistic,value\n")
e <- merge(e[!is.na(e$TRTEMFL), setdiff(names(e), "TRT01P")],
           d[c("USUBJID", "TRT01P", "TRTDUR")])

# subjects, events, exposure-adjusted rates of first events with exact intervals
rows <- list(c("Any adverse event", NA, NA))
for (s in unique(e$AEBODSYS)) {
  rows <- c(rows, list(c(s, s, NA)))
  for (p in unique(e$AEDECOD[e$AEBODSYS == s]))
    rows <- c(rows, list(c(paste(s, p, sep = " / "), s, p)))
}
for (r in rows) {
  own <- e[(is.na(r[2]) | e$AEBODSYS == r[2]) & (is.na(r[3]) | e$AEDECOD == r[3]), ]
  for (a in arms) {
    x <- own[own$TRT01P == a, ]
    n <- length(unique(x$USUBJID))
    out("ae", r[1], a, "n", n)
    out("ae", r[1], a, "share", n / sum(d$TRT01P == a))
    out("ae", r[1], a, "events", nrow(x))
    time <- sapply(d$USUBJID[d$TRT01P == a], function(id) {
      full <- d$TRTDUR[d$USUBJID == id]
      first <- x$ASTDY[x$USUBJID == id]
      if (length(first)) min(full, max(0, min(first))) else full
    })
    years <- sum(time) / 365.25
    ci <- poisson.test(n, years)$conf.int
    out("rate", r[1], a, "rate", 100 * n / years)
    out("rate", r[1], a, "conf_low", 100 * ci[1])
    out("rate", r[1], a, "conf_high", 100 * ci[2])
    worst <- tapply(x$AETOXGR, x$USUBJID, function(g)
      if (all(is.na(g))) NA else max(g, na.rm = TRUE))
    for (g in unique(worst))
      out("grade", paste(r[1], if (is.na(g)) "Grade missing" else
        paste("Grade", g), sep = " / "), a, "n",
        if (is.na(g)) sum(is.na(worst)) else sum(worst == g, na.rm = TRUE))
  }
}

# disposition, exposure, deaths
for (a in arms) {
  x <- d[d$TRT01P == a, ]
  for (s in unique(d$EOSSTT)) out("disposition", s, a, "n", sum(x$EOSSTT == s))
  for (s in unique(na.omit(d$DCSREAS)))
    out("disposition", s, a, "n", sum(x$DCSREAS == s, na.rm = TRUE))
  out("exposure", "duration", a, "mean", mean(x$TRTDUR))
  out("exposure", "duration", a, "sd", sd(x$TRTDUR))
  out("exposure", "years", a, "sum", sum(x$TRTDUR) / 365.25)
  out("exposure", "share", a, "mean", mean(100 * x$NDOSE / x$NPLAN))
  for (k in c(28, 90))
    out("deaths", k, a, "n", sum(x$DTHFL == "Y" & x$DTHDY <= k))
  out("deaths", "day", a, "median", median(x$DTHDY[x$DTHFL == "Y"]))
}

# values by visit and their changes
l <- merge(l[setdiff(names(l), "TRT01P")], d[c("USUBJID", "TRT01P")])
for (p in unique(l$PARAMCD)) for (v in unique(l$AVISIT)) for (a in arms) {
  x <- l[l$PARAMCD == p & l$AVISIT == v & l$TRT01P == a & !is.na(l$AVAL), ]
  row <- paste(p, v)
  out("labs", row, a, "n", nrow(x))
  if (nrow(x)) {
    out("labs", row, a, "mean", mean(x$AVAL))
    q <- quantile(x$AVAL, c(.25, .5, .75), type = 2)
    for (i in 1:3) out("labs", row, a, c("q1", "median", "q3")[i], q[i])
    if (nrow(x) > 1) out("labs", row, a, "sd", sd(x$AVAL))
    if (v != "Baseline") out("labs", row, a, "change", mean(x$CHG, na.rm = TRUE))
  }
}
