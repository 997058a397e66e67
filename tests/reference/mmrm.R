# Values of tests/lua/test_mmrm_r.lua: models for repeated measures by R 4.2.2,
# from the definitions: the likelihood of SAS's parameters, its gradient by
# complex steps (exact to rounding), Newton's method to the optimum, and the
# formulas of Satterthwaite, Fai and Cornelius, Kenward and Roger 1997, and of
# sandwiches by subject with Pustejovsky and Tipton's degrees of freedom. Where
# nlme 3.1-162 has the structure, gls driven to convergence must agree to 1e-6 (of
# chick it stops 7e-6 short).
#   Rscript tests/reference/mmrm.R > tests/reference/mmrm.csv
# It also writes tests/data/orthodont.csv and tests/data/chick.csv: Orthodont of
# nlme (GPL >= 2) with some rows left out and made-up days and weights, and six
# days of R's ChickWeight.
suppressMessages(library(nlme))
num <- function(x) sprintf("%.17g", x)

# Data -----------------------------------------------------------------------
o <- as.data.frame(Orthodont)
o <- data.frame(USUBJID = as.character(o$Subject), AVISIT = paste("age", o$age),
  AVISITN = o$age, SEX = as.character(o$Sex), DIST = o$distance)
k <- seq_len(nrow(o))
o$DAY <- o$AVISITN + ((k * 17) %% 11) / 20
o$W <- 0.5 + ((k * 29) %% 10) / 10
o <- o[(k * 7) %% 11 != 3, ]
o <- o[order((seq_len(nrow(o)) * 37) %% 101), ] # rows in no order
write.csv(o, "tests/data/orthodont.csv", row.names = FALSE, quote = FALSE)
ch <- as.data.frame(ChickWeight)
ch <- ch[ch$Time %in% c(2, 6, 10, 14, 18, 21), ]
ch <- data.frame(USUBJID = paste0("C", ch$Chick), AVISIT = sprintf("day %02d", ch$Time),
  AVISITN = ch$Time, DIET = paste0("D", ch$Diet), LOGW = 100 * log(ch$weight))
ch$LOGW <- as.numeric(sprintf("%.3f", ch$LOGW))
write.csv(ch, "tests/data/chick.csv", row.names = FALSE, quote = FALSE)
for (d in c("o", "ch")) {
  x <- get(d); x$USUBJID <- factor(x$USUBJID)
  x$AVISIT <- factor(x$AVISIT, levels = unique(x$AVISIT[order(x$AVISITN)]))
  assign(d, x)
}

# Covariance matrices of visits i (or times t) ---------------------------------
hetero <- function(corr) function(th, i, t, v) {
  s <- sqrt(th[seq_len(v)][i] + 0i); r <- th[-seq_len(v)]
  outer(s, s) * corr(r, i)
}
ones <- function(i) diag(length(i)) + 0i
lag <- function(i) abs(outer(i, i, "-"))
toep_corr <- function(r, i) matrix(c(1 + 0i, r)[lag(i) + 1], length(i))
structures <- list(
  un = function(th, i, t, v) {
    m <- matrix(0i, v, v); m[upper.tri(m, TRUE)] <- th # by columns: rows of lower
    m[lower.tri(m)] <- t(m)[lower.tri(m)]
    m[i, i, drop = FALSE]
  },
  cs = function(th, i, t, v) th[2] + th[1] * ones(i),
  csh = hetero(function(r, i) r + (1 - r) * ones(i)),
  ar1 = function(th, i, t, v) th[1] * th[2]^lag(i),
  ar1h = hetero(function(r, i) r^lag(i)),
  toep = function(th, i, t, v) matrix(th[lag(i) + 1], length(i)),
  toeph = hetero(toep_corr),
  ante1 = hetero(function(r, i) {
    m <- ones(i)
    for (a in seq_along(i)) for (b in seq_along(i)) if (i[a] < i[b])
      m[a, b] <- m[b, a] <- prod(r[i[a]:(i[b] - 1)])
    m
  }),
  sp_pow = function(th, i, t, v) th[1] * th[2]^lag(t),
  sp_exp = function(th, i, t, v) th[1] * exp(-lag(t) / th[2]))
start <- function(s, v, s2) switch(s,
  un = { m <- s2 * (0.4 + 0.6 * diag(v)); m[upper.tri(m, TRUE)] },
  cs = s2 * c(0.6, 0.4), csh = c(rep(s2, v), 0.4), ar1 = c(s2, 0.5),
  ar1h = c(rep(s2, v), 0.5), toep = s2 * c(1, 0.4^seq_len(v - 1)),
  toeph = c(rep(s2, v), 0.4^seq_len(v - 1)), ante1 = c(rep(s2, v), rep(0.4, v - 1)),
  sp_pow = c(s2, 0.7), sp_exp = c(s2, 3))

# The likelihood -----------------------------------------------------------------
logdet <- function(m) { # elimination: keeps tiny imaginary parts
  out <- 0i; n <- nrow(m)
  for (k in seq_len(n)) {
    out <- out + log(m[k, k])
    if (k < n) { j <- (k + 1):n
      m[j, j] <- m[j, j] - outer(m[j, k], m[k, j]) / m[k, k] }
  }
  out
}
setup <- function(formula, data, structure, ml = FALSE, group = NULL, weights = NULL,
                  time = "AVISITN") {
  mf <- model.frame(formula, data); X <- model.matrix(formula, data)
  w <- if (is.null(weights)) rep(1, nrow(data)) else data[[weights]]
  g <- if (is.null(group)) rep(1, nrow(data)) else as.integer(factor(data[[group]]))
  visit <- as.integer(data$AVISIT); tm <- data[[time]]
  rows <- split(seq_len(nrow(data)), data$USUBJID, drop = TRUE)
  rows <- lapply(rows, function(r) r[order(tm[r])])
  s2 <- summary(lm(formula, data))$sigma^2
  v <- nlevels(data$AVISIT); th <- start(structure, v, s2)
  list(X = X * sqrt(w), y = model.response(mf) * sqrt(w), w = w, rows = rows, visit = visit,
       t = tm, g = g, v = v, V = structures[[structure]], n = length(th), ml = ml,
       theta = rep(th, max(g)), assign = attr(X, "assign"),
       terms = attr(terms(formula), "term.labels"))
}
of <- function(p, th, r) p$V(th[(p$g[r[1]] - 1) * p$n + seq_len(p$n)], p$visit[r], p$t[r], p$v)
sums <- function(p, th) {
  k <- ncol(p$X); A <- matrix(0i, k, k); b <- rep(0i, k); c <- 0i; ld <- 0i
  for (r in p$rows) {
    V <- of(p, th, r); Vi <- solve(V); x <- p$X[r, , drop = FALSE] + 0i; y <- p$y[r] + 0i
    A <- A + t(x) %*% Vi %*% x; b <- b + t(x) %*% Vi %*% y
    c <- c + t(y) %*% Vi %*% y; ld <- ld + logdet(V)
  }
  list(A = A, b = b, c = c, ld = ld)
}
value <- function(p, th) {
  s <- sums(p, th); n <- length(p$y); k <- ncol(p$X)
  f <- s$ld + s$c - t(s$b) %*% solve(s$A, s$b) - sum(log(p$w)) + n * log(2 * pi)
  if (!p$ml) f <- f + logdet(s$A) - k * log(2 * pi)
  f[1]
}
gradient <- function(p, th) sapply(seq_along(th), function(h) {
  z <- th + 0i; z[h] <- z[h] + 1e-20i; Im(value(p, z)) / 1e-20 })
# V_h of one subject by differences of the sixth order; theta may be complex
slope_of <- function(p, th, r) lapply(seq_along(th), function(h) {
  e <- 0.01 * max(abs(Re(th[h])), 0.05)
  d <- function(k) { z <- th; z[h] <- z[h] + k * e; of(p, z, r) }
  (45 * (d(1) - d(-1)) - 9 * (d(2) - d(-2)) + d(3) - d(-3)) / (60 * e)
})
# the gradient by its formula, so that a complex step gives the Hessian
formula_gradient <- function(p, th) {
  s <- sums(p, th); Phi <- solve(s$A); b <- Phi %*% s$b; g <- 0i * th
  for (r in p$rows) {
    Vi <- solve(of(p, th, r)); x <- p$X[r, , drop = FALSE] + 0i
    e <- Vi %*% (p$y[r] - x %*% b); K <- e %*% t(e)
    if (!p$ml) { z <- Vi %*% x; K <- K + z %*% Phi %*% t(z) }
    g <- g + sapply(slope_of(p, th, r), function(D) sum(t(Vi - K) * D))
  }
  g
}
hessian <- function(p, th) {
  H <- sapply(seq_along(th), function(h) {
    z <- th + 0i; z[h] <- z[h] + 1e-20i; Im(formula_gradient(p, z)) / 1e-20 })
  (H + t(H)) / 2
}
positive <- function(p, th) all(sapply(p$rows, function(r)
  min(eigen(Re(of(p, th, r)), TRUE, TRUE)$values) > 0))
optimum <- function(p) {
  f <- function(th) if (positive(p, th)) Re(value(p, th)) else 1e10
  th <- nlminb(p$theta, f, function(th) gradient(p, th), scale = 1 / pmax(abs(p$theta), 0.1),
               control = list(eval.max = 2000, iter.max = 1000, rel.tol = 1e-13))$par
  for (i in 1:6) {
    H <- hessian(p, th); step <- solve(H, gradient(p, th)); th <- th - step
    if (i > 1 && max(abs(step) * sqrt(diag(H))) < 1e-10) break
  }
  stopifnot(max(abs(gradient(p, th)) / sqrt(diag(H))) < 1e-9, min(eigen(H)$values) > 0)
  list(theta = th, W = 2 * solve(H), value = Re(value(p, th)))
}

# Inference ------------------------------------------------------------------------
slopes <- function(p, th) lapply(seq_along(th), function(h) {
  z <- th + 0i; z[h] <- z[h] + 1e-20i; Im(sums(p, z)$A) / 1e-20 })
# of one subject: V_h, and V_hk by differences of complex steps
first <- function(p, th, r) lapply(seq_along(th), function(h) {
  z <- th + 0i; z[h] <- z[h] + 1e-20i; Im(of(p, z, r)) / 1e-20 })
second <- function(p, th, r) lapply(seq_along(th), function(h) {
  e <- 1e-3 * max(abs(th[h]), 0.05)
  d <- function(k) { z <- th; z[h] <- z[h] + k * e; first(p, z, r) }
  Map(function(a, b, c, d) (8 * (a - b) - (c - d)) / (12 * e), d(1), d(-1), d(2), d(-2)) })
roger <- function(p, o, Phi, P, linear) {
  k <- ncol(p$X); S <- matrix(0, k, k); t <- length(o$theta)
  for (r in p$rows) {
    Vi <- solve(Re(of(p, o$theta, r))); x <- Vi %*% p$X[r, , drop = FALSE]
    D <- first(p, o$theta, r); M <- 0
    for (h in seq_len(t)) for (j in seq_len(t))
      if (any(D[[h]] != 0) && any(D[[j]] != 0)) M <- M + o$W[h, j] * D[[h]] %*% Vi %*% D[[j]]
    if (!linear) {
      DD <- second(p, o$theta, r)
      for (h in seq_len(t)) for (j in seq_len(t)) M <- M - o$W[h, j] * DD[[h]][[j]] / 4
    }
    S <- S + t(x) %*% M %*% x
  }
  for (h in seq_len(t)) for (j in seq_len(t)) S <- S - o$W[h, j] * P[[h]] %*% Phi %*% P[[j]]
  Phi + Phi %*% (S + t(S)) %*% Phi
}
satterthwaite <- function(l, Phi, P, W) {
  g <- sapply(P, function(x) -t(l) %*% Phi %*% x %*% Phi %*% l)
  2 * (t(l) %*% Phi %*% l)^2 / (t(g) %*% W %*% g)
}
fai <- function(L, b, Phi, P, W) {
  e <- eigen(L %*% Phi %*% t(L)); q <- nrow(L); M <- t(e$vectors) %*% L
  nu <- apply(M, 1, satterthwaite, Phi, P, W); E <- sum((nu / (nu - 2))[nu > 2])
  c(statistic = sum((M %*% b)^2 / e$values) / q, df_2 = 2 * E / (E - q))
}
roger_f <- function(L, b, Phi, PhiA, P, W) {
  l <- nrow(L); Th <- t(L) %*% solve(L %*% Phi %*% t(L)) %*% L
  B <- lapply(P, function(x) Th %*% Phi %*% x %*% Phi); tr <- function(x) sum(diag(x))
  A1 <- A2 <- 0
  for (h in seq_along(P)) for (j in seq_along(P)) {
    A1 <- A1 + W[h, j] * tr(B[[h]]) * tr(B[[j]]); A2 <- A2 + W[h, j] * tr(B[[h]] %*% B[[j]]) }
  Bb <- (A1 + 6 * A2) / (2 * l); g <- ((l + 1) * A1 - (l + 4) * A2) / ((l + 2) * A2)
  d <- 3 * l + 2 * (1 - g); c1 <- g / d; c2 <- (l - g) / d; c3 <- (l + 2 - g) / d
  E <- 1 / (1 - A2 / l); V <- 2 / l * (1 + c1 * Bb) / ((1 - c2 * Bb)^2 * (1 - c3 * Bb))
  rho <- V / (2 * E^2); m <- 4 + (l + 2) / (l * rho - 1)
  Fs <- t(L %*% b) %*% solve(L %*% PhiA %*% t(L), L %*% b) / l
  c(statistic = m / (E * (m - 2)) * Fs, df_2 = m)
}
sandwich <- function(p, o, Phi, b, kind) {
  k <- ncol(p$X); S <- matrix(0, k, k); part <- list()
  for (r in p$rows) {
    C <- chol(Re(of(p, o$theta, r))); z <- backsolve(C, p$X[r, , drop = FALSE], transpose = TRUE)
    e <- backsolve(C, p$y[r], transpose = TRUE) - z %*% b
    s <- eigen(diag(length(r)) - z %*% Phi %*% t(z))
    A <- s$vectors %*% (s$values^c(CR0 = 0, CR2 = -0.5, CR3 = -1)[[kind]] * t(s$vectors))
    u <- t(z) %*% A; S <- S + u %*% e %*% t(e) %*% t(u); part[[length(part) + 1]] <- list(z = z, A = A)
  }
  df <- function(l) {
    w <- lapply(part, function(x) x$A %*% x$z %*% Phi %*% l)
    n <- length(w); G <- matrix(0, n, n)
    for (i in seq_len(n)) for (j in seq_len(n)) G[i, j] <- (i == j) * sum(w[[i]]^2) -
      t(w[[i]]) %*% part[[i]]$z %*% Phi %*% t(part[[j]]$z) %*% w[[j]]
    sum(diag(G))^2 / sum(G^2)
  }
  list(V = Phi %*% S %*% Phi, df = df)
}

# Output -----------------------------------------------------------------------------
models <- list()
out <- function(id, df, what, name, value)
  cat(id, df, what, name, num(value), sep = ";", fill = FALSE, "\n")
report <- function(id, formula, data, structure, ...) {
  p <- setup(formula, data, structure, ...); o <- optimum(p); s <- sums(p, o$theta)
  Phi <- solve(Re(s$A)); b <- Phi %*% Re(s$b); P <- slopes(p, o$theta); k <- ncol(p$X)
  out(id, "-", "neg2_log_lik", "-", o$value)
  for (h in seq_along(o$theta)) {
    out(id, "-", "theta", h, o$theta[h]); out(id, "-", "theta_error", h, sqrt(o$W[h, h])) }
  kinds <- c("Satterthwaite", if (!p$ml) c("Kenward-Roger", "Kenward-Roger linear"))
  for (df in kinds) {
    V <- if (df == "Satterthwaite") Phi else roger(p, o, Phi, P, df == "Kenward-Roger linear")
    for (j in seq_len(k)) {
      l <- as.numeric(seq_len(k) == j)
      out(id, df, "estimate", colnames(p$X)[j], b[j]); out(id, df, "std_error", colnames(p$X)[j], sqrt(V[j, j]))
      out(id, df, "df", colnames(p$X)[j], satterthwaite(l, Phi, P, o$W))
    }
    # of terms that no other contains: there the coefficients are the hypothesis
    for (a in seq_along(p$terms)) if (sum(p$assign == a) > 1 &&
        sum(grepl(p$terms[a], p$terms, fixed = TRUE)) == 1) {
      L <- diag(k)[p$assign == a, ]
      f <- if (df == "Satterthwaite") fai(L, b, Phi, P, o$W) else roger_f(L, b, Phi, V, P, o$W)
      for (x in names(f)) out(id, df, paste("F", x), p$terms[a], f[[x]])
    }
  }
  for (kind in c("CR0", "CR2", "CR3")) {
    w <- sandwich(p, o, Phi, b, kind)
    for (j in seq_len(k)) {
      out(id, kind, "std_error", colnames(p$X)[j], sqrt(w$V[j, j]))
      out(id, kind, "df", colnames(p$X)[j], w$df(as.numeric(seq_len(k) == j)))
    }
  }
  models[[id]] <<- list(value = o$value, b = as.numeric(b), se = sqrt(diag(Phi)))
}
of_gls <- function(id, f, d, correlation, weights = NULL, method = "REML") {
  control <- function(opt) glsControl(tolerance = 1e-12, msTol = 1e-14, maxIter = 500,
                                      msMaxIter = 1000, opt = opt)
  m <- gls(f, d, correlation = correlation, weights = weights, method = method)
  for (opt in rep(c("optim", "nlminb"), 4)) # from where the last one stopped
    m <- tryCatch({
      x <- gls(f, d, correlation = m$modelStruct$corStruct, weights = m$modelStruct$varStruct,
               method = method, control = control(opt))
      if (logLik(x) >= logLik(m)) x else m
    }, error = function(e) m)
  own <- models[[id]]; near <- function(x, y) all(abs(x - y) <= 1e-6 * abs(y))
  # under ML gls has errors with n - p in the place of n
  message(id, ": gls agrees to ", signif(max(abs(coef(m) / own$b - 1)), 2))
  stopifnot(near(-2 * as.numeric(logLik(m)), own$value), near(coef(m), own$b),
            m$method == "ML" || near(sqrt(diag(m$varBeta)), own$se))
}
f <- DIST ~ SEX + AVISIT; fc <- LOGW ~ DIET * AVISIT
for (s in names(structures))
  report(paste0("ortho ", s), f, o, s, time = if (grepl("^sp", s)) "DAY" else "AVISITN")
report("ortho un ml", f, o, "un", ml = TRUE)
report("ortho ar1h group", f, o, "ar1h", group = "SEX")
report("ortho csh weights", f, o, "csh", weights = "W")
for (s in c("un", "toeph", "ante1")) report(paste("chick", s), fc, ch, s)
iv <- function(d) as.integer(d$AVISIT)
o$V <- iv(o); ch$V <- iv(ch); h <- varIdent(form = ~ 1 | AVISIT)
of_gls("ortho un", f, o, correlation = corSymm(form = ~ V | USUBJID), weights = h)
of_gls("ortho un ml", f, o, correlation = corSymm(form = ~ V | USUBJID), weights = h, method = "ML")
of_gls("ortho cs", f, o, correlation = corCompSymm(form = ~ 1 | USUBJID))
of_gls("ortho csh", f, o, correlation = corCompSymm(form = ~ 1 | USUBJID), weights = h)
of_gls("ortho ar1", f, o, correlation = corAR1(form = ~ V | USUBJID))
of_gls("ortho ar1h", f, o, correlation = corAR1(form = ~ V | USUBJID), weights = h)
of_gls("ortho sp_exp", f, o, correlation = corExp(form = ~ DAY | USUBJID))
