# Reference values of cumulative incidence and Gray's test, made by R 4.2.2 and
# cmprsk 2.2-11 (Debian): Rscript tests/reference/competing.R, from the top of
# the tree. Writes competing_data.csv (set, time, cause: 0 censored, 1 event, 2
# competing; group, stratum), competing.csv (set, what, group, time, quantity,
# value).
library(cmprsk)
set.seed(20)
make <- function(set, n, k, m, digits, rate = 1, more = 1) {
  group <- sample(LETTERS[1:k], n, TRUE, prob = k:1)
  stratum <- sample(letters[1:m], n, TRUE)
  e <- match(group, LETTERS)
  t1 <- rexp(n, rate * (0.5 + 0.2 * e)); t2 <- rexp(n, 0.6 + 0.1 * (stratum == "a"))
  t3 <- runif(n, 0.1, 3 * more)
  time <- round(10 * pmin(t1, t2, t3), digits)
  cause <- ifelse(t1 < pmin(t2, t3), 1, ifelse(t2 < t3, 2, 0))
  data.frame(set, time, cause, group, stratum)
}
data <- rbind(make("small", 18, 2, 1, 1), make("ties", 60, 2, 2, 0),
              make("three", 120, 3, 3, 0), make("fine", 300, 4, 2, 3),
              make("coarse", 400, 2, 4, -1, 1, 2),
              make("complete", 40, 3, 1, 0, 1, 40),
              make("rare", 80, 2, 1, 1, 0.08))
# a group without events, one that ends early, one of competing events only
bare <- data.frame(set = "bare", time = c(1, 2, 3, 4, 5, 6, 2, 3, 5, 7, 8, 9, 1, 4, 6, 7),
  cause = c(1, 1, 2, 1, 1, 1, 0, 2, 0, 0, 2, 0, 1, 2, 1, 0),
  group = rep(c("A", "B", "C"), c(6, 6, 4)), stratum = "a")
early <- data.frame(set = "early", time = c(1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 8, 9, 9, 10, 11, 12, 4, 6, 8, 8, 10, 12),
  cause = c(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 2, 1, 1, 1, 2, 1),
  group = rep(c("A", "B", "C"), c(6, 10, 6)), stratum = "a")
data <- rbind(data, bare, early)
write.csv(data, "tests/reference/competing_data.csv", row.names = FALSE, quote = FALSE)
out <- NULL
put <- function(set, what, group, time, quantity, value)
  out <<- rbind(out, data.frame(set, what, group, time, quantity,
                                value = sprintf("%.17g", as.numeric(value))))
for (set in unique(data$set)) {
  d <- data[data$set == set, ]
  r <- cuminc(d$time, d$cause, d$group)
  put(set, "gray", "", "", "statistic", r$Tests[1, 1])
  put(set, "gray", "", "", "p", r$Tests[1, 2]); put(set, "gray", "", "", "df", r$Tests[1, 3])
  if (length(unique(d$stratum)) > 1) {
    s <- cuminc(d$time, d$cause, d$group, d$stratum)
    put(set, "stratified", "", "", "statistic", s$Tests[1, 1])
    put(set, "stratified", "", "", "p", s$Tests[1, 2])
  }
  at <- unique(unname(quantile(d$time, c(0.1, 0.3, 0.5, 0.7, 0.9), type = 1)))
  for (g in sort(unique(d$group))) {
    own <- cuminc(d$time[d$group == g], d$cause[d$group == g])
    if (is.null(own[["1 1"]])) next
    last <- max(d$time[d$group == g])
    p <- timepoints(own["1 1"], at[at <= last])
    for (j in seq_along(at[at <= last])) {
      f <- p$est[1, j]; se <- sqrt(p$var[1, j])
      put(set, "at", g, at[j], "estimate", f); put(set, "at", g, at[j], "se", se)
      if (f > 0 && f < 1) {
        w <- qnorm(0.975) * se / (f * log(f))
        put(set, "at", g, at[j], "low", f^exp(-w)); put(set, "at", g, at[j], "high", f^exp(w))
      }
    }
  }
}
write.csv(unique(out), "tests/reference/competing.csv", row.names = FALSE, quote = FALSE)
print(table(data$set, data$cause))
