# Endpoints recomputed from the tables alone, events and missing values handled
# here once more. survival and emmeans.
#   Rscript tests/reference/endpoint.R > tests/reference/endpoint.csv
suppressMessages({ library(survival); library(emmeans) })
read <- function(name) read.csv(paste0("tests/data/endpoint/", name, ".csv"),
  colClasses = c(USUBJID = "character"), na.strings = "")
adsl <- read("adsl"); adlb <- read("adlb"); adtte <- read("adtte")
adae <- read("adae")
adsl$TRT01P <- factor(adsl$TRT01P, c("P", "L", "H"))
adsl$ARM <- ifelse(adsl$TRT01P == "P", "P", "Active")
day <- function(x) { d <- as.numeric(as.Date(x) - as.Date(adsl$TRTSDT[1]))
  d + (d >= 0) }
adsl$DEATH <- day(adsl$DTHDT); adsl$STOP <- day(adsl$DCTDT)
adlb$ADY <- day(adlb$ADT)
at <- function(code, visit) merge(adsl, adlb[adlb$PARAMCD == code &
  adlb$AVISIT == visit, c("USUBJID", "AVAL", "BASE", "CHG", "ADY")],
  by = "USUBJID", all.x = TRUE)
alc <- at("ALC", "Day 29"); sofa <- at("SOFA", "Day 29")
# the event by the visit, whose window ends on day 35
died <- function(d) !is.na(d$DEATH) & d$DEATH <= ifelse(is.na(d$ADY), 35, d$ADY)

out <- function(address, ...) { v <- c(...)
  for (n in names(v)) cat(sprintf("%s,%s,%.17g\n", address, n, v[[n]])) }
cat("address,field,value\n")

# t tests: as it is; by population; after an event not used
welch <- function(address, y, g, a) {
  t <- t.test(y[g == a], y[g == "P"])
  out(address, estimate = unname(-diff(t$estimate)), p_value = t$p.value,
    conf_low = t$conf.int[1], conf_high = t$conf.int[2]) }
welch("TTEST[Active vs P]", alc$AVAL, alc$ARM, "Active")
treated <- alc[alc$TRTFL == "Y", ]
welch("TTEST[H vs P]/treated", treated$AVAL, treated$TRT01P, "H")
women <- alc[alc$SEX == "F", ]
welch("TTEST[Active vs P]/SEX: F", women$AVAL, women$ARM, "Active")
on <- alc; on$AVAL[!is.na(on$STOP) & !is.na(on$ADY) & on$ADY > on$STOP] <- NA
welch("STOP[H vs P]", on$AVAL, on$TRT01P, "H")
p <- sapply(c("L", "H"), function(a) t.test(alc$AVAL[alc$TRT01P == a],
  alc$AVAL[alc$TRT01P == "P"])$p.value)
early <- at("ALC", "Day 8")
p <- c(sapply(c("L", "H"), function(a) t.test(early$AVAL[early$TRT01P == a],
  early$AVAL[early$TRT01P == "P"])$p.value), p)
holm <- p.adjust(p, "holm")
out("VISITS[L vs P]@Day 8", p_adjusted = holm[[1]])
out("VISITS[H vs P]@Day 8", p_adjusted = holm[[2]])
out("VISITS[L vs P]@Day 29", p_adjusted = holm[[3]])
out("VISITS[H vs P]@Day 29", p_adjusted = holm[[4]])

# Analysis of covariance of logarithms: ratios, pooled arms with equal weights;
# the last value carried forward; interaction; Dunnett
ancova <- function(address, d, f) {
  e <- emmeans(lm(f, d), "TRT01P", data = d)
  c <- summary(contrast(e, list(x = c(-1, 0.5, 0.5), y = c(-1, 0, 1))),
    infer = TRUE)
  for (i in 1:2) out(sprintf(address, c("Active vs P", "H vs P")[i]),
    estimate = exp(c$estimate[i]), std_error = c$SE[i], p_value = c$p.value[i],
    conf_low = exp(c$lower.CL[i]), conf_high = exp(c$upper.CL[i])) }
f <- log(AVAL) ~ log(BASE) + TRT01P + SEX
ancova("ANCOVA[%s]", alc, f)
last <- alc; none <- is.na(last$AVAL)
last[none, c("AVAL", "BASE")] <- early[match(last$USUBJID[none],
  early$USUBJID), c("AVAL", "BASE")]
ancova("ANCOVA[%s]/carried", last, f)
full <- lm(log(AVAL) ~ log(BASE) + TRT01P * SEX, alc)
inter <- anova(lm(f, alc), full)
out("ANCOVA/SEX: interaction", statistic = inter$F[2],
  p_value = inter$`Pr(>F)`[2])
m <- lm(AVAL ~ BASE + TRT01P, alc); df <- df.residual(m)
v <- vcov(m)[3:4, 3:4]; est <- coef(m)[3:4]; t <- abs(est / sqrt(diag(v)))
r <- cov2cor(v)[1, 2]
# two correlated t by quadrature: P(max |T| > t), T = Z / s
tail2 <- function(t) 1 - integrate(function(s) sapply(s, function(x) {
  inner <- integrate(function(z) dnorm(z) *
    (pnorm((t * x - r * z) / sqrt(1 - r^2)) -
       pnorm((-t * x - r * z) / sqrt(1 - r^2))), -t * x, t * x,
    rel.tol = 1e-12)$value
  inner * 2 * x * df * dchisq(x^2 * df, df) }), 0, 6, rel.tol = 1e-11,
  subdivisions = 500)$value
out("DUNNETT[L vs P]", p_adjusted = tail2(t[[1]]))
out("DUNNETT[H vs P]", p_adjusted = tail2(t[[2]]))

# Exact tests by going through all choices of who is in the first group
exact <- function(x, y, statistic) {
  all <- c(x, y); n <- length(x); s <- combn(length(all), n)
  v <- apply(s, 2, function(i) statistic(all, i))
  o <- statistic(all, seq_len(n))
  min(1, 2 * min(mean(v <= o + 1e-9), mean(v >= o - 1e-9))) }
ranks <- function(all, i) sum(rank(all)[i])
worst <- alc$AVAL; worst[is.na(worst)] <- -1e9
arm <- function(y, d, a) { y <- y[d$TRT01P == a]; y[!is.na(y)] }
out("RANKS[H vs P]", p_value = exact(arm(worst, alc, "H"),
  arm(worst, alc, "P"), ranks))
change <- sofa$CHG; base <- at("SOFA", "Day 1")
change[died(sofa)] <- 24 - base$AVAL[match(sofa$USUBJID[died(sofa)],
  base$USUBJID)]
x <- arm(change, sofa, "H"); y <- arm(change, sofa, "P")
out("SOFA[H vs P]", p_value = exact(x, y, ranks),
  estimate = median(outer(x, y, "-")))
k <- kruskal.test(AVAL ~ TRT01P, alc)
out("KRUSKAL", statistic = unname(k$statistic), p_value = k$p.value)

# Responders: the dead and the missing have not responded
resp <- as.numeric(alc$AVAL >= 600); resp[died(alc) | is.na(resp)] <- 0
counts <- function(a) c(sum(resp[alc$ARM == a]), sum(alc$ARM == a))
a <- counts("Active"); b <- counts("P")
wilson <- function(e, n) { z <- qnorm(.975); p <- e / n
  (p + z^2 / (2 * n) + c(-1, 1) * z * sqrt(p * (1 - p) / n +
    z^2 / (4 * n^2))) / (1 + z^2 / n) }
wa <- wilson(a[1], a[2]); wb <- wilson(b[1], b[2])
d <- a[1] / a[2] - b[1] / b[2]
out("RESPONSE[Active vs P]", estimate = d,
  conf_low = d - sqrt((a[1] / a[2] - wa[1])^2 + (wb[2] - b[1] / b[2])^2),
  conf_high = d + sqrt((wa[2] - a[1] / a[2])^2 + (b[1] / b[2] - wb[1])^2))
fi <- fisher.test(rbind(c(a[1], a[2] - a[1]), c(b[1], b[2] - b[1])))
out("RESPONSE[Active vs P]/exact", p_value = fi$p.value)
out("PROPORTION[Active]", estimate = a[1] / a[2],
  conf_low = binom.test(a[1], a[2])$conf.int[1],
  conf_high = binom.test(a[1], a[2])$conf.int[2])
grade3 <- adsl$USUBJID %in% adae$USUBJID[adae$AETOXGR >= 3]
fi <- fisher.test(table(adsl$ARM, grade3))
out("AE[Active vs P]", p_value = fi$p.value)
before <- alc$BASE >= 600; after <- alc$AVAL >= 600
pick <- alc$TRT01P == "L" & !is.na(after) & before != after
out("PAIRS[L]", p_value = binom.test(sum(after[pick]), sum(pick))$p.value)

# Over visits: the mean while alive; repeated measures; times to death
mean2 <- aggregate(AVAL ~ USUBJID + BASE, adlb[adlb$PARAMCD == "ALC" &
  adlb$AVISIT != "Day 1", ], mean)
mean2 <- merge(adsl, mean2, by = "USUBJID")
c1 <- summary(contrast(emmeans(lm(log(AVAL) ~ log(BASE) + TRT01P, mean2),
  "TRT01P"), list(y = c(-1, 0, 1))), infer = TRUE)
out("MEAN[H vs P]", estimate = exp(c1$estimate), p_value = c1$p.value)
long <- merge(adsl, adlb[adlb$PARAMCD == "ALC" & adlb$AVISIT != "Day 1",
  c("USUBJID", "AVISIT", "AVAL", "BASE")], by = "USUBJID")
long$AVISIT <- factor(long$AVISIT, c("Day 8", "Day 29"))
# unstructured, REML, by Fisher scoring to the last digit (gls stops at 2e-8)
X <- model.matrix(~ log(BASE) * AVISIT + TRT01P * AVISIT, long)
y <- log(long$AVAL)
same <- outer(long$USUBJID, long$USUBJID, "=="); v <- as.integer(long$AVISIT)
dV <- list(same & outer(v, v, function(a, b) a == 1 & b == 1),
  same & outer(v, v, "!="), same & outer(v, v, function(a, b) a == 2 & b == 2))
theta <- c(0.1, 0, 0.1)
for (i in 1:100) {
  W <- solve(Reduce(`+`, Map(`*`, theta, dV)))
  C <- solve(t(X) %*% W %*% X)
  P <- W - W %*% X %*% C %*% t(X) %*% W
  score <- sapply(dV, function(D) sum((P %*% y) * (D %*% P %*% y)) -
    sum(P * D))
  info <- sapply(dV, function(D) sapply(dV, function(E)
    sum((P %*% D) * t(P %*% E))))
  step <- solve(info, score)
  theta <- theta + step
}
stopifnot(max(abs(step / theta)) < 1e-9)
b <- drop(C %*% t(X) %*% W %*% y)
L <- setNames(numeric(length(b)), colnames(X))
L["TRT01PH"] <- 1; L["AVISITDay 29:TRT01PH"] <- 1
out("MMRM[H vs P]@Day 29", estimate = exp(sum(L * b)),
  std_error = sqrt(drop(L %*% C %*% L)))
tte <- merge(adsl, adtte[, c("USUBJID", "AVAL", "CNSR")], by = "USUBJID")
s <- survdiff(Surv(AVAL, CNSR == 0) ~ ARM + strata(SITEID), tte)
out("DEATH[Active vs P]", p_value = pchisq(s$chisq, 1, lower.tail = FALSE))
