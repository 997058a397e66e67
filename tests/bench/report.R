# The report of IRIS-7 as one makes it in R: Rscript report.R FOLDER LIKE. Reads the
# study's tables from FOLDER/csv; LIKE is a report's folder whose PNGs give the
# sizes. 13 figures of the same kinds by ggplot2, each built once and drawn to PDF,
# SVG, PNG and TIFF of 600 dpi and EPS; 15 tables by base R, as HTML only; one page.
suppressPackageStartupMessages({
  library(ggplot2)
  library(grid)
  library(survival)
})
args <- commandArgs(TRUE)
folder <- args[1]
out <- file.path(folder, "r")
dir.create(out, showWarnings = FALSE)
pdf(NULL) # building a plot asks for a device

load <- function(name) read.csv(file.path(folder, "csv", paste0(name, ".csv")), na.strings = "")
arms <- c("Placebo", "CYT107 LF", "CYT107 HF")
with_arms <- function(d) transform(d, TRT01P = factor(TRT01P, arms))
adsl <- with_arms(load("adsl")); adlb <- with_arms(load("adlb")); adcy <- with_arms(load("adcy"))
adsofa <- with_arms(load("adsofa")); adtte <- with_arms(load("adtte")); adae <- with_arms(load("adae"))
ds <- load("ds"); support <- load("support"); results <- load("results")
safety <- adsl[adsl$SAFFL == "Y", ]
colours <- c(Placebo = "#000000", "CYT107 LF" = "#D55E00", "CYT107 HF" = "#0072B2")
theme_set(theme_classic(base_size = 7) + theme(legend.position = "bottom"))
arm_scales <- list(scale_colour_manual(values = colours), scale_fill_manual(values = colours))
analysed <- function(d) d[d$ANL01FL %in% "Y" & !is.na(d$AVISITN) & !is.na(d$AVAL), ]

# Figures ------------------------------------------------------------------------

course <- function(d, logarithm) { # mean and t interval per arm and visit
  f <- if (logarithm) log else identity
  g <- if (logarithm) exp else identity
  parts <- split(d, list(d$PARAMCD, d$TRT01P, d$AVISITN), drop = TRUE)
  do.call(rbind, lapply(parts, function(p) {
    x <- f(p$AVAL)
    half <- if (length(x) > 1) qt(0.975, length(x) - 1) * sd(x) / sqrt(length(x)) else NA
    data.frame(PARAMCD = p$PARAMCD[1], TRT01P = p$TRT01P[1], AVISITN = p$AVISITN[1], n = length(x),
      mid = g(mean(x)), low = g(mean(x) - half), high = g(mean(x) + half))
  }))
}
profile <- function(d, columns, logarithm, subjects = TRUE) {
  d <- analysed(d)
  p <- ggplot(course(d, logarithm), aes(AVISITN, mid, colour = TRT01P)) + arm_scales
  if (subjects) p <- p + geom_line(aes(y = AVAL, group = USUBJID), d, linewidth = 0.2, alpha = 0.3)
  p <- p + geom_line() + geom_pointrange(aes(ymin = low, ymax = high, shape = TRT01P), size = 0.2) +
    geom_text(aes(y = if (logarithm) 0.5 else -1, label = n), size = 1.8,
      position = position_dodge(3), show.legend = FALSE) +
    facet_wrap(~PARAMCD, ncol = columns, scales = "free_y") + labs(x = "Day", y = NULL)
  if (logarithm) p + scale_y_log10() else p
}
forest <- function(r, label) {
  r <- r[!is.na(r$estimate) & !is.na(r$conf_low), ]
  r$row <- factor(seq_len(nrow(r)), rev(seq_len(nrow(r))))
  text <- sprintf("%.2f (%.2f to %.2f)  P = %.3f", r$estimate, r$conf_low, r$conf_high, r$p_value)
  most <- function(x) pmax(pmin(x, 10), -10)
  ggplot(r, aes(most(estimate), row)) + geom_vline(xintercept = 0, linewidth = 0.2) +
    geom_pointrange(aes(xmin = most(conf_low), xmax = most(conf_high)), size = 0.15) +
    geom_text(aes(x = 11, label = text), hjust = 0, size = 1.8) +
    scale_y_discrete(labels = setNames(label(r), r$row)) +
    facet_grid(role ~ ., scales = "free_y", space = "free_y") + coord_cartesian(xlim = c(-10, 20)) +
    labs(x = NULL, y = NULL)
}
flow <- function() {
  n <- function(event) length(unique(ds$USUBJID[ds$DSDECOD == event]))
  allocated <- table(adsl$TRT01P); treated <- table(safety$TRT01P)
  complete <- table(adsl$TRT01P[is.na(adsl$DTHDT) & is.na(adsl$DCTDT)])
  box <- data.frame(x = c(2, 2, rep(1:3, 3)), y = c(5, 4, rep(3:1, each = 3)),
    text = c(sprintf("Screened (n = %d)", n("SCREENED")), sprintf("Randomised (n = %d)", nrow(adsl)),
      sprintf("%s\nallocated (n = %d)", arms, allocated), sprintf("Treated (n = %d)", treated),
      sprintf("Completed (n = %d)", complete)))
  line <- data.frame(x = c(2, rep(2, 3), rep(1:3, 2)), y = c(4.7, rep(3.7, 3), rep(2.7, 3), rep(1.7, 3)),
    xend = c(2, 1:3, rep(1:3, 2)), yend = c(4.3, rep(3.3, 3), rep(2.3, 3), rep(1.3, 3)))
  ggplot(box) + geom_rect(aes(xmin = x - 0.4, xmax = x + 0.4, ymin = y - 0.3, ymax = y + 0.3),
      fill = NA, colour = "black", linewidth = 0.2) +
    geom_text(aes(x, y, label = text), size = 2) +
    geom_segment(aes(x, y, xend = xend, yend = yend), line, linewidth = 0.2,
      arrow = arrow(length = unit(1, "mm"))) + theme_void()
}
day <- function(date, subject) {
  as.numeric(as.Date(date) - as.Date(adsl$RANDDT[match(subject, adsl$USUBJID)])) + 1
}
swimmer <- function() {
  s <- transform(support, from = day(STDT, USUBJID), to = day(ENDT, USUBJID))
  ggplot(adsl, aes(y = USUBJID)) +
    geom_segment(aes(x = 1, xend = day(LSTDT, USUBJID), yend = USUBJID, colour = TRT01P), linewidth = 1) +
    geom_segment(aes(x = from, xend = to, yend = USUBJID, linetype = SUPPORT), s, linewidth = 0.5,
      na.rm = TRUE) +
    geom_point(aes(day(DISDT, USUBJID)), shape = 17, size = 1, na.rm = TRUE) +
    geom_point(aes(day(DTHDT, USUBJID)), shape = 4, size = 1, na.rm = TRUE) + arm_scales +
    labs(x = "Day", y = NULL)
}
values <- function() {
  d <- analysed(adlb[adlb$PARAMCD == "ALC", ])
  all <- expand.grid(USUBJID = adsl$USUBJID, AVISITN = sort(unique(d$AVISITN)))
  all$there <- paste(all$USUBJID, all$AVISITN) %in% paste(d$USUBJID, d$AVISITN)
  ggplot(all, aes(factor(AVISITN), USUBJID, fill = there)) + geom_tile(colour = "white") +
    labs(x = "Day", y = NULL)
}
markers <- function() {
  d <- analysed(adcy[adcy$AVISIT %in% "Day 8", ])
  d$z <- ave(log(d$AVAL), d$PARAMCD, FUN = function(x) (x - mean(x)) / sd(x))
  ggplot(d, aes(USUBJID, PARAMCD, fill = z)) + geom_tile() + scale_fill_gradient2() +
    facet_grid(. ~ TRT01P, scales = "free_x", space = "free_x") + labs(x = NULL, y = NULL)
}
states <- function() {
  d <- analysed(adsofa[adsofa$PARAMCD == "SOFA", ])
  d$state <- cut(d$AVAL, c(-Inf, 2, 5, 8, 11, Inf))
  ggplot(d, aes(factor(AVISITN), fill = state)) + geom_bar(position = "fill") + facet_wrap(~TRT01P) +
    scale_fill_brewer() + labs(x = "Day", y = NULL)
}
ae_plot <- function() {
  first <- unique(adae[c("USUBJID", "TRT01P", "AEDECOD")])
  n <- table(safety$TRT01P)
  count <- as.data.frame(table(first$AEDECOD, first$TRT01P))
  names(count) <- c("term", "arm", "x")
  count$share <- 100 * count$x / as.numeric(n[count$arm])
  keep <- unique(count$term[count$share >= 15])
  count <- count[count$term %in% keep, ]
  difference <- do.call(rbind, lapply(keep, function(t) do.call(rbind, lapply(arms[-1], function(a) {
    x <- c(count$x[count$term == t & count$arm == a], count$x[count$term == t & count$arm == "Placebo"])
    m <- as.numeric(n[c(a, "Placebo")])
    ci <- suppressWarnings(prop.test(x, m, correct = FALSE))$conf.int
    data.frame(term = t, arm = a, share = 100 * (x[1] / m[1] - x[2] / m[2]), low = 100 * ci[1],
      high = 100 * ci[2], side = "Difference, %")
  }))))
  count$side <- "Subjects, %"
  ggplot(count, aes(share, term, colour = arm)) + geom_point(aes(shape = arm)) +
    geom_pointrange(aes(xmin = low, xmax = high), difference, size = 0.15, position = position_dodge(0.5)) +
    facet_wrap(~side, scales = "free_x") + arm_scales + labs(x = NULL, y = NULL)
}
claims <- function() {
  node <- data.frame(x = c(1, 2, 1, 2), y = c(2, 2, 1, 1), text = c("ALC50", "ALC", "CD4", "CD8"))
  edge <- data.frame(x = c(1, 2, 1.2), y = c(1.8, 1.8, 2), xend = c(1, 2, 1.8), yend = c(1.2, 1.2, 2))
  ggplot(node, aes(x, y)) + geom_point(size = 12, shape = 1) + geom_text(aes(label = text), size = 2) +
    geom_segment(aes(xend = xend, yend = yend), edge, arrow = arrow(length = unit(1, "mm"))) +
    xlim(0.5, 2.5) + ylim(0.5, 2.5) + theme_void()
}
outcome <- function() {
  death <- adtte[adtte$PARAMCD == "DEATH", ]
  km <- survfit(Surv(AVAL, CNSR == 0) ~ TRT01P, death, conf.type = "log-log")
  s <- summary(km)
  lines <- do.call(rbind, lapply(arms, function(a) {
    at <- s$strata == paste0("TRT01P=", a)
    held <- function(x) c(1, x[at], tail(c(1, x[at]), 1)) # to day 90
    data.frame(time = c(0, s$time[at], 90), end = c(s$time[at], 90, 90), surv = held(s$surv),
      low = held(s$lower), high = held(s$upper), TRT01P = a)
  }))
  risk <- summary(km, times = c(0, 30, 60, 90), extend = TRUE)
  risk <- data.frame(time = risk$time, n = risk$n.risk, TRT01P = sub("TRT01P=", "", risk$strata))
  curve <- ggplot(lines, aes(time, surv, colour = TRT01P)) + geom_step() +
    geom_rect(aes(xmin = time, xmax = end, ymin = low, ymax = high, fill = TRT01P), alpha = 0.15,
      colour = NA, na.rm = TRUE) +
    geom_text(aes(y = -0.08 * match(TRT01P, arms), label = n), risk, size = 1.8) + arm_scales
  reached <- adtte[adtte$PARAMCD == "TTALC", ]
  state <- factor(ifelse(reached$CNSR == 0, 1, ifelse(reached$CNSR == 1, 0, 2)), 0:2)
  aj <- survfit(Surv(AVAL, state) ~ TRT01P, transform(reached, state = state), id = seq_len(nrow(reached)))
  events <- data.frame(time = aj$time, share = aj$pstate[, 2],
    TRT01P = rep(sub("TRT01P=", "", names(aj$strata)), aj$strata))
  incidence <- ggplot(events, aes(time, share, colour = TRT01P)) + geom_step() + ylim(0, 1) + arm_scales
  fall <- analysed(adlb[adlb$PARAMCD == "ALC" & adlb$AVISIT %in% "Day 29" & !is.na(adlb$R2BASE), ])
  fall$USUBJID <- reorder(fall$USUBJID, fall$R2BASE)
  water <- ggplot(fall, aes(USUBJID, R2BASE, fill = TRT01P)) + geom_col() + scale_y_log10() +
    geom_hline(yintercept = c(1, 1.5), linewidth = 0.2) + arm_scales
  sofa <- profile(adsofa[adsofa$PARAMCD == "SOFA", ], 1, FALSE, subjects = FALSE)
  gTree(children = do.call(gList, Map(function(p, row, column) {
    gTree(children = gList(ggplotGrob(p)), vp = viewport(layout.pos.row = row, layout.pos.col = column))
  }, list(sofa, incidence, curve, water), c(1, 1, 2, 2), c(1, 2, 1, 2))),
    vp = viewport(layout = grid.layout(2, 2)))
}
main <- results[results$variation == "main" & results$role != "safety" & results$own %in% "Y", ]
subgroups <- results[results$endpoint == "ALC50" & results$compare == "CYT107 vs Placebo", ]
boxes <- function() {
  d <- analysed(adlb[adlb$PARAMCD %in% c("KI67CD4", "KI67CD8", "PD1CD8"), ])
  ggplot(d, aes(factor(AVISITN), AVAL, colour = TRT01P)) + geom_boxplot(outlier.shape = NA, linewidth = 0.2) +
    geom_point(position = position_jitterdodge(seed = 1), size = 0.4) +
    facet_wrap(~PARAMCD, scales = "free_y") + arm_scales + labs(x = "Day", y = "% of cells")
}
figures <- list( # in the order of the report
  flow, swimmer, values, function() profile(adlb[adlb$PARAMCD %in% c("ALC", "CD4", "CD8"), ], 3, TRUE),
  boxes, function() forest(main, function(r) paste(r$title, r$compare, r$visit)),
  function() forest(subgroups, function(r) paste(r$group, r$variation)),
  ae_plot, function() profile(adcy[adcy$PARAMCD %in% c("IL6", "IL8", "IL10", "TNF", "IFNG"), ], 2, TRUE),
  markers, outcome, states, claims)

size_of <- function(i) { # inches, from the head of a PNG of 600 dpi
  head <- readBin(file.path(args[2], sprintf("figure-%d.png", i)), "raw", 24)
  readBin(head[17:24], "integer", 2, endian = "big") / 600
}
save_figure <- function(i) {
  p <- figures[[i]]()
  grob <- if (is.ggplot(p)) ggplotGrob(p) else p
  size <- size_of(i)
  stem <- file.path(out, sprintf("figure-%d.", i))
  w <- size[1]; h <- size[2]
  devices <- list(
    pdf = function(f) pdf(f, w, h), svg = function(f) {
      if (requireNamespace("svglite", quietly = TRUE)) svglite::svglite(f, w, h) else svg(f, w, h)
    },
    png = function(f) png(f, w, h, "in", res = 600, type = "cairo"),
    tiff = function(f) tiff(f, w, h, "in", res = 600, type = "cairo", compression = "lzw"),
    eps = function(f) {
      postscript(f, width = w, height = h, paper = "special", onefile = FALSE, horizontal = FALSE)
    })
  for (e in names(devices)) {
    devices[[e]](paste0(stem, e))
    suppressWarnings(grid.draw(grob)) # postscript() knows no transparency
    dev.off()
  }
}

# Tables -------------------------------------------------------------------------

html <- function(title, d) {
  cell <- function(x) gsub("<", "&lt;", gsub("&", "&amp;", ifelse(is.na(x), "", as.character(x))))
  c("<table><caption>", title, "</caption><tr>", sprintf("<th scope=col>%s</th>", cell(names(d))), "</tr>",
    do.call(paste0, c("<tr>", lapply(d, function(x) sprintf("<td>%s</td>", cell(x))), "</tr>")), "</table>")
}
percent <- function(x, n) sprintf("%d (%.1f %%)", x, 100 * x / n)
spread <- function(f, d = adsl) sapply(c(split(d, d$TRT01P), list(Total = d)), f)
median_of <- function(x) {
  q <- quantile(x, c(0.5, 0.25, 0.75), na.rm = TRUE)
  sprintf("%.1f (%.1f to %.1f)", q[1], q[2], q[3])
}
rows <- function(...) {
  m <- rbind(...)
  data.frame(" " = rownames(m), m, check.names = FALSE)
}
shares <- function(column, d = adsl) {
  t(sapply(sort(unique(d[[column]])), function(v) {
    spread(function(p) percent(sum(p[[column]] == v, na.rm = TRUE), nrow(p)), d)
  }))
}
events_by <- function(columns, d = adae) { # subjects of each arm, per class and term
  n <- table(safety$TRT01P)
  of <- function(key) {
    first <- !duplicated(paste(d$USUBJID, key))
    m <- unclass(table(key[first], d$TRT01P[first]))
    m <- m[order(-rowSums(m)), , drop = FALSE]
    matrix(percent(m, rep(n, each = nrow(m))), nrow(m), dimnames = dimnames(m))
  }
  do.call(rows, lapply(seq_along(columns), function(k) of(do.call(paste, c(d[columns[seq_len(k)]], sep = ", ")))))
}
by_visit <- function(d) {
  d <- analysed(d)
  of <- function(key, value) {
    p <- split(value, key)
    data.frame(n = lengths(p), mean = sprintf("%.4g (%.3g)", sapply(p, mean), sapply(p, sd)),
      median = sapply(p, median_of), range = sprintf("%.4g to %.4g", sapply(p, min), sapply(p, max)))
  }
  key <- paste(d$PARAMCD, d$TRT01P, sprintf("%03d", d$AVISITN))
  data.frame(" " = sort(unique(key)), of(key, d$AVAL), change = of(key, ifelse(is.na(d$CHG), 0, d$CHG)),
    check.names = FALSE)
}
differences <- function(d) {
  n <- table(safety$TRT01P)
  first <- unique(d[c("USUBJID", "TRT01P", "AEDECOD")])
  m <- table(first$AEDECOD, first$TRT01P)
  apply(m, 1, function(x) {
    ci <- suppressWarnings(prop.test(x[c(3, 1)], n[c(3, 1)], correct = FALSE))$conf.int
    sprintf("%.1f (%.1f to %.1f)", 100 * (x[3] / n[3] - x[1] / n[1]), 100 * ci[1], 100 * ci[2])
  })
}
worst <- function(d) {
  g <- aggregate(as.numeric(AETOXGR) ~ USUBJID + TRT01P + AEDECOD, d, max)
  names(g)[4] <- "grade"
  as.data.frame.matrix(table(paste(g$AEDECOD, "grade", g$grade), g$TRT01P))
}
rate <- function(d) {
  years <- tapply(day(safety$LSTDT, safety$USUBJID), safety$TRT01P, sum) / 365.25
  m <- unclass(table(d$AEBODSYS, d$TRT01P))
  rows(matrix(sprintf("%d, %.2f", m, m / rep(years, each = nrow(m))), nrow(m), dimnames = dimnames(m)))
}
shift <- function() {
  d <- adlb[adlb$PARAMCD == "ALC" & !is.na(adlb$ATOXGRL) & adlb$ADY > 1 & !is.na(adlb$BTOXGRL), ]
  w <- aggregate(ATOXGRL ~ USUBJID + TRT01P + BTOXGRL, d, max)
  as.data.frame(table(w$TRT01P, w$BTOXGRL, w$ATOXGRL))
}
tables <- list(
  "Patients at baseline" = function() rows(Age = spread(function(d) median_of(d$AGE)), shares("SEX"), shares("COUNTRY"),
    APACHE = spread(function(d) median_of(d$APACHE)), SOFA = spread(function(d) median_of(d$SOFASCR))),
  Disposition = function() rows(Treated = spread(function(d) percent(sum(d$SAFFL == "Y"), nrow(d))),
    Dead = spread(function(d) percent(sum(!is.na(d$DTHDT)), nrow(d))),
    Discontinued = spread(function(d) percent(sum(!is.na(d$DCTDT)), nrow(d)))),
  Exposure = function() rows(Days = spread(function(d) median_of(d$TRTDUR), safety),
    Doses = spread(function(d) median_of(d$NDOSE), safety)),
  Results = function() with(results, data.frame(endpoint = title, variation, compare, visit, estimate = sprintf(
    "%.2f (%.2f to %.2f)", estimate, conf_low, conf_high), P = sprintf("%.3f", p_value))),
  Overview = function() rows(Any = spread(function(d) percent(sum(d$USUBJID %in% adae$USUBJID), nrow(d)), safety),
    Serious = spread(function(d) percent(sum(d$USUBJID %in% adae$USUBJID[adae$AESER == "Y"]), nrow(d)), safety),
    Related = spread(function(d) percent(sum(d$USUBJID %in% adae$USUBJID[adae$AEREL == "Y"]), nrow(d)), safety)),
  "Adverse events" = function() {
    t <- events_by(c("AEBODSYS", "AEDECOD"))
    t$difference <- differences(adae)[sub(".*, ", "", t[[1]])]
    t
  },
  "By highest grade" = function() rows(as.matrix(worst(adae))), Rates = function() rate(adae),
  Deaths = function() rows("Day 28" = spread(function(d) percent(sum(d$DTH28FL == "Y"), nrow(d)), safety),
    "Day 90" = spread(function(d) percent(sum(d$DTH90FL == "Y"), nrow(d)), safety)),
  Counts = function() by_visit(adlb[adlb$PARAMCD %in% c("ALC", "CD4", "CD8"), ]),
  Cytokines = function() by_visit(adcy[adcy$PARAMCD %in% c("IL6", "IL8", "IL10", "TNF", "IFNG"), ]),
  SOFA = function() by_visit(adsofa[adsofa$PARAMCD == "SOFA", ]), Shift = shift,
  "Serious adverse events" = function() adae[adae$AESER == "Y",
    c("USUBJID", "TRT01A", "AEDECOD", "ASTDY", "AENDY", "AETOXGR", "AEREL", "AEOUT")],
  "Subject IRS-003" = function() rbind(adlb[adlb$USUBJID == "IRS-003", c("PARAMCD", "ADY", "AVAL")],
    adcy[adcy$USUBJID == "IRS-003", c("PARAMCD", "ADY", "AVAL")]))

page <- c("<!DOCTYPE html><meta charset=utf-8><title>IRIS-7</title>")
for (i in seq_along(tables)) {
  t <- html(names(tables)[i], tables[[i]]())
  writeLines(t, file.path(out, sprintf("table-%d.html", i)))
  page <- c(page, t)
}
for (i in seq_along(figures)) {
  save_figure(i)
  page <- c(page, readLines(file.path(out, sprintf("figure-%d.svg", i)), warn = FALSE)[-1])
}
writeLines(page, file.path(folder, "r.html"))
