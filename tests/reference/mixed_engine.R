# Models with a covariance matrix by subject, from the definitions: sourced by
# mmrm.R and lmm.R. p: X, y, w (times the root of weights), rows (a list by
# subject), g (groups), V (function of parameters, visits, times, number of
# visits), visit, t, v, n (parameters of a group), ml, theta (a start).

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
  e <- eigen(L %*% Phi %*% t(L), symmetric = TRUE); q <- nrow(L); M <- t(e$vectors) %*% L
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
    s <- eigen(diag(length(r)) - z %*% Phi %*% t(z), symmetric = TRUE)
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
