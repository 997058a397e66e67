# Reference values of win ratios: R 4.2.2, every pair and every permutation
# written out: Rscript tests/reference/winratio.R, from the top of the tree.
# Writes winratio_data.csv (set, arm, stratum, time, dead, score, days) and
# winratio.csv (set, quantity, value).
set.seed(12)
make <- function(set, n, k, missing = 0) {
  arm <- sample(rep(c("A", "B"), length.out = n))
  t <- round(rexp(n, ifelse(arm == "A", 0.02, 0.035))); c <- round(runif(n, 20, 120))
  score <- sample(0:8, n, TRUE) + (arm == "A"); score[runif(n) < missing] <- NA
  data.frame(set, arm, stratum = sample(letters[1:k], n, TRUE),
             time = pmin(t, c), dead = as.numeric(t <= c), score,
             days = round(rexp(n, 0.1), 1))
}
data <- rbind(make("small", 12, 1), make("missing", 15, 1, 0.3),
              make("strata", 18, 2), make("large", 120, 4, 0.1))
write.csv(data, "tests/reference/winratio_data.csv", row.names = FALSE, quote = FALSE)
# time to death within 90, then score (higher by 2 or more), then days (fewer)
better <- function(a, b) {
  t <- pmin(c(a$time, b$time), 90)
  d <- c(a$dead, b$dead) == 1 & c(a$time, b$time) <= 90
  if (d[2] && (t[1] > t[2] || (t[1] == t[2] && !d[1]))) return(c(1, 1))
  if (d[1] && (t[2] > t[1] || (t[1] == t[2] && !d[2]))) return(c(-1, 1))
  if (!is.na(a$score) && !is.na(b$score) && abs(a$score - b$score) >= 2)
    return(c(sign(a$score - b$score), 2))
  if (a$days != b$days) return(c(sign(b$days - a$days), 3))
  c(0, 0)
}
out <- NULL
put <- function(set, quantity, value)
  out <<- rbind(out, data.frame(set, quantity,
                                value = sprintf("%.17g", as.numeric(value))))
for (set in unique(data$set)) {
  all <- data[data$set == set, ]
  W <- L <- P <- 0; cov <- matrix(0, 2, 2); counts <- matrix(0, 3, 2)
  scores <- list(); own <- list(); var0 <- 0
  for (h in unique(all$stratum)) {
    d <- all[all$stratum == h, ]; n <- nrow(d)
    u <- matrix(0, n, n); level <- u
    for (i in 1:n) for (j in 1:n) if (i != j) {
      r <- better(d[i, ], d[j, ]); u[i, j] <- r[1]; level[i, j] <- r[2]
    }
    A <- which(d$arm == "A"); B <- which(d$arm == "B")
    ab <- u[A, B, drop = FALSE]
    for (k in 1:3) counts[k, ] <- counts[k, ] +
      c(sum(ab > 0 & level[A, B] == k), sum(ab < 0 & level[A, B] == k))
    w <- length(A) * length(B) / n
    W <- W + w * mean(ab > 0); L <- L + w * mean(ab < 0); P <- P + w
    cov <- cov + w^2 * (var(cbind(rowMeans(ab > 0), rowMeans(ab < 0))) / length(A) +
                          var(cbind(colMeans(ab > 0), colMeans(ab < 0))) / length(B))
    scores[[h]] <- rowSums(u) / n; own[[h]] <- d$arm == "A"
    var0 <- var0 + length(A) * length(B) / (n * (n - 1)) * sum(scores[[h]]^2)
  }
  put(set, "wins", sum(counts[, 1])); put(set, "losses", sum(counts[, 2]))
  for (k in 1:3) { put(set, paste("wins", k), counts[k, 1])
                   put(set, paste("losses", k), counts[k, 2]) }
  g <- function(v) sqrt(drop(t(v) %*% cov %*% v)); q <- qnorm(0.975)
  se <- g(c(1 / W, -1 / L))
  put(set, "ratio", W / L); put(set, "log se", se)
  put(set, "ratio low", W / L * exp(-q * se)); put(set, "ratio high", W / L * exp(q * se))
  put(set, "net", (W - L) / P); put(set, "net se", g(c(1, -1)) / P)
  up <- W + (P - W - L) / 2; down <- P - up
  # log odds of (1 + net) / 2
  put(set, "odds", up / down)
  put(set, "odds se", g(c(1, -1)) / 2 * (1 / up + 1 / down))
  T <- sum(mapply(function(s, o) sum(s[o]), scores, own))
  put(set, "z", T / sqrt(var0)); put(set, "normal p", 2 * pnorm(-abs(T / sqrt(var0))))
  if (set != "large") { # all choices of A within strata
    sums <- 0
    for (h in seq_along(scores))
      sums <- as.vector(outer(sums, combn(length(scores[[h]]), sum(own[[h]]),
                                          function(i) sum(scores[[h]][i])), "+"))
    e <- 1e-9
    put(set, "p", mean(abs(sums) >= abs(T) - e))
    put(set, "greater", mean(sums >= T - e)); put(set, "less", mean(sums <= T + e))
  }
}
write.csv(out, "tests/reference/winratio.csv", row.names = FALSE, quote = FALSE)
