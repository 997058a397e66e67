# Areas under curves and what else relation:auc gives, of made-up series: auc_data.csv
# holds the series, auc.csv the values. Base R alone: the curve is written as
# a function and integrated numerically, which is not how auc.lua does it.
#   Rscript tests/reference/auc.R
# Made with R 4.2.2.
set.seed(20180308)
out <- "tests/reference/"
if (!dir.exists(out)) out <- ""

series <- list()
for (i in 1:12) {
  n <- c(8, 5, 3, 2, 1, 6, 7, 4, 9, 5, 6, 3)[i]
  day <- sort(sample(setdiff(-6:70, 0), n))
  value <- round(exp(rnorm(n, 6, 0.6)) * exp(-seq_len(n) / 6 * (i %% 2)), 1)
  if (i == 9) value[4] <- 0
  series[[i]] <- data.frame(id = sprintf("S%02d", i), day, value)
}
d <- do.call(rbind, series)
write.csv(d, paste0(out, "auc_data.csv"), row.names = FALSE, quote = FALSE)

time <- function(day) ifelse(day > 0, day - 1, day) # no day 0

# The curve at x, between the values around it.
curve_at <- function(t, v, x, log_down) {
  k <- findInterval(x, t, rightmost.closed = TRUE)
  t0 <- t[k]; t1 <- t[k + 1]; v0 <- v[k]; v1 <- v[k + 1]
  f <- (x - t0) / (t1 - t0)
  if (log_down && v1 < v0 && v1 > 0) v0^(1 - f) * v1^f
  else v0 * (1 - f) + v1 * f
}

# Its area from a to b, both within the values: smooth between two of them.
area <- function(t, v, a, b, log_down) {
  x <- sort(unique(c(a, t[t > a & t < b], b)))
  sum(sapply(seq_along(x)[-1], function(k)
    integrate(function(y) sapply(y, function(z)
      curve_at(t, v, z, log_down)), x[k - 1], x[k], rel.tol = 1e-13)$value))
}

rows <- NULL
for (case in list(c(1, 42), c(-3, 20), c(5, 60))) {
  a <- time(case[1]); b <- time(case[2])
  for (s in split(d, d$id)) {
    t <- time(s$day); v <- s$value
    inside <- t >= a & t <= b
    if (!any(inside)) next
    for (method in c("linear", "linear up log down")) {
      log_down <- method != "linear"
      lo <- max(a, t[1]); hi <- min(b, t[length(t)])
      seen <- if (hi > lo) area(t, v, lo, hi, log_down) else 0
      carried <- seen + v[1] * max(0, min(t[1], b) - a) +
        v[length(v)] * max(0, b - max(t[length(t)], a))
      full <- t[1] <= a && t[length(t)] >= b
      add <- function(rule, ends, value)
        rows <<- rbind(rows, data.frame(id = s$id[1], from = case[1],
          upto = case[2], rule, method, ends, value =
            if (is.na(value)) "" else sprintf("%.17g", value)))
      one <- v[inside][1]
      add("AUC", "observed", if (hi > lo) seen else NA)
      add("time-weighted mean", "observed",
          if (hi > lo) seen / (hi - lo) else one)
      add("AUC", "carry", carried)
      add("time-weighted mean", "carry", carried / (b - a))
      add("AUC", "missing", if (full) seen else NA)
      if (!log_down) {
        add("maximum", "observed", max(v[inside]))
        add("minimum", "observed", min(v[inside]))
        add("time of maximum", "observed",
            s$day[inside][which.max(v[inside])])
      }
    }
  }
}
write.csv(rows, paste0(out, "auc.csv"), row.names = FALSE, quote = FALSE)
