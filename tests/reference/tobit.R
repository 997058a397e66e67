# Reference values of tobit(), made by R 4.2.2 and survival 3.5-3 (Debian):
# Rscript tests/reference/tobit.R, from the top of the tree. Writes
# tobit_data.csv (set, aval, below, above, arm, x, off) and tobit.csv (set, formula,
# quantity, value). Profile limits are our own search over survreg's likelihood
# with the coefficient fixed by an offset.
library(survival)
set.seed(11)
control <- survreg.control(maxiter = 200, rel.tolerance = 1e-14, toler.chol = 1e-14)
make <- function(set, n, limits, k = 2, upper = Inf, effect = 0.8, digits = 1) {
  arm <- sample(LETTERS[1:k], n, TRUE); x <- round(rnorm(n, 60, 11))
  y <- exp(1.5 + effect * (arm == "A") + 0.02 * (x - 60) + rnorm(n))
  limit <- sample(limits, n, TRUE)
  below <- y < limit; above <- y > upper
  data.frame(set, aval = round(ifelse(below, limit, ifelse(above, upper, y)), digits),
             below = as.integer(below), above = as.integer(above), arm, x,
             off = round(runif(n), 2))
}
data <- rbind(make("small", 12, 3.2), make("two", 27, c(3.2, 6.4)),
              make("heavy", 40, c(6, 9, 12), 3), make("both", 60, c(2, 4), 3, 12),
              make("none", 20, 0), make("large", 400, c(1, 3, 5, 8), 3, 30, 0.3, 2))
write.csv(data, "tests/reference/tobit_data.csv", row.names = FALSE, quote = FALSE)
out <- NULL
put <- function(set, formula, quantity, value)
  out <<- rbind(out, data.frame(set, formula, quantity, value = sprintf("%.17g", as.numeric(value))))
bounds <- function(d, f) cbind(ifelse(d$below == 1, NA, f(d$aval)), ifelse(d$above == 1, NA, f(d$aval)))
fit <- function(d, f, right) {
  b <- bounds(d, f)
  d$S <- Surv(b[, 1], b[, 2], type = "interval2")
  survreg(as.formula(paste("S ~", right)), d, dist = "gaussian", control = control)
}
# the largest likelihood when coefficient `name` is c
at <- function(d, f, right, name, c) {
  d$fixed <- model.matrix(as.formula(paste("~", right)), d)[, name] * c
  X <- model.matrix(as.formula(paste("~", right)), d)
  d$X <- X[, colnames(X) != name, drop = FALSE]
  b <- bounds(d, f); d$S <- Surv(b[, 1], b[, 2], type = "interval2")
  survreg(S ~ X + offset(fixed) - 1, d, dist = "gaussian", control = control)$loglik[2]
}
for (set in unique(data$set)) {
  d <- data[data$set == set, ]
  for (right in c("1", "arm", "arm + x", "arm * x", "arm + offset(off)")) {
    for (scale in c("log(AVAL)", "AVAL")) {
      f <- if (scale == "AVAL") identity else log
      m <- fit(d, f, right)
      name <- paste(scale, "~", right)
      s <- summary(m)$table
      put(set, name, "loglik", m$loglik[2]); put(set, name, "sigma", m$scale)
      for (i in seq_along(coef(m))) {
        put(set, name, paste0("b", i), coef(m)[i]); put(set, name, paste0("se", i), s[i, 2])
      }
      put(set, name, "p2", if (length(coef(m)) > 1) s[2, 4] else NA)
      if (right %in% c("arm", "arm + x") && scale == "log(AVAL)") {
        X <- model.matrix(as.formula(paste("~", right)), d)
        j <- "armB"; e <- coef(m)[j]; se <- s[j, 2]; n <- nrow(d); df <- n - ncol(X)
        for (kind in c("normal", "t")) {
          cut <- if (kind == "normal") qnorm(0.975)^2 else n * log1p(qt(0.975, df)^2 / df)
          g <- function(c) 2 * (m$loglik[2] - at(d, f, right, j, c)) - cut
          put(set, name, paste0("low_", kind), uniroot(g, c(e - 20 * se, e), tol = 1e-13)$root)
          put(set, name, paste0("high_", kind), uniroot(g, c(e, e + 20 * se), tol = 1e-13)$root)
        }
        lr <- 2 * (m$loglik[2] - at(d, f, right, j, 0))
        put(set, name, "p_normal", pchisq(lr, 1, lower.tail = FALSE))
        put(set, name, "p_t", 2 * pt(-sqrt(df * expm1(lr / n)), df))
      }
      if (right == "arm + x" && length(unique(d$arm)) == 3) {
        L <- cbind(0, diag(2), 0); V <- vcov(m)[1:4, 1:4]
        w <- drop(t(L %*% coef(m)) %*% solve(L %*% V %*% t(L)) %*% (L %*% coef(m)))
        put(set, name, "wald_p", pchisq(w, 2, lower.tail = FALSE))
        df <- nrow(d) - 4
        put(set, name, "wald_f_p", pf(w * df / nrow(d) / 2, 2, df, lower.tail = FALSE))
      }
    }
  }
}
write.csv(out[out$value != "NA", ], "tests/reference/tobit.csv", row.names = FALSE, quote = FALSE)
