# Calls and the numbers that R has for them, for tests/lua/test_agree.lua: made
# by R 4.2.2 with coin 1.4-2, exactRankTests 0.8-35, vcdExtra 0.8-1 and MASS.
#   Rscript tests/reference/agree.R, from the top of the tree. Writes agree.tsv.
# What R has not, or not to the last digit, is computed here from its
# definition: all allocations, equations solved by uniroot to 1e-15.
suppressMessages({library(coin); library(exactRankTests); library(vcdExtra)})
source("tests/reference/standardised.R") # smd
out <- character()
g <- function(x) ifelse(is.na(x), "NA", sprintf("%.17g", x))
lua <- function(x) {
  if (is.list(x)) return(paste0("{", paste(sapply(x, lua), collapse = ","), "}"))
  if (is.matrix(x)) return(lua(apply(x, 1, identity, simplify = FALSE)))
  if (is.character(x)) return(paste0("{\"", paste(x, collapse = "\",\""), "\"}"))
  paste0("{", paste(g(x), collapse = ","), "}")
}
set <- function(name, x) out <<- c(out, paste("set", name, lua(x), "", "", sep = "\t"))
want <- function(call, ..., tol = 1e-9) {
  v <- list(...)
  for (k in names(v))
    out <<- c(out, paste("want", call, k, g(as.numeric(v[[k]])), tol, sep = "\t"))
}
solve_at <- function(f, a, b) uniroot(function(x) {
  y <- f(x); if (is.finite(y)) y else if (x < (a + b) / 2) 1e3 else -1e3
}, c(a, b), tol = 1e-15, maxiter = 10000)$root

# Ranks -----------------------------------------------------------------------

# P of a sum, from the probabilities of 0, 1, 2, ...
tails <- function(pmf, at, mean) {
  v <- seq_along(pmf) - 1
  p <- c(less = sum(pmf[v <= at]), greater = sum(pmf[v >= at]))
  c(p, central = min(1, 2 * p), absdev = sum(pmf[abs(v - mean) >= abs(at - mean)]))
}
# how many of the subsets of m scores have each sum
two_pmf <- function(score, m) {
  A <- matrix(0, m + 1, sum(score) + 1); A[1, 1] <- 1
  for (s in score) {
    B <- A; n <- ncol(A)
    B[-1, (s + 1):n] <- B[-1, (s + 1):n] + A[-(m + 1), 1:(n - s)]
    A <- B
  }
  A[m + 1, ] / sum(A[m + 1, ])
}
two_p <- function(x, y, mu = 0) {
  r <- round(2 * rank(round(c(x - mu, y), 9))); m <- length(x)
  tails(two_pmf(r, m), sum(r[1:m]), sum(r) * m / length(r))
}
signed_p <- function(x, mu = 0, pratt = FALSE) {
  d <- round(x - mu, 9); if (!pratt) d <- d[d != 0]
  r <- round(2 * rank(abs(d)))[d != 0]; up <- d[d != 0] > 0
  pmf <- 1
  for (s in r) pmf <- c(pmf, rep(0, s)) + c(rep(0, s), pmf)
  tails(pmf / sum(pmf), sum(r[up]), sum(r) / 2)
}
# the range of shifts that p does not reject: P changes at these places only
range_of <- function(at, p, alpha) {
  at <- sort(unique(round(at, 9)))
  mid <- c(at[1] - 1, (head(at, -1) + tail(at, -1)) / 2, tail(at, 1) + 1)
  keep_mid <- sapply(mid, p) > alpha; keep_at <- sapply(at, p) > alpha
  low <- min(c(Inf, which(keep_mid))); high <- max(c(-Inf, which(keep_mid)))
  l <- if (low == 1) -Inf else at[low - 1]
  h <- if (high == length(mid)) Inf else at[high]
  c(min(l, at[keep_at]), max(h, at[keep_at]))
}
pairs_of <- list(
  plant = list(PlantGrowth$weight[1:10], PlantGrowth$weight[11:20]),
  feed = list(chickwts$weight[chickwts$feed == "horsebean"],
              chickwts$weight[chickwts$feed == "linseed"]),
  cars = list(mtcars$mpg[mtcars$am == 1], mtcars$mpg[mtcars$am == 0]),
  tooth = list(ToothGrowth$len[11:20], ToothGrowth$len[41:50]),
  zeros = list(c(0, 0, 0, 2, 5, 0, 1), c(0, 0, 0, 0, 1, 0, 0, 3)),
  tiny = list(c(4, 7, 2), c(1, 2)), four = list(c(5, 8, 9, 9), c(1, 2, 2, 5)))
for (name in names(pairs_of)) {
  x <- pairs_of[[name]][[1]]; y <- pairs_of[[name]][[2]]
  a <- paste0(name, "_a"); b <- paste0(name, "_b"); set(a, x); set(b, y)
  f <- function(opt) sprintf("wilcoxon(%s, %s%s)", a, b, opt)
  p <- two_p(x, y); d <- factor(rep(1:2, c(length(x), length(y))))
  e <- pvalue(wilcox_test(c(x, y) ~ d, distribution = "exact"))
  stopifnot(abs(e / p["absdev"] - 1) < 1e-9)
  smallest <- function() {
    r <- round(2 * rank(c(x, y))); pmf <- two_pmf(r, length(x)); v <- which(pmf > 0)
    min(1, 2 * min(pmf[min(v)], pmf[max(v)]))
  }
  for (level in c(0.95, 0.8)) {
    ci <- range_of(outer(x, y, "-"), function(mu) two_p(x, y, mu)["central"], 1 - level)
    want(f(sprintf(", { conf_level = %g }", level)), p_value = p["central"],
         conf_low = ci[1], conf_high = ci[2], p_smallest = smallest(),
         estimate = median(outer(x, y, "-")), statistic = sum(outer(x, y, ">")) +
           sum(outer(x, y, "==")) / 2)
  }
  want(f(", { two_sided = \"absdev\" }"), p_value = e)
  ci <- range_of(outer(x, y, "-"), function(mu) two_p(x, y, mu)["absdev"], 0.1)
  want(f(", { two_sided = \"absdev\", conf_level = 0.9 }"), conf_low = ci[1],
       conf_high = ci[2])
  for (side in c("less", "greater"))
    want(f(sprintf(", { alternative = \"%s\", mu = 1 }", side)),
         p_value = two_p(x, y, 1)[side])
  w <- function(...) suppressWarnings(wilcox.test(x, y, exact = FALSE, ...))$p.value
  want(f(", { exact = false }"), p_value = w())
  want(f(", { exact = false, continuity = false, alternative = \"less\" }"),
       p_value = w(correct = FALSE, alternative = "less"))
}
ones <- list(sleep = sleep$extra[11:20] - sleep$extra[1:10],
  corn = c(6.1, -8.4, 1, 2, 0.7, 2.9, 3.5, 5.1, 1.8, 3.6, 7, 3, 9.3, 7.5, -6),
  women = women$height - 65, anscombe = round(anscombe$y1 - anscombe$y2, 2),
  zeros = c(0, 0, 1, -1, 2, 2, -3, 4, 5, 0, 6, -2, 7), two = c(3, -1), one = 4)
for (name in names(ones)) {
  x <- ones[[name]]; a <- paste0("one_", name); set(a, x)
  f <- function(opt) sprintf("signed_rank(%s%s)", a, opt)
  p <- signed_p(x)
  if (sum(x != 0) > 1)
    stopifnot(abs(wilcox.exact(x)$p.value / p["central"] - 1) < 1e-9)
  walsh <- outer(x, x, "+") / 2
  # the interval ranks zeros
  ci <- range_of(walsh, function(mu) signed_p(x, mu, TRUE)["central"], 0.05)
  want(f(""), p_value = p["central"], conf_low = ci[1], conf_high = ci[2],
       estimate = median(walsh[upper.tri(walsh, TRUE)]),
       p_smallest = 2 * 2^-sum(x != 0))
  want(f(", { zeros = \"Pratt\" }"), p_value = signed_p(x, 0, TRUE)["central"])
  want(f(", { alternative = \"less\", mu = 0.5 }"), p_value = signed_p(x, 0.5)["less"])
  want(f(", { alternative = \"greater\", zeros = \"pratt\" }"),
       p_value = signed_p(x, 0, TRUE)["greater"])
  w <- function(...) suppressWarnings(wilcox.test(x, exact = FALSE, ...))$p.value
  want(f(", { exact = false }"), p_value = w())
  want(f(", { exact = false, continuity = false, alternative = \"greater\" }"),
       p_value = w(correct = FALSE, alternative = "greater"))
  if (sum(x != 0) > 1)
    want(f(", { exact = false, continuity = false, zeros = \"pratt\" }"),
         p_value = pvalue(wilcoxsign_test(x ~ rep(0, length(x)), zero.method = "Pratt")))
  # signs: limits are order statistics
  n <- length(x); up <- sum(x > 0); all <- sum(x != 0); s <- sort(x)
  k <- qbinom(0.025, n, 0.5)
  want(sprintf("sign_test(%s)", a), p_value = binom.test(up, all)$p.value,
       estimate = median(x), conf_low = if (k > 0) s[k] else -Inf,
       conf_high = if (k > 0) s[n - k + 1] else Inf)
  want(sprintf("sign_test(%s, { mu = 2, alternative = \"less\" })", a), p_value =
         if (any(x != 2)) binom.test(sum(x > 2), sum(x != 2), alternative = "less")$p.value
         else 1)
}
# several groups: every deal of the units
deals <- function(n, sizes, f) {
  if (length(sizes) == 1) return(f(list(n)))
  unlist(lapply(if (length(n) == sizes[1]) list(n) else
    combn(seq_along(n), sizes[1], simplify = FALSE), function(i)
      deals(n[-i], sizes[-1], function(rest) f(c(list(n[i]), rest)))))
}
rising <- function(groups) {
  J <- 0; k <- length(groups)
  for (i in seq_len(k - 1)) for (j in (i + 1):k) {
    o <- outer(groups[[i]], groups[[j]], "-"); J <- J + sum(o < 0) + sum(o == 0) / 2
  }
  J
}
several <- list(plant = list(PlantGrowth$weight[1:4], PlantGrowth$weight[11:13],
                             PlantGrowth$weight[21:23]),
  spray = list(c(10, 7, 20, 14), c(0, 1, 7, 2), c(3, 5, 12)),
  counts = list(c(0, 0, 1, 2), c(0, 1, 1, 3, 0), c(2, 2, 5)),
  pairs = list(c(1, 2), c(2, 3), c(3, 3), c(5, 4)), tiny = list(1, c(2, 2), 3),
  unequal = list(c(7, 1), c(3, 3, 4, 4, 4, 6), c(9)))
for (name in names(several)) {
  s <- several[[name]]; a <- paste0("groups_", name); set(a, s)
  x <- unlist(s); n <- lengths(s); r <- rank(x); f <- factor(rep(seq_along(n), n))
  h <- function(d) sum(sapply(d, sum)^2 / lengths(d))
  own <- h(split(r, f)); q <- deals(r, n, h)
  k <- kruskal.test(x, f)
  want(sprintf("kruskal(%s)", a), p_value = mean(q >= own - 1e-7),
       statistic = k$statistic, df = k$parameter, p_smallest = mean(q >= max(q) - 1e-7))
  want(sprintf("kruskal(%s, { exact = false })", a), p_value = k$p.value)
  J <- deals(x, n, rising); own <- rising(s); m <- mean(J)
  want(sprintf("jonckheere(%s)", a), statistic = own, p_value =
         mean(abs(J - m) >= abs(own - m) - 1e-7))
  want(sprintf("jonckheere(%s, { two_sided = \"central\" })", a), p_value =
         min(1, 2 * mean(J <= own + 1e-7), 2 * mean(J >= own - 1e-7)))
  want(sprintf("jonckheere(%s, { alternative = \"greater\" })", a),
       p_value = mean(J >= own - 1e-7))
  # the variance of all deals is that of the normal approximation
  z <- (own - m) / sqrt(mean((J - m)^2))
  want(sprintf("jonckheere(%s, { exact = false })", a), z = z,
       p_value = 2 * pnorm(-abs(z)))
}
# two groups in strata
strata <- list(warp = with(subset(warpbreaks, seq_along(breaks) %% 3 == 1),
    data.frame(y = breaks, g = wool, s = tension)),
  site = data.frame(y = c(1, 2, 2, 4, 0, 0, 3, 5, 6, 2, 1), g = c("A", "B", "B", "A",
    "A", "B", "A", "B", "B", "A", "B"), s = c(1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4)),
  zeros = data.frame(y = c(0, 0, 0, 1, 0, 0, 2, 3), g = c("A", "A", "B", "B", "A", "B",
    "A", "B"), s = c(1, 1, 1, 1, 2, 2, 2, 2)))
for (name in names(strata)) {
  d <- strata[[name]]; a <- paste0("strata_", name)
  d$g <- as.character(d$g); d$s <- paste0("s", d$s)
  out <- c(out, paste("set", a, sprintf("{y=%s,g=%s,s=%s}", lua(d$y), lua(d$g),
                                        lua(d$s)), "", "", sep = "\t"))
  sums <- 0; own <- 0; center <- 0; variance <- 0
  for (h in unique(d$s)) {
    t <- d[d$s == h, ]; N <- nrow(t); m <- sum(t$g == "B"); r <- rank(t$y) / (N + 1)
    if (m == 0 || m == N) next
    sums <- c(outer(sums, combn(N, m, function(i) sum(r[i])), "+"))
    own <- own + sum(r[t$g == "B"]); center <- center + m * mean(r)
    variance <- variance + m * (N - m) / (N * (N - 1)) * sum((r - mean(r))^2)
  }
  f <- function(opt) sprintf("van_elteren(\"y ~ g + strata(s)\", %s%s)", a, opt)
  away <- function(x) abs(x - center) >= abs(own - center) - 1e-9
  z <- (own - center) / sqrt(variance)
  want(f(""), p_value = mean(away(sums)), z = z, p_smallest = mean(
    abs(sums - center) >= max(abs(sums - center)) - 1e-9))
  want(f(", { alternative = \"greater\" }"), p_value = mean(sums >= own - 1e-9))
  want(f(", { compare = \"A vs B\", two_sided = \"central\" }"), p_value =
         min(1, 2 * mean(sums >= own - 1e-9), 2 * mean(sums <= own + 1e-9)), z = -z)
  want(f(", { exact = false }"), p_value = 2 * pnorm(-abs(z)))
}
source("tests/reference/agree_counts.R")
source("tests/reference/agree_samples.R")
writeLines(out, "tests/reference/agree.tsv")
