# Values of tests/lua/test_lmm.lua from R 4.2.2 with lme4 1.1-31: its deviance
# driven to the optimum by Newton steps, as lmer stops a little before; degrees of
# freedom from the definitions (mixed_engine.R).
#   Rscript tests/reference/lmm.R > tests/reference/lmm.csv
# Also writes tests/data/sleepstudy.csv (lme4, GPL >= 2) with rows left out.
# Singular: Dyestuff2-like and slopes without a variance of their own.
suppressMessages(library(lme4))
source("tests/reference/mixed_engine.R")
s <- sleepstudy
names(s) <- c("Y", "DAY", "USUBJID")
s$W <- 0.5 + ((seq_len(nrow(s)) * 29) %% 10) / 10
s <- s[(seq_len(nrow(s)) * 7) %% 11 != 3, ]
s$ARM <- ifelse(as.integer(s$USUBJID) %% 2 == 0, "A", "B")
# residuals whose subjects have less variance than chance gives
k <- seq_len(nrow(s))
s$FLAT <- sin(k * 12.9898) * 10 - ave(sin(k * 12.9898) * 10, s$USUBJID) + 3
# an intercept of the subject, no slope
s$HALF <- s$FLAT + as.integer(s$USUBJID) * 1.7 %% 5 + s$DAY
s$Y <- as.numeric(sprintf("%.4f", s$Y)); s$FLAT <- as.numeric(sprintf("%.6f", s$FLAT))
s$HALF <- as.numeric(sprintf("%.6f", s$HALF))
write.csv(s, "tests/data/sleepstudy.csv", row.names = FALSE, quote = FALSE)
num <- function(x) sprintf("%.17g", x)
out <- function(id, what, name, value)
  cat(id, what, name, num(value), sep = ";", fill = FALSE, "\n")
fit <- function(formula, REML = TRUE, weights = NULL) {
  w <- if (is.null(weights)) NULL else s[[weights]]
  l <- if (is.null(w)) lFormula(formula, s, REML = REML) else
    lFormula(formula, cbind(s, w = w), REML = REML, weights = w)
  f <- do.call(mkLmerDevfun, l)
  th <- nlminb(environment(f)$pp$theta, f, lower = l$reTrms$lower, control = list(rel.tol = 1e-15))$par
  free <- !(th == l$reTrms$lower & l$reTrms$lower == 0) & abs(th) > 1e-7
  th[!free & l$reTrms$lower == 0] <- 0
  for (i in 1:8) if (any(free)) { # Newton on those off the bound
    e <- 1e-3; p <- sum(free); g <- function(x) { t <- th; t[free] <- x; f(t) }
    x <- th[free]; at <- function(a, b = 0 * a) g(x + e * a + e * b); I <- diag(p)
    G <- sapply(1:p, function(j) (8 * (at(I[j, ]) - at(-I[j, ])) - (at(2 * I[j, ]) - at(-2 * I[j, ]))) / (12 * e))
    H <- sapply(1:p, function(j) sapply(1:p, function(k) (at(I[j, ], I[k, ]) - at(I[j, ], -I[k, ]) -
      at(-I[j, ], I[k, ]) + at(-I[j, ], -I[k, ])) / (4 * e^2)))
    th[free] <- x - solve(matrix(H, p), G)
  }
  f(th)
  mkMerMod(environment(f), list(par = th, fval = f(th), feval = 0, conv = 0, message = ""), l$reTrms, fr = l$fr)
}
report <- function(id, ...) {
  m <- fit(...)
  out(id, "neg2_log_lik", "-", -2 * as.numeric(logLik(m)))
  b <- fixef(m); se <- sqrt(diag(as.matrix(vcov(m))))
  for (i in seq_along(b)) { out(id, "estimate", names(b)[i], b[i]); out(id, "std_error", names(b)[i], se[i]) }
  v <- as.data.frame(VarCorr(m))
  for (i in seq_len(nrow(v))) out(id, "vcov", paste(v$grp[i], v$var1[i], v$var2[i]), v$vcov[i])
  r <- ranef(m)$USUBJID
  for (j in names(r)) for (i in 1:3) out(id, "effect", paste(rownames(r)[i], j), r[i, j])
}
# Errors and degrees of freedom at that optimum by the definitions.
inference <- function(id, formula, z, ml = FALSE) {
  X <- model.matrix(formula, s); Z <- model.matrix(z, s); k <- ncol(Z); id_of <- factor(s$USUBJID)
  p <- list(X = X, y = model.response(model.frame(formula, s)), w = rep(1, nrow(s)), ml = ml,
    rows = split(seq_len(nrow(s)), id_of), g = rep(1, nrow(s)), visit = seq_len(nrow(s)), t = s$DAY, v = 1,
    n = k * (k + 1) / 2 + 1, V = function(th, i, t, v) {
      G <- matrix(0i, k, k); G[upper.tri(G, TRUE)] <- th[seq_len(k * (k + 1) / 2)]
      G[lower.tri(G)] <- t(G)[lower.tri(G)]; z <- Z[i, , drop = FALSE]
      z %*% G %*% t(z) + th[length(th)] * diag(length(i)) })
  v <- var(p$y); G <- diag(c(v / 2, if (k > 1) v / 50), k); p$theta <- c(G[upper.tri(G, TRUE)], v / 2)
  o <- optimum(p); q <- sums(p, o$theta); Phi <- solve(Re(q$A)); b <- Phi %*% Re(q$b); P <- slopes(p, o$theta)
  V <- if (!ml) roger(p, o, Phi, P, FALSE)
  for (h in seq_along(o$theta)) out(id, "theta_error", h, sqrt(o$W[h, h]))
  for (j in seq_len(ncol(X))) {
    out(id, "df", colnames(X)[j], satterthwaite(as.numeric(seq_len(ncol(X)) == j), Phi, P, o$W))
    if (!ml) out(id, "Kenward-Roger", colnames(X)[j], sqrt(V[j, j]))
  }
}
report("intercept", Y ~ DAY * ARM + (1 | USUBJID))
report("slope", Y ~ DAY * ARM + (DAY | USUBJID))
report("slope ml", Y ~ DAY + (DAY | USUBJID), REML = FALSE)
report("slope weights", Y ~ DAY + (DAY | USUBJID), weights = "W")
report("quadratic", Y ~ DAY + I(DAY^2) + (DAY | USUBJID))
report("flat", FLAT ~ DAY + (1 | USUBJID))
report("flat slope", FLAT ~ DAY + (DAY | USUBJID))
report("half", HALF ~ DAY + (DAY | USUBJID))
inference("intercept", Y ~ DAY * ARM, ~ 1)
inference("slope", Y ~ DAY * ARM, ~ DAY)
inference("slope ml", Y ~ DAY, ~ DAY, ml = TRUE)
