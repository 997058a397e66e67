# Reference values of peto_prentice() and of describe() of values below limits, made
# by R 4.2.2 and survival 3.5-3 (Debian): Rscript tests/reference/nondetect.R, from
# the top of the tree. Writes nondetect_data.csv (set, aval, below, arm) and
# nondetect.csv (set, what, group, value). Values are turned by their rank, and the
# permutations are all that combn lists.
library(survival)
set.seed(12)
make <- function(set, n, limits, k = 2, digits = 1) {
  arm <- rep(LETTERS[1:k], length.out = n)
  y <- exp(1.5 + 0.7 * (arm == "A") + rnorm(n)); limit <- sample(limits, n, TRUE)
  below <- y < limit
  data.frame(set, aval = round(ifelse(below, limit, y), digits), below = as.integer(below), arm)
}
data <- rbind(make("tiny", 7, 3.2), make("ties", 14, c(3, 5), digits = 0),
              make("mixed", 15, c(2, 4, 8)), make("none", 12, 0),
              make("three", 45, c(2, 4, 8), 3), make("large", 200, c(1, 2, 6)),
              make("mostly", 16, 12))
data <- rbind(data, data.frame(set = "one", aval = c(5, 5, 5, 5, 7, 6, 3, 5, 9, 4),
  below = c(1, 1, 1, 1, 0, 0, 0, 1, 0, 1), arm = rep(c("B", "A"), c(4, 6))))
write.csv(data, "tests/reference/nondetect_data.csv", row.names = FALSE, quote = FALSE)
out <- NULL
put <- function(set, what, group, value)
  out <<- rbind(out, data.frame(set, what, group, value = sprintf("%.17g", as.numeric(value))))
# the weight of each distinct time: Prentice's S or the Kaplan-Meier S before it
scores <- function(time, event, kind) {
  at <- sort(unique(time[event == 1])); s <- 1; w <- numeric(0); h <- numeric(0)
  for (t in at) {
    n <- sum(time >= t); d <- sum(time == t & event == 1)
    before <- s
    s <- s * if (kind == "PP") 1 - d / (n + 1) else 1 - d / n
    w <- c(w, if (kind == "PP") s else before); h <- c(h, d / n)
  }
  sapply(seq_along(time), function(i)
    (if (event[i] == 1) w[at == time[i]] else 0) - sum((w * h)[at <= time[i]]))
}
weighted <- function(time, event, g, kind) {
  at <- sort(unique(time[event == 1])); lev <- sort(unique(g)); k <- length(lev)
  U <- numeric(k); V <- matrix(0, k, k); s <- 1
  for (t in at) {
    r <- sapply(lev, function(l) sum(time >= t & g == l)); n <- sum(r)
    d <- sapply(lev, function(l) sum(time == t & event == 1 & g == l)); D <- sum(d)
    before <- s
    s <- s * if (kind == "PP") 1 - D / (n + 1) else 1 - D / n
    w <- if (kind == "PP") s else before
    U <- U + w * (d - r * D / n)
    if (n > 1) V <- V + w^2 * D * (n - D) / (n - 1) * (diag(r / n, k) - outer(r, r) / n^2)
  }
  chisq <- tryCatch(drop(U[-1] %*% solve(V[-1, -1]) %*% U[-1]), error = function(e) NA) # one group alone
  list(chisq = chisq, U = U, V = V)
}
for (set in unique(data$set)) {
  d <- data[data$set == set, ]
  time <- as.numeric(factor(-d$aval)); event <- 1 - d$below
  sd <- survdiff(Surv(time, event) ~ d$arm, rho = 1)
  put(set, "fh_chisq", "", sd$chisq)
  fh <- weighted(time, event, d$arm, "FH")
  stopifnot(abs(fh$chisq - sd$chisq) < 1e-10 * sd$chisq)
  pp <- weighted(time, event, d$arm, "PP")
  put(set, "pp_chisq", "", pp$chisq)
  put(set, "pp_p", "", pchisq(pp$chisq, length(unique(d$arm)) - 1, lower.tail = FALSE))
  put(set, "pp_score", "A", pp$U[1])
  if (nrow(d) <= 16 && length(unique(d$arm)) == 2)
    for (kind in c("PP", "FH")) {
      a <- scores(time, event, kind); own <- which(d$arm == "A")
      stopifnot(abs(sum(a[own]) - (if (kind == "PP") pp else fh)$U[1]) < 1e-10)
      all <- colSums(combn(length(a), length(own), function(i) a[i]))
      o <- sum(a[own]); e <- 1e-9
      put(set, paste0(kind, "_absdev"), "", mean(abs(all) >= abs(o) - e))
      put(set, paste0(kind, "_greater"), "", mean(all >= o - e))
      put(set, paste0(kind, "_less"), "", mean(all <= o + e))
      put(set, paste0(kind, "_smallest"), "", mean(abs(all) >= max(abs(all)) - e))
    }
  # within strata: the i-th row of a set is in stratum (i - 1) %/% 2 %% 3
  s <- (seq_len(nrow(d)) - 1) %/% 2 %% 3; k <- length(unique(d$arm)); levels <- sort(unique(d$arm))
  sd <- survdiff(Surv(time, event) ~ d$arm + strata(s), rho = 1)
  put(set, "sfh_chisq", "", sd$chisq)
  U <- numeric(k); V <- matrix(0, k, k); a <- numeric(nrow(d))
  for (h in 0:2) {
    own <- which(s == h); w <- weighted(time[own], event[own], d$arm[own], "PP")
    at <- match(sort(unique(d$arm[own])), levels); U[at] <- U[at] + w$U; V[at, at] <- V[at, at] + w$V
    a[own] <- scores(time[own], event[own], "PP")
  }
  chisq <- drop(U[-1] %*% solve(V[-1, -1]) %*% U[-1])
  put(set, "spp_chisq", "", chisq); put(set, "spp_p", "", pchisq(chisq, k - 1, lower.tail = FALSE))
  put(set, "spp_score", "A", U[1])
  if (nrow(d) <= 16 && k == 2) {
    all <- 0
    for (h in 0:2) {
      own <- which(s == h); m <- sum(d$arm[own] == "A")
      all <- as.vector(outer(all, colSums(matrix(combn(length(own), m, function(i) a[own][i]), nrow = m)), "+"))
    }
    o <- sum(a[d$arm == "A"]); stopifnot(abs(o - U[1]) < 1e-10, abs(mean(all)) < 1e-9); e <- 1e-9
    put(set, "spp_absdev", "", mean(abs(all) >= abs(o) - e)); put(set, "spp_greater", "", mean(all >= o - e))
    put(set, "spp_less", "", mean(all <= o + e)); put(set, "spp_smallest", "", mean(abs(all) >= max(abs(all)) - e))
  }
  for (g in sort(unique(d$arm))) {
    x <- d[d$arm == g, ]
    f <- survfit(Surv(max(d$aval) - x$aval, 1 - x$below) ~ 1, conf.type = "log-log")
    q <- quantile(f, c(0.75, 0.5, 0.25))
    put(set, "q1", g, max(d$aval) - q$quantile[1]); put(set, "median", g, max(d$aval) - q$quantile[2])
    put(set, "q3", g, max(d$aval) - q$quantile[3])
    put(set, "median_low", g, max(d$aval) - q$upper[2]); put(set, "median_high", g, max(d$aval) - q$lower[2])
    if (sum(x$below == 0) > 1) {
      m <- survreg(Surv(log(x$aval), 1 - x$below, type = "left") ~ 1, dist = "gaussian",
                   control = survreg.control(maxiter = 200, rel.tolerance = 1e-14))
      n <- nrow(x); se <- sqrt(vcov(m)[1, 1] * n / (n - 1)); s <- m$scale * sqrt(n / (n - 1))
      put(set, "geomean", g, exp(coef(m))); put(set, "geosd", g, exp(s))
      put(set, "geocv", g, 100 * sqrt(expm1(s^2)))
      put(set, "geomean_low", g, exp(coef(m) - qt(0.975, n - 1) * se))
      put(set, "geomean_high", g, exp(coef(m) + qt(0.975, n - 1) * se))
    }
  }
}
write.csv(out, "tests/reference/nondetect.csv", row.names = FALSE, quote = FALSE)
