# Reference values of tests/lua/test_describe.lua (shape, intervals) and
# test_padjust.lua, made by R 4.2.2: Rscript tests/reference/shape.R, from the
# top of the tree. Writes shape.csv and padjust.csv.
g <- function(x) sprintf("%.17g", as.numeric(x))
out <- NULL
put <- function(set, names, values)
  out <<- rbind(out, data.frame(set, quantity = names, value = g(values)))
skew <- function(x) { n <- length(x); z <- (x - mean(x)) / sd(x)
  n / (n - 1) / (n - 2) * sum(z^3) }
kurt <- function(x) { n <- length(x); z <- (x - mean(x)) / sd(x)
  n * (n + 1) / (n - 1) / (n - 2) / (n - 3) * sum(z^4) -
    3 * (n - 1)^2 / (n - 2) / (n - 3) }
median_ci <- function(x, level = 0.95) {
  n <- length(x); k <- qbinom((1 - level) / 2, n, 0.5)
  if (k == 0) return(c(NA, NA, NA))
  s <- sort(x); c(s[k], s[n - k + 1], 1 - 2 * pbinom(k - 1, n, 0.5))
}
sets <- list(sleep = sleep$extra, women = women$weight,
             ozone = na.omit(airquality$Ozone), rivers = rivers,
             five = c(3, 1, 4, 1, 5), three = c(2, 9, 4),
             six = c(0.3, 1.2, 0.7, 2.2, 5.1, 0.9))
for (name in names(sets)) {
  x <- as.numeric(sets[[name]])
  s <- shapiro.test(x)
  put(name, paste("x", seq_along(x)), x)
  put(name, c("skewness", "kurtosis", "mad", "cv", "shapiro_w", "shapiro_p",
              "median_low", "median_high", "median_level"),
      c(skew(x), if (length(x) > 3) kurt(x) else NA, mad(x, constant = 1),
        100 * sd(x) / mean(x), s$statistic, s$p.value, median_ci(x)))
  if (all(x > 0))
    put(name, c("geomean_low", "geomean_high"), exp(t.test(log(x))$conf.int))
}
write.csv(out, "tests/reference/shape.csv", row.names = FALSE, quote = FALSE)
p <- list(small = c(0.01, 0.02, 0.03, 0.04, 0.05),
          ties = c(0.04, 0.01, 0.04, 0.8, 0.01, 1),
          missing = c(0.001, NA, 0.2, 0.03, NA, 0.04),
          far = c(1e-20, 3e-5, 0.5, 0, 2e-310),
          one = c(0.03), many = round((1:15)^2.5 / 1000, 4))
out <- NULL
for (name in names(p)) {
  k <- sum(!is.na(p[[name]])); o <- order(p[[name]]); q <- p[[name]]
  down <- q
  down[o[1:k]] <- cummax(-expm1((k:1) * log1p(-q[o[1:k]])))
  ms <- c("bonferroni", "holm", "hochberg", "hommel", "BH", "BY")
  a <- cbind(q, matrix(sapply(ms, function(m) p.adjust(q, m)), length(q)),
             -expm1(k * log1p(-q)), down)
  colnames(a) <- c("p", ms, "sidak", "holm-sidak")
  out <- rbind(out, data.frame(set = name, matrix(g(a), nrow(a),
    dimnames = list(NULL, colnames(a))), check.names = FALSE))
}
write.csv(out, "tests/reference/padjust.csv", row.names = FALSE, quote = FALSE)
