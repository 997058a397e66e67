# What scripts/iris7/derive.lua makes of the raw files of simulate.lua, in base R:
#   build/trialsh scripts/iris7/simulate.lua DIR 29
#   Rscript tests/reference/iris7_derive.R DIR > tests/reference/iris7_derive.csv
# table, key, name, value; missing values are empty. Made with R 4.2.2.
dir <- commandArgs(TRUE)[1]
raw <- function(name) read.csv(file.path(dir, "raw", paste0(name, ".csv")),
                               colClasses = "character", na.strings = "")
day <- function(date, from) {
  d <- as.numeric(as.Date(substr(date, 1, 10)) - as.Date(from))
  ifelse(d >= 0, d + 1, d)
}
put <- function(table, key, name, value) {
  value <- ifelse(is.na(value), "", if (is.numeric(value))
    sprintf("%.17g", value) else as.character(value))
  writeLines(paste(table, key, name, value, sep = ","))
}
writeLines("table,key,name,value")

dm <- raw("dm"); ex <- raw("ex"); ds <- raw("ds")
given <- ex[ex$EXOCCUR == "Y", ]
first <- function(x, id, f) { v <- tapply(x, id, f); v[match(dm$USUBJID, names(v))] }
sl <- data.frame(id = dm$USUBJID, rand = dm$RANDDT,
  start = first(substr(given$EXSTDTC, 1, 10), given$USUBJID, min),
  end = first(substr(given$EXSTDTC, 1, 10), given$USUBJID, max),
  ndose = as.numeric(first(given$USUBJID, given$USUBJID, length)),
  nplan = as.numeric(first(ex$USUBJID, ex$USUBJID, length)),
  death = first(ds$DSDT[ds$DSDECOD == "DEATH"], ds$USUBJID[ds$DSDECOD == "DEATH"], min),
  last = first(ds$DSDT, ds$USUBJID, max),
  major = dm$USUBJID %in% ds$USUBJID[ds$DSDECOD == "MAJOR DEVIATION"])
for (n in c("start", "end", "ndose", "nplan")) put("adsl", sl$id, n, sl[[n]])
put("adsl", sl$id, "PPROTFL", ifelse(!is.na(sl$ndose) & !is.na(sl$nplan) &
  sl$ndose >= 0.75 * sl$nplan & !sl$major, "Y", "N"))
at <- function(id, what) sl[[what]][match(id, sl$id)]

# Visits: the closest record to the day, the later one of two as close.
target <- c(1, 4, 8, 11, 15, 22, 29, 42, 60, 90)
low <- c(-3, 2, 6, 10, 13, 19, 26, 36, 51, 76)
high <- c(1, 5, 9, 12, 18, 25, 35, 50, 75, 104)
lb <- rbind(raw("lb"), raw("flow"))
lb <- lb[lb$TESTCD %in% c("ALC", "CD4"), ]
lb$value <- as.numeric(lb$RESULT) * ifelse(lb$UNIT == "10^9/L", 1000, 1)
lb$day <- day(lb$DT, at(lb$USUBJID, "start"))
lb$visit <- sapply(lb$day, function(d) {
  k <- which(d >= low & d <= high)
  if (is.na(d) || length(k) == 0) NA else target[k]
})
lb$distance <- abs(lb$day - lb$visit) - (lb$day < 0)
lb$flag <- lb$ablfl <- ""
lb$base <- NA
for (g in split(seq_len(nrow(lb)), paste(lb$USUBJID, lb$TESTCD))) {
  for (v in unique(na.omit(lb$visit[g]))) {
    k <- g[which(lb$visit[g] == v)]
    k <- k[order(lb$distance[k], -lb$day[k])]
    lb$flag[k[1]] <- "Y"
  }
  before <- g[which(lb$day[g] <= 1)]
  if (length(before)) {
    b <- before[which.max(as.Date(lb$DT[before]))]
    lb$ablfl[b] <- "Y"
    lb$base[g] <- lb$value[b]
  }
}
base_day <- tapply(ifelse(lb$ablfl == "Y", lb$day, NA), paste(lb$USUBJID, lb$TESTCD),
                   function(x) if (all(is.na(x))) NA else max(x, na.rm = TRUE))
since <- base_day[paste(lb$USUBJID, lb$TESTCD)]
after <- lb$ablfl != "Y" & (is.na(since) | lb$day >= since)
lb$change <- ifelse(after, lb$value - lb$base, NA)
lb$percent <- 100 * lb$change / lb$base
key <- paste(lb$USUBJID, lb$SEQ)
put("adlb", key, "AVAL", lb$value); put("adlb", key, "ADY", lb$day)
put("adlb", key, "AVISITN", lb$visit); put("adlb", key, "ANL01FL", lb$flag)
put("adlb", key, "BASE", lb$base); put("adlb", key, "CHG", lb$change)
put("adlb", key, "PCHG", lb$percent)
grade <- function(x, cuts, lln, high) ifelse(is.na(x), NA,
  ifelse(x < cuts[3], 4, ifelse(x < cuts[2], 3, ifelse(x < cuts[1], 2,
  ifelse(x < lln, 1, ifelse(!is.na(high[1]) & x > high[2], 3,
  ifelse(!is.na(high[1]) & x > high[1], 2, 0)))))))
put("adlb", key, "ATOXGR", ifelse(lb$TESTCD == "ALC",
  grade(lb$value, c(800, 500, 200), 1000, c(4000, 20000)),
  grade(lb$value, c(500, 200, 50), 500, c(NA, NA))))

# SOFA, the worst of each day; what was not measured is 0.
o <- raw("organ")
for (n in setdiff(names(o), c("USUBJID", "ADTM", "VENT", "SEDATED")))
  o[[n]] <- as.numeric(o[[n]])
o <- o[order(o$USUBJID, o$ADTM), ]
o$gcs <- o$GCS
for (g in split(seq_len(nrow(o)), o$USUBJID)) {
  awake <- NA
  for (k in g) {
    if (o$SEDATED[k] != "Y") awake <- o$GCS[k] else o$gcs[k] <- awake
  }
}
pf <- o$PAO2 / o$FIO2
nor <- ifelse(is.na(o$NOREPI), 0, o$NOREPI)
s <- cbind(
  SOFARESP = ifelse(pf < 100 & o$VENT == "Y", 4, ifelse(pf < 200 & o$VENT == "Y", 3,
    ifelse(pf < 300, 2, ifelse(pf < 400, 1, 0)))),
  SOFACOAG = 4 - findInterval(o$PLAT, c(20, 50, 100, 150)),
  SOFALIV = findInterval(o$BILI, c(20, 33, 102, 204.0000001)),
  SOFACARD = ifelse(nor > 0.1, 4, ifelse(nor > 0, 3, ifelse(o$MAP < 70, 1, 0))),
  SOFACNS = c(4, 3, 2, 1, 0)[findInterval(o$gcs, c(-Inf, 6, 10, 13, 15))],
  SOFAREN = pmax(findInterval(o$CREAT, c(110, 171, 300, 440.0000001)),
    ifelse(o$URINE < 200, 4, ifelse(o$URINE < 500, 3, 0)), na.rm = TRUE))
k <- paste(o$USUBJID, substr(o$ADTM, 1, 10))
worst <- apply(s, 2, function(x) tapply(x, k, function(y)
  if (all(is.na(y))) NA else max(y, na.rm = TRUE)))
put("adsofa", rownames(worst), "SOFA", rowSums(worst, na.rm = TRUE))
put("adsofa", rownames(worst), "NMISS", rowSums(is.na(worst)))

# Times to events, and days free.
tte <- function(code, from, horizon, event, competing) {
  for (i in seq_len(nrow(sl))) {
    if (is.na(from[i])) next
    d <- c(event[i], competing[i], sl$last[i])
    d <- pmax(day(d, from[i]), 1)
    d[is.na(d)] <- Inf
    t <- min(d); kind <- c(0, 2, 1)[which.min(d)]
    if (t > horizon) { t <- horizon; kind <- 1 }
    put("adtte", paste(sl$id[i], code), "AVAL", t)
    put("adtte", paste(sl$id[i], code), "CNSR", kind)
  }
}
none <- rep(NA, nrow(sl))
tte("DEATH", sl$rand, 90, sl$death, none)
high_alc <- lb[lb$TESTCD == "ALC" & lb$day > 1 & lb$value >= 1000, ]
tte("TTALC", sl$start, 60, first(high_alc$DT, high_alc$USUBJID, min), sl$death)
inf <- raw("inf"); inf <- inf[inf$ADJUDICATED == "Y", ]
tte("TTINF", sl$start, 90, first(inf$INFDT, inf$USUBJID, min), sl$death)

sup <- raw("support")
free <- function(code, kinds) {
  for (i in seq_len(nrow(sl))) {
    days <- as.Date(sl$rand[i]) + 0:27
    if (!is.na(sl$death[i]) && as.Date(sl$death[i]) <= days[28]) value <- -1
    else if (is.na(sl$death[i]) && as.Date(sl$last[i]) < days[28]) value <- NA
    else {
      on <- rep(FALSE, 28)
      for (j in which(sup$USUBJID == sl$id[i] & sup$SUPPORT %in% kinds))
        on <- on | (days >= as.Date(sup$STDT[j]) &
                    (is.na(sup$ENDT[j]) | days <= as.Date(sup$ENDT[j])))
      value <- sum(!on)
    }
    put("adcc", paste(sl$id[i], code), "AVAL", value)
  }
}
free("OSFD28", c("VENT", "VASO", "RRT"))
free("ICUFD28", "ICU")

# Adverse events under treatment; of a month alone its last day counts.
ae <- raw("ae")
whole <- function(x) ifelse(nchar(x) == 7, paste0(x, "-01"), x)
month_end <- function(x) as.character(seq(as.Date(paste0(x, "-01")), by = "month",
                                          length.out = 2)[2] - 1)
latest <- sapply(ae$AESTDTC, function(x) if (nchar(x) == 7) month_end(x) else x)
s0 <- at(ae$USUBJID, "start"); e0 <- at(ae$USUBJID, "end")
treated <- !is.na(s0)
ended <- !is.na(ae$AEENDTC) & treated & ae$AEENDTC < s0
under <- treated & !ended & latest >= s0 &
  as.numeric(as.Date(whole(ae$AESTDTC)) - as.Date(e0)) <= 30
put("adae", paste(ae$USUBJID, ae$AESEQ), "TRTEMFL", ifelse(under, "Y", NA))

# The area under ALC from day 1 to 42 over its time, between what was measured.
time <- function(d) ifelse(d > 0, d - 1, d)
for (id in unique(lb$USUBJID)) {
  p <- lb[lb$USUBJID == id & lb$TESTCD == "ALC" & !is.na(lb$day), ]
  p <- p[order(p$day), ]
  t <- time(p$day)
  if (!any(t >= 0 & t <= 41)) next
  a <- max(0, min(t)); b <- min(41, max(t))
  value <- if (b > a) {
    x <- sort(unique(c(a, t[t > a & t < b], b)))
    y <- approx(t, p$value, x)$y
    sum(diff(x) * (head(y, -1) + tail(y, -1)) / 2) / (b - a)
  } else p$value[t >= 0 & t <= 41][1]
  put("adlb", paste(id, "ALCTWM"), "AVAL", value)
}
