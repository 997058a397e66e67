# Values of tests/lua/test_max_t.lua: the largest t over visits and comparisons in
# all assignments of subjects to arms, by R 4.2.2. With complete data, visits in
# the model by arm and a free covariance matrix, t at a visit is that of the
# linear model of the visit alone (lm); with records missing and one covariance,
# of gls (nlme 3.1-162).
#   Rscript tests/reference/max_t.R > tests/reference/max_t.csv
# It also writes tests/data/max_t.csv.
suppressMessages(library(nlme))
id <- 1:9; arm <- rep(c("P", "L", "H"), 3); visits <- c("V1", "V2")
y <- cbind(V1 = c(3.1, 4.4, 5.2, 2.7, 5.9, 6.4, 3.9, 4.1, 7.7),
           V2 = c(2.2, 5.8, 6.1, 3.6, 4.9, 8.8, 2.9, 6.6, 7.1))
d <- data.frame(USUBJID = paste0("S", rep(id, 2)), AVISIT = rep(visits, each = 9),
                ARM = rep(arm, 2), Y = c(y), KEEP = 1)
d$KEEP[c(4, 12, 17)] <- 0
write.csv(d, "tests/data/max_t.csv", row.names = FALSE, quote = FALSE)

assignments <- function(a) { # all orders of labels, each once
  if (length(a) == 1) return(list(a))
  out <- list()
  for (x in unique(a)) {
    rest <- a[-match(x, a)]
    out <- c(out, lapply(assignments(rest), function(r) c(x, r)))
  }
  out
}
pairs <- list(c("L", "P"), c("H", "P"), c("H", "L"))
of_lm <- function(a) unlist(lapply(visits, function(v) {
  g <- factor(a); s <- summary(lm(y[, v] ~ g))$sigma; m <- tapply(y[, v], g, mean)
  sapply(pairs, function(p) (m[[p[1]]] - m[[p[2]]]) / (s * sqrt(2 / 3)))
}))
kept <- subset(d, KEEP == 1 & ARM != "H")
of_gls <- function(a) {
  x <- kept; x$G <- factor(a[x$USUBJID], levels = c("P", "L"))
  m <- gls(Y ~ G * AVISIT, x, correlation = corCompSymm(form = ~ 1 | USUBJID),
           control = glsControl(tolerance = 1e-10, msTol = 1e-12, maxIter = 500, msMaxIter = 500))
  b <- coef(m); V <- m$varBeta; l <- rbind(c(0, 1, 0, 0), c(0, 1, 0, 1))
  as.numeric(l %*% b) / sqrt(diag(l %*% V %*% t(l)))
}
# seen: t of rows; all: the same of each assignment
p_values <- function(id, names, t, all, size) {
  s <- size(all); seen <- size(t); far <- function(x, t) mean(x >= t - 1e-9 * abs(t))
  order <- order(-seen); least <- 0
  for (i in seq_along(order)) {
    k <- order[i]
    least <- max(least, far(apply(s[, order[i:length(order)], drop = FALSE], 1, max), seen[k]))
    p <- c(far(s[, k], seen[k]), least, far(apply(s, 1, max), seen[k]))
    cat(id, names[k], sprintf("%.17g", c(t[k], p)), sep = ";"); cat("\n")
  }
}
name <- function(pairs) as.vector(outer(sapply(pairs, paste, collapse = " vs "), visits,
                                        function(a, b) paste0(b, ";", a)))
rows <- function(f, list) do.call(rbind, lapply(list, f))
whole <- rows(of_lm, assignments(arm))
stopifnot(nrow(whole) == 1680)
p_values("whole", name(pairs), of_lm(arm), whole, abs)
p_values("greater", name(pairs), of_lm(arm), whole, identity)
two <- sort(unique(kept$USUBJID)); a <- arm[match(two, paste0("S", id))]
named <- function(x) of_gls(setNames(x, two))
p_values("missing", name(pairs[1]), named(a), rows(named, assignments(a)), abs)
