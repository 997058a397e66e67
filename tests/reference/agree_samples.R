# Descriptions and t tests, for agree.R.
samples <- list(sleep = sleep$extra, ozone = airquality$Ozone, rivers = as.numeric(rivers),
  iris = iris$Petal.Width[1:50], zeros = c(0, 0, 0, 1, 2, 2, 5, 9), six = c(0.3, 1.2, 0.7,
  2.2, 5.1, 0.9), far = 1e9 + c(4, 7, 13, 16, 10), three = c(2, 9, 4), two = c(5, 3),
  nine = c(-4, 2, 2, 2, 3, 8, 8, 20, NA))
for (name in names(samples)) {
  raw <- samples[[name]]; x <- raw[!is.na(raw)]; n <- length(x); a <- paste0("x_", name)
  set(a, raw)
  m <- mean(x); z <- (x - m) / sd(x); k <- qbinom(0.025, n, 0.5); s <- sort(x)
  want(sprintf("describe(%s)", a), n = n, n_missing = length(raw) - n, mean = m, sd = sd(x),
    std_error = sd(x) / sqrt(n), min = min(x), max = max(x), median = median(x), sum = sum(x),
    cv = 100 * sd(x) / m, mad = mad(x, constant = 1), conf_low = t.test(x)$conf.int[1],
    conf_high = t.test(x)$conf.int[2],
    skewness = if (n > 2) n / (n - 1) / (n - 2) * sum(z^3) else NA,
    kurtosis = if (n > 3) n * (n + 1) / (n - 1) / (n - 2) / (n - 3) * sum(z^4) -
      3 * (n - 1)^2 / (n - 2) / (n - 3) else NA,
    median_low = if (k > 0) s[k] else NA, median_high = if (k > 0) s[n - k + 1] else NA,
    median_level = if (k > 0) 1 - 2 * pbinom(k - 1, n, 0.5) else NA)
  if (n > 2) want(sprintf("describe(%s)", a), shapiro_w = shapiro.test(x)$statistic,
                  shapiro_p = shapiro.test(x)$p.value, tol = 1e-6) # R's own digits
  ok <- all(x > 0); l <- if (ok) log(x) else c(NA, NA)
  ci <- if (ok) exp(t.test(l)$conf.int) else c(NA, NA)
  want(sprintf("describe(%s)", a), geomean = exp(mean(l)), geosd = exp(sd(l)),
       geocv = 100 * sqrt(expm1(var(l))), geomean_low = ci[1], geomean_high = ci[2])
  for (level in c(0.9, 0.99)) {
    k <- qbinom((1 - level) / 2, n, 0.5)
    want(sprintf("describe(%s, { conf_level = %g })", a, level),
         conf_low = t.test(x, conf.level = level)$conf.int[1],
         median_low = if (k > 0) s[k] else NA, median_high = if (k > 0) s[n - k + 1] else NA,
         median_level = if (k > 0) 1 - 2 * pbinom(k - 1, n, 0.5) else NA)
  }
  for (type in 1:9) {
    q <- quantile(x, c(0.25, 0.5, 0.75), type = type)
    want(sprintf("describe(%s, { quantile_type = %d })", a, type), q1 = q[1], q3 = q[3])
  }
  # t tests of one sample
  for (side in c("two.sided", "less", "greater")) {
    t <- t.test(x, mu = 1.5, alternative = side, conf.level = 0.9)
    want(sprintf("ttest(%s, { mu = 1.5, alternative = \"%s\", conf_level = 0.9 })", a,
                 sub("\\.", "-", side)), statistic = t$statistic, df = t$parameter,
         p_value = t$p.value, conf_low = t$conf.int[1], conf_high = t$conf.int[2])
  }
}
for (name in names(pairs_of)) {
  x <- pairs_of[[name]][[1]]; y <- pairs_of[[name]][[2]]
  for (pooled in c(FALSE, TRUE)) for (side in c("two.sided", "less", "greater")) {
    t <- t.test(x, y, var.equal = pooled, alternative = side, mu = 0.5)
    want(sprintf("ttest(%s_a, %s_b, { variance = \"%s\", alternative = \"%s\", mu = 0.5 })",
                 name, name, if (pooled) "pooled" else "Welch", sub("\\.", "-", side)),
         estimate = mean(x) - mean(y), std_error = t$stderr, statistic = t$statistic,
         df = t$parameter, p_value = t$p.value, conf_low = t$conf.int[1],
         conf_high = t$conf.int[2])
  }
  if (length(x) == length(y)) {
    t <- t.test(x, y, paired = TRUE)
    want(sprintf("ttest(%s_a, %s_b, { paired = true })", name, name), statistic = t$statistic,
         df = t$parameter, p_value = t$p.value, conf_low = t$conf.int[1], conf_high = t$conf.int[2])
  }
}
