# Makes the SPSS and Stata files of this folder: Rscript make.R. Needs haven; the
# values that haven reads from them are in tests/reference/foreign.csv.
library(haven)
options(digits.secs = 6)

n <- 6
base <- data.frame(
  USUBJID = sprintf("01-%03d", 1:n),
  COMMENT = c("Zürich, 37 °C", "naïve", "", "日本語", "a  b ", "x"))
base$SEX <- labelled(c(1, 2, 2, NA, 1, 2), c(Male = 1, Female = 2),
                     label = "Sex of the patient")
base$ARM <- labelled(c(2, 0, 1, 2, 0, 0),
                     c("10 µg/kg" = 1, Placebo = 0, "20 µg/kg" = 2, "not used" = 9))
base$PAIN <- labelled(c(0, 3, 10, 7, NA, 0), c("no pain" = 0, "worst pain" = 10))
base$TWICE <- labelled(c(1, 2, 1, 2, 1, 2), c(Yes = 1, No = 2, Yes = 3))
base$RANDDT <- as.Date(c("2018-05-06", "1959-12-31", "1960-01-01", NA,
                         "1600-02-29", "2000-02-29"))
base$RANDDTM <- as.POSIXct(c("2018-05-06 10:10:10.25", "1959-12-31 23:59:59",
                             "1960-01-01 00:00:00", NA, "1699-03-01 12:00:00",
                             "2000-02-29 23:59:59.5"), tz = "UTC")
base$DOSETM <- hms::hms(c(36610, 86399, 0, NA, 1, 3600.5))
base$X <- c(0.1, -1e300, 1 / 3, NA, 1e-300, 2^53)
attr(base$X, "label") <- "Any number: 0.1, -1e300 …"

# SPSS: values that mean missing, long text
spss <- base
spss$AGE <- labelled_spss(c(65, 98, 99, 43, NA, 71),
  c("not asked" = 98, refused = 99), na_values = c(98, 99))
spss$SCORE <- labelled_spss(c(-9, 5, 120, 7, 100.5, 0), na_range = c(100, Inf),
  na_values = -9)
spss$REASON <- labelled_spss(c("A", "NK", "B", "", "A", "NK"),
  c(Adverse = "A", "By choice" = "B", "not known" = "NK"), na_values = "NK")
spss$LONG <- c(strrep("0123456789", 100), strrep("ä", 300), "short", "", "y", "z")
write_sav(spss, "spss.sav", compress = "byte")
write_sav(spss, "spss_plain.sav", compress = "none")
write_sav(spss, "spss.zsav", compress = "zsav")
write_sav(spss[0, ], "spss_empty.sav")

# Stata: special missing values, text beyond 2045 bytes
stata <- base
stata$SEX <- labelled(c(1, 2, tagged_na("a"), NA, 1, 2),
  c(Male = 1, Female = 2, "not done" = tagged_na("a")), label = "Sex")
stata$X <- c(0.1, tagged_na("a"), tagged_na("z"), NA, 1e-30, 2^53)
attr(stata$X, "label") <- "Any number"
attr(stata$X, "format.stata") <- "%9.2f"
stata$MONTH <- structure(c(600, 601, NA, -1, 0, 1), format.stata = "%tm")
stata$SMALL <- c(1L, 2L, -127L, 100L, NA, 0L)
write_dta(stata, "stata14.dta", version = 14)
stata$LONG <- c(strrep("0123456789", 300), strrep("ä", 1500), "short", "", "y", "z")
write_dta(stata, "stata15.dta", version = 15)
stata$LONG <- NULL
old <- stata # before version 14 there is no UTF-8, and haven wants longer names
names(old)[names(old) == "X"] <- "XX"
for (name in c("COMMENT", "USUBJID"))
  old[[name]] <- iconv(old[[name]], "UTF-8", "ASCII", sub = "?")
old$ARM <- zap_labels(old$ARM)
write_dta(old, "stata13.dta", version = 13)
write_dta(old, "stata12.dta", version = 12)
write_dta(old, "stata8.dta", version = 8)
