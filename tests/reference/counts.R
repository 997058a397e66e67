# Reference values of the tests of counts, made by R 4.2.2:
# Rscript tests/reference/counts.R, from the top of the tree. Writes counts.csv:
# set, test, quantity, value; sets are written out in tests/lua/test_counts.lua.
out <- NULL
put <- function(set, test, quantity, value)
  out <<- rbind(out, data.frame(set, test, quantity,
                                value = sprintf("%.17g", as.numeric(value))))
two <- list(tea = c(3, 4, 1, 4), small = c(14, 17, 4, 10),
            published = c(36, 154, 12, 77), none = c(0, 9, 3, 10),
            large = c(812, 1755, 557, 1835), rare = c(3, 1200, 11, 1187))
# R's own limits stop at 1e-4: the same equation solved to the last digit
solve <- function(f, a, b) uniroot(function(x) {
  y <- f(x); if (is.finite(y)) y else if (x < (a + b) / 2) 1e3 else -1e3
}, c(a, b), tol = 1e-15, maxiter = 10000)$root
fisher_limits <- function(x, n1, n2, m, level = 0.95) {
  s <- max(0, m - n2):min(n1, m); l <- dhyper(s, n1, n2, m, log = TRUE)
  d <- function(t) { e <- l + s * t; e <- exp(e - max(e)); e / sum(e) }
  a <- (1 - level) / 2
  low <- if (x == min(s)) 0 else exp(solve(function(t) sum(d(t)[s >= x]) - a, -60, 60))
  high <- if (x == max(s)) Inf else exp(solve(function(t) sum(d(t)[s <= x]) - a, -60, 60))
  mle <- if (x == min(s)) 0 else if (x == max(s)) Inf else
    exp(solve(function(t) sum(d(t) * s) - x, -60, 60))
  c(mle, low, high)
}
# the score z of Miettinen and Nurminen, the fit found by the closed forms
z_of <- function(kind, t, at) {
  x1 <- t[1]; n1 <- t[2]; x2 <- t[3]; n2 <- t[4]; N <- n1 + n2
  if (kind == "difference") {
    th <- n2 / n1; p1 <- x1 / n1; p2 <- x2 / n2
    a <- 1 + th; b <- -(1 + th + p1 + th * p2 + at * (th + 2))
    cc <- at^2 + at * (2 * p1 + th + 1) + p1 + th * p2; e <- -p1 * at * (1 + at)
    v <- b^3 / (27 * a^3) - b * cc / (6 * a^2) + e / (2 * a)
    u <- sign(v) * sqrt(b^2 / (9 * a^2) - cc / (3 * a))
    w <- (pi + acos(max(-1, min(1, v / u^3)))) / 3
    q1 <- 2 * u * cos(w) - b / (3 * a); q2 <- q1 - at
    return((p1 - p2 - at) / sqrt((q1 * (1 - q1) / n1 + q2 * (1 - q2) / n2) *
                                   N / (N - 1)))
  }
  if (kind == "ratio") {
    a <- N * at; b <- -(n1 * at + x1 + n2 + x2 * at); cc <- x1 + x2
    q2 <- (-b - sqrt(b^2 - 4 * a * cc)) / (2 * a); q1 <- at * q2
    return((x1 / n1 - at * x2 / n2) /
             sqrt((q1 * (1 - q1) / n1 + at^2 * q2 * (1 - q2) / n2) * N / (N - 1)))
  }
  a <- n2 * (at - 1); b <- n1 * at + n2 - (x1 + x2) * (at - 1)
  q2 <- if (a == 0) (x1 + x2) / N else
    (-b + sqrt(b^2 + 4 * a * (x1 + x2))) / (2 * a)
  q1 <- at * q2 / (1 + q2 * (at - 1))
  (x1 - n1 * q1) * sqrt((1 / (n1 * q1 * (1 - q1)) + 1 / (n2 * q2 * (1 - q2))) *
                          (N - 1) / N)
}
q <- qnorm(0.975)
for (set in names(two)) {
  t <- two[[set]]; x1 <- t[1]; n1 <- t[2]; x2 <- t[3]; n2 <- t[4]
  m <- matrix(c(x1, n1 - x1, x2, n2 - x2), 2, byrow = TRUE)
  f <- fisher.test(m)
  put(set, "fisher", "minlike", f$p.value)
  put(set, "fisher", "less", fisher.test(m, alternative = "less")$p.value)
  put(set, "fisher", "greater", fisher.test(m, alternative = "greater")$p.value)
  l <- fisher_limits(x1, n1, n2, x1 + x2)
  stopifnot(all(abs(l[2:3] / f$conf.int - 1) < 0.02, na.rm = TRUE))
  put(set, "fisher", "estimate", l[1])
  put(set, "fisher", "conf_low", l[2]); put(set, "fisher", "conf_high", l[3])
  ch <- suppressWarnings(chisq.test(m, correct = FALSE))
  put(set, "chisq", "statistic", ch$statistic); put(set, "chisq", "p", ch$p.value)
  put(set, "chisq", "Yates p", suppressWarnings(chisq.test(m))$p.value)
  put(set, "chisq", "N-1 p", pchisq(ch$statistic * (n1 + n2 - 1) / (n1 + n2), 1,
                                    lower.tail = FALSE))
  put(set, "chisq", "adjusted 11", ch$stdres[1, 1])
  w1 <- prop.test(x1, n1, correct = FALSE)$conf.int
  w2 <- prop.test(x2, n2, correct = FALSE)$conf.int
  p1 <- x1 / n1; p2 <- x2 / n2
  put(set, "proportion", "Wilson low", w1[1])
  put(set, "proportion", "Wilson high", w1[2])
  cp <- binom.test(x1, n1)$conf.int
  put(set, "proportion", "Clopper-Pearson low", cp[1])
  put(set, "proportion", "Clopper-Pearson high", cp[2])
  je <- qbeta(c(0.025, 0.975), x1 + 0.5, n1 - x1 + 0.5)
  put(set, "proportion", "Jeffreys low", if (x1 == 0) 0 else je[1])
  put(set, "proportion", "Jeffreys high", if (x1 == n1) 1 else je[2])
  mid <- function(p, up) pbinom(if (up) x1 else x1 - 1, n1, p, lower.tail = !up) +
    dbinom(x1, n1, p) / 2
  put(set, "proportion", "mid-p low", if (x1 == 0) 0 else
    solve(function(p) mid(p, TRUE) - 0.025, 0, 1))
  put(set, "proportion", "mid-p high", if (x1 == n1) 1 else
    solve(function(p) mid(p, FALSE) - 0.025, 0, 1))
  put(set, "proportion", "Wilson p", prop.test(x1, n1, 0.3, correct = FALSE)$p.value)
  put(set, "proportion", "Wald low", max(0, p1 - q * sqrt(p1 * (1 - p1) / n1)))
  put(set, "difference", "Newcombe low",
      p1 - p2 - sqrt((p1 - w1[1])^2 + (w2[2] - p2)^2))
  put(set, "difference", "Newcombe high",
      p1 - p2 + sqrt((w1[2] - p1)^2 + (p2 - w2[1])^2))
  se <- sqrt(p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2)
  put(set, "difference", "Wald low", p1 - p2 - q * se)
  put(set, "difference", "Wald p", 2 * pnorm(-abs(p1 - p2) / se))
  put(set, "difference", "low",
      solve(function(d) z_of("difference", t, d) - q, -0.99999, p1 - p2))
  put(set, "difference", "high",
      solve(function(d) z_of("difference", t, d) + q, p1 - p2, 0.99999))
  put(set, "difference", "p", pchisq(ch$statistic * (n1 + n2 - 1) / (n1 + n2), 1,
                                     lower.tail = FALSE))
  for (kind in c("ratio", "odds")) {
    at <- function(l) z_of(kind, t, exp(l))
    if (x1 > 0)
      put(set, kind, "low", exp(solve(function(l) at(l) - q, -12, 12)))
    put(set, kind, "high", exp(solve(function(l) at(l) + q, -12, 12)))
  }
  if (x1 > 0) {
    put(set, "ratio", "Wald low", exp(log(p1 / p2) -
      q * sqrt(1 / x1 - 1 / n1 + 1 / x2 - 1 / n2)))
    put(set, "odds", "Wald low", exp(log(m[1] * m[4] / m[2] / m[3]) -
      q * sqrt(sum(1 / m))))
  }
  # Boschloo by optimize from every start of a grid
  if (n1 + n2 < 250) {
    g <- expand.grid(a = 0:n1, b = 0:n2)
    for (side in c("less", "greater")) {
      pf <- if (side == "greater") phyper(g$a - 1, n1, n2, g$a + g$b, lower.tail = FALSE)
            else phyper(g$a, n1, n2, g$a + g$b)
      own <- pf[g$a == x1 & g$b == x2]; r <- g[pf <= own * (1 + 1e-9), ]
      P <- function(p) sum(dbinom(r$a, n1, p) * dbinom(r$b, n2, p))
      s <- seq(0, 1, length = 401); v <- sapply(s, P); i <- which.max(v)
      o <- optimize(P, s[pmax(1, pmin(401, i + c(-1, 1)))], maximum = TRUE, tol = 1e-12)
      put(set, "boschloo", side, max(o$objective, v))
    }
  }
}
job <- matrix(c(1, 2, 1, 0, 3, 3, 6, 1, 10, 10, 14, 9, 6, 7, 12, 11), 4, 4)
put("job", "fisher", "minlike", fisher.test(job)$p.value)
wide <- matrix(c(8, 10, 5, 7, 6, 9, 9, 8, 3, 7, 14, 14), 3, byrow = TRUE)
put("wide", "fisher", "minlike", fisher.test(wide)$p.value)
sparse <- matrix(c(0, 2, 1, 3, 0, 1, 2, 0, 4, 1, 0, 0, 1, 0, 2), 3, byrow = TRUE)
put("sparse", "fisher", "minlike", fisher.test(sparse)$p.value)
for (set in c("job", "wide", "sparse")) {
  ch <- suppressWarnings(chisq.test(get(set)))
  put(set, "chisq", "statistic", ch$statistic); put(set, "chisq", "p", ch$p.value)
}
for (set in c("pairs", "lopsided", "even")) {
  b <- c(pairs = 11, lopsided = 25, even = 6)[[set]]
  c <- c(pairs = 3, lopsided = 2, even = 6)[[set]]
  m <- matrix(c(20, c, b, 16), 2)
  put(set, "mcnemar", "p", binom.test(b, b + c)$p.value)
  put(set, "mcnemar", "chi-square p", mcnemar.test(m, correct = FALSE)$p.value)
  put(set, "mcnemar", "corrected p", mcnemar.test(m)$p.value)
  ci <- binom.test(b, b + c)$conf.int
  put(set, "mcnemar", "conf_low", ci[1] / (1 - ci[1]))
  put(set, "mcnemar", "conf_high", ci[2] / (1 - ci[2]))
}
# strata: R's mantelhaen.test, Breslow-Day by its formulas, Sato, Greenland-Robins
strata <- function(set, a) {
  h <- mantelhaen.test(a, correct = FALSE)
  put(set, "cmh", "statistic", h$statistic); put(set, "cmh", "p", h$p.value)
  put(set, "cmh", "odds", h$estimate)
  put(set, "cmh", "conf_low", h$conf.int[1]); put(set, "cmh", "conf_high", h$conf.int[2])
  e <- mantelhaen.test(a, exact = TRUE)
  put(set, "fisher", "minlike", e$p.value)
  put(set, "fisher", "estimate", e$estimate)
  or <- h$estimate; bd <- 0; away <- 0; all <- 0
  for (k in seq_len(dim(a)[3])) {
    t <- a[, , k]; n1 <- sum(t[1, ]); n2 <- sum(t[2, ]); m <- sum(t[, 1])
    f <- function(x) x * (n2 - m + x) - or * (n1 - x) * (m - x)
    x <- solve(f, max(0, m - n2), min(n1, m))
    v <- 1 / (1 / x + 1 / (n1 - x) + 1 / (m - x) + 1 / (n2 - m + x))
    bd <- bd + (t[1, 1] - x)^2 / v; away <- away + t[1, 1] - x; all <- all + v
  }
  put(set, "cmh", "Breslow-Day", bd); put(set, "cmh", "Tarone", bd - away^2 / all)
  x1 <- a[1, 1, ]; n1 <- x1 + a[1, 2, ]; x2 <- a[2, 1, ]; n2 <- x2 + a[2, 2, ]
  N <- n1 + n2; w <- n1 * n2 / N
  d <- sum(w * (x1 / n1 - x2 / n2)) / sum(w)
  P <- sum((n1^2 * x2 - n2^2 * x1 + n1 * n2 * (n2 - n1) / 2) / N^2)
  Q <- sum((x1 * (n2 - x2) + x2 * (n1 - x1)) / (2 * N))
  put(set, "difference", "estimate", d)
  put(set, "difference", "Sato se", sqrt(d * P + Q) / sum(w))
  R <- sum(x1 * n2 / N); S <- sum(x2 * n1 / N)
  put(set, "ratio", "estimate", R / S)
  put(set, "ratio", "GR se", sqrt(sum(((x1 + x2) * n1 * n2 - x1 * x2 * N) / N^2) / (R * S)))
  zs <- function(at) {
    num <- 0; den <- 0
    for (k in seq_along(x1)) {
      th <- n2[k] / n1[k]; p1 <- x1[k] / n1[k]; p2 <- x2[k] / n2[k]
      z <- z_of("difference", c(x1[k], n1[k], x2[k], n2[k]), at)
      num <- num + w[k] * (p1 - p2 - at)
      den <- den + w[k]^2 * ((p1 - p2 - at) / z)^2
    }
    num / sqrt(den)
  }
  put(set, "difference", "low", solve(function(x) zs(x) - q, d - 0.3, d - 1e-9))
  put(set, "difference", "high", solve(function(x) zs(x) + q, d + 1e-9, d + 0.3))
  put(set, "difference", "p", 2 * pnorm(-abs(zs(0))))
  # homogeneity: squared scores of the strata at the common effect add up
  for (kind in c("difference", "ratio")) {
    at <- if (kind == "difference") d else R / S
    h <- sum(sapply(seq_along(x1), function(k)
      z_of(kind, c(x1[k], n1[k], x2[k], n2[k]), at))^2)
    put(set, kind, "homogeneity", h)
    put(set, kind, "homogeneity p", pchisq(h, length(x1) - 1, lower.tail = FALSE))
  }
}
strata("berkeley", aperm(UCBAdmissions, c(2, 1, 3)))
site <- array(c(11, 10, 25, 27, 16, 22, 4, 10, 14, 7, 5, 12, 2, 1, 14, 16, 6, 0,
                11, 12, 1, 0, 10, 10, 1, 1, 4, 8, 4, 6, 2, 1), c(2, 2, 8))
strata("sites", site)
g <- mantelhaen.test(aperm(Titanic, c(1, 4, 2, 3))[, , , 2])
put("titanic", "cmh", "statistic", g$statistic); put("titanic", "cmh", "p", g$p.value)
write.csv(out, "tests/reference/counts.csv", row.names = FALSE, quote = FALSE)
