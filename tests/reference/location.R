# Reference values of tests/core/test_describe.c and test_location.c, made by
# R 4.2.2: Rscript tests/reference/location.R
w <- function(...) cat(paste(..., sep = ", "), "\n")
g <- function(x) sprintf("%.17g", x)
show <- function(name, t)
  cat(name, g(t$estimate[1]), g(t$estimate[2]), g(t$stderr), g(t$statistic),
      g(t$parameter), g(t$p.value), g(t$conf.int), "\n")
x <- c(10, 20, 30, 40, 150, 160, 170, 180, 190, 200)
u <- c(3.1, -2.2, 8.4, 0.7, 5.5, 5.5, 1.9, -7.3, 4.4, 2.6, 9.1)
p <- c(0, 0.05, 0.1, 0.25, 0.4, 0.5, 0.75, 0.9, 1)
for (type in 1:9) {
  cat("x", type, g(quantile(x, p, type = type)), "\n")
  cat("u", type, g(quantile(u, p, type = type)), "\n")
}
l <- c(638.5, 212.25, 1043, 87.5, 455, 1999.125, 36)
cat("geometric", g(exp(mean(log(l)))), g(exp(sd(log(l)))),
    g(100 * sqrt(expm1(var(log(l))))), "\n")
cat("plain", g(mean(u)), g(sd(u)), g(sd(u) / sqrt(length(u))), g(median(u)), "\n")

s1 <- sleep$extra[sleep$group == 1]; s2 <- sleep$extra[sleep$group == 2]
show("sleep welch", t.test(s1, s2))
show("sleep pooled", t.test(s1, s2, var.equal = TRUE))
show("sleep paired", t.test(s1, s2, paired = TRUE))
show("sleep one", t.test(s2, mu = 1))
show("sleep less", t.test(s1, s2, alternative = "less", conf.level = 0.9))
show("sleep greater", t.test(s1, s2, alternative = "greater", mu = -2))
a <- c(1.2, 0.8, 1.9); b <- c(0.4, 0.3, 0.8)
show("small welch", t.test(a, b))
show("two per group", t.test(c(1, 2), c(4, 6)))
show("one against many", t.test(7, u, var.equal = TRUE))
show("constant against many", t.test(rep(7, 4), u))
far <- 1000 + sin(1:300); near <- cos(1:280)
show("far tail", t.test(far, near))
show("far less", t.test(near, far, alternative = "less"))
f <- 1:60 + 3000 ; h <- 1:50
show("far 2", t.test(f, h))
show("p near 1", t.test(a, a + 1e-9, alternative = "greater", mu = 500))
