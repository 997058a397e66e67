# Rows, missing cells and sums of every column of the SAS transport files in
# ../shared/data, as haven (ReadStat) finds them: an independent reader.
#   Rscript tests/reference/xpt.R > tests/reference/xpt.csv
# Dates come back as days and seconds since 1960; text is summed by its bytes.
suppressMessages(library(haven))
files <- c("cdisc/dsjson/sdtm_dm.xpt", "cdisc/xpt/adae.xpt",
  "cdisc/xpt/adcibc.xpt", "cdisc/xpt/adlbh_lym_derived.xpt",
  "cdisc/xpt/adsl.xpt", "cdisc/xpt/adtte.xpt", "sas/good/pyr_sample.xpt",
  "sas/good/pyr_sas.xpt5", "sas/good/pyr_sas.xpt8", "sas/made/dates.xpt",
  "sas/made/short_numeric.xpt", "sas/made/zero_obs.xpt")
number <- function(x) {
  if (inherits(x, "Date")) return(as.numeric(x) + 3653)
  if (inherits(x, "POSIXct")) return(as.numeric(x) + 315619200)
  as.numeric(x)
}
cat("file,column,n,type,missing,sum,label\n")
for (file in files) {
  d <- read_xpt(file.path("../shared/data", file))
  for (name in names(d)) {
    x <- d[[name]]
    label <- attr(x, "label")
    text <- is.character(x)
    x <- if (text) as.character(x) else number(x)
    missing <- if (text) is.na(x) | x == "" else is.na(x)
    cat(sprintf("%s,%s,%d,%s,%d,%.17g,\"%s\"\n", file, name, length(x),
      if (text) "text" else "real", sum(missing),
      if (text) sum(nchar(x[!missing], "bytes")) else sum(x[!missing]),
      if (is.null(label)) "" else gsub("\"", "\"\"", label)))
  }
}
