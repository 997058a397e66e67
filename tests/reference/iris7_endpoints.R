# The endpoints of the simulated IRIS-7 recomputed from the exported tables: estimate,
# interval and P of its comparisons. R 4.2.2, survival 3.5-3, cmprsk 2.2-11,
# exactRankTests 0.8-35 (Debian). From the top of the tree:
#   build/trialsh tests/reference/iris7_tables.lua DIR
#   Rscript tests/reference/iris7_endpoints.R DIR > tests/reference/iris7_endpoints.csv
# address,field,value. Nothing here reads what trialsh computed.
suppressMessages({ library(survival); library(cmprsk); library(exactRankTests) })
dir <- commandArgs(TRUE)[1]
read <- function(name) read.csv(file.path(dir, paste0(name, ".csv")), na.strings = "")
adsl <- read("adsl"); adlb <- read("adlb"); adcy <- read("adcy"); adab <- read("adab")
adsofa <- read("adsofa"); adae <- read("adae"); adtte <- read("adtte"); adcc <- read("adcc")
arms <- c("Placebo", "CYT107 LF", "CYT107 HF")
sides <- list("CYT107 vs Placebo" = arms[2:3], "CYT107 HF vs Placebo" = arms[3],
              "CYT107 LF vs Placebo" = arms[2])
day <- function(date, from) { d <- as.numeric(as.Date(date) - as.Date(from)); d + (d >= 0) }
adsl$death <- day(adsl$DTHDT, adsl$TRTSDT); adsl$home <- day(adsl$DISDT, adsl$TRTSDT)
out <- function(address, ...) { v <- c(...)
  for (n in names(v)) if (!is.na(v[[n]])) cat(sprintf("%s,%s,%.17g\n", address, n, v[[n]])) }
cat("address,field,value\n")
# the analysed record of a visit, before death, beside adsl
at <- function(t, code, visit = NULL, columns = c("AVAL", "BASE", "CHG", "PCHG", "ADY", "BLQFL")) {
  r <- t[t$PARAMCD == code, ]
  if (!is.null(visit)) r <- r[r$AVISIT %in% visit & r$ANL01FL %in% "Y", ]
  merge(adsl, r[, intersect(c("USUBJID", columns), names(r))], by = "USUBJID", all.x = TRUE)
}
each <- function(address, f) for (s in names(sides)) f(sub("]", paste0(s, "]"), address, fixed = TRUE), sides[[s]])

# Differences of proportions: Miettinen and Nurminen ------------------------------
mn_z <- function(x1, n1, x2, n2, d) { # Farrington and Manning's closed form
  th <- n2 / n1; p1 <- x1 / n1; p2 <- x2 / n2
  a <- 1 + th; b <- -(1 + th + p1 + th * p2 + d * (th + 2))
  c <- d^2 + d * (2 * p1 + th + 1) + p1 + th * p2; e <- -p1 * d * (1 + d)
  v <- b^3 / (3 * a)^3 - b * c / (6 * a^2) + e / (2 * a)
  u <- sign(v) * sqrt(pmax(0, b^2 / (3 * a)^2 - c / (3 * a)))
  if (v == 0) u <- sqrt(max(0, b^2 / (3 * a)^2 - c / (3 * a)))
  w <- (pi + acos(pmin(1, pmax(-1, v / u^3)))) / 3
  q1 <- min(1, max(0, 2 * u * cos(w) - b / (3 * a))); q2 <- min(1, max(0, q1 - d))
  n <- n1 + n2
  (p1 - p2 - d) / sqrt((q1 * (1 - q1) / n1 + q2 * (1 - q2) / n2) * n / (n - 1))
}
riskdiff <- function(address, y, arm) each(address, function(name, a) {
  k <- !is.na(y); x1 <- sum(y[k & arm %in% a]); n1 <- sum(k & arm %in% a)
  x2 <- sum(y[k & arm == arms[1]]); n2 <- sum(k & arm == arms[1])
  d <- x1 / n1 - x2 / n2; z <- function(m) mn_z(x1, n1, x2, n2, m); cut <- qnorm(0.975)
  root <- function(f, lo, hi) uniroot(f, c(lo, hi), tol = 1e-15, maxiter = 10000)$root
  out(name, estimate = d, p_value = if (x1 + x2 == 0 || x1 + x2 == n1 + n2) 1 else 2 * pnorm(-abs(z(0))),
      conf_low = root(function(m) z(m) - cut, -1 + 1e-12, d - 1e-9),
      conf_high = root(function(m) z(m) + cut, d + 1e-9, 1 - 1e-12))
})
# Exact Wilcoxon tests, twice the smaller tail; Hodges and Lehmann's shift and the
# shifts that the test does not reject
wilcoxon <- function(address, y, arm, f = identity, digits = 6) each(address, function(name, a) {
  x <- y[!is.na(y) & arm %in% a]; z <- y[!is.na(y) & arm == arms[1]]
  d <- sort(unique(round(as.vector(outer(x, z, "-")), digits)))
  p <- function(mu) {
    r <- 2 * rank(round(c(x - mu, z), digits)); t <- sum(r[seq_along(x)])
    min(1, 2 * min(pperm(t, r, length(x), alternative = "less"),
                   pperm(t, r, length(x), alternative = "greater")))
  }
  keep <- sapply(d, p) > 0.05 * (1 + 1e-10)
  gaps <- (d[-1] + d[-length(d)]) / 2; inside <- sapply(gaps, p) > 0.05 * (1 + 1e-10)
  i <- which(inside)
  d <- sort(as.vector(outer(x, z, "-")))[!duplicated(round(sort(as.vector(outer(x, z, "-"))), digits))]
  out(name, p_value = p(0), estimate = f(median(outer(x, z, "-"))), conf_low = f(min(d[keep], d[i])),
      conf_high = f(max(d[keep], d[i + 1])))
})
# A contrast of an estimate with covariance v: A is the equal average of its arms
infer <- function(name, est, se, df, ratio) {
  h <- qt(0.975, df) * se; f <- if (ratio) exp else identity
  out(name, estimate = f(est), conf_low = f(est - h), conf_high = f(est + h),
      p_value = 2 * pt(-abs(est / se), df))
}
contrasts_of <- function(address, b, v, df, ratio = TRUE) each(address, function(name, a) {
  l <- setNames(numeric(length(b)), names(b))
  for (g in a) l[paste0("ARM", g)] <- 1 / length(a)
  infer(name, sum(l * b), sqrt(drop(l %*% v %*% l)), df, ratio)
})
ancova <- function(address, d, f, ratio) {
  d$ARM <- factor(d$TRT01P, arms); m <- lm(f, d)
  contrasts_of(address, coef(m), vcov(m), df.residual(m), ratio)
}
died_by <- function(d, last) !is.na(d$death) & d$death <= ifelse(is.na(d$ADY), last, d$ADY)

# 1. Lymphocytes --------------------------------------------------------------------
alc <- at(adlb, "ALC", "Day 29")
response <- as.numeric(alc$AVAL >= 1.5 * alc$BASE)
response[is.na(response) | died_by(alc, 35)] <- 0
riskdiff("ALC50[]", response, alc$TRT01P)
stopifnot(median(alc$PCHG[alc$TRT01P == arms[1]], na.rm = TRUE) < 50) # else Wilcoxon
each("ALCRULE[]", function(name, a) {
  k <- alc$TRT01P %in% c(a, arms[1])
  A <- alc$TRT01P[k] != arms[1]; y <- response[k]
  x <- sum(y[A]); m <- sum(A); n <- sum(!A); t <- sum(y); v <- max(0, t - n):min(m, t)
  h <- dhyper(v, m, n, t, log = TRUE) # the events of A, given all; odds ratio exp(b)
  d <- function(b) { w <- h + b * v; w <- exp(w - max(w)); w / sum(w) }
  root <- function(f) exp(uniroot(f, c(-30, 30), tol = 1e-15, maxiter = 10000)$root)
  p <- d(0); lo <- sum(p[v <= x]); hi <- sum(p[v >= x])
  out(name, p_value = min(1, 2 * min(lo, hi)),
      estimate = if (x == max(v)) NA else root(function(b) sum(v * d(b)) - x),
      conf_low = root(function(b) sum(d(b)[v >= x]) - 0.025),
      conf_high = if (x == max(v)) NA else root(function(b) sum(d(b)[v <= x]) - 0.025))
})
twm <- at(adlb, "ALCTWM")
ancova("ALCTWM[]", twm, log(AVAL) ~ log(BASE) + ARM, TRUE)
mean_alive <- merge(adsl, aggregate(AVAL ~ USUBJID + BASE, adlb[adlb$PARAMCD == "ALC" & adlb$ANL01FL %in% "Y" &
  adlb$AVISIT %in% c("Day 4", "Day 8", "Day 11", "Day 15", "Day 22", "Day 29", "Day 42", "Day 60"), ], mean))
ancova("ALC[]/while alive", mean_alive, log(AVAL) ~ log(BASE) + ARM, TRUE)
for (code in c("ALC", "CD4", "CD8")) for (visit in c("Day 29", "Day 42", "Day 60")) {
  d <- at(adlb, code, visit, "R2BASE")
  wilcoxon(sprintf("FOLD:%s[]@%s", code, visit), log(d$R2BASE), d$TRT01P, exp, 12)
  for (g in arms) {
    t <- t.test(log(d$R2BASE[d$TRT01P == g]))
    out(sprintf("FOLD:%s[%s]@%s/each arm", code, g, visit), estimate = exp(unname(t$estimate)),
        conf_low = exp(t$conf.int[1]), conf_high = exp(t$conf.int[2]), p_value = t$p.value)
  }
}
incidence <- function(address, code, time) {
  d <- at(adtte, code, columns = c("AVAL", "CNSR")); d <- d[!is.na(d$TRTSDT), ]
  d$cause <- ifelse(is.na(d$CNSR), NA, ifelse(d$CNSR == 0, 1, ifelse(d$CNSR == 2, 2, 0)))
  each(address, function(name, a) {
    one <- function(k) { f <- cuminc(d$AVAL[k], d$cause[k])[["1 1"]] # nobody is left, or seen, at the end
      i <- max(which(f$time <= time)); c(f$est[i], f$var[i]) }
    A <- d$TRT01P %in% a; B <- d$TRT01P == arms[1]
    x <- one(A); y <- one(B); e <- x[1] - y[1]; se <- sqrt(x[2] + y[2]); k <- A | B
    out(name, estimate = e, std_error = se, conf_low = e - qnorm(0.975) * se, conf_high = e + qnorm(0.975) * se,
        p_value = cuminc(d$AVAL[k], d$cause[k], A[k])$Tests[1, 2])
  })
}
incidence("TTALC[]", "TTALC", 60)

# Hazards of all arms in one model, both frequencies by the average of their log hazard
# ratios; restricted means of the arms compared ---------------------------------------
d <- at(adtte, "TTALC", columns = c("AVAL", "CNSR")); d$arm <- factor(d$TRT01P, arms)
m <- coxph(Surv(AVAL, CNSR == 0) ~ arm, d, control = coxph.control(eps = 1e-14, toler.chol = 1e-15))
each("TTALC[]/cause-specific hazard", function(name, a) {
  l <- as.numeric(arms[-1] %in% a) / length(a); e <- sum(l * coef(m)); se <- sqrt(drop(l %*% vcov(m) %*% l))
  out(name, estimate = exp(e), std_error = se, conf_low = exp(e - qnorm(0.975) * se),
      conf_high = exp(e + qnorm(0.975) * se), p_value = 2 * pnorm(-abs(e / se)))
})
d <- at(adtte, "DEATH", columns = c("AVAL", "CNSR"))
for (time in c(28, 90)) each(sprintf("DEATH%d[]/restricted mean survival", time), function(name, a) {
  one <- function(k) { f <- survfit(Surv(AVAL, CNSR == 0) ~ 1, d[k, ])
    unname(survival:::survmean(f, rmean = time)$matrix[c("rmean", "se(rmean)")]) }
  x <- one(d$TRT01P %in% a); y <- one(d$TRT01P == arms[1]); e <- x[1] - y[1]; se <- sqrt(x[2]^2 + y[2]^2)
  out(name, estimate = e, std_error = se, conf_low = e - qnorm(0.975) * se, p_value = 2 * pnorm(-abs(e / se)))
})

# 2. Activation -----------------------------------------------------------------------
for (code in c("KI67CD4", "KI67CD8", "PD1CD8", "MHLADR")) for (visit in c("Day 8", "Day 15", "Day 29")) {
  d <- at(adlb, code, visit)
  wilcoxon(sprintf("%s[]@%s", code, visit), d$AVAL, d$TRT01P)
}

# 3. Safety -----------------------------------------------------------------------------
peto <- function(name, d, a) { # exact, by all choices of the smaller group
  k <- !is.na(d$AVAL) & d$TRT01A %in% c(a, arms[1]); y <- d$AVAL[k]; event <- d$BLQFL[k] != "Y"
  small <- if (sum(d$TRT01A[k] == arms[1]) * 2 <= sum(k)) d$TRT01A[k] == arms[1] else d$TRT01A[k] != arms[1]
  s <- 1; w <- h <- numeric(0); times <- sort(unique(y[event]), decreasing = TRUE)
  for (t in times) { n <- sum(y <= t); dd <- sum(y == t & event)
    s <- s * (1 - dd / (n + 1)); w <- c(w, s); h <- c(h, dd / n) }
  score <- sapply(seq_along(y), function(i) (if (event[i]) w[times == y[i]] else 0) - sum((w * h)[times >= y[i]]))
  o <- sum(score[small]); m <- sum(small)
  # sums of all subsets of a size, one unit after the other
  sums <- rep(list(numeric(0)), m + 1); sums[[1]] <- 0
  for (x in score) for (j in m:1) sums[[j + 1]] <- c(sums[[j + 1]], sums[[j]] + x)
  all <- sums[[m + 1]]
  stopifnot(length(all) == choose(length(score), m))
  out(name, p_value = mean(abs(all) >= abs(o) - 1e-9))
}
for (code in c("IL6", "IL8", "IL10", "TNF", "IFNG")) for (visit in c("Day 4", "Day 8", "Day 15")) {
  d <- at(adcy, code, visit); d <- d[!is.na(d$TRTSDT), ]; d$ARM <- factor(d$TRT01A, arms)
  known <- tapply(d$BLQFL != "Y", d$ARM, any, na.rm = TRUE)
  if (!all(known)) next
  r <- d[!is.na(d$AVAL), ]
  m <- survreg(Surv(log(AVAL), BLQFL != "Y", type = "left") ~ ARM, r, dist = "gaussian",
               control = survreg.control(maxiter = 200, rel.tolerance = 1e-14))
  n <- nrow(r); df <- n - 3 # variances times n / (n - p), t
  contrasts_of(sprintf("CYTO:%s[]@%s", code, visit), coef(m), vcov(m)[1:3, 1:3] * n / df, df)
  half <- ifelse(r$BLQFL == "Y", r$AVAL / 2, r$AVAL)
  each(sprintf("CYTO:%s[]@%s/half the limit", code, visit), function(name, a) {
    t <- t.test(log(half[r$TRT01A %in% a]), log(half[r$TRT01A == arms[1]]))
    out(name, estimate = exp(unname(-diff(t$estimate))), conf_low = exp(t$conf.int[1]),
        conf_high = exp(t$conf.int[2]), p_value = t$p.value)
  })
  if (visit == "Day 8") each(sprintf("CYTO:%s[]@%s/ranks", code, visit), function(name, a) peto(name, d, a))
}
sofa <- at(adsofa, "SOFA", "Day 8")
base <- tapply(adsofa$BASE[adsofa$PARAMCD == "SOFA"], adsofa$USUBJID[adsofa$PARAMCD == "SOFA"], max)
sofa$base <- base[sofa$USUBJID]; change <- sofa$CHG
k <- !is.na(sofa$home) & sofa$home <= ifelse(is.na(sofa$ADY), 9, sofa$ADY); change[k] <- (0 - sofa$base)[k]
k <- died_by(sofa, 9); change[k] <- (24 - sofa$base)[k] # also after discharge
wilcoxon("SOFA[]", change, sofa$TRT01P)
ancova("SOFATWM[]", at(adsofa, "SOFATWM"), AVAL ~ BASE + ARM, FALSE)
incidence("TTINF[]", "TTINF", 90)
treated <- adsl[!is.na(adsl$TRTSDT), ]
before_death <- function(t, d) is.na(adsl$death[match(t$USUBJID, adsl$USUBJID)]) |
  is.na(d) | d <= adsl$death[match(t$USUBJID, adsl$USUBJID)]
ae <- adae[adae$TRTEMFL %in% "Y" & before_death(adae, adae$ASTDY), ]
grade <- ae[ae$AETOXGR %in% 3:4, ]
count <- function(r) as.vector(table(factor(r$USUBJID, treated$USUBJID)))
riskdiff("AE34[]", as.numeric(count(grade) > 0), treated$TRT01A)
each("AE34[]/per 100 patient-days", function(name, a) {
  y <- count(grade); A <- treated$TRT01A %in% a; B <- treated$TRT01A == arms[1]
  x <- c(sum(y[A]), sum(y[B])); t <- c(sum(treated$TRTDUR[A]), sum(treated$TRTDUR[B]))
  p <- poisson.test(x, t); q <- t[1] / sum(t)
  out(name, estimate = unname(p$estimate), conf_low = p$conf.int[1], conf_high = p$conf.int[2],
      p_value = min(1, 2 * min(pbinom(x[1], sum(x), q), pbinom(x[1] - 1, sum(x), q, lower.tail = FALSE))))
})
each("AERATE[]", function(name, a) {
  y <- count(ae); t <- treated$TRTDUR
  side <- function(k) { e <- sum(y[k]); n <- sum(k); r <- e / sum(t[k])
    c(r, sum((y[k] - r * t[k])^2) / e^2 * n / (n - 1), n) }
  A <- side(treated$TRT01A %in% a); B <- side(treated$TRT01A == arms[1])
  v <- A[2] + B[2]; infer(name, log(A[1] / B[1]), sqrt(v), v^2 / (A[2]^2 / (A[3] - 1) + B[2]^2 / (B[3] - 1)), TRUE)
})
ada <- adab[adab$PARAMCD == "ADA" & adab$ADY > 1 & adab$BLQFL %in% "N" & before_death(adab, adab$ADY), ]
riskdiff("ADA[]", as.numeric(count(ada) > 0), treated$TRT01A)

# 4. Outcome ------------------------------------------------------------------------------
for (d in c(28, 90)) riskdiff(sprintf("DEATH%d[]", d), as.numeric(adsl[[sprintf("DTH%dFL", d)]] == "Y"), adsl$TRT01P)
for (code in c("OSFD28", "ICUFD28")) { d <- at(adcc, code); wilcoxon(sprintf("%s[]", code), d$AVAL, d$TRT01P) }

# Win ratio: pairs within countries that weigh 1 / n; U-statistics; exact permutation
time_of <- function(code, horizon) { d <- at(adtte, code, columns = c("AVAL", "CNSR"))
  event <- d$CNSR == 0 & d$AVAL <= horizon; list(t = pmin(d$AVAL, horizon), e = event) }
levels <- list(time_of("DEATH", 90), time_of("TTINF", 90),
  list(x = at(adcc, "OSFD28")$AVAL, margin = 1), list(x = alc$AVAL, margin = 100))
stopifnot(identical(adsl$USUBJID, alc$USUBJID))
beats <- function(i, j) {
  for (l in levels) {
    if (is.null(l$x)) {
      if (is.na(l$t[i]) || is.na(l$t[j])) next
      longer <- function(a, b) l$e[b] && (l$t[a] > l$t[b] || l$t[a] == l$t[b] && !l$e[a])
      if (longer(i, j)) return(1)
      if (longer(j, i)) return(-1)
    } else {
      d <- l$x[i] - l$x[j]
      if (!is.na(d) && d != 0 && abs(d) >= l$margin * (1 - 1e-9)) return(sign(d))
    }
  }
  0
}
each("WIN[]", function(name, a) {
  w <- l <- vw <- vl <- vwl <- 0; dist <- 0; prob <- 1; seen <- 0
  for (country in unique(adsl$COUNTRY)) {
    k <- which(adsl$COUNTRY == country & adsl$TRT01P %in% c(a, arms[1])); n <- length(k)
    A <- adsl$TRT01P[k] != arms[1]; m <- sum(A)
    M <- outer(k, k, Vectorize(function(i, j) if (i == j) 0 else beats(i, j)))
    W <- (M > 0)[A, !A, drop = FALSE]; L <- (M < 0)[A, !A, drop = FALSE]
    w <- w + sum(W) / n; l <- l + sum(L) / n
    add <- function(x, y, size) size * cov(x, y) / n^2
    vw <- vw + add(rowSums(W), rowSums(W), m) + add(colSums(W), colSums(W), n - m)
    vl <- vl + add(rowSums(L), rowSums(L), m) + add(colSums(L), colSums(L), n - m)
    vwl <- vwl + add(rowSums(W), rowSums(L), m) + add(colSums(W), colSums(L), n - m)
    score <- rowSums(M); seen <- seen + sum(score[A]) / n
    tab <- c(list(c("0" = 1)), rep(list(numeric(0)), m))
    for (s in score) for (j in m:1) if (length(tab[[j]])) { # how many choices have each sum
      new <- setNames(tab[[j]], as.numeric(names(tab[[j]])) + s)
      both <- c(tab[[j + 1]], new); tab[[j + 1]] <- tapply(both, names(both), sum)
    }
    p <- tab[[m + 1]] / choose(n, m); v <- as.numeric(names(p)) / n
    s <- as.vector(outer(dist, v, "+")); q <- as.vector(outer(prob, as.vector(p)))
    key <- round(s, 9); dist <- as.numeric(tapply(s, key, `[`, 1)); prob <- as.vector(tapply(q, key, sum))
  }
  e <- sum(dist * prob); se <- sqrt(vw / w^2 + vl / l^2 - 2 * vwl / (w * l)); z <- qnorm(0.975)
  out(name, estimate = w / l, std_error = se, conf_low = w / l * exp(-z * se), conf_high = w / l * exp(z * se),
      p_value = sum(prob[abs(dist - e) >= abs(seen - e) - 1e-9]))
})
