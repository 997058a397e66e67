# Values of tests/lua/test_lm.lua and test_lm_means.lua from R 4.2.2 with
# sandwich 3.0-2, car 3.1-1, emmeans 1.8.4 with cov.keep = none, as covariates
# are averaged.
#   Rscript tests/reference/lm.R > tests/reference/lm.csv
# warpbreaks and airquality are R's data sets (tests/data); the rows of actg175
# and adadas need ../shared/data.
suppressMessages({library(sandwich); library(car); library(emmeans)
  library(splines)})
emm_options(cov.keep = character(0), msg.interaction = FALSE, msg.nesting = FALSE)
d <- "../shared/data"
g <- function(x) sprintf("%.17g", x)
out <- function(set, what, name, ...) {
  v <- list(...)
  for (k in names(v)) cat(set, what, name, k, g(v[[k]]), sep = ";", fill = FALSE, "\n")
}
# the numbers of a fit: coefficients, errors of all kinds, summary, anovas
model <- function(set, m, m3 = NULL) {
  s <- summary(m); co <- s$coefficients
  for (i in rownames(co))
    out(set, "term", i, estimate = co[i, 1], std_error = co[i, 2],
        statistic = co[i, 3], p_value = co[i, 4],
        conf_low = confint(m)[i, 1], conf_high = confint(m)[i, 2])
  for (h in c("HC0", "HC1", "HC2", "HC3", "HC4", "HC4m", "HC5")) {
    v <- vcovHC(m, type = h)
    for (i in rownames(v)) out(set, h, i, std_error = sqrt(v[i, i]))
  }
  f <- s$fstatistic
  if (!is.null(m$offset)) { # R 4.2 counts the offset as explained
    e <- fitted(m) - m$offset; mss <- sum((e - mean(e))^2); rss <- sum(resid(m)^2)
    s$r.squared <- mss / (mss + rss); f[1] <- mss / f[2] / (rss / f[3])
    s$adj.r.squared <- 1 - (1 - s$r.squared) * (nrow(m$model) - 1) / f[[3]]
  }
  out(set, "glance", "-", sigma = s$sigma, r_squared = s$r.squared,
      adj_r_squared = s$adj.r.squared, statistic = f[[1]],
      p_value = pf(f[1], f[2], f[3], lower.tail = FALSE)[[1]],
      log_lik = as.numeric(logLik(m)), aic = AIC(m), bic = BIC(m),
      df_residual = m$df.residual)
  a1 <- anova(m)
  for (i in head(rownames(a1), -1))
    out(set, "type 1", i, df = a1[i, 1], sum_sq = a1[i, 2], statistic = a1[i, 4],
        p_value = a1[i, 5])
  a2 <- Anova(m, type = 2)
  for (i in head(rownames(a2), -1))
    out(set, "type 2", i, df = a2[i, "Df"], sum_sq = a2[i, 1],
        statistic = a2[i, "F value"], p_value = a2[i, "Pr(>F)"])
  if (!is.null(m3)) {
    a3 <- Anova(m3, type = 3)
    for (i in setdiff(head(rownames(a3), -1), "(Intercept)"))
      out(set, "type 3", i, df = a3[i, "Df"], sum_sq = a3[i, 1],
          statistic = a3[i, "F value"], p_value = a3[i, "Pr(>F)"])
    r3 <- Anova(m3, type = 3, vcov. = vcovHC(m3, type = "HC3"))
    for (i in setdiff(head(rownames(r3), -1), "(Intercept)"))
      out(set, "type 3 HC3", i, statistic = r3[i, "F"], p_value = r3[i, "Pr(>F)"])
  }
  k <- seq_along(resid(m))
  w <- function(x) sum(x * cos(k), na.rm = TRUE)
  out(set, "rows", "-", fitted = w(fitted(m)), residual = w(resid(m)),
      leverage = w(hatvalues(m)), std_residual = w(rstandard(m)),
      student_residual = w(rstudent(m)), cooks_distance = w(cooks.distance(m)))
}
# means and their differences: the label joins the levels
means <- function(set, m, spec, what, ...) {
  e <- emmeans(m, spec, ...)
  s <- as.data.frame(summary(e, infer = c(TRUE, TRUE)))
  keys <- e@misc$pri.vars; by <- e@misc$by.vars
  lab <- apply(s[, c(by, keys), drop = FALSE], 1, function(r) paste(trimws(r), collapse = "/"))
  for (i in seq_len(nrow(s)))
    if (!is.na(s[i, "SE"]) )
      out(set, what, lab[i], estimate = s[[grep("emmean|response|trend", names(s))[1]]][i],
          std_error = s$SE[i], df = s$df[i], conf_low = s$lower.CL[i],
          conf_high = s$upper.CL[i])
    else cat(set, what, lab[i], "estimate", "NA", sep = ";", fill = FALSE, "\n")
  if (is.null(by)) {
    p <- as.data.frame(summary(contrast(e, "revpairwise", adjust = "none"),
                               infer = c(TRUE, TRUE)))
    for (i in seq_len(nrow(p)))
      if (!is.na(p$SE[i]))
        out(set, paste(what, "pairs"), gsub(" - ", " vs ", gsub("[()]", "", p$contrast[i])),
            estimate = p$estimate[i], std_error = p$SE[i], statistic = p$t.ratio[i],
            p_value = p$p.value[i], conf_low = p$lower.CL[i], conf_high = p$upper.CL[i])
  }
}
slopes <- function(set, m, spec, var, what, ...) {
  s <- as.data.frame(summary(emtrends(m, spec, var = var, ...), infer = c(TRUE, TRUE)))
  for (i in seq_len(nrow(s)))
    out(set, what, as.character(s[i, 1]), estimate = s[i, paste0(var, ".trend")],
        std_error = s$SE[i], conf_low = s$lower.CL[i], conf_high = s$upper.CL[i])
}
predicted <- function(set, m, new) for (k in c("confidence", "prediction")) {
  p <- predict(m, new, interval = k, se.fit = TRUE)
  for (i in seq_len(nrow(new)))
    out(set, k, i, estimate = p$fit[i, 1], std_error = p$se.fit[[i]],
        conf_low = p$fit[i, 2], conf_high = p$fit[i, 3])
}
sumcon <- function(...) { n <- c(...); setNames(as.list(rep("contr.sum", length(n))), n) }

# warpbreaks
w <- warpbreaks; w$k <- (seq_len(nrow(w)) * 7) %% 5 + 0.5
m <- lm(breaks ~ wool * tension, w)
model("warp", m, update(m, contrasts = sumcon("wool", "tension")))
means("warp", m, ~ tension, "tension")
means("warp", m, ~ wool | tension, "wool by tension")
means("warp", m, ~ wool + tension, "cells")
m <- lm(log(breaks) ~ wool + tension, w, weights = k)
model("warp weighted", m, update(m, contrasts = sumcon("wool", "tension")))
means("warp weighted", m, ~ wool, "wool")
means("warp weighted", m, ~ wool, "wool proportional", weights = "proportional")
m <- lm(log(breaks) ~ wool + tension, w)
s <- as.data.frame(summary(emmeans(m, ~ tension, type = "response"), infer = TRUE))
for (i in 1:3) out("warp log", "ratio means", as.character(s$tension[i]), estimate = s$response[i],
                   conf_low = s$lower.CL[i], conf_high = s$upper.CL[i])
s <- as.data.frame(summary(contrast(emmeans(m, ~ tension, type = "response"),
                                    "revpairwise", adjust = "none"), infer = TRUE))
for (i in 1:3) out("warp log", "ratio pairs", gsub(" / ", " vs ", s$contrast[i]),
                   estimate = s$ratio[i], conf_low = s$lower.CL[i],
                   conf_high = s$upper.CL[i], p_value = s$p.value[i])

# airquality: missing values, unbalanced
a <- na.omit(airquality); a$Month <- factor(a$Month)
m <- lm(Ozone ~ Month * Temp + Wind, a)
model("air", m, update(m, contrasts = sumcon("Month")))
means("air", m, ~ Month, "month")
means("air", m, ~ Month, "month at", at = list(Temp = 70, Wind = 8))
means("air", m, ~ Month, "month temps", at = list(Temp = 70))
slopes("air", m, ~ Month, "Temp", "slope")
predicted("air", m, data.frame(Month = factor(c(5, 9), levels = levels(a$Month)),
                               Temp = c(60, 90), Wind = c(10, 5)))
m <- lm(Ozone ~ Month + Temp + offset(2 * Wind), a) # offsets at their mean
means("air shifted", m, ~ Month, "month")
means("air shifted", m, ~ Month, "month at", at = list(Temp = 70))
m <- lm(log(Ozone) ~ Month + offset(Wind / 10), a)
s <- as.data.frame(summary(emmeans(m, ~ Month, type = "response"), infer = TRUE))
for (i in 1:5) out("air shifted log", "ratio means", as.character(s$Month[i]),
                   estimate = s$response[i], conf_low = s$lower.CL[i],
                   conf_high = s$upper.CL[i])
m <- lm(Ozone ~ Month + Temp + Wind, a, weights = Wind)
model("air weighted", m, update(m, contrasts = sumcon("Month")))
means("air weighted", m, ~ Month, "month")
predicted("air weighted", m, data.frame(Month = factor(5, levels = levels(a$Month)),
                                        Temp = 60, Wind = 10))
m <- lm(log(Ozone) ~ poly(Temp, 2) + ns(Wind, 3) + bs(Solar.R, 4), a)
model("air curves", m)
predicted("air curves", m, data.frame(Temp = c(60, 80), Wind = c(10, 15),
                                      Solar.R = c(100, 200)))
m <- lm(log(Ozone) ~ Temp + I(Temp^2) + offset(Wind / 20) + Month, a)
model("air offset", m, update(m, contrasts = sumcon("Month")))
means("air offset", m, ~ Month, "month")
l <- c(0, 1, 2 * mean(a$Temp), 0, 0, 0, 0)
out("air offset", "slope", "-", estimate = sum(l * coef(m)),
    std_error = sqrt(c(l %*% vcov(m) %*% l)))
predicted("air offset", m, data.frame(Month = factor(5, levels = levels(a$Month)),
                                      Temp = 60, Wind = 10))

# made: three factors, unbalanced, every cell filled
i <- 1:80
f <- data.frame(a = factor(c("low", "high")[1 + (i * i) %% 2 * (i %% 3 > 0)], levels = c("low", "high")),
  b = factor(c("P", "Q", "R")[1 + (i * 7 + i %/% 5) %% 3], levels = c("P", "Q", "R")),
  c = factor(c("u", "v")[1 + (i %/% 4) %% 2]), x = i %% 7,
  y = round(10 * sin(i * i) + i %% 7 + 5 * (i %% 3), 3))
m <- lm(y ~ a * b + c + x, f)
model("made", m, update(m, contrasts = sumcon("a", "b", "c")))
for (k in c("equal", "proportional", "outer", "cells")) {
  means("made", m, ~ a, paste("a", k), weights = k)
  means("made", m, ~ b, paste("b", k), weights = k)
}
m <- lm(y ~ a * b * c + a:x + x, f)
model("made deep", m, update(m, contrasts = sumcon("a", "b", "c")))
means("made deep", m, ~ a | c, "a by c")
slopes("made deep", m, ~ a, "x", "slope")
# nested, without an intercept
m <- lm(y ~ a / x + b - 1, f)
model("made nested", m)
# an empty cell: high and R
e <- subset(f, !(a == "high" & b == "R"))
m <- lm(y ~ a * b + x, e)
s <- summary(m)$coefficients
for (i in rownames(s)) out("empty", "term", i, estimate = s[i, 1], std_error = s[i, 2])
# type III as SAS has it: the contrasts of lmerTest 3.1-3
suppressMessages(library(lmerTest))
e$s <- factor(seq_len(nrow(e)) %% 9)
l3 <- lmerTest:::get_contrasts_type3(suppressMessages(lmer(y ~ a * b + x + (1 | s), e)))
k <- !is.na(coef(m)); v <- vcov(m, complete = FALSE)
for (i in names(l3)) {
  l <- matrix(l3[[i]], ncol = sum(k)); h <- l %*% coef(m)[k]
  st <- c(t(h) %*% solve(l %*% v %*% t(l)) %*% h) / nrow(l)
  out("empty", "type 3", i, df = nrow(l), statistic = st,
      sum_sq = st * nrow(l) * sigma(m)^2,
      p_value = pf(st, nrow(l), m$df.residual, lower.tail = FALSE))
}
means("empty", m, ~ a, "a"); means("empty", m, ~ b, "b")
means("empty", m, ~ a + b, "cells")

# ACTG 175
x <- read.csv(file.path(d, "hiv/actg175.csv"))
x$arm <- factor(x$arms, 0:3, c("ZDV", "ZDV+ddI", "ZDV+ddC", "ddI"))
x$sex <- factor(x$gender, 0:1, c("F", "M")); x$str2 <- factor(x$str2)
m <- lm(cd420 ~ cd40 + arm * sex + str2, x)
model("actg", m, update(m, contrasts = sumcon("arm", "sex", "str2")))
means("actg", m, ~ arm, "arm"); means("actg", m, ~ arm, "arm proportional", weights = "proportional")
m <- lm(log(cd420 + 1) ~ log(cd40 + 1) + arm, x)
means("actg log", m, ~ arm, "arm", at = list(cd40 = 300))

# several comparisons at once: Dunnett by orthants (TVPACK, mvtnorm 1.1-3, whose
# two-sided tails are sums of 2^k orthants), Tukey by ptukey, Sidak, Bonferroni
library(mvtnorm)
orthants <- function(q, r, df) {
  k <- nrow(r); s <- 0
  for (m in 0:(2^k - 1)) {
    a <- ifelse(bitwAnd(m, 2^(seq_len(k) - 1)) > 0, -1, 1)
    s <- s + prod(a) * pmvt(upper = a * q, lower = rep(-Inf, k), df = df, corr = r,
                            algorithm = TVPACK(1e-14))
  }
  1 - s
}
several <- function(set, m, factor) {
  e <- emmeans(m, factor); c1 <- contrast(e, "trt.vs.ctrl", adjust = "none")
  v <- vcov(c1); r <- cov2cor(v); s <- as.data.frame(c1); df <- s$df[1]
  q <- uniroot(function(q) orthants(q, r, df) - 0.05, c(1, 5), tol = 1e-13)$root
  for (i in seq_len(nrow(s)))
    out(set, "dunnett", gsub(" - ", " vs ", gsub("[()]", "", s$contrast[i])),
        p_adjusted = orthants(abs(s$t.ratio[i]), r, df),
        conf_low = s$estimate[i] - q * s$SE[i], conf_high = s$estimate[i] + q * s$SE[i])
  for (i in seq_len(nrow(s)))
    out(set, "dunnett greater", gsub(" - ", " vs ", gsub("[()]", "", s$contrast[i])),
        p_adjusted = 1 - pmvt(upper = rep(s$t.ratio[i], nrow(s)),
          lower = rep(-Inf, nrow(s)), df = df, corr = r, algorithm = TVPACK(1e-14)))
  for (k in c("tukey", "sidak", "bonferroni")) {
    s <- as.data.frame(summary(contrast(e, "revpairwise", adjust = k), infer = TRUE))
    if (k == "tukey") { # qtukey has four decimals, ptukey eleven
      l <- nrow(as.data.frame(e))
      q <- uniroot(function(q) ptukey(q, l, df, lower.tail = FALSE) - 0.05, c(1, 9),
                   tol = 1e-12)$root / sqrt(2)
      s$lower.CL <- s$estimate - q * s$SE; s$upper.CL <- s$estimate + q * s$SE
    }
    for (i in seq_len(nrow(s)))
      out(set, k, gsub(" - ", " vs ", gsub("[()]", "", s$contrast[i])),
          p_adjusted = s$p.value[i], conf_low = s$lower.CL[i], conf_high = s$upper.CL[i])
  }
}
several("warp", lm(breaks ~ wool * tension, w), "tension")
several("made", lm(y ~ a * b + c + x, f), "b")
several("actg", lm(cd420 ~ cd40 + arm * sex + str2, x), "arm")
