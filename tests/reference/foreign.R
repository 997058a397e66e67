# Values that haven reads from SAS, SPSS and Stata files, one per row, to
# foreign.csv: Rscript foreign.R, in this folder. Numbers have 17 digits; dates,
# datetimes and times are days and seconds since 1960-01-01, as SAS has them.
# labels: what as_factor() makes of codes that have value labels.
library(haven)

sas <- "../../../shared/data/sas/good/"
here <- "../data/foreign/"
files <- c(paste0(sas, c("haven_datetime.sas7bdat", "haven_hadley.sas7bdat",
  "iris.sas7bdat", "pyr_dates.sas7bdat", "pyr_missing_test.sas7bdat",
  "pyr_sample.sas7bdat")),
  paste0(here, c("spss.sav", "spss_plain.sav", "spss.zsav", "pspp.sav",
  "latin1.sav", "stata8.dta", "stata12.dta", "stata13.dta", "stata14.dta",
  "stata15.dta")))

number <- function(x) {
  tag <- toupper(na_tag(x))
  ifelse(is.na(x), ifelse(is.na(tag), "NA", paste0(".", tag)),
         sprintf("%.17g", x))
}

values <- function(x) {
  days <- if (inherits(x, "Date")) as.numeric(x) + 3653
  if (inherits(x, "Date") && any(days != floor(days), na.rm = TRUE))
    number(round(days * 86400)) # with the time of the day, in seconds
  else if (inherits(x, "Date")) number(days)
  else if (inherits(x, "POSIXct")) number(as.numeric(x) + 3653 * 86400)
  else if (!is.character(x)) number(as.numeric(x))
  else ifelse(is.na(x) | x == "", "NA", sub(" +$", "", x))
}

all <- NULL
for (file in files) {
  d <- switch(sub(".*[.]", "", file), sas7bdat = read_sas(file),
    dta = read_dta(file), if (grepl("latin1", file))
      read_sav(file, encoding = "latin1") else read_sav(file))
  for (name in names(d)) {
    x <- d[[name]]
    labelled <- is.labelled(x)
    labels <- if (labelled) as.character(as_factor(x)) else NA
    labels[!is.na(labels) & labels == ""] <- NA
    if (labelled) x <- zap_labels(x)
    all <- rbind(all, data.frame(file = basename(file), column = name,
      row = seq_along(x), value = values(x), labels = labels,
      label = if (is.null(attr(d[[name]], "label", TRUE))) "" else
        attr(d[[name]], "label", TRUE)))
  }
}
# iris by its sums alone
iris <- all$file == "iris.sas7bdat" & all$row > 3
write.csv(all[!iris, ], "foreign.csv", row.names = FALSE, fileEncoding = "UTF-8")
