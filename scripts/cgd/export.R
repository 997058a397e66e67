# Writes cgd.csv from R's survival package (Debian: r-cran-survival 3.5-3).
#   Rscript export.R
# cgd has one row per interval (TSTART, TSTOP]; cgd0 one per patient, as
# published. Randomisation dates are those of cgd0 (August 1988 to March 1989):
# those of cgd are 283 days later for every patient.
library(survival)

randomised <- as.Date(sprintf("%06d", cgd0$random), "%m%d%y")
stopifnot(nrow(cgd) == 203, nrow(cgd0) == 128,
          all(cgd$random - randomised[match(cgd$id, cgd0$id)] == 283))

yes <- function(x) ifelse(x == 1, "Y", "N")
out <- data.frame(
  USUBJID = sprintf("CGD-%03d", cgd$id),
  SITEID = cgd$center,
  SITEGR1 = cgd$hos.cat,
  RANDDT = randomised[match(cgd$id, cgd0$id)],
  TRT01P = cgd$treat,
  AGE = cgd$age,
  SEX = ifelse(cgd$sex == "male", "M", "F"),
  HEIGHTBL = cgd$height,
  WEIGHTBL = cgd$weight,
  INHERIT = cgd$inherit,
  STEROIDS = yes(cgd$steroids),
  PROPYLAC = yes(cgd$propylac),
  ENUM = cgd$enum,
  TSTART = cgd$tstart,
  TSTOP = cgd$tstop,
  STATUS = cgd$status)
write.csv(out, "cgd.csv", row.names = FALSE, quote = FALSE, eol = "\n")
