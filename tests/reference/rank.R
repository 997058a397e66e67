# Reference values of the rank tests, made by R 4.2.2 with coin and
# exactRankTests: Rscript tests/reference/rank.R, from the top of the tree.
# Writes rank_data.csv (small sets of R's own) and rank.csv beside itself.
suppressMessages({library(coin); library(exactRankTests)})
to <- "tests/reference"
out <- NULL
put <- function(set, test, quantity, value)
  out <<- rbind(out, data.frame(set, test, quantity,
                                value = sprintf("%.17g", as.numeric(value))))
data <- NULL
keep <- function(set, group, value, stratum = 0)
  data <<- rbind(data, data.frame(set, group = as.integer(group) - 1L, stratum,
                                  value))
keep("sleep", sleep$group, sleep$extra)
a <- subset(airquality, Month %in% c(5, 8) & !is.na(Ozone))
keep("ozone", factor(a$Month), a$Ozone)
i <- subset(InsectSprays, spray %in% c("C", "E"))
keep("sprays", factor(i$spray), i$count)
keep("growth", PlantGrowth$group, PlantGrowth$weight)
i <- subset(InsectSprays, spray %in% c("C", "D", "E"))
keep("three", factor(i$spray), i$count)
t22 <- data.frame(g = rep(1:3, c(8, 7, 7)), y = c(3, 5, 5, 6, 8, 9, 9, 12, 2,
  4, 5, 5, 7, 8, 10, 7, 9, 11, 11, 12, 14, 15))
keep("doses", factor(t22$g), t22$y)
w <- warpbreaks
keep("warps", w$wool, w$breaks, as.integer(w$tension))
d <- sleep$extra[11:20] - sleep$extra[1:10]
keep("pairs", rep(1, 10), d)
z <- c(0, 0, 1, -1, 2, 2, -3, 4, 5, 0, 6, -2, 7)
keep("zeros", rep(1, 13), z)
c9 <- airquality$Temp[airquality$Month == 9] - 77
keep("temperature", rep(1, length(c9)), c9)
write.csv(data, file.path(to, "rank_data.csv"), row.names = FALSE, quote = FALSE)

# P at a shift over all choices, and limits by trying every difference and the
# gaps between them
p_at <- function(x, y, mu, sets) {
  r <- rank(round(c(x - mu, y), 9)); s <- colSums(matrix(r[sets], nrow(sets)))
  o <- sum(r[seq_along(x)])
  c(mean(s <= o + 1e-7), mean(s >= o - 1e-7))
}
inverted <- function(x, y, level = 0.95) {
  sets <- combn(length(x) + length(y), length(x))
  d <- sort(unique(round(c(outer(x, y, "-")), 9)))
  mid <- (head(d, -1) + tail(d, -1)) / 2
  at <- sort(c(d, mid)); a <- (1 - level) / 2
  p <- sapply(at, function(m) p_at(x, y, m, sets))
  low <- min(which(p[2, ] > a)); high <- max(which(p[1, ] > a))
  # a gap that is kept ends at the difference before or behind it
  c(at[low - (low %% 2 == 0)], at[high + (high %% 2 == 0)])
}
two <- function(set, limits = TRUE) {
  s <- data[data$set == set, ]
  x <- s$value[s$group == 1]; y <- s$value[s$group == 0]
  g <- factor(s$group, c(1, 0))
  w <- suppressWarnings(wilcox.test(x, y, exact = FALSE))
  put(set, "wilcoxon", "U", w$statistic)
  put(set, "wilcoxon", "normal p", w$p.value)
  for (alt in c("less", "greater"))
    put(set, "wilcoxon", paste("normal p", alt), suppressWarnings(
      wilcox.test(x, y, exact = FALSE, alternative = alt))$p.value)
  put(set, "wilcoxon", "plain p", suppressWarnings(
    wilcox.test(x, y, exact = FALSE, correct = FALSE))$p.value)
  put(set, "wilcoxon", "absdev p", pvalue(
    wilcox_test(s$value ~ g, distribution = "exact")))
  for (alt in c("less", "greater"))
    put(set, "wilcoxon", paste("exact p", alt), pvalue(
      wilcox_test(s$value ~ g, distribution = "exact", alternative = alt)))
  put(set, "wilcoxon", "shift", median(outer(x, y, "-")))
  if (limits) {
    ci <- inverted(x, y)
    put(set, "wilcoxon", "conf_low", ci[1])
    put(set, "wilcoxon", "conf_high", ci[2])
  }
}
two("sleep"); two("sprays", FALSE); two("ozone", FALSE)
# without ties R's own interval is the inversion
x <- c(0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46)
y <- c(1.15, 0.88, 0.90, 0.74, 1.21)
w <- wilcox.test(x, y, conf.int = TRUE)
put("untied", "wilcoxon", "p", w$p.value)
put("untied", "wilcoxon", "conf_low", w$conf.int[1])
put("untied", "wilcoxon", "conf_high", w$conf.int[2])
w <- wilcox.test(x, y, conf.int = TRUE, alternative = "greater", conf.level = 0.9)
put("untied", "wilcoxon", "greater p", w$p.value)
put("untied", "wilcoxon", "greater conf_low", w$conf.int[1])

one <- function(set) {
  x <- data$value[data$set == set]
  w <- suppressWarnings(wilcox.test(x, exact = FALSE))
  put(set, "signed_rank", "V", w$statistic)
  put(set, "signed_rank", "normal p", w$p.value)
  put(set, "signed_rank", "plain p", suppressWarnings(
    wilcox.test(x, exact = FALSE, correct = FALSE))$p.value)
  put(set, "signed_rank", "exact p", wilcox.exact(x)$p.value)
  for (how in c("Pratt", "Wilcoxon")) {
    e <- wilcoxsign_test(x ~ rep(0, length(x)), distribution = "exact",
                         zero.method = how)
    put(set, "signed_rank", paste("exact p", how), pvalue(e))
    n <- wilcoxsign_test(x ~ rep(0, length(x)), zero.method = how)
    put(set, "signed_rank", paste("plain p", how), pvalue(n))
  }
  m <- outer(x, x, "+") / 2
  put(set, "signed_rank", "pseudomedian", median(m[upper.tri(m, TRUE)]))
  b <- binom.test(sum(x > 0), sum(x != 0))
  put(set, "sign_test", "p", b$p.value)
}
one("pairs"); one("zeros"); one("temperature")

# all deals of the units to groups, by choosing one group after the other
deals <- function(n, sizes, f) {
  if (length(sizes) == 1) return(f(list(n)))
  unlist(lapply(combn(length(n), sizes[1], simplify = FALSE), function(i)
    deals(n[-i], sizes[-1], function(rest) f(c(list(n[i]), rest)))))
}
groups <- function(set, exact) {
  s <- data[data$set == set, ]
  g <- factor(s$group)
  k <- kruskal.test(s$value, g)
  put(set, "kruskal", "H", k$statistic)
  put(set, "kruskal", "chi-square p", k$p.value)
  # Jonckheere by its formulas
  J <- 0; lev <- levels(g)
  for (a in seq_along(lev)) for (b in seq_along(lev)) if (a < b) {
    o <- outer(s$value[g == lev[a]], s$value[g == lev[b]], "-")
    J <- J + sum(o < 0) + sum(o == 0) / 2
  }
  N <- nrow(s); n <- table(g); t <- table(s$value)
  v <- (N * (N - 1) * (2 * N + 5) - sum(n * (n - 1) * (2 * n + 5)) -
        sum(t * (t - 1) * (2 * t + 5))) / 72 +
    sum(n * (n - 1) * (n - 2)) * sum(t * (t - 1) * (t - 2)) /
      (36 * N * (N - 1) * (N - 2)) +
    sum(n * (n - 1)) * sum(t * (t - 1)) / (8 * N * (N - 1))
  zj <- (J - (N^2 - sum(n^2)) / 4) / sqrt(v)
  put(set, "jonckheere", "J", J)
  put(set, "jonckheere", "normal p", 2 * pnorm(-abs(zj)))
  if (!exact) return()
  r <- rank(s$value)
  q <- deals(r, as.integer(n), function(d) sum(sapply(d, sum)^2 / sapply(d, length)))
  own <- sum(tapply(r, g, sum)^2 / n)
  put(set, "kruskal", "exact p", mean(q >= own - 1e-7))
}
small <- data[data$set == "growth", ]
small <- small[c(1:4, 11:14, 21:24), ]; small$set <- "shoots"
data <- rbind(data, small)
write.csv(data, file.path(to, "rank_data.csv"), row.names = FALSE, quote = FALSE)
groups("growth", FALSE); groups("three", FALSE); groups("doses", FALSE)
groups("shoots", TRUE)

# P of 8 + 7 + 7: the number of deals by counts and rank sums of two groups
s <- data[data$set == "doses", ]
r <- sort(2 * rank(s$value)); n <- as.integer(table(s$group))
top <- sapply(n[1:2], function(m) sum(tail(r, m)))
A <- array(0, c(n[1] + 1, n[2] + 1, top[1] + 1, top[2] + 1)); A[1, 1, 1, 1] <- 1
for (x in r) {
  B <- A; d <- dim(A)
  if (x < d[3]) B[-1, , (x + 1):d[3], ] <- B[-1, , (x + 1):d[3], ] +
    A[-d[1], , 1:(d[3] - x), ]
  if (x < d[4]) B[, -1, , (x + 1):d[4]] <- B[, -1, , (x + 1):d[4]] +
    A[, -d[2], , 1:(d[4] - x)]
  A <- B
}
A <- A[n[1] + 1, n[2] + 1, , ]
full <- which(A > 0, arr.ind = TRUE); wt <- A[A > 0]
q <- (full[, 1] - 1)^2 / n[1] + (full[, 2] - 1)^2 / n[2] +
  (sum(r) - (full[, 1] - 1) - (full[, 2] - 1))^2 / n[3]
own <- sum(tapply(2 * rank(s$value), s$group, sum)^2 / n)
put("doses", "kruskal", "exact p", sum(wt[q >= own - 1e-7]) / sum(wt))
put("doses", "kruskal", "p_smallest", sum(wt[q >= max(q) - 1e-7]) / sum(wt))

# van Elteren by its formulas: SAS's CMH2 with SCORES=MODRIDIT
s <- data[data$set == "warps", ]
num <- 0; den <- 0
for (h in unique(s$stratum)) {
  x <- s[s$stratum == h, ]; N <- nrow(x); m <- sum(x$group == 1)
  r <- rank(x$value)
  num <- num + (sum(r[x$group == 1]) - m * (N + 1) / 2) / (N + 1)
  den <- den + m * (N - m) / (N * (N - 1)) * sum((r - (N + 1) / 2)^2) / (N + 1)^2
}
put("warps", "van_elteren", "z", num / sqrt(den))
put("warps", "van_elteren", "normal p", 2 * pnorm(-abs(num / sqrt(den))))
write.csv(out, file.path(to, "rank.csv"), row.names = FALSE, quote = FALSE)
