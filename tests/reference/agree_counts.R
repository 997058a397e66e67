# Tests of counts, for agree.R.
two <- list(tea = c(3, 4, 1, 4), none = c(0, 9, 3, 10), all = c(9, 9, 4, 10),
  nobody = c(0, 9, 0, 10), opposite = c(6, 6, 0, 5), even = c(5, 10, 5, 10),
  ship = c(203, 325, 178, 706), rare = c(3, 1200, 11, 1187), ones = c(1, 1, 0, 1))
for (name in names(two)) {
  t <- two[[name]]
  set(paste0("events_", name), matrix(t, 2, byrow = TRUE))
  set(paste0("cells_", name), matrix(c(t[1], t[2] - t[1], t[3], t[4] - t[3]), 2, byrow = TRUE))
}
call <- function(f, name, opt = "", of = "events")
  sprintf("%s(%s_%s%s)", f, of, name, if (opt == "") "" else paste0(", { ", opt, " }"))

# Given the margins, of one table or of several: x events of A, their weights at
# odds 1, and the smallest x.
margins <- function(tables) {
  w <- 1; low <- 0; x <- 0
  for (t in tables) {
    m <- t[1] + t[3]; s <- max(0, m - t[4]):min(t[2], m)
    h <- dhyper(s, t[2], t[4], m); w <- convolve2(w, h); low <- low + s[1]; x <- x + t[1]
  }
  list(s = low + seq_along(w) - 1, w = w, x = x)
}
convolve2 <- function(a, b) {
  r <- rep(0, length(a) + length(b) - 1)
  for (i in seq_along(a)) r[i + seq_along(b) - 1] <- r[i + seq_along(b) - 1] + a[i] * b
  r
}
odds_p <- function(k, log_odds = 0, mid = 0) {
  d <- log(k$w) + k$s * log_odds; d <- exp(d - max(d)); d <- d / sum(d)
  half <- mid * d[k$s == k$x] / 2
  lower <- sum(d[k$s <= k$x]) - half; upper <- sum(d[k$s >= k$x]) - half
  c(less = lower, greater = upper, central = min(1, 2 * lower, 2 * upper),
    minlike = sum(d[d <= d[k$s == k$x] * (1 + 1e-7)]) - half, mean = sum(d * k$s))
}
odds_limits <- function(k, mid = 0, alpha = 0.05) {
  at <- function(side) function(l) odds_p(k, l, mid)[[side]] - alpha / 2
  c(if (k$x == min(k$s)) 0 else exp(solve_at(at("greater"), -60, 60)),
    if (k$x == max(k$s)) Inf else exp(solve_at(at("less"), -60, 60)))
}
fisher_of <- function(name, tables, check) {
  k <- margins(tables); p <- odds_p(k); l <- odds_limits(k)
  fixed <- length(k$s) == 1
  edge <- k$x == min(k$s) || k$x == max(k$s)
  estimate <- if (fixed || k$x == max(k$s)) NA else if (k$x == min(k$s)) 0 else
    exp(solve_at(function(o) odds_p(k, o)[["mean"]] - k$x, -60, 60))
  stopifnot(fixed || abs(check / p["minlike"] - 1) < 1e-7)
  cells <- function(opt = "") call("fisher", name, opt, "cells")
  want(cells(), p_value = p["central"], p_minlike = p["minlike"], conf_low = l[1],
       conf_high = l[2], estimate = estimate,
       p_smallest = min(1, 2 * min(k$w[1], tail(k$w, 1))))
  for (side in c("less", "greater"))
    want(cells(sprintf("alternative = \"%s\", null = 2", side)),
         p_value = odds_p(k, log(2))[side])
  if (!fixed) {
    want(cells("two_sided = \"minlike\""), p_value = p["minlike"])
    m <- odds_p(k, 0, 1); l <- odds_limits(k, 1)
    want(call("oddsratio", name, "ci = \"mid-p\""), p_value = m["central"],
         conf_low = l[1], conf_high = l[2])
    want(cells("mid_p = true, alternative = \"less\""), p_value = m["less"])
  }
}

# z of Miettinen and Nurminen, the fit found by uniroot on the score
fit <- function(t, kind, at) {
  p1 <- function(q) switch(kind, difference = q + at, ratio = q * at,
                           odds = at * q / (1 + q * (at - 1)))
  ends <- switch(kind, difference = c(max(0, -at), min(1, 1 - at)),
                 ratio = c(0, min(1, 1 / at)), odds = c(0, 1))
  slope <- switch(kind, difference = function(q) 1, ratio = function(q) at,
                  odds = function(q) at / (1 + q * (at - 1))^2)
  score <- function(q) { p <- p1(q); a <- slope(q)
    (if (t[1] > 0) t[1] / p * a else 0) - (if (t[1] < t[2]) (t[2] - t[1]) / (1 - p) * a else 0) +
      (if (t[3] > 0) t[3] / q else 0) - (if (t[3] < t[4]) (t[4] - t[3]) / (1 - q) else 0) }
  e <- ends + c(1, -1) * 1e-15 * diff(ends)
  q <- if (score(e[1]) <= 0) ends[1] else if (score(e[2]) >= 0) ends[2] else
    uniroot(score, e, tol = 1e-17, maxiter = 10000)$root
  c(p1(q), q)
}
score_z <- function(tables, kind, at) {
  num <- 0; den <- 0
  for (t in tables) {
    f <- fit(t, kind, at); n1 <- t[2]; n2 <- t[4]; N <- n1 + n2
    v1 <- f[1] * (1 - f[1]); v2 <- f[2] * (1 - f[2]); w <- n1 * n2 / N; more <- N / (N - 1)
    if (kind == "odds") { # weights of the score
      num <- num + t[1] - n1 * f[1]; den <- den + 1 / ((1 / (n1 * v1) + 1 / (n2 * v2)) / more)
      next
    }
    a <- if (kind == "ratio") at else 1; b <- if (kind == "ratio") 0 else at
    num <- num + w * (t[1] / n1 - a * t[3] / n2 - b)
    den <- den + w^2 * (v1 / n1 + a^2 * v2 / n2) * more
  }
  if (num == 0) 0 else num / sqrt(den)
}
q95 <- qnorm(0.975)
score_of <- function(name, tables) {
  for (kind in c("difference", "ratio", "odds")) {
    f <- c(difference = "riskdiff", ratio = "riskratio", odds = "oddsratio")[[kind]]
    log <- kind != "difference"
    z <- function(l) score_z(tables, kind, if (log) exp(l) else l)
    grid <- if (log) seq(-14, 14, 0.25) else seq(-0.999, 0.999, 0.0185)
    v <- sapply(grid, z)
    limit <- function(c, open) {
      i <- which(head(v, -1) >= c & tail(v, -1) < c)
      if (length(i) != 1) return(open)
      l <- uniroot(function(l) z(l) - c, grid[i + 0:1], tol = 1e-15)$root
      if (log) exp(l) else l
    }
    ends <- if (log) c(0, Inf) else c(-1, 1)
    null <- if (log) 1 else 0
    want(call(f, name), conf_low = limit(q95, ends[1]), conf_high = limit(-q95, ends[2]),
         p_value = 2 * pnorm(-abs(score_z(tables, kind, null))), tol = 1e-8)
    at <- if (log) 1.5 else 0.1
    want(call(f, name, sprintf("alternative = \"less\", null = %g", at)),
         p_value = pnorm(score_z(tables, kind, at)), tol = 1e-8)
  }
}
wald_of <- function(name, t) {
  p1 <- t[1] / t[2]; p2 <- t[3] / t[4]; d <- p1 - p2
  se <- sqrt(p1 * (1 - p1) / t[2] + p2 * (1 - p2) / t[4])
  if (se > 0)
    want(call("riskdiff", name, "ci = \"Wald\""), std_error = se, estimate = d, conf_low =
         max(-1, d - q95 * se), conf_high = min(1, d + q95 * se), p_value = 2 * pnorm(-abs(d) / se))
  w <- function(x, n) prop.test(x, n, correct = FALSE)$conf.int
  w1 <- suppressWarnings(w(t[1], t[2])); w2 <- suppressWarnings(w(t[3], t[4]))
  want(call("riskdiff", name, "ci = \"Newcombe\""),
       conf_low = d - sqrt((p1 - w1[1])^2 + (w2[2] - p2)^2),
       conf_high = d + sqrt((w1[2] - p1)^2 + (p2 - w2[1])^2))
  m <- matrix(c(t[1], t[2] - t[1], t[3], t[4] - t[3]), 2)
  if (t[1] > 0 && t[3] > 0) {
    se <- sqrt(1 / t[1] - 1 / t[2] + 1 / t[3] - 1 / t[4]); l <- log(p1 / p2)
    if (se > 0) want(call("riskratio", name, "ci = \"Wald\""), estimate = p1 / p2,
      std_error = se, conf_low = exp(l - q95 * se), conf_high = exp(l + q95 * se),
      p_value = 2 * pnorm(-abs(l) / se))
  }
  if (all(m > 0)) {
    se <- sqrt(sum(1 / m)); l <- log(m[1, 1] * m[2, 2] / m[1, 2] / m[2, 1])
    want(call("oddsratio", name, "ci = \"Wald\""), estimate = exp(l), std_error = se,
      conf_low = exp(l - q95 * se), conf_high = exp(l + q95 * se),
      p_value = 2 * pnorm(-abs(l) / se))
  }
}
# the largest share over the common proportion, from a grid and optimize
unconditional <- function(name, t) {
  x1 <- t[1]; n1 <- t[2]; x2 <- t[3]; n2 <- t[4]
  T <- expand.grid(a = 0:n1, b = 0:n2)
  largest <- function(keep) {
    r <- T[keep, ]
    P <- function(p) sum(dbinom(r$a, n1, p) * dbinom(r$b, n2, p))
    s <- seq(0, 1, length = 1001); v <- sapply(s, P); i <- which(v > max(v) * 0.99)
    max(v, sapply(i, function(i) optimize(P, s[pmax(1, pmin(1001, i + c(-1, 1)))],
                                          maximum = TRUE, tol = 1e-14)$objective))
  }
  own <- T$a == x1 & T$b == x2
  f <- cbind(less = phyper(T$a, n1, n2, T$a + T$b),
             greater = phyper(T$a - 1, n1, n2, T$a + T$b, lower.tail = FALSE),
             minlike = apply(T, 1, function(r) {
               d <- dhyper(max(0, sum(r) - n2):min(n1, sum(r)), n1, n2, sum(r))
               sum(d[d <= dhyper(r[1], n1, n2, sum(r)) * (1 + 1e-7)]) }))
  q <- (T$a + T$b) / (n1 + n2); z <- (T$a / n1 - T$b / n2) / sqrt(q * (1 - q) * (1 / n1 + 1 / n2))
  z[q == 0 | q == 1] <- 0
  p <- sapply(colnames(f), function(k) largest(f[, k] <= f[own, k] * (1 + 1e-9)))
  for (k in c("less", "greater"))
    want(call("boschloo", name, sprintf("alternative = \"%s\"", k)), p_value = p[k])
  want(call("boschloo", name), p_value = min(1, 2 * p[1:2]))
  want(call("boschloo", name, "two_sided = \"minlike\""), p_value = p["minlike"])
  b <- c(largest(z <= z[own] + 1e-9), largest(z >= z[own] - 1e-9),
         largest(abs(z) >= abs(z[own]) - 1e-9))
  want(call("barnard", name), p_value = min(1, 2 * b[1:2]))
  want(call("barnard", name, "two_sided = \"absdev\""), p_value = b[3], statistic = z[own])
  want(call("barnard", name, "alternative = \"less\""), p_value = b[1])
}
for (name in names(two)) {
  t <- two[[name]]
  m <- matrix(c(t[1], t[2] - t[1], t[3], t[4] - t[3]), 2, byrow = TRUE)
  fisher_of(name, list(t), fisher.test(m)$p.value)
  score_of(name, list(t)); wald_of(name, t)
  if (sum(t[c(2, 4)]) < 200) unconditional(name, t)
  for (c in c("none", "Yates")) if (all(colSums(m) > 0)) {
    k <- suppressWarnings(chisq.test(m, correct = c == "Yates"))
    want(call("chisq", name, sprintf("correction = \"%s\"", c), "cells"),
         p_value = k$p.value, statistic = k$statistic)
  }
  # one proportion
  x <- t[1]; n <- t[2]; p <- x / n
  f <- function(ci, more = "") sprintf("proportion({ %g, %g }, { ci = \"%s\"%s })", x, n, ci, more)
  cp <- binom.test(x, n, 0.4); w <- suppressWarnings(prop.test(x, n, 0.4, correct = FALSE))
  want(f("Wilson", ", null = 0.4"), conf_low = w$conf.int[1], conf_high = w$conf.int[2],
       p_value = w$p.value)
  want(f("Clopper-Pearson", ", null = 0.4"), conf_low = cp$conf.int[1], conf_high = cp$conf.int[2],
       p_value = min(1, 2 * pbinom(x, n, 0.4), 2 * pbinom(x - 1, n, 0.4, lower.tail = FALSE)))
  for (side in c("less", "greater")) {
    b <- binom.test(x, n, 0.4, side, 0.9)
    want(f("Clopper-Pearson", sprintf(", null = 0.4, alternative = \"%s\", conf_level = 0.9", side)),
         conf_low = b$conf.int[1], conf_high = b$conf.int[2], p_value = b$p.value)
    b <- suppressWarnings(prop.test(x, n, 0.4, side, 0.9, correct = FALSE))
    want(f("Wilson", sprintf(", null = 0.4, alternative = \"%s\", conf_level = 0.9", side)),
         conf_low = b$conf.int[1], conf_high = b$conf.int[2], p_value = b$p.value)
  }
  j <- qbeta(c(0.025, 0.975), x + 0.5, n - x + 0.5)
  want(f("Jeffreys"), conf_low = if (x == 0) 0 else j[1], conf_high = if (x == n) 1 else j[2])
  a <- n + q95^2; c <- (x + q95^2 / 2) / a; h <- q95 * sqrt(c * (1 - c) / a)
  want(f("Agresti-Coull"), conf_low = max(0, c - h), conf_high = min(1, c + h))
  h <- q95 * sqrt(p * (1 - p) / n)
  want(f("Wald"), conf_low = max(0, p - h), conf_high = min(1, p + h))
  mid <- function(q, up) pbinom(if (up) x - 1 else x, n, q, lower.tail = !up) -
    dbinom(x, n, q) / 2
  want(f("mid-p"), conf_low = if (x == 0) 0 else solve_at(function(q) mid(q, TRUE) - 0.025, 0, 1),
       conf_high = if (x == n) 1 else solve_at(function(q) mid(q, FALSE) - 0.025, 0, 1))
}

# larger tables
wide <- list(hair = apply(HairEyeColor, 1:2, sum) %/% 20, esoph = matrix(
  c(9, 0, 3, 4, 10, 1, 0, 0, 2), 3), zero = matrix(c(0, 3, 0, 2, 0, 1, 4, 1, 0, 0, 5, 2), 3),
  tall = matrix(c(1, 0, 2, 3, 0, 5, 4, 4, 1, 0), 5))
for (name in names(wide)) {
  m <- unname(wide[[name]]); set(paste0("cells_", name), m)
  k <- suppressWarnings(chisq.test(m[rowSums(m) > 0, ])) # empty rows are passed over
  want(call("fisher", name, of = "cells"), p_value = fisher.test(m, workspace = 2e7)$p.value)
  want(call("chisq", name, of = "cells"), statistic = k$statistic, df = k$parameter,
       p_value = k$p.value, `:tidy().expected[2]` = k$expected[1, 2],
       `:tidy().residual[2]` = k$residuals[1, 2], `:tidy().adjusted[2]` = k$stdres[1, 2])
}

# pairs
for (bc in list(c(11, 3), c(0, 5), c(6, 6), c(1, 0), c(25, 9))) {
  b <- bc[1]; c <- bc[2]; m <- matrix(c(20, c, b, 16), 2)
  f <- function(opt) sprintf("mcnemar({ { 20, %g }, { %g, 16 } }%s)", b, c, opt)
  e <- binom.test(b, b + c)
  want(f(""), p_value = e$p.value, p_smallest = min(1, 2 * 2^-(b + c)), conf_low = e$conf.int[1] / (1 - e$conf.int[1]),
       conf_high = e$conf.int[2] / (1 - e$conf.int[2]))
  want(f(", { mid_p = true }"), p_value =
         min(1, 2 * (pbinom(min(b, c), b + c, 0.5) - dbinom(b, b + c, 0.5) / 2)))
  for (side in c("less", "greater")) {
    e <- binom.test(b, b + c, alternative = side, conf.level = 0.9)
    want(f(sprintf(", { alternative = \"%s\", conf_level = 0.9 }", side)), p_value = e$p.value,
         conf_low = e$conf.int[1] / (1 - e$conf.int[1]), conf_high = e$conf.int[2] / (1 - e$conf.int[2]))
  }
  want(f(", { exact = false }"), p_value = mcnemar.test(m, correct = FALSE)$p.value)
  want(f(", { exact = false, continuity = true }"), p_value = mcnemar.test(m)$p.value)
}

# strata: two rows
layers <- list(berkeley = aperm(UCBAdmissions, c(2, 1, 3)), titanic = aperm(
    apply(Titanic[, , "Adult", ], 1:3, sum), c(2, 3, 1)),
  sparsely = array(c(0, 2, 5, 4, 3, 0, 4, 6, 0, 0, 3, 2, 2, 1, 0, 3), c(2, 2, 4)),
  little = array(c(2, 0, 1, 3, 1, 1, 2, 2), c(2, 2, 2)))
for (name in names(layers)) {
  a <- unname(layers[[name]]); k <- dim(a)[3]
  set(paste0("cells_", name), lapply(1:k, function(h) a[, , h]))
  set(paste0("events_", name), lapply(1:k, function(h) cbind(a[, 1, h], rowSums(a[, , h]))))
  tables <- lapply(1:k, function(h) c(a[1, 1, h], sum(a[1, , h]), a[2, 1, h], sum(a[2, , h])))
  h <- mantelhaen.test(a, correct = FALSE)
  want(call("cmh", name, of = "cells"), p_value = h$p.value, statistic = h$statistic,
       estimate = h$estimate, conf_low = h$conf.int[1], conf_high = h$conf.int[2])
  want(call("oddsratio", name, "ci = \"Wald\""), estimate = h$estimate,
       conf_low = h$conf.int[1], conf_high = h$conf.int[2])
  fisher_of(name, tables, mantelhaen.test(a, exact = TRUE)$p.value)
  score_of(name, tables)
  x1 <- a[1, 1, ]; n1 <- x1 + a[1, 2, ]; x2 <- a[2, 1, ]; n2 <- x2 + a[2, 2, ]; N <- n1 + n2
  w <- n1 * n2 / N; d <- sum(w * (x1 / n1 - x2 / n2)) / sum(w)
  P <- sum((n1^2 * x2 - n2^2 * x1 + n1 * n2 * (n2 - n1) / 2) / N^2)
  Q <- sum((x1 * (n2 - x2) + x2 * (n1 - x1)) / (2 * N)); se <- sqrt(d * P + Q) / sum(w)
  want(call("riskdiff", name, "ci = \"Wald\""), estimate = d, std_error = se,
       conf_low = d - q95 * se, conf_high = d + q95 * se, p_value = 2 * pnorm(-abs(d) / se))
  R <- sum(x1 * n2 / N); S <- sum(x2 * n1 / N)
  se <- sqrt(sum(((x1 + x2) * n1 * n2 - x1 * x2 * N) / N^2) / (R * S)); l <- log(R / S)
  want(call("riskratio", name, "ci = \"Wald\""), estimate = R / S, std_error = se,
       conf_low = exp(l - q95 * se), conf_high = exp(l + q95 * se))
  # the odds ratio's Breslow and Day, in each stratum the root of a quadratic
  or <- h$estimate; bd <- 0; away <- 0; all <- 0
  for (t in tables) {
    m <- t[1] + t[3]; s <- c(max(0, m - t[4]), min(t[2], m)); if (s[1] == s[2]) next
    x <- uniroot(function(x) x * (t[4] - m + x) - or * (t[2] - x) * (m - x), s, tol = 1e-15)$root
    v <- 1 / sum(1 / c(x, t[2] - x, m - x, t[4] - m + x))
    bd <- bd + (t[1] - x)^2 / v; away <- away + t[1] - x; all <- all + v
  }
  want(call("cmh", name, of = "cells"), breslow_day = bd, tarone = bd - away^2 / all)
}
# three forms of larger tables, with scores
jobs <- array(c(1, 2, 0, 0, 3, 3, 1, 2, 11, 17, 8, 4, 2, 3, 5, 2, 1, 0, 0, 0, 1, 3, 0, 1, 2, 5,
                7, 9, 1, 1, 3, 6), c(4, 4, 2)) # of agresti: income by job satisfaction
forms <- list(jobs = jobs, mice = array(c(2, 0, 3, 1, 1, 4, 3, 2, 2, 1, 0, 5), c(2, 3, 2)),
  sparse = array(c(1, 0, 0, 2, 1, 0, 0, 0, 3, 0, 1, 1, 1, 2, 0, 0, 0, 1), c(3, 3, 2)))
for (name in names(forms)) {
  a <- forms[[name]]; k <- dim(a)[3]; r <- dim(a)[1]; c <- dim(a)[2]
  set(paste0("cells_", name), lapply(1:k, function(h) a[, , h]))
  # Landis, Heyman and Koch 1978 by Kronecker products
  form <- function(A_of, score_c, score_r) {
    G <- 0; V <- 0
    for (h in 1:k) {
      t <- a[, , h]; n <- sum(t); if (n < 2) next
      pr <- rowSums(t) / n; pc <- colSums(t) / n
      A <- A_of(score_r(t), score_c(t))
      G <- G + A %*% c(t(t) - n * outer(pc, pr))
      V <- V + A %*% (n^2 / (n - 1) * kronecker(diag(pr, r) - outer(pr, pr),
                                                 diag(pc, c) - outer(pc, pc))) %*% t(A)
    }
    e <- eigen((V + t(V)) / 2); keep <- e$values > 1e-9 * max(e$values)
    u <- t(e$vectors[, keep, drop = FALSE]) %*% G
    c(sum(u^2 / e$values[keep]), sum(keep))
  }
  table_score <- function(n) function(t) seq_len(n)
  ranks <- function(f) function(t) { m <- f(t); cumsum(m) - (m - 1) / 2 }
  for (s in c("table", "rank", "ridit", "modridit")) {
    down <- function(t, m) { v <- cumsum(m) - (m - 1) / 2; n <- sum(t)
      switch(s, table = seq_along(m), rank = v, ridit = (v - 0.5) / n, modridit = v / (n + 1)) }
    sc <- function(t) down(t, colSums(t)); sr <- function(t) down(t, rowSums(t))
    one <- form(function(r_, c_) kronecker(t(r_), t(c_)), sc, sr)
    two_ <- form(function(r_, c_) kronecker(cbind(diag(r - 1), 0), t(c_)), sc, sr)
    three <- form(function(r_, c_) kronecker(cbind(diag(r - 1), 0), cbind(diag(c - 1), 0)), sc, sr)
    f <- list(correlation = one, `row means` = two_, `general association` = three)
    for (test in names(f))
      want(call("cmh", name, sprintf("scores = \"%s\", test = \"%s\"", s, test), "cells"),
           statistic = f[[test]][1], df = f[[test]][2],
           p_value = pchisq(f[[test]][1], f[[test]][2], lower.tail = FALSE))
  }
  if (name == "jobs") { # and vcdExtra has the same
    v <- CMHtest(as.table(a), overall = TRUE)$ALL$table
    stopifnot(abs(as.numeric(v["general", "Chisq"]) - three[1]) < 1e-8)
  }
}
