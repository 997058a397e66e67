# Values of tests/lua/test_lmm_crossed.lua: nested and crossed random effects from
# the definitions (mixed_engine.R, whose subjects are blocks of rows joined by
# levels), checked here against R 4.2.2 with lme4 1.1-31, lmerTest 3.1-3 and
# pbkrtest 0.5.2; effects (BLUP) from lme4 at that optimum.
#   Rscript tests/reference/lmm_crossed.R > tests/reference/lmm_crossed.csv
# Also writes tests/data/penicillin.csv, pastes.csv, cake.csv (lme4, GPL >= 2).
suppressMessages({ library(lme4); library(lmerTest); library(pbkrtest) })
source("tests/reference/mixed_engine.R")
write <- function(d, name) write.csv(d, file.path("tests/data", name), row.names = FALSE, quote = FALSE)
write(Penicillin, "penicillin.csv"); write(Pastes[1:3], "pastes.csv")
cake$KEEP <- as.integer((seq_len(nrow(cake)) * 11) %% 13 > 2); write(cake[c("replicate", "recipe", "temp", "angle", "KEEP")], "cake.csv")
cake$temp <- factor(cake$temp)
sleep <- read.csv("tests/data/sleepstudy.csv", stringsAsFactors = TRUE); sleep$USUBJID <- factor(sleep$USUBJID)
unbalanced <- cake[cake$KEEP == 1, ]
num <- function(x) sprintf("%.17g", x)
out <- function(id, what, name, value) cat(id, what, name, num(value), sep = ";", fill = FALSE, "\n")
close <- function(a, b, e) stopifnot(max(abs(a - b) / pmax(abs(b), 1e-3)) < e)

# terms: list(list(design, factor), ...)
run <- function(id, formula, random, data, terms, ml = FALSE, tests = NULL, kr = NULL) {
  X <- model.matrix(formula, data); n <- nrow(data); y <- model.response(model.frame(formula, data))
  Z <- lapply(terms, function(t) model.matrix(t[[1]], data)); f <- lapply(terms, function(t) t[[2]])
  block <- seq_len(n) # joined by levels
  repeat { old <- block; for (g in f) block <- ave(block, g, FUN = min); if (all(block == old)) break }
  k <- sapply(Z, ncol); sizes <- k * (k + 1) / 2; at <- cumsum(c(0, sizes))
  p <- list(X = X, y = y, w = rep(1, n), ml = ml, rows = split(seq_len(n), block), g = rep(1, n), visit = seq_len(n),
    t = seq_len(n), v = 1, n = sum(sizes) + 1, V = function(th, i, t, v) {
      V <- th[length(th)] * diag(length(i)) + 0i
      for (e in seq_along(Z)) {
        G <- matrix(0i, k[e], k[e]); G[upper.tri(G, TRUE)] <- th[at[e] + seq_len(sizes[e])]
        G[lower.tri(G)] <- t(G)[lower.tri(G)]; z <- Z[[e]][i, , drop = FALSE]
        V <- V + (z %*% G %*% t(z)) * outer(as.integer(f[[e]])[i], as.integer(f[[e]])[i], "==") }
      V })
  v <- var(y); p$theta <- c(unlist(lapply(k, function(k) { G <- diag(c(v / 2, if (k > 1) v / 50), k); G[upper.tri(G, TRUE)] })), v / 2)
  m <- lmerTest::lmer(random, data, REML = !ml, control = lmerControl(optCtrl = list(xtol_abs = 1e-10, ftol_abs = 1e-12)))
  vc <- as.data.frame(VarCorr(m), order = "lower.tri")
  o <- optimum(p); q <- sums(p, o$theta); Phi <- solve(Re(q$A)); b <- Phi %*% Re(q$b); P <- slopes(p, o$theta)
  out(id, "neg2_log_lik", "-", o$value); close(o$value, -2 * as.numeric(logLik(m)), 1e-8)
  for (h in seq_along(o$theta)) { out(id, "theta", h, o$theta[h]); out(id, "theta_error", h, sqrt(o$W[h, h])) }
  V <- if (!ml) roger(p, o, Phi, P, FALSE)
  d <- sapply(seq_len(ncol(X)), function(j) satterthwaite(as.numeric(seq_len(ncol(X)) == j), Phi, P, o$W))
  close(d, coef(summary(m))[, "df"], 2e-3) # lmerTest differentiates numerically where lmer stopped
  for (j in seq_len(ncol(X))) {
    out(id, "estimate", colnames(X)[j], b[j]); out(id, "std_error", colnames(X)[j], sqrt(Phi[j, j]))
    out(id, "df", colnames(X)[j], d[j]); if (!ml) out(id, "Kenward-Roger", colnames(X)[j], sqrt(V[j, j]))
  }
  for (name in names(tests)) {
    L <- diag(ncol(X))[tests[[name]], , drop = FALSE]; x <- roger_f(L, b, Phi, V, P, o$W)
    out(id, "F", name, x[1]); out(id, "df_2", name, x[2])
    if (!is.null(kr)) { # expected and observed information agree in balanced data
      r <- suppressWarnings(KRmodcomp(m, L)$stats); close(x, c(r$Fstat, r$ddf), 1e-5) }
  }
  # lme4's theta: columns of the Cholesky factor over the residual deviation
  th <- unlist(lapply(seq_along(k), function(e) { G <- matrix(0, k[e], k[e]); G[upper.tri(G, TRUE)] <- o$theta[at[e] + seq_len(sizes[e])]
    G <- t(chol(G + t(G) - diag(diag(G), k[e]))) / sqrt(o$theta[length(o$theta)]); G[lower.tri(G, TRUE)] }))
  l <- lFormula(random, data, REML = !ml); g <- do.call(mkLmerDevfun, l)
  place <- match(vapply(seq_along(k), function(e) paste(nlevels(f[[e]]), k[e]), ""), paste(sapply(l$reTrms$flist, nlevels)[attr(l$reTrms$flist, "assign")], sapply(l$reTrms$cnms, length)))
  parts <- split(th, rep(seq_along(k), sizes)); th <- unlist(parts[order(place)]); g(th)
  m <- mkMerMod(environment(g), list(par = th, fval = g(th), feval = 0, conv = 0, message = ""), l$reTrms, fr = l$fr)
  close(as.vector(b), fixef(m), 1e-8); close(sqrt(diag(Phi)), sqrt(diag(as.matrix(vcov(m)))), 1e-8)
  close(o$value, -2 * as.numeric(logLik(m)), 1e-10)
  r <- ranef(m); for (t in names(r)) for (i in c(1, nrow(r[[t]]))) for (j in names(r[[t]]))
    out(id, "effect", paste(t, rownames(r[[t]])[i], j), r[[t]][i, j])
}
i <- ~ 1
run("penicillin", diameter ~ 1, diameter ~ 1 + (1 | plate) + (1 | sample), Penicillin, list(list(i, Penicillin$plate), list(i, Penicillin$sample)))
run("penicillin ml", diameter ~ 1, diameter ~ 1 + (1 | plate) + (1 | sample), Penicillin, list(list(i, Penicillin$plate), list(i, Penicillin$sample)), ml = TRUE)
both <- interaction(Pastes$batch, Pastes$cask, sep = ":", lex.order = TRUE)
run("pastes", strength ~ 1, strength ~ 1 + (1 | batch) + (1 | batch:cask), Pastes, list(list(i, Pastes$batch), list(i, both)))
c <- base::c
whole <- function(d) interaction(d$recipe, d$replicate, sep = ":", lex.order = TRUE)
run("cake", angle ~ recipe * temp, angle ~ recipe * temp + (1 | replicate) + (1 | recipe:replicate), cake,
    list(list(i, cake$replicate), list(i, whole(cake))), tests = list("recipe:temp" = 9:18), kr = TRUE)
run("unbalanced", angle ~ recipe + temp, angle ~ recipe + temp + (1 | replicate) + (1 | recipe:replicate), unbalanced,
    list(list(i, unbalanced$replicate), list(i, whole(unbalanced))), tests = list(recipe = 2:3, temp = 4:8))
run("apart", Y ~ DAY, Y ~ DAY + (1 | USUBJID) + (0 + DAY | USUBJID), sleep, list(list(i, sleep$USUBJID), list(~ DAY - 1, sleep$USUBJID)))
run("crossed slope", Y ~ DAY, Y ~ DAY + (DAY | USUBJID) + (1 | W), sleep, list(list(~ DAY, sleep$USUBJID), list(i, factor(sleep$W))))
