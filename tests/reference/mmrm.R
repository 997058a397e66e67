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
source("tests/reference/mixed_engine.R")
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

# Models ------------------------------------------------------------------------
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
of_gls <- function(id, f, d, correlation, weights = NULL, method = "REML", slack = 1e-6) {
  control <- function(opt) glsControl(tolerance = 1e-12, msTol = 1e-14, maxIter = 500,
                                      msMaxIter = 1000, opt = opt)
  m <- gls(f, d, correlation = correlation, weights = weights, method = method)
  for (opt in rep(c("optim", "nlminb"), 4)) # from where the last one stopped
    m <- tryCatch({
      x <- gls(f, d, correlation = m$modelStruct$corStruct, weights = m$modelStruct$varStruct,
               method = method, control = control(opt))
      if (logLik(x) >= logLik(m)) x else m
    }, error = function(e) m)
  own <- models[[id]]; near <- function(x, y) all(abs(x - y) <= slack * abs(y))
  # under ML gls has errors with n - p in the place of n
  message(id, ": gls agrees to ", signif(max(abs(coef(m) / own$b - 1)), 2))
  stopifnot(near(-2 * as.numeric(logLik(m)), own$value), all(abs(coef(m) - own$b) <= slack * pmax(abs(own$b), own$se)),
           
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
