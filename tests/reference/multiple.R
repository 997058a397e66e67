# Tails of the largest of several t statistics, for tests/core/test_multiple.c:
# nested integrate() of R 4.2.2 with tolerances of 1e-12, the upper tail itself
# inside. Rscript tests/reference/multiple.R
g <- function(x) sprintf("%.15g", x)
# over S, of a function of c = q S
over <- function(f, q, df) {
  if (!is.finite(df)) return(f(q))
  d <- function(x) exp(df * (x - expm1(2 * x) / 2) + df / 2 * log(df / 2) -
                       lgamma(df / 2) + log(2) - df / 2)
  h <- function(x) sapply(x, function(x) d(x) * f(q * exp(x)))
  x <- seq(-24, 2.5, by = 0.15); y <- h(x)
  w <- range(x[y > max(y) * 1e-17]) + c(-0.15, 0.15)
  cut <- seq(w[1], w[2], length.out = 13)
  sum(sapply(1:12, function(i)
    integrate(h, cut[i], cut[i + 1], rel.tol = 1e-11, abs.tol = 0)$value))
}
# correlations l_i l_j
product <- function(l, two) function(c) {
  f <- function(z) sapply(z, function(z) {
    s <- sqrt(1 - l^2)
    u <- pnorm((c - l * z) / s, lower = FALSE) + if (two) pnorm((-c - l * z) / s) else 0
    -expm1(sum(log1p(-u))) * dnorm(z)
  })
  e <- sqrt(c^2 + 80); cut <- seq(-e, e, length.out = 9)
  sum(sapply(1:8, function(i)
    integrate(f, cut[i], cut[i + 1], rel.tol = 1e-12, abs.tol = 1e-300)$value))
}
for (two in c(TRUE, FALSE)) for (q in c(1, 2.5, 6, 30)) for (df in c(3, 24, Inf)) {
  cat("{", two * 1, ", 2, {0.5}, ", df, ", ", q, ", ",
      g(over(product(sqrt(c(.5, .5)), two), q, df)), "},\n", sep = "")
  l <- sqrt(c(10, 20, 5) / (c(10, 20, 5) + 12)) # three arms of 10, 20, 5 v 12
  cat("{", two * 1, ", 3, unequal, ", df, ", ", q, ", ",
      g(over(product(l, two), q, df)), "},\n", sep = "")
}
cat("a negative correlation -0.7, two-sided, df 9, 2.2:",
    g(over(product(sqrt(.7) * c(1, -1), TRUE), 2.2, 9)), "\n")
# the range
range_tail <- function(k) function(w) {
  f <- function(z) {
    a <- pnorm(z, lower = FALSE); b <- a - pnorm(z + w, lower = FALSE)
    m <- k - 1; s <- 0
    for (i in 0:(m - 1)) s <- s + a^(m - 1 - i) * b^i
    k * dnorm(z) * pnorm(z + w, lower = FALSE) * s
  }
  e <- sqrt(w^2 + 80); cut <- seq(-e, e, length.out = 9)
  sum(sapply(1:8, function(i)
    integrate(f, cut[i], cut[i + 1], rel.tol = 1e-12, abs.tol = 1e-300)$value))
}
for (k in c(2, 3, 5, 10)) for (q in c(1, 3.5, 8, 40)) for (df in c(2, 20, Inf))
  cat("{", k, ", ", df, ", ", q, ", ", g(over(range_tail(k), q, df)), "},\n", sep = "")
# three statistics of any correlations: two-sided normal tails from orthants
# (TVPACK of mvtnorm 1.1-3), one-sided t tails directly
library(mvtnorm)
r <- matrix(c(1, .2, .3, .2, 1, -.4, .3, -.4, 1), 3)
p <- function(u) pmvnorm(upper = u, lower = rep(-Inf, 3), corr = r, algorithm = TVPACK(1e-14))
for (q in c(1, 2, 3)) {
  s <- 0
  for (a in c(q, -q)) for (b in c(q, -q)) for (c in c(q, -q))
    s <- s + sign(a) * sign(b) * sign(c) * p(c(a, b, c))
  cat("normal, two-sided,", q, g(1 - s), "\n")
  for (df in c(4, 15))
    cat("t", df, "one-sided", q, g(1 - pmvt(upper = rep(q, 3), lower = rep(-Inf, 3),
        df = df, corr = r, algorithm = TVPACK(1e-14))), "\n")
}
# rank 2: differences of three means of 6, 10, 14 values
n <- c(6, 10, 14); v <- rbind(c(-1, 1, 0), c(-1, 0, 1), c(0, -1, 1))
k <- v %*% diag(1 / n) %*% t(v); k <- k / sqrt(diag(k) %o% diag(k))
cat("correlations", g(k[1, 2]), g(k[1, 3]), g(k[2, 3]), "\n")
e <- eigen(k); root <- e$vectors[, 1:2] %*% diag(sqrt(e$values[1:2]))
plane <- function(c) { # by angle: the distance to the nearest line
  f <- function(t) sapply(t, function(t) {
    d <- max(abs(root %*% c(cos(t), sin(t)))); exp(-(c / d)^2 / 2) / (2 * pi)
  })
  a <- sort(unique(unlist(lapply(1:2, function(i) lapply((i + 1):3, function(j) {
    u <- root[i, ] - root[j, ]; w <- root[i, ] + root[j, ]
    c(atan2(-u[1], u[2]), atan2(-w[1], w[2])) %% pi }))))) 
  cut <- c(0, a, pi)
  2 * sum(sapply(seq_len(length(cut) - 1), function(i)
    integrate(f, cut[i], cut[i + 1], rel.tol = 1e-12)$value))
}
for (q in c(1, 2.5, 6)) for (df in c(5, 27, Inf))
  cat("pairs, df", df, "q", q, g(over(plane, q, df)), "\n")

# the studentised maximum modulus: m independent statistics
modulus <- function(m, two) function(c)
  -expm1(m * log1p(-(if (two) 2 else 1) * pnorm(c, lower = FALSE)))
for (two in c(TRUE, FALSE)) for (m in c(1, 3, 45)) for (q in c(1, 2.5, 6, 30))
  for (df in c(1.7, 24, Inf))
    cat("{", two * 1, ", ", m, ", ", df, ", ", q, ", ",
        g(over(modulus(m, two), q, df)), "},\n", sep = "")
