# Reference values of cox(), made by R 4.2.2 and survival 3.5-3 (Debian):
# Rscript tests/reference/cox.R, from the top of the tree. Writes cox_data.csv
# (set, time, event, g, x, z, s) and cox.csv (set, formula, ties, quantity, value).
# coxph is driven to convergence. Profile limits are our own search over its
# likelihood with the coefficient fixed by an offset.
suppressMessages(library(survival))
set.seed(20261127)
control <- coxph.control(eps = 1e-14, toler.chol = 1e-15, iter.max = 200)
letter <- function(x) LETTERS[as.integer(factor(x))]
set <- function(name, time, event, g, x, z, s = 1)
  data.frame(set = name, time, event = as.integer(event), g = letter(g), x, z, s)
random <- function(name, n, k, strata, unit, effect = 0.5, censored = 0.5) {
  g <- sample(k, n, TRUE); x <- round(rnorm(n, 60, 11)); z <- round(rnorm(n), 2)
  s <- sample(strata, n, TRUE)
  t <- rexp(n, exp(effect * (g - 1) + 0.02 * (x - 60)) / s)
  c <- rexp(n, censored)
  set(name, ceiling(pmin(t, c) / unit) * unit, t <= c, g, x, z, s)
}
data <- rbind(
  with(lung, set("lung", time, status == 2, sex, age, ph.karno / 100, inst)),
  with(veteran, set("veteran", time, status, celltype, karno, diagtime / 100, trt)),
  with(ovarian, set("ovarian", futime, fustat, rx, age, resid.ds, ecog.ps)),
  random("ties", 60, 3, 1, 0.5), random("strata", 90, 2, 12, 0.01),
  random("small", 9, 2, 1, 0.1), random("large", 1500, 4, 3, 0.02, 0.2),
  # an event at the start, and all at two times
  set("zero", c(0, 0, 2, 3, 5, 6, 7, 8), c(1, 0, 1, 1, 0, 1, 1, 0),
      c(1, 2, 2, 1, 1, 2, 1, 2), c(3, 1, 4, 1, 5, 9, 2, 6),
      c(2, 7, 1, 8, 2, 8, 1, 8) / 10),
  set("two", rep(c(1, 2), 10), rep(c(1, 1, 1, 0), 5), rep(1:2, each = 10),
      c(5, 8, 3, 1, 9, 4, 6, 2, 7, 5, 3, 8, 1, 9, 2, 6, 4, 7, 5, 8),
      rep(c(1, 2, 4, 3, 5), 4) / 10))
write.csv(data, "tests/reference/cox_data.csv", row.names = FALSE, quote = FALSE)

out <- NULL
put <- function(set, right, ties, quantity, value)
  out <<- rbind(out, data.frame(set, formula = right, ties, quantity,
                                value = sprintf("%.17g", as.numeric(value))))
fit <- function(d, right, ties)
  coxph(as.formula(paste("Surv(time, event) ~", right)), d, ties = ties,
        control = control)
whole <- function(set, right, ties, m) {
  put(set, right, ties, "log_lik_null", m$loglik[1])
  put(set, right, ties, "log_lik", m$loglik[2])
  put(set, right, ties, "score", m$score)
}
rights <- c("g", "g + x", "g * x", "x + z", "g + x + strata(s)", "x + offset(z)")
for (name in unique(data$set)) for (right in rights)
  for (ties in c("efron", "breslow", "exact")) {
    d <- data[data$set == name, ]
    if (ties == "exact" && (name == "large" || right == "g * x")) next
    if (length(unique(d$s[!is.na(d$s)])) < 2 && grepl("strata", right)) next
    m <- suppressWarnings(fit(d, right, ties))
    s <- summary(m)$coefficients
    if (any(!is.finite(s)) || any(abs(coef(m)) > 15)) next # runs off
    whole(name, right, ties, m)
    put(name, right, ties, "wald", m$wald.test)
    for (i in seq_along(coef(m))) {
      put(name, right, ties, paste0("b", i), coef(m)[i])
      put(name, right, ties, paste0("se", i), s[i, "se(coef)"])
    }
    put(name, right, ties, "p1", s[1, 5])
    j <- grep("^g.$", names(coef(m)))
    if (right == "g + x") {
      put(name, right, ties, "wald_g",
          coef(m)[j] %*% solve(vcov(m)[j, j], coef(m)[j]))
      if (length(j) > 1) { # C against B
        v <- vcov(m)
        put(name, right, ties, "c", coef(m)[2] - coef(m)[1])
        put(name, right, ties, "se_c", sqrt(v[1, 1] + v[2, 2] - 2 * v[1, 2]))
      }
      # the likelihood when the coefficient of B is c
      d <- d[complete.cases(d[c("time", "event", "g", "x")]), ]
      X <- model.matrix(~ g + x, d)[, -1]
      at <- function(c)
        coxph(Surv(time, event) ~ X[, -1] + offset(X[, 1] * c), d, ties = ties,
              control = control)$loglik[2]
      cut <- qnorm(0.975)^2
      f <- function(c) 2 * (m$loglik[2] - at(c)) - cut
      b <- coef(m)[1]; se <- s[1, "se(coef)"]
      put(name, right, ties, "low",
          uniroot(f, c(b - 6 * se, b), tol = 1e-13)$root)
      put(name, right, ties, "high",
          uniroot(f, c(b, b + 6 * se), tol = 1e-13)$root)
      put(name, right, ties, "p_profile",
          pchisq(2 * (m$loglik[2] - at(0)), 1, lower.tail = FALSE))
    }
  }

# No events in B: R warns, and its score test stays valid; the other coefficient
# has the limit of its estimate.
none <- data[data$set %in% c("lung", "ties", "ovarian"), ]
none$event[none$g == "B"] <- 0
for (name in unique(none$set)) for (ties in c("efron", "breslow")) {
  d <- none[none$set == name, ]
  m <- suppressWarnings(fit(d, "g + x", ties))
  to <- paste0(name, "-none")
  whole(to, "g + x", ties, m)
  k <- length(coef(m))
  put(to, "g + x", ties, "b", coef(m)[k])
  put(to, "g + x", ties, "se", sqrt(vcov(m)[k, k]))
  X <- model.matrix(~ g + x, d)[, -1]
  at <- function(c)
    coxph(Surv(time, event) ~ X[, -1] + offset(X[, 1] * c), d, ties = ties,
          control = control)$loglik[2]
  f <- function(c) 2 * (m$loglik[2] - at(c)) - qnorm(0.975)^2
  put(to, "g + x", ties, "high", uniroot(f, c(-8, 2), tol = 1e-13)$root)
  put(to, "g + x", ties, "p_profile",
      pchisq(2 * (m$loglik[2] - at(0)), 1, lower.tail = FALSE))
}
write.csv(out, "tests/reference/cox.csv", row.names = FALSE, quote = FALSE)
