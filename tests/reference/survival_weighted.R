# Reference values for Kaplan-Meier curves with case weights and delayed entry, by R's
# survival package (written with 3.5-3 under R 4.2.2). From the project root:
#   Rscript tests/reference/survival_weighted.R
# writes tests/data/survival_weighted.csv (the data) and
# tests/reference/survival_weighted_curves.csv and _medians.csv.
# survival: lung heart (each row by itself); the rest is made here.

suppressMessages(library(survival))
set.seed(20261127)

make <- function(entry, time, event, weight, group)
  data.frame(entry = entry, time = time, event = as.integer(event),
             weight = weight, group = as.integer(factor(group)) - 1L)

sets <- list(
  lung_whole = with(lung, make(0, time, status == 2, 1 + inst %% 3, sex)),
  lung_share = with(lung, make(0, time, status == 2, age / 60, sex)),
  heart = with(heart, make(start, stop, event, 1, transplant)),
  heart_share = with(heart, make(start, stop, event, 0.3 + (id %% 7) / 4, transplant)),
  twos = make(0, c(1, 2, 2, 3, 4), c(1, 1, 0, 1, 0), 2, 1),
  emptied = make(c(0, 0, 5, 5, 6), c(1, 2, 7, 8, 9), c(1, 1, 1, 0, 1), 1, 1),
  emptied_share = make(c(0, 0, 5, 5, 6), c(1, 2, 7, 8, 9), c(1, 1, 1, 0, 1),
                       c(.5, 1.5, 1, 2, .25), 1),
  censored = make(c(0, 1, 2), 3:5, 0, c(.5, 1, 2), 1),
  pair = make(c(0, 1), c(2, 3), c(1, 0), c(1.5, .5), 1))
sets$lung_whole <- sets$lung_whole[!is.na(sets$lung_whole$weight), ]
for (i in 1:36) {
  n <- sample(3:60, 1)
  entry <- if (i %% 3 == 0) rep(0, n) else sample(0:8, n, TRUE)
  weight <- switch(i %% 4 + 1, rep(1, n), sample(1:4, n, TRUE),
                   round(runif(n, .1, 3), 3), round(rexp(n), 4) + 1e-3)
  sets[[paste0("r", i)]] <- make(entry, entry + sample(1:12, n, TRUE),
    rbinom(n, 1, .6), weight, sample(1:2, n, TRUE))
}

curves <- medians <- NULL
for (name in names(sets)) {
  d <- sets[[name]]
  for (g in unique(sort(d$group))) for (type in c("log-log", "log", "plain")) {
    part <- d[d$group == g, ]
    f <- if (any(part$entry > 0))
      survfit(Surv(entry, time, event) ~ 1, part, weights = weight, conf.type = type)
    else survfit(Surv(time, event) ~ 1, part, weights = weight, conf.type = type)
    s <- summary(f, censored = TRUE)
    curves <- rbind(curves, data.frame(set = name, group = g, ci = type,
      time = f$time, n_risk = f$n.risk, n_event = f$n.event, n_censor = f$n.censor,
      estimate = f$surv, std_error = ifelse(f$surv > 0, s$std.err, NA),
      conf_low = ifelse(f$surv > 0, f$lower, NA),
      conf_high = ifelse(f$surv > 0, f$upper, NA)))
    # 0 but for rounding; limits that rise, of which R takes no first one; and limits at S = 0, which only robust plain ones have in R
    if (any(f$surv != 0 & abs(f$surv) < 1e-12) ||
        any(diff(na.omit(f$lower)) > 0, diff(na.omit(f$upper)) > 0) ||
        type == "plain" && any(part$weight %% 1 != 0) && min(f$surv) == 0) next
    q <- quantile(f, .5)
    medians <- rbind(medians, data.frame(set = name, group = g, ci = type,
      estimate = q$quantile, conf_low = q$lower, conf_high = q$upper))
  }
}
all <- do.call(rbind, Map(function(n, d) cbind(set = n, d), names(sets), sets))
write <- function(x, file)
  write.csv(format(x, digits = 15, trim = TRUE), file, row.names = FALSE, quote = FALSE)
write(all, "tests/data/survival_weighted.csv")
write(curves, "tests/reference/survival_weighted_curves.csv")
write(medians, "tests/reference/survival_weighted_medians.csv")
