# Ward's method with Euclidean distances, as figure.heatmap clusters rows of numbers:
# heights of the steps and the order of the leaves. Base R only.
#   Rscript tests/reference/cluster.R > tests/reference/cluster.csv
# Rows of a set are separated by ";", their numbers by spaces, NA where there is none.
sets <- list(
  two = matrix(c(1, 2.5, -3, 4), 2),
  line = matrix(c(1, 2, 4, 7, 11, 16, 22), ncol = 1),
  ties = rbind(c(0, 0), c(1, 0), c(0, 1), c(1, 1), c(5, 5), c(6, 5), c(5, 6), c(6, 6)),
  same = matrix(2, 4, 3))
set.seed(20180308)
sets$normal <- round(matrix(rnorm(20 * 5), 20), 6)
sets$missing <- round(matrix(rnorm(15 * 6), 15), 6)
sets$missing[cbind(c(1, 4, 4, 9, 12), c(2, 1, 6, 3, 3))] <- NA
sets$groups <- round(rbind(matrix(rnorm(12 * 4), 12), matrix(rnorm(13 * 4, 4), 13)), 6)
sets$integers <- matrix(sample(0:3, 30 * 4, replace = TRUE), 30)
cat("set,rows,heights,order\n")
for (name in names(sets)) {
  x <- sets[[name]]
  h <- hclust(dist(x), "ward.D2")
  cat(sprintf("%s,%s,%s,%s\n", name,
    paste(apply(x, 1, function(r) paste(ifelse(is.na(r), "NA", sprintf("%.17g", r)),
      collapse = " ")), collapse = ";"),
    paste(sprintf("%.17g", h$height), collapse = " "), paste(h$order, collapse = " ")))
}
