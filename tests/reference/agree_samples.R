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
  # medians, after Price and Bonett 2001: from the c-th values from either end
  v <- sapply(list(x, y), function(x) {
    n <- length(x); c <- max(1, round((n + 1) / 2 - sqrt(n)))
    ((sort(x)[n - c + 1] - sort(x)[c]) / (2 * qnorm(1 - pbinom(c - 1, n, 0.5))))^2
  })
  e <- median(x) - median(y); se <- sqrt(sum(v)); z <- (e - 0.5) / se
  f <- function(opt) sprintf("mediandiff(%s_a, %s_b%s)", name, name, opt)
  if (se > 0) want(f(", { mu = 0.5 }"), estimate = e, std_error = se, statistic = z,
                   p_value = 2 * pnorm(-abs(z)), conf_low = e - qnorm(.975) * se)
  if (se > 0) want(f(", { alternative = \"less\", mu = 0.5, conf_level = 0.8 }"),
                   p_value = pnorm(z), conf_high = e + qnorm(.8) * se)
  for (how in list(c(F, F), c(T, F), c(F, T), c(T, T))) if (length(x) + length(y) > 5) {
    d <- smd(x, y, how[1], how[2], 0.9)
    want(sprintf("smd(%s_a, %s_b, { sd = \"%s\", hedges = %s, conf_level = 0.9 })", name, name,
                 if (how[1]) "pooled" else "average", tolower(how[2])),
         estimate = d[1], conf_low = d[2], conf_high = d[3], tol = 1e-8)
  }
  if (length(x) == length(y)) {
    t <- t.test(x, y, paired = TRUE)
    want(sprintf("ttest(%s_a, %s_b, { paired = true })", name, name), statistic = t$statistic,
         df = t$parameter, p_value = t$p.value, conf_low = t$conf.int[1], conf_high = t$conf.int[2])
  }
}

# correlations: cor.test, and all permutations where there are ties
both <- list(cars = list(mtcars$mpg, mtcars$wt), faithful = list(faithful$eruptions[1:40],
  faithful$waiting[1:40]), anscombe = list(anscombe$x1, anscombe$y1), ties = list(c(1, 2, 2,
  3, 3, 4, 9), c(2, 1, 1, 5, 3, 3, 5)), untied = list(c(44.4, 45.9, 41.9, 53.3, 44.7, 44.1, 50.7,
  45.2, 60.1), c(2.6, 3.1, 2.5, 5, 3.6, 4, 5.2, 2.8, 3.8)), zeros = list(c(0, 0, 0, 1, 5, 0),
  c(0, 2, 0, 0, 3, 0)), four = list(c(3, 1, 4, 2), c(1, 2, 4, 3)), three = list(c(1, 2, 4), c(5, 9, 7)))
orders <- function(n) if (n == 1) matrix(1) else {
  p <- orders(n - 1); do.call(rbind, lapply(1:n, function(i) cbind(i, p + (p >= i)))) }
for (name in names(both)) {
  x <- both[[name]][[1]]; y <- both[[name]][[2]]; n <- length(x)
  a <- paste0("cor_", name, "_a"); b <- paste0("cor_", name, "_b"); set(a, x); set(b, y)
  f <- function(opt) sprintf("cor(%s, %s, { %s })", a, b, opt)
  for (side in c("two.sided", "less", "greater")) {
    t <- cor.test(x, y, alternative = side, conf.level = 0.9)
    want(f(sprintf("alternative = \"%s\", conf_level = 0.9", sub("\\.", "-", side))),
         estimate = t$estimate, statistic = t$statistic, df = t$parameter, p_value = t$p.value,
         conf_low = if (n > 3) t$conf.int[1] else NA, conf_high = if (n > 3) t$conf.int[2] else NA)
  }
  s <- suppressWarnings(cor.test(x, y, method = "spearman", exact = FALSE))
  z <- atanh(s$estimate); q <- qnorm(0.975) / sqrt(n - 3)
  want(f("method = \"Spearman\", exact = false"), estimate = s$estimate, p_value = s$p.value,
       conf_low = if (n > 3) tanh(z - q) else NA, conf_high = if (n > 3) tanh(z + q) else NA)
  k <- suppressWarnings(cor.test(x, y, method = "kendall", exact = FALSE))
  want(f("method = \"Kendall\", exact = false"), estimate = k$estimate, z = k$statistic,
       p_value = k$p.value)
  if (!any(duplicated(x)) && !any(duplicated(y)))
    want(f("method = \"Kendall\""), p_value = cor.test(x, y, method = "kendall")$p.value)
  if (n < 10 && !any(duplicated(x)) && !any(duplicated(y))) # to 9 R lists all
    want(f("method = \"Spearman\""), p_value = cor.test(x, y, method = "spearman")$p.value)
  if (n > 7) next
  o <- orders(n); r <- rank(x); u <- rank(y)
  S <- apply(o, 1, function(i) sum(r * u[i])); own <- sum(r * u); m <- mean(S)
  away <- function(S, own, m) mean(abs(S - m) >= abs(own - m) - 1e-9)
  want(f("method = \"Spearman\""), p_value = away(S, own, m))
  want(f("method = \"Spearman\", alternative = \"greater\""), p_value = mean(S >= own - 1e-9))
  sg <- sign(outer(x, x, "-"))
  K <- apply(o, 1, function(i) sum(sg * sign(outer(y[i], y[i], "-"))))
  own <- sum(sg * sign(outer(y, y, "-")))
  want(f("method = \"Kendall\""), p_value = away(K, own, mean(K)), statistic = own / 2)
  want(f("method = \"Kendall\", two_sided = \"central\""), p_value =
         min(1, 2 * mean(K >= own - 1e-9), 2 * mean(K <= own + 1e-9)))
}

# statpsych::ci.median2's examples, as its manual prints them
ci_median2 <- list(
  list(c(32, 39, 26, 35, 43, 27, 40, 37, 34, 29), c(36, 44, 47, 42, 49, 39, 46, 31, 33, 48),
       c(-8.5, 4.316291, -16.95977)),
  list(c(32.1, 39.8, 26.3, 35, 43.1, 27, 40.9, 37.4, 34, 29.2),
       c(36.8, 44, 47.1, 42.7, 49, 39.6, 46.2, 31.6, 33.1, 48.4), c(-8.85, 4.494993, -17.66002)),
  list(c(70, 394, 43, 95, 62, 128, 2, 203, 81, 436, 85, 35, 156, 1, 3, 27, 63, 181, 184, 18),
       c(102, 120, 78, 78, 417, 124, 86, 171, 176, 129, 230, 194, 100, 157, 306, 411, 164, 103, 193, 312),
       c(-85, 37.11502, -157.7441)))
for (x in ci_median2) want(sprintf("mediandiff(%s, %s)", lua(x[[1]]), lua(x[[2]])),
  estimate = x[[3]][1], std_error = x[[3]][2], conf_low = x[[3]][3], tol = 1e-6)

# categories: the distance of Mahalanobis by its matrix, as tableone has it
expand <- function(t) { t <- as.data.frame(t); t[rep(seq_len(nrow(t)), t$Freq), ] }
hair <- expand(HairEyeColor); hair <- data.frame(y = hair$Hair, g = hair$Sex)
cats <- list(hair = hair, infert = data.frame(y = infert$education, g = c("no", "case")[infert$case + 1]),
  gears = data.frame(y = paste("gear", mtcars$gear), g = c("auto", "manual")[mtcars$am + 1]),
  ship = with(expand(Titanic), data.frame(y = Survived, g = Sex)))
for (name in names(cats)) {
  d <- cats[[name]]; d[] <- lapply(d, as.character); v <- sort(unique(d$g))
  set(paste0("cat_", name), d); out[length(out)] <- sprintf("set\tcat_%s\t{y=%s,g=%s}\t\t", name,
    lua(d$y), lua(d$g))
  p <- prop.table(table(d$g, d$y), 1); k <- ncol(p) - 1
  S <- Reduce("+", lapply(v, function(g) diag(p[g, 1:k], k) - p[g, 1:k] %o% p[g, 1:k])) / 2
  e <- p[v[2], 1:k] - p[v[1], 1:k]
  # of two values with the sign of the last one's share
  want(sprintf("smd(\"y ~ g\", cat_%s, { compare = \"%s vs %s\" })", name, v[2], v[1]),
       estimate = if (k == 1) -e / sqrt(S) else sqrt(e %*% solve(S, e)))
}

# pairs of means: Games and Howell by ptukey, Scheffe by pf, Dunnett's T3 by the
# modulus of m independent t with one variance, integrated over its root
modulus <- function(q, m, df, two = TRUE) {
  f <- function(s) -expm1(m * log1p(-(1 + two) * pnorm(q * s, lower.tail = FALSE))) *
    2 * s * df * dchisq(df * s^2, df)
  cut <- c(0, qchisq(c(1e-12, 1e-6, .01, .5, .99, 1 - 1e-9), df) / df, Inf)^.5
  sum(sapply(1:7, function(i) integrate(f, cut[i], cut[i + 1], rel.tol = 1e-11,
                                        abs.tol = 0, subdivisions = 2000)$value))
}
means <- list(chicks = chickwts[chickwts$feed != "sunflower", ], sprays = InsectSprays,
              plants = PlantGrowth[-(1:4), ])
for (name in names(means)) {
  d <- means[[name]]; names(d) <- c("y", "g"); d$g <- as.character(d$g)
  if (name == "chicks" || name == "plants") d <- d[order(d$g), ]
  out <- c(out, paste("set", paste0("means_", name), sprintf("{y=%s,g=%s}", lua(d$y), lua(d$g)),
                      "", "", sep = "\t"))
  v <- sort(unique(d$g)); k <- length(v)
  m <- tapply(d$y, d$g, mean)[v]; s <- tapply(d$y, d$g, var)[v]; n <- table(d$g)[v]
  fit <- lm(y ~ g, d); df <- fit$df.residual; row <- 0
  for (b in 1:(k - 1)) for (a in (b + 1):k) {
    row <- row + 1; e <- m[[a]] - m[[b]]; w <- c(s[[a]] / n[[a]], s[[b]] / n[[b]])
    se <- sqrt(sum(w)); f <- sum(w)^2 / sum(w^2 / (c(n[[a]], n[[b]]) - 1))
    # qtukey has four decimals; ptukey is off by 1e-10 or so, whatever P is
    q <- uniroot(function(q) ptukey(q, k, f, lower.tail = FALSE) - 0.05, c(1, 9), tol = 1e-12)$root
    p <- ptukey(abs(e) / se * sqrt(2), k, f, lower.tail = FALSE)
    t <- sprintf("tukey(\"y ~ g\", means_%s, { variance = \"welch\" })", name)
    out <- c(out, paste("want", t, paste0("estimate[", row, "]"), g(e), 1e-9, sep = "\t"),
      paste("want", t, paste0("df[", row, "]"), g(f), 1e-9, sep = "\t"),
      paste("want", t, paste0("p_adjusted[", row, "]"), g(p), max(1e-9, 5e-10 / p), sep = "\t"),
      paste("want", t, paste0("conf_low[", row, "]"), g(e - q * se / sqrt(2)), 1e-8, sep = "\t"))
    T3 <- function(call, m, row, two) {
      q <- uniroot(function(q) log(modulus(q, m, f, two) / 0.05), c(0.5, 30), tol = 1e-13)$root
      out <<- c(out,
        paste("want", call, paste0("p_adjusted[", row, "]"), g(modulus(if (two) abs(e) / se else -e / se, m, f, two)), 1e-9, sep = "\t"),
        paste("want", call, paste0("conf_high[", row, "]"), g(e + q * se), 1e-9, sep = "\t"))
    }
    T3(sprintf("tukey(\"y ~ g\", means_%s, { variance = \"T3\" })", name), k * (k - 1) / 2, row, TRUE)
    if (b == 1) {
      T3(sprintf("dunnett(\"y ~ g\", means_%s, { variance = \"welch\" })", name), k - 1, a - 1, TRUE)
      T3(sprintf("dunnett(\"y ~ g\", means_%s, { variance = \"welch\", alternative = \"less\" })", name),
         k - 1, a - 1, FALSE)
    }
    S <- e^2 / (sigma(fit)^2 * (1 / n[[a]] + 1 / n[[b]])) / (k - 1)
    t <- sprintf("lm(\"y ~ g\", means_%s):contrast { \"pairwise\", adjust = \"Scheffe\" }", name)
    half <- sqrt((k - 1) * qf(0.95, k - 1, df)) * sigma(fit) * sqrt(1 / n[[a]] + 1 / n[[b]])
    out <- c(out, paste("want", t, paste0("p_adjusted[", row, "]"),
      g(pf(S, k - 1, df, lower.tail = FALSE)), 1e-9, sep = "\t"),
      paste("want", t, paste0("conf_high[", row, "]"), g(e + half), 1e-9, sep = "\t"))
  }
}
