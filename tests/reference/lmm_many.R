# Values of tests/lua/test_lmm_many.lua: subjects with slopes, crossed with raters,
# nested in sites, 1,500 rows in one block, from the definitions with whole
# matrices (V is linear in its parameters), by R 4.2.2; lme4 1.1-31 at that optimum
# must agree, its own is close.
#   Rscript tests/reference/lmm_many.R > tests/reference/lmm_many.csv   (a minute)
suppressMessages(library(lme4))
seed <- 1
uniform <- function(n) sapply(seq_len(n), function(i) {
  seed <<- (seed * 16807) %% 2147483647; seed / 2147483647 })
normal <- function(n) sapply(seq_len(n), function(i) sum(uniform(4)) - 2) # variance 1/3
u <- normal(300); us <- normal(300); r <- normal(20); st <- normal(12)
d <- data.frame(S = rep(1:300, each = 5), V = rep(0:4, 300))
d$R <- floor(uniform(1500) * 20) + 1; d$SITE <- (d$S - 1) %% 12 + 1; d$T <- d$S %% 2
d$Y <- 5 + 0.25 * d$V + 0.5 * d$T + u[d$S] + 0.5 * us[d$S] * d$V + r[d$R] + 0.5 * st[d$SITE] + normal(1500)
X <- model.matrix(~ V * T, d); y <- d$Y; n <- nrow(d)
same <- function(g) outer(g, g, "==") + 0
S <- same(d$S); v <- d$V
D <- list(S, S * (outer(v, rep(1, n)) + outer(rep(1, n), v)), S * outer(v, v), same(d$R), same(d$SITE), diag(n))
at <- function(th) {
  V <- Reduce("+", Map("*", D, th)); C <- chol(V); Vi <- chol2inv(C)
  A <- t(X) %*% Vi %*% X; Phi <- solve(A); VX <- Vi %*% X; P <- Vi - VX %*% Phi %*% t(VX)
  list(Vi = Vi, VX = VX, A = A, Phi = Phi, P = P, Py = P %*% y,
       value = 2 * sum(log(diag(C))) + as.numeric(determinant(A)$modulus) + sum(y * (P %*% y)) + (n - ncol(X)) * log(2 * pi))
}
derive <- function(s) {
  PD <- lapply(D, function(d) s$P %*% d); DPy <- lapply(D, function(d) d %*% s$Py); t <- length(D); H <- matrix(0, t, t)
  g <- mapply(function(a, b) sum(diag(a)) - sum(s$Py * b), PD, DPy)
  for (h in 1:t) for (k in 1:t) H[h, k] <- -sum(PD[[h]] * t(PD[[k]])) + 2 * sum(DPy[[h]] * (s$P %*% DPy[[k]]))
  list(g = g, H = (H + t(H)) / 2)
}
f <- Y ~ V * T + (V | S) + (1 | R) + (1 | SITE)
m <- lmer(f, d); vc <- as.data.frame(VarCorr(m), order = "lower.tri")
pick <- function(g, a, b = NA) vc$vcov[vc$grp == g & vc$var1 %in% a & (vc$var2 %in% b)]
th <- c(pick("S", "(Intercept)"), pick("S", "(Intercept)", "V"), pick("S", "V"), pick("R", "(Intercept)"), pick("SITE", "(Intercept)"), sigma(m)^2)
for (i in 1:5) {
  s <- at(th); x <- derive(s); step <- solve(x$H, x$g)
  if (max(abs(x$g) / sqrt(diag(x$H))) < 1e-9) break
  th <- th - step
}
stopifnot(max(abs(x$g) / sqrt(diag(x$H))) < 1e-9)
W <- 2 * solve(x$H); Phi <- s$Phi; b <- Phi %*% t(s$VX) %*% y
DVX <- lapply(D, function(d) d %*% s$VX); Ph <- lapply(DVX, function(z) -t(s$VX) %*% z)
S2 <- matrix(0, 4, 4)
for (h in seq_along(th)) for (k in seq_along(th))
  S2 <- S2 + W[h, k] * (t(DVX[[h]]) %*% s$Vi %*% DVX[[k]] - Ph[[h]] %*% Phi %*% Ph[[k]])
KR <- Phi + 2 * Phi %*% S2 %*% Phi
out <- function(what, name, value) cat(what, name, sprintf("%.17g", value), "\n", sep = ";")
out("neg2_log_lik", "-", s$value)
for (h in seq_along(th)) { out("theta", h, th[h]); out("theta_error", h, sqrt(W[h, h])) }
for (j in 1:4) {
  l <- as.numeric(1:4 == j); g <- sapply(Ph, function(p) -t(l) %*% Phi %*% p %*% Phi %*% l)
  out("estimate", colnames(X)[j], b[j]); out("std_error", colnames(X)[j], sqrt(Phi[j, j]))
  out("df", colnames(X)[j], 2 * Phi[j, j]^2 / (t(g) %*% W %*% g)); out("Kenward-Roger", colnames(X)[j], sqrt(KR[j, j]))
}
# lme4 there: its theta, terms by their numbers of levels
G <- t(chol(matrix(th[c(1, 2, 2, 3)], 2))) / sqrt(th[6])
l <- lFormula(f, d); g <- do.call(mkLmerDevfun, l); par <- c(G[lower.tri(G, TRUE)], sqrt(th[4:5] / th[6]))
value <- g(par); m <- mkMerMod(environment(g), list(par = par, fval = value, feval = 0, conv = 0, message = ""), l$reTrms, fr = l$fr)
stopifnot(abs(value / s$value - 1) < 1e-11, max(abs(fixef(m) / b - 1)) < 1e-8, max(abs(sqrt(diag(as.matrix(vcov(m)))) / sqrt(diag(Phi)) - 1)) < 1e-8)
for (t in c("S", "R", "SITE")) for (j in names(ranef(m)[[t]])) out("effect", paste(t, 3, j), ranef(m)[[t]]["3", j])
