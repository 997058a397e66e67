# The bindings and terms that tests/core/test_formula.c expects, from R.
# Rscript tests/reference/formula.R
same <- list(
  c("a + b * c", "a + (b * c)"), c("a - b - c", "(a - b) - c"),
  c("a / b * c", "(a / b) * c"), c("a * b:c", "a * (b:c)"),
  c("a:b^2", "a:(b^2)"), c("a^2^3", "a^(2^3)"), c("-a^2", "-(a^2)"),
  c("-a:b", "(-a):b"), c("a^-2", "a^(-2)"), c("a %in% b * c", "(a %in% b) * c"),
  c("!a == b", "!(a == b)"), c("a + b > c", "(a + b) > c"),
  c("a == 1 & b > 2 | c", "((a == 1) & (b > 2)) | c"))
bare <- function(e) if (is.call(e) && identical(e[[1]], as.name("("))) bare(e[[2]]) else
  if (is.call(e)) as.call(lapply(e, bare)) else e
for (s in same)
  stopifnot(identical(bare(str2lang(s[1])), bare(str2lang(s[2]))))
for (f in c("y ~ a + b*c + a:b - 1 + 1", "y ~ a*b*c", "y ~ (a + b + c)^2",
            "y ~ (a + b + c)^2 - a:b", "y ~ a^2", "y ~ a/b", "y ~ (a + b)/c",
            "y ~ a/(b + c)", "y ~ a %in% b", "y ~ a:b + a", "y ~ b:a + a:b",
            "y ~ 0 + a", "y ~ a - 1", "y ~ a + 0", "y ~ -1 + a", "y ~ a - 0",
            "y ~ 1", "y ~ a*b - a")) {
  t <- terms(as.formula(f))
  cat(f, "->", if (attr(t, "intercept")) "1", attr(t, "term.labels"), "\n")
}
