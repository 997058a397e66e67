# Reference values of rates, made by R 4.2.2: Rscript tests/reference/rate.R,
# from the top of the tree. Writes rate.csv: set, quantity, value; sets are
# written out in tests/lua/test_rate.lua.
out <- NULL
put <- function(set, quantity, value)
  out <<- rbind(out, data.frame(set, quantity,
                                value = sprintf("%.17g", as.numeric(value))))
solve <- function(f, a, b) uniroot(f, c(a, b), tol = 1e-16, maxiter = 10000)$root
sets <- list(small = c(7, 412.5, 15, 398), one = c(1, 20.25, 6, 18.5),
             none = c(0, 55, 4, 60), other = c(5, 120, 0, 44),
             large = c(812, 17550, 557, 18350), rare = c(3, 120000, 11, 118700))
for (set in names(sets)) {
  t <- sets[[set]]; x1 <- t[1]; t1 <- t[2]; x2 <- t[3]; t2 <- t[4]
  # one rate: R's poisson.test is Garwood's interval
  p <- poisson.test(x1, t1)
  put(set, "low", p$conf.int[1]); put(set, "high", p$conf.int[2])
  null <- 0.02
  put(set, "less", poisson.test(x1, t1, null, "less")$p.value)
  put(set, "greater", poisson.test(x1, t1, null, "greater")$p.value)
  put(set, "less high", poisson.test(x1, t1, null, "less")$conf.int[2])
  # two rates
  q <- poisson.test(c(x1, x2), c(t1, t2))
  put(set, "ratio", q$estimate); put(set, "minlike", q$p.value)
  put(set, "ratio low", q$conf.int[1]); put(set, "ratio high", q$conf.int[2])
  put(set, "ratio less", poisson.test(c(x1, x2), c(t1, t2), 1.5, "less")$p.value)
  put(set, "ratio greater",
      poisson.test(c(x1, x2), c(t1, t2), 1.5, "greater")$p.value)
  n <- x1 + x2
  mid <- function(l, up) { p <- t1 * exp(l) / (t1 * exp(l) + t2)
    pbinom(if (up) x1 else x1 - 1, n, p, lower.tail = !up) +
      dbinom(x1, n, p) / 2 - 0.025 }
  if (x1 > 0) put(set, "mid low", exp(solve(function(l) mid(l, TRUE), -15, 15)))
  if (x2 > 0) put(set, "mid high", exp(solve(function(l) mid(l, FALSE), -15, 15)))
  # difference: Miettinen and Nurminen's z, the fit by maximising the likelihood
  N <- t1 + t2
  z <- function(d) {
    # roots of N f^2 + (N d - n) f - x2 d = 0, the one that is a rate
    b <- N * d - n
    f2 <- (-b + sqrt(b^2 + 4 * N * x2 * d)) / (2 * N)
    if (b > 0 && x2 == 0) f2 <- 0
    f1 <- f2 + d
    (x1 / t1 - x2 / t2 - d) / sqrt(f1 / t1 + f2 / t2)
  }
  w <- qnorm(0.975); e <- x1 / t1 - x2 / t2
  far <- 10 * (sqrt(x1 + 4) / t1 + sqrt(x2 + 4) / t2)
  put(set, "difference low", solve(function(d) z(d) - w, e - far, e - 1e-15))
  put(set, "difference high", solve(function(d) z(d) + w, e + 1e-15, e + far))
  put(set, "difference z", e / sqrt(n / N * (1 / t1 + 1 / t2)))
}
# a ratio common to strata: the distribution of the sum of binomials
strata <- rbind(c(3, 40, 9, 44), c(2, 61, 6, 50), c(0, 12, 1, 15), c(4, 80, 5, 78))
sums <- function(r) {
  d <- 1
  for (h in seq_len(nrow(strata))) {
    s <- strata[h, ]; p <- r * s[2] / (r * s[2] + s[4])
    b <- dbinom(0:(s[1] + s[3]), s[1] + s[3], p)
    d <- rowSums(sapply(seq_along(b), function(i)
      c(rep(0, i - 1), d * b[i], rep(0, length(b) - i))))
  }
  d
}
x <- sum(strata[, 1]); k <- 0:sum(strata[, c(1, 3)])
put("strata", "estimate",
    exp(solve(function(l) sum(k * sums(exp(l))) - x, -5, 5)))
put("strata", "low", exp(solve(function(l) sum(sums(exp(l))[k >= x]) - 0.025, -5, 5)))
put("strata", "high", exp(solve(function(l) sum(sums(exp(l))[k <= x]) - 0.025, -5, 5)))
d <- sums(1)
put("strata", "central", 2 * min(sum(d[k <= x]), sum(d[k >= x])))
put("strata", "minlike", sum(d[d <= d[x + 1] * (1 + 1e-7)]))
# variances between subjects: the sandwich of a Poisson model, times m / (m - 1)
subjects <- data.frame(y = c(0, 2, 1, 7, 0, 3, 1, 0, 4, 9, 2, 6, 0, 5, 3),
  t = c(28, 28, 14, 28, 9, 28, 28, 21, 28, 25, 28, 12, 28, 28, 20),
  arm = rep(c("A", "B"), c(8, 7)))
m <- glm(y ~ I(arm == "A") + offset(log(t)), poisson, subjects,
         control = glm.control(epsilon = 1e-15, maxit = 100))
X <- model.matrix(m); mu <- fitted(m); k <- table(subjects$arm)[subjects$arm]
bread <- base::solve(t(X) %*% (X * mu))
v <- bread %*% t(X) %*% (X * ((subjects$y - mu)^2 * as.numeric(k / (k - 1)))) %*% bread
own <- sapply(c("A", "B"), function(g) {
  i <- subjects$arm == g; e <- sum(subjects$y[i])
  sum((subjects$y - mu)[i]^2) / e^2 * sum(i) / (sum(i) - 1) })
df <- sum(own)^2 / sum(own^2 / (c(8, 7) - 1)); se <- sqrt(v[2, 2]); b <- coef(m)[2]
put("robust", "estimate", exp(b)); put("robust", "std_error", se); put("robust", "df", df)
put("robust", "statistic", b / se); put("robust", "p_value", 2 * pt(-abs(b / se), df))
put("robust", "conf_low", exp(b - qt(0.975, df) * se))
put("robust", "conf_high", exp(b + qt(0.975, df) * se))
put("robust", "dispersion", sum((subjects$y - mu)^2 / mu) / 13)
write.csv(out, "tests/reference/rate.csv", row.names = FALSE, quote = FALSE)
