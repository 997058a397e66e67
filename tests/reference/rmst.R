# Reference values of rmst(), made by R 4.2.2 and survival 3.5-3 (Debian):
# Rscript tests/reference/rmst.R, from the top of the tree, after survival.R. Reads
# tests/data/survival.csv, writes rmst.csv (set, horizon, quantity, group, value).
# Means and their errors are those that survfit prints with rmean =; the sums of
# the definition are taken beside them.
suppressMessages(library(survival))
data <- read.csv("tests/data/survival.csv", colClasses = c(set = "character"))
sets <- split(data, factor(data$set, unique(data$set)))

# The area under the curve and Greenwood's sum over the areas left, by hand.
by_hand <- function(time, event, tau) {
  t <- sort(unique(time[event == 1 & time <= tau]))
  n <- vapply(t, function(u) sum(time >= u), 0)
  d <- vapply(t, function(u) sum(time == u & event == 1), 0)
  s <- cumprod(1 - d / n)
  width <- diff(c(0, t, tau))
  area <- width * c(1, s)
  left <- rev(cumsum(rev(area)))[-1] # from each event on
  v <- ifelse(n == d, 0, left^2 * d / (n * (n - d)))
  c(sum(area), sqrt(sum(v)))
}
out <- NULL
for (name in head(names(sets), 100)) {
  d <- sets[[name]]
  d[c("time", "event")] <- as.matrix(aeqSurv(Surv(d$time, d$event)))[, 1:2]
  if (any(d$time == 0 & d$event == 1) && all(d$time == 0)) next
  last <- tapply(d$time, d$group, max)
  for (tau in unique(c(0.4 * min(last), 0.8 * min(last), min(last)))) {
    if (!(tau > 0)) next
    put <- function(quantity, value, group = -1)
      out <<- rbind(out, data.frame(set = name, horizon = sprintf("%.17g", tau),
                                    quantity, group, value = sprintf("%.17g", value)))
    m <- sapply(sort(unique(d$group)), function(g) {
      o <- d[d$group == g, ]
      f <- survfit(Surv(time, event) ~ 1, o)
      t <- survival:::survmean(f, rmean = tau)$matrix[c("rmean", "se(rmean)")]
      hand <- by_hand(o$time, o$event, tau)
      stopifnot(abs(t[1] - hand[1]) < 1e-10 * hand[1],
                abs(t[2] - hand[2]) <= 1e-10 * hand[2] + 1e-15)
      put("mean", t[1], g); put("se", t[2], g)
      t
    })
    if (ncol(m) == 2) {
      se <- sqrt(sum(m[2, ]^2)); e <- m[1, 2] - m[1, 1]
      lse <- sqrt(sum((m[2, ] / m[1, ])^2)); l <- log(m[1, 2] / m[1, 1])
      if (se > 0) {
        put("difference", e); put("se_difference", se)
        put("low", e - qnorm(0.975) * se); put("high", e + qnorm(0.975) * se)
        put("p", 2 * pnorm(-abs(e / se)))
        put("ratio", exp(l)); put("se_ratio", lse)
        put("ratio_low", exp(l - qnorm(0.95) * lse)) # of 90 %
        put("p_ratio", 2 * pnorm(-abs(l / lse)))
      }
    }
  }
}
write.csv(out, "tests/reference/rmst.csv", row.names = FALSE, quote = FALSE)
