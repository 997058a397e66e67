# Reference values for Kaplan-Meier curves and the log-rank test, by R's
# survival package (written with 3.5-3 under R 4.2.2). From the project root:
#   Rscript tests/reference/survival.R
# writes tests/data/survival.csv (the data) and tests/reference/survival_*.csv.
# survival: aml lung ovarian veteran; MASS: gehan; the rest is made here.

suppressMessages(library(survival))
data(gehan, package = "MASS")
set.seed(20261124)

code <- function(x) as.integer(factor(x)) - 1L
make <- function(time, event, group = rep(0, length(time)),
                 stratum = rep(0, length(time)))
  data.frame(time = time, event = as.integer(event), group = code(group),
             stratum = code(stratum))

sets <- list(
  aml = with(aml, make(time, status, x)),
  lung = with(lung, make(time, status == 2, sex)),
  lung_ecog = with(subset(lung, !is.na(ph.ecog)),
                   make(time, status == 2, sex, ph.ecog)),
  ovarian = with(ovarian, make(futime, fustat, rx, ecog.ps)),
  gehan = with(gehan, make(time, cens, treat, pair)),
  veteran = with(veteran, make(time, status, trt, celltype)),
  veteran_cell = with(veteran, make(time, status, celltype, trt)),
  # S is 0.5 from 2 to 3, and from 2 to the end
  plateau = make(c(1, 2, 3, 4), c(1, 1, 1, 0)),
  plateau_last = make(c(1, 2, 3, 7), c(1, 1, 0, 0)),
  # 0.5 only up to rounding: (9/10)(8/9)(7/8)(6/7)(5/6)
  plateau_round = make(1:10, rep(1, 10)),
  # times that differ by rounding only
  near = make(c(0.1 + 0.2, 0.3, 1 / 3, 1 - 2 / 3, 0.7 - 0.4, 2, 3),
              c(1, 0, 1, 1, 1, 1, 0), c(1, 2, 1, 2, 2, 1, 2)),
  # within sqrt(eps), and within sqrt(eps) of the mean, or just not
  near_small = make(0.05 + c(0, 1.2e-8, 3e-8, 0.01, 0.02),
                    c(1, 1, 1, 0, 1), c(1, 2, 1, 2, 1)),
  near_large = make(1000 + c(0, 1.2e-5, 3e-5, 30, 50),
                    c(1, 1, 1, 0, 1), c(1, 2, 1, 2, 1)),
  zero = make(c(0, 0, 2, 3, 5, 6), c(1, 0, 1, 1, 0, 1), c(1, 2, 2, 1, 1, 2)),
  zero_all = make(c(0, 0, 0), c(1, 1, 0)),
  tied = make(rep(5, 6), rep(1, 6), c(1, 1, 1, 2, 2, 2)),
  tied_part = make(rep(5, 6), c(1, 1, 0, 1, 0, 0), c(1, 1, 1, 2, 2, 2)),
  censored = make(1:6, rep(0, 6), c(1, 2, 1, 2, 1, 2)),
  one = make(3, 1),
  one_censored = make(3, 0),
  one_each = make(c(3, 4), c(1, 1), c(1, 2)),
  no_event_in_2 = make(c(1, 2, 3, 4, 5, 6), c(1, 0, 1, 0, 1, 0),
                       c(1, 2, 1, 2, 1, 2)),
  # the second group has left before the first event
  left_early = make(c(1, 2, 5, 6, 7, 8), c(0, 0, 1, 1, 0, 1),
                    c(2, 2, 1, 3, 1, 3)),
  # stratum 3 has subjects of group 1 alone
  lonely = make(c(3, 5, 6, 7, 9, 2, 4), c(1, 1, 0, 1, 1, 1, 1),
                c(1, 2, 1, 2, 1, 1, 1), c(1, 1, 2, 2, 2, 3, 3)))
named <- names(sets)

for (i in 1:200) {
  n <- sample(4:40, 1)
  k <- sample(1:5, 1)
  s <- sample(1:3, 1)
  unit <- sample(c(0.01, 1, 30), 1)
  group <- sample(k, n, TRUE)
  t <- rweibull(n, runif(1, 0.6, 2), exp(0.4 * group))
  c <- rexp(n, runif(1, 0.05, 0.9))
  time <- unit * pmin(t, c)
  if (i %% 2) time <- ceiling(4 * time / unit) * unit / 4
  sets[[paste0("random", i)]] <-
    make(time, t <= c, group, sample(s, n, TRUE, c(5, 2, 1)[seq_len(s)]))
}

full <- function(x) {
  short <- sprintf("%.15g", x)
  ifelse(is.na(x), "NA",
         ifelse(suppressWarnings(as.numeric(short)) == x, short,
                sprintf("%.17g", x)))
}
write <- function(rows, file) {
  rows <- do.call(rbind, rows)
  for (j in names(rows)) if (is.numeric(rows[[j]])) rows[[j]] <- full(rows[[j]])
  write.csv(rows, file, row.names = FALSE, quote = FALSE)
}
write(Map(function(d, name) cbind(set = name, d), sets, names(sets)),
      "tests/data/survival.csv")

scales <- c("log-log", "log", "plain")
fit <- function(d, scale, level = 0.95)
  survfit(Surv(time, event) ~ 1, d, conf.type = scale, conf.int = level)
# one group at a time, but times made equal over all groups, as ~ group does
by_group <- function(d) {
  d[c("time", "event")] <- as.matrix(aeqSurv(Surv(d$time, d$event)))[, 1:2]
  split(d, d$group)
}

curves <- lapply(named, function(name) {
  do.call(rbind, lapply(by_group(sets[[name]]), function(d) {
    f <- lapply(scales, fit, d = d)
    limits <- do.call(cbind, lapply(f, function(x) data.frame(x$lower, x$upper)))
    names(limits) <- c(rbind(paste0("low_", scales), paste0("high_", scales)))
    f <- f[[1]]
    data.frame(set = name, group = d$group[1], time = f$time,
               n_risk = f$n.risk, n_event = f$n.event, n_censor = f$n.censor,
               survival = f$surv, std_error_log = f$std.err, limits)
  }))
})
write(curves, "tests/reference/survival_curves.csv")

# Random sets get one scale and one level each, the named ones all scales.
cases <- do.call(rbind, lapply(names(sets), function(name) {
  i <- suppressWarnings(as.integer(sub("random", "", name)))
  if (is.na(i)) data.frame(set = name, scale = scales, level = c(.95, .9, .99))
  else data.frame(set = name, scale = scales[i %% 3 + 1],
                  level = c(.95, .8)[i %% 2 + 1])
}))

# Where the limit of S rises again, quantile() may read the later time, while
# print() reads the first: then the median alone is compared, with print's.
quantiles <- apply(cases, 1, function(case) {
  do.call(rbind, lapply(by_group(sets[[case["set"]]]), function(d) {
    f <- fit(d, case["scale"], as.numeric(case["level"]))
    # 0.001 for company: of 0.1 alone quantile() says NA where S ends at
    # 0.9000000000000000222, and 0.1 is reached within its tolerance
    p <- c(0.001, 0.1, 0.25, 0.5, 0.75, 0.9)
    q <- quantile(f, p)
    rises <- any(diff(f$upper[!is.na(f$upper)]) > 1e-9)
    if (rises) {
      p <- 0.5
      q <- survival:::survmean(f, rmean = "none")$matrix[c(5, 6, 7)]
      q <- list(quantile = q[1], lower = q[2], upper = q[3])
    }
    data.frame(set = case[["set"]], scale = case[["scale"]],
               level = as.numeric(case[["level"]]), group = d$group[1], p = p,
               estimate = q$quantile, conf_low = q$lower, conf_high = q$upper)
  }))
})
write(quantiles, "tests/reference/survival_quantiles.csv")

points <- apply(cases, 1, function(case) {
  all <- do.call(rbind, by_group(sets[[case["set"]]]))
  at <- c(unname(quantile(all$time, c(.1, .5))), all$time[1])
  if (case["set"] %in% named) at <- c(0, at, max(all$time) + 1)
  do.call(rbind, lapply(by_group(all), function(d) {
    f <- fit(d, case["scale"], as.numeric(case["level"]))
    s <- summary(f, times = at, extend = TRUE)
    # what R carries on beyond the last time is not known; what it says before
    # the first time (log-log limits 1 and 1 where S is 1) it calls NA later
    keep <- s$time <= max(d$time) | s$surv == 0
    low <- ifelse(s$surv == 1 & case["scale"] == "log-log", NA, s$lower)
    high <- ifelse(s$surv == 1 & case["scale"] == "log-log", NA, s$upper)
    data.frame(set = case[["set"]], scale = case[["scale"]],
               level = as.numeric(case[["level"]]), group = d$group[1],
               t = s$time, n_risk = s$n.risk, survival = s$surv,
               std_error = s$std.err, conf_low = low, conf_high = high)[keep, ]
  }))
})
write(points, "tests/reference/survival_points.csv")

logrank <- lapply(names(sets), function(name) {
  do.call(rbind, lapply(0:1, function(stratified) {
    d <- sets[[name]]
    d$stratum <- d$stratum * stratified
    # survdiff fails where its variance is singular: the tests know these
    f <- suppressWarnings(
      try(survdiff(Surv(time, event) ~ group + strata(stratum), d), TRUE))
    if (inherits(f, "try-error") || is.nan(f$pvalue)) return(NULL)
    expected <- rowSums(as.matrix(f$exp))
    if (sum(expected > 0) < 2) return(NULL)
    k <- seq_along(expected) - 1
    group <- sort(unique(d$group))
    one <- function(quantity, value, i = 0, j = 0)
      data.frame(set = name, stratified = stratified, quantity = quantity,
                 i = i, j = j, value = value)
    rbind(one("chisq", f$chisq), one("df", sum(expected > 0) - 1),
          one("p", f$pvalue), one("observed", rowSums(as.matrix(f$obs)), group),
          one("expected", expected, group),
          one("variance", diag(f$var), group, group),
          one("variance", f$var[, 1], group, group[1]))
  }))
})
write(logrank, "tests/reference/survival_logrank.csv")
