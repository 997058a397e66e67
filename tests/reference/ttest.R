# Values of tests/lua/test_ttest.lua and test_describe.lua that are not in
# ../shared/data/published, made by R 4.2.2: Rscript tests/reference/ttest.R
# The Orthodont rows need ../shared/data/longitudinal/Orthodont.csv.
g <- function(x) paste(sprintf("%.17g", x), collapse = " ")
d <- "../shared/data"
o <- read.csv(file.path(d, "longitudinal/Orthodont.csv"))
w <- t.test(distance ~ Sex, data = o, subset = age == 14, var.equal = TRUE)
cat("Orthodont age 14, Female vs Male, pooled:", g(c(w$statistic, w$parameter,
    w$p.value, w$conf.int)), "\n")
a <- read.csv(file.path(d, "hiv/actg175.csv"))
w <- t.test(log(cd420 + 1) ~ I(arms != 0), data = a, subset = arms <= 1,
            alternative = "less", conf.level = 0.9)
cat("log(cd420 + 1), arm 0 less than 1, 90 %:", g(c(w$statistic, w$parameter,
    w$p.value, w$conf.int)), "\n")
w <- t.test(a$cd496 - a$cd40, mu = -10)
cat("cd496 - cd40 against -10:", g(c(w$estimate, w$statistic, w$parameter,
    w$p.value, w$conf.int)), length(na.omit(a$cd496)), "\n")
s1 <- sleep$extra[sleep$group == 1]; s2 <- sleep$extra[sleep$group == 2]
w <- t.test(s1, s2, paired = TRUE)
cat("sleep paired:", g(c(w$estimate, w$statistic, w$p.value, w$conf.int)), "\n")
for (arm in 0:3) {
  x <- a$cd420[a$arms == arm]
  cat("cd420, arm", arm, "Q1 Q3 type 2, 6, 7; geometric mean, CV; CI of mean:",
      g(c(quantile(x, c(.25, .75), type = 2), quantile(x, c(.25, .75), type = 6),
        quantile(x, c(.25, .75), type = 7), exp(mean(log(x))),
        100 * sqrt(expm1(var(log(x)))), t.test(x)$conf.int)), "\n")
}
cat("3 1 4 1 5:", g(c(exp(mean(log(c(3,1,4,1,5)))),
    100 * sqrt(expm1(var(log(c(3,1,4,1,5))))))), "\n")
