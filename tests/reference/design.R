# R's model.matrix on many formulas, for tests/lua/test_lm_design.lua: each
# column by its name and two sums of its values times cos(i) and sqrt(i).
# Rscript tests/reference/design.R > tests/reference/design.csv
suppressMessages(library(splines))
i <- 1:24
d <- data.frame(
  a = factor(c("low", "high")[1 + i %% 2], levels = c("low", "high")),
  b = factor(c("P", "Q", "R")[1 + (i * 7) %% 3], levels = c("Q", "P", "R")),
  c = factor(c("u", "v", "w", "x")[1 + (i %/% 2) %% 4]),
  x = round(10 * sin(i) + i, 3), z = round(20 + 7 * cos(i * i), 2), k = i %% 4)
formulas <- c("1", "x", "a", "b", "a + b", "b + a", "a + x", "x + a", "a:b",
  "a*b", "b*a", "a:b - 1", "a - 1", "0 + a + b", "b + a - 1", "x - 1",
  "x + a - 1", "a:x", "x:a", "a*x", "a + a:x", "x + a:x", "a:x - 1", "a/b",
  "a/x", "a/(b + x)", "b %in% a", "a + b %in% a", "(a + b)/x", "(a + b + c)^2",
  "a*b*c", "a*b*c - a:b:c", "a*b - a", "a*b - b", "a:b + a:c", "a + a:b:c",
  "a:b:c", "b:c + a", "a:b + c", "x:z", "x*z", "a*x*z", "a:x:z", "b:x + b:z",
  "log(z) + a", "log2(z) + log10(z)", "I(x^2) + x", "I(x > 5) + a:I(x > 5)",
  "sqrt(z):b", "exp(x/10)", "factor(k)", "factor(k)*a", "k + factor(k):x - 1",
  "poly(x, 1)", "poly(x, 2)", "poly(x, 4)*a", "poly(z, 3, raw = TRUE) + b",
  "a:poly(x, 2)", "poly(x, 2):poly(z, 2)", "ns(x, 3)", "ns(x, df = 4)*a",
  "ns(x, knots = c(5, 15)) + b", "ns(z, df = 5, intercept = TRUE) - 1",
  "ns(x, knots = c(5, 15), Boundary.knots = c(0, 20))", "ns(x)", "bs(x)",
  "bs(x, 5)", "bs(x, df = 6)*a", "bs(z, knots = c(18, 22), degree = 2)",
  "bs(x, degree = 1, df = 3)", "bs(z, df = 6, intercept = TRUE) - 1",
  "a:ns(x, 2) + b:bs(z, 4)", "offset(x) + a", "a + offset(log(z)) + x",
  "a + b + a:b + a", "-1 + b:x", "c + b:c", "b*c*x", "a^2 + x^2")
sets <- list("-" = list(), "a sum, b helmert" = list(a = "contr.sum",
  b = "contr.helmert"), "b matrix" = list(b = matrix(c(2, -1, -1, 0, 1, -1), 3)))
num <- function(v) sprintf("%.17g", v)
cat("formula;coding;column;cosine;root\n")
write_one <- function(f, coding) {
  used <- intersect(names(sets[[coding]]), all.vars(as.formula(paste("~", f))))
  m <- model.matrix(as.formula(paste("~", f)), d,
                    contrasts.arg = if (length(used)) sets[[coding]][used])
  for (j in seq_len(ncol(m)))
    cat(f, coding, colnames(m)[j], num(sum(m[, j] * cos(i))),
        num(sum(m[, j] * sqrt(i))), sep = ";", fill = FALSE, "\n")
}
for (f in formulas) write_one(f, "-")
for (f in c("a", "a*b", "b - 1", "a:b", "x:b", "b*c", "a*b*x", "c + a:b"))
  write_one(f, "a sum, b helmert")
for (f in c("b", "a*b", "b:x", "b/x", "b:c")) write_one(f, "b matrix")
