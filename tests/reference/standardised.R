# Standardised differences and the non-central t, for tests/core/
# test_standardised.c and agree.R's smd: R 4.2.2, integrate() over the SD with a
# tolerance of 1e-12, limits by uniroot. cohens_d and hedges_g of effectsize 0.8.3
# agree to the five digits that its optimiser has, but that its Hedges factor of
# unpooled SDs takes Welch's df; here it is the df of the mean variance.
# Rscript tests/reference/standardised.R
nct <- function(t, df, ncp, upper) {
  f <- function(x) exp(df * (x - expm1(2 * x) / 2) + df / 2 * log(df / 2) - lgamma(df / 2) +
                       log(2) - df / 2) * pnorm(t * exp(x) - ncp, lower.tail = !upper)
  off <- function(x) df * (x - expm1(2 * x) / 2) + 45
  w <- c(uniroot(off, c(-50 - 50 / df, 0))$root, uniroot(off, c(0, 8))$root)
  cut <- seq(w[1], w[2], length.out = 41)
  sum(sapply(1:40, function(i) integrate(f, cut[i], cut[i + 1], rel.tol = 1e-12,
                                         abs.tol = 1e-18, subdivisions = 5000)$value))
}
ncp_at <- function(t, df, tail, upper) {
  w <- 10 + 8 * abs(t) / sqrt(df)
  uniroot(function(d) nct(t, df, d, upper) - tail, t + c(-w, w), tol = 1e-13)$root
}
smd <- function(x, y, pooled, hedges, level = 0.95) {
  n <- c(length(x), length(y)); v <- c(var(x), var(y)); e <- mean(x) - mean(y)
  if (pooled) {
    m <- df <- sum(n) - 2; s2 <- sum((n - 1) * v) / m; se <- sqrt(s2 * sum(1 / n))
  } else {
    w <- v / n; df <- sum(w)^2 / sum(w^2 / (n - 1)); se <- sqrt(sum(w))
    s2 <- mean(v); m <- sum(v)^2 / sum(v^2 / (n - 1))
  }
  j <- if (hedges) gamma(m / 2) / (sqrt(m / 2) * gamma((m - 1) / 2)) else 1
  t <- e / se; a <- (1 - level) / 2; k <- j * se / sqrt(s2)
  c(j * e / sqrt(s2), k * ncp_at(t, df, a, TRUE), k * ncp_at(t, df, a, FALSE))
}
if (sys.nframe() == 0) {
  g <- function(x) sprintf("%.15g", x)
  for (t in c(-2.5, 0, 1.3, 8, 60)) for (df in c(1.4, 7, 120)) for (d in c(-1, 0, 2, 50))
    cat("{", t, ", ", df, ", ", d, ", ", g(nct(t, df, d, FALSE)), ", ", g(nct(t, df, d, TRUE)), "},\n", sep = "")
  s1 <- sleep$extra[1:10]; s2 <- sleep$extra[11:20]
  for (p in c(TRUE, FALSE)) for (h in c(FALSE, TRUE)) {
    cat("sleep", p, h, g(smd(s1, s2, p, h)), "\n")
  }
}
