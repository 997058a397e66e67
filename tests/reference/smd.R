# Standardised mean differences of the demo study, by base R: of numbers
# (Cohen's d with the average variance), of categories Yang and Dalton 2012.
#   Rscript smd.R > smd.csv      below tests/reference
d <- read.csv("../../lua/lib/demo/adsl.csv")
d$AGEGR <- cut(d$AGE, c(0, 65, 70, 200), right = FALSE)
arms <- c("CYT107 LF", "CYT107 HF")
cat("variable,arm,value\n")
real <- function(x, a, b) (mean(x[a]) - mean(x[b])) /
  sqrt((var(x[a]) + var(x[b])) / 2)
text <- function(x, a, b) {
  x <- factor(x)
  p <- prop.table(table(x[a])); q <- prop.table(table(x[b]))
  k <- seq_along(levels(x))[-1]
  S <- (diag(p[k], length(k)) - p[k] %o% p[k] +
        diag(q[k], length(k)) - q[k] %o% q[k]) / 2
  v <- as.vector(p[k] - q[k])
  size <- sqrt(drop(t(v) %*% solve(S) %*% v))
  if (length(v) == 1) sign(v) * size else size
}
for (arm in arms) {
  a <- d$TRT01P == arm; b <- d$TRT01P == "Placebo"
  for (name in c("AGE", "APACHE"))
    cat(sprintf("%s,%s,%.15g\n", name, arm, real(d[[name]], a, b)))
  for (name in c("SEX", "AGEGR"))
    cat(sprintf("%s,%s,%.15g\n", name, arm, text(d[[name]], a, b)))
}
