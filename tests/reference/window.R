# Values of R beside each row of a group, for the CGD trial (scripts/cgd/cgd.csv):
# the days of a patient's intervals in their order, and ranks within arms.
#   Rscript tests/reference/window.R > tests/reference/window.csv
# Made with R 4.2.2.
d <- read.csv("scripts/cgd/cgd.csv", stringsAsFactors = FALSE)
d <- d[order(d$USUBJID, -d$ENUM), ] # not in the order that the test asks for
d$DAYS <- (d$TSTOP - d$TSTART) / 7
d$DAYS[d$STATUS == 0 & d$ENUM == 2] <- NA

within <- function(f) { # f(x) of a patient's days in the order of ENUM
  out <- rep(NA_real_, nrow(d))
  for (id in unique(d$USUBJID)) {
    rows <- which(d$USUBJID == id)
    rows <- rows[order(d$ENUM[rows])]
    out[rows] <- f(d$DAYS[rows])
  }
  out
}
so_far <- function(f) function(x) sapply(seq_along(x), function(i) {
  v <- x[1:i][!is.na(x[1:i])]
  if (length(v)) f(v) else NA
})
all_of <- function(f) function(x) {
  v <- x[!is.na(x)]
  rep(if (length(v)) f(v) else NA, length(x))
}
d$lag <- within(function(x) c(NA, head(x, -1)))
d$lead2 <- within(function(x) c(tail(x, -2), rep(-1, min(2, length(x)))))
d$cumsum <- within(so_far(sum))
d$cummean <- within(so_far(mean))
d$cummin <- within(so_far(min))
d$cummax <- within(so_far(max))
d$mean <- within(all_of(mean))
d$stddev <- within(all_of(sd))
d$median <- within(all_of(median))
d$geomean <- within(all_of(function(v) exp(mean(log(v)))))
d$q <- within(all_of(function(v) quantile(v, 0.25, type = 2)))
d$rank <- ave(d$DAYS, d$TRT01P, FUN = function(x)
  rank(x, na.last = "keep", ties.method = "min"))
d$dense <- ave(d$DAYS, d$TRT01P, FUN = function(x) as.numeric(factor(-x)))
columns <- c("lag", "lead2", "cumsum", "cummean", "cummin", "cummax", "mean",
             "stddev", "median", "geomean", "q", "rank", "dense")
cat(paste(c("USUBJID", "ENUM", columns), collapse = ","), "\n", sep = "")
for (i in seq_len(nrow(d))) {
  values <- unlist(d[i, columns])
  cat(d$USUBJID[i], d$ENUM[i],
      ifelse(is.na(values), "NA", sprintf("%.17g", values)), sep = ",")
  cat("\n")
}
