# Adjusted P-values of graphs by the closure of all subsets (Bretz et al. 2009,
# section 2), not by the sequential algorithm that trialsh uses. Base R only.
#   Rscript tests/reference/graph.R > tests/reference/graph.csv
remove <- function(j, w, g) {
  n <- length(w)
  w2 <- w + w[j] * g[j, ]
  w2[j] <- 0
  g2 <- matrix(0, n, n)
  for (l in seq_len(n)) for (k in seq_len(n)) {
    loop <- g[l, j] * g[j, l]
    if (l != k && l != j && k != j && loop < 1)
      g2[l, k] <- (g[l, k] + g[l, j] * g[j, k]) / (1 - loop)
  }
  list(w = w2, g = g2)
}
closed <- function(p, w, g) {
  n <- length(p)
  adj <- numeric(n)
  for (set in seq_len(2^n - 1)) {
    inside <- bitwAnd(set, 2^(seq_len(n) - 1)) > 0
    s <- list(w = w, g = g)
    for (j in which(!inside)) s <- remove(j, s$w, s$g)
    q <- ifelse(s$w[inside] > 0, p[inside] / s$w[inside], Inf)
    adj[inside] <- pmax(adj[inside], min(1, q))
  }
  adj
}
set.seed(20180308)
out <- function(id, p, w, g, adj) for (i in seq_along(p)) cat(sprintf(
  "%s,%d,%.17g,%.17g,%s,%.17g\n", id, i, p[i], w[i],
  paste(sprintf("%.17g", g[i, ]), collapse = " "), adj[i]))
cat("set,i,p,weight,to,adjusted\n")
fixed <- list(
  # two doses, two endpoints each (Maurer and Bretz, parallel gatekeeping)
  parallel = list(p = c(0.01, 0.03, 0.02, 0.004), w = c(.5, .5, 0, 0),
    g = rbind(c(0, .5, .5, 0), c(.5, 0, 0, .5), c(0, 1, 0, 0), c(1, 0, 0, 0))),
  holm = list(p = c(0.012, 0.04, 0.03), w = rep(1 / 3, 3),
    g = (1 - diag(3)) / 2),
  sequence = list(p = c(0.01, 0.002, 0.2, 0.001), w = c(1, 0, 0, 0),
    g = rbind(c(0, 1, 0, 0), c(0, 0, 1, 0), c(0, 0, 0, 1), 0)),
  iris = list(p = c(0.004, 0.02, 0.03, 0.05), w = c(1, 0, 0, 0),
    g = rbind(c(0, 1, 0, 0), c(0, 0, .5, .5), c(0, 0, 0, 1), c(0, 0, 1, 0))))
for (id in names(fixed)) with(fixed[[id]], out(id, p, w, g, closed(p, w, g)))
for (k in 1:20) {
  n <- sample(2:6, 1)
  p <- round(rbeta(n, 0.4, 3), 4)
  w <- rexp(n) * rbinom(n, 1, 0.7)
  if (sum(w) == 0) w[1] <- 1
  w <- w / sum(w) * sample(c(1, 0.8), 1)
  g <- matrix(rexp(n * n) * rbinom(n * n, 1, 0.6), n, n)
  diag(g) <- 0
  g <- g / pmax(rowSums(g), 1e-300) * sample(c(1, 0.9), 1)
  out(paste0("random", k), p, w, g, closed(p, w, g))
}
