# Rows, missing cells and sums of every column of the CSV files in
# ../shared/data, as R's read.csv finds them: an independent reader.
#   Rscript tests/reference/csv.R > tests/reference/csv.csv
# R takes "" in text for empty text, quoted or not: missing is counted for
# numbers only, and letters (bytes) are summed for text, with NA as text.
files <- c("cdisc/csv/adadas.csv", "cdisc/csv/adae.csv",
  "cdisc/csv/adlbh_lym.csv", "cdisc/csv/adsl.csv", "cdisc/csv/adtte.csv",
  "hiv/actg175.csv", "hiv/aids_ddI_ddC.csv",
  "longitudinal/HSAUR3_respiratory.csv", "longitudinal/sleepstudy.csv",
  "mmrm/fev_data.csv", "published/r_reference.csv", "survival/cgd.csv",
  "survival/lung.csv", "survival/rhDNase.csv")
cat("file,column,n,type,missing,sum\n")
for (file in files) {
  path <- file.path("../shared/data", file)
  text <- read.csv(path, colClasses = "character", na.strings = character(),
    check.names = FALSE, encoding = "UTF-8")
  for (name in names(text)) {
    x <- text[[name]]
    blank <- x %in% c("", "NA", ".")
    y <- suppressWarnings(as.numeric(x[!blank]))
    number <- !anyNA(y) && !any(grepl("^[-+]?0[0-9]", x[!blank]))
    cat(sprintf("%s,%s,%d,%s,%d,%.17g\n", file, name, length(x),
      if (number) "real" else "text", if (number) sum(blank) else NA,
      if (number) sum(y) else sum(nchar(x, "bytes"))))
  }
}
