# P by going through every allocation that a randomisation could have dealt, for
# small trials; written from the definition, without any code of ours:
#   Rscript tests/reference/rerandomise.R
# writes rerandomise.csv and, for who reads it, the subjects in
# rerandomise_data.csv. Blocks are dealt whole: of a block that was broken off the
# arms of those who were there count, with the number of ways to deal the rest.
library(survival)
options(digits = 17)

# Three arms in blocks of 3 within two countries (A: 7, B: 5 subjects); two arms in
# blocks of 4 (10 subjects), and with fixed numbers within A and B (5 and 5).
trial <- function(design, arm, country) {
  n <- length(arm)
  set.seed(n)
  y <- round(rnorm(n, 10 + 3 * (arm != "P"), 2), 1)
  y[2] <- y[4]
  base <- round(rnorm(n, 8, 2), 1)
  if (n == 12) y[c(3, 11)] <- NA
  data.frame(design = design, id = sprintf("%02d", 1:n), country = country,
             arm = arm, y = y, base = base, event = as.integer(y > 10.5),
             time = c(3, 8, 5, 12, 12, 7, 2, 9, 12, 4, 6, 10)[1:n],
             cens = c(0, 0, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1)[1:n])
}
blocks3 <- trial("blocks of 3", c("P", "L", "H", "H", "L", "P", "L", "P", "H", "P", "L", "H"),
                 c("A", "A", "B", "A", "B", "A", "A", "B", "A", "B", "B", "A"))
blocks4 <- trial("blocks of 4", c("P", "H", "H", "P", "H", "P", "P", "H", "H", "P"), "A")
fixed <- trial("fixed numbers", c("P", "H", "H", "P", "H", "P", "P", "H", "H", "H"),
               rep(c("A", "B"), 5))

# All lists of k labels out of a block's, and how many ways are left for the rest.
orders <- function(labels, k) {
  if (k == 0) {
    left <- table(labels)
    return(list(list(arm = character(0), weight =
      exp(lfactorial(length(labels)) - sum(lfactorial(left))))))
  }
  out <- list()
  for (first in unique(labels)) {
    rest <- labels[-match(first, labels)]
    for (o in orders(rest, k - 1))
      out[[length(out) + 1]] <- list(arm = c(first, o$arm), weight = o$weight)
  }
  out
}

# Every allocation: list of rows, each the arms of all subjects, and weights.
allocations <- function(d) {
  n <- nrow(d)
  parts <- list()
  for (s in unique(d$country)) {
    own <- which(d$country == s)
    if (d$design[1] == "fixed numbers") groups <- list(own)
    else {
      size <- if (d$design[1] == "blocks of 3") 3 else 4
      groups <- split(own, (seq_along(own) - 1) %/% size)
    }
    for (g in groups) {
      labels <- switch(d$design[1], "blocks of 3" = c("P", "L", "H"),
                       "blocks of 4" = c("P", "P", "H", "H"), d$arm[g])
      parts[[length(parts) + 1]] <- list(who = g, orders = orders(labels, length(g)))
    }
  }
  all <- expand.grid(lapply(parts, function(p) seq_along(p$orders)))
  arm <- matrix("", nrow(all), n)
  weight <- rep(1, nrow(all))
  for (j in seq_along(parts)) {
    o <- parts[[j]]$orders
    arm[, parts[[j]]$who] <- do.call(rbind, lapply(o, `[[`, "arm"))[all[, j], ]
    weight <- weight * sapply(o, `[[`, "weight")[all[, j]]
  }
  list(arm = arm, weight = weight)
}

# The smaller the more it speaks against no effect; x: TRUE for A, FALSE for B, NA
# for neither.
statistics <- list(
  ttest = function(d, x) {
    a <- d$y[!is.na(x) & x & !is.na(d$y)]
    b <- d$y[!is.na(x) & !x & !is.na(d$y)]
    if (length(a) < 2 || length(b) < 2 || var(a) + var(b) == 0) return(0)
    t.test(a, b)$p.value
  },
  wilcoxon = function(d, x) { # in standard deviations, ties counted
    use <- !is.na(x) & !is.na(d$y)
    r <- rank(d$y[use]); a <- x[use]
    n <- length(r); m <- sum(a)
    v <- m * (n - m) / (n * (n - 1)) * sum((r - mean(r))^2)
    if (v == 0) return(0)
    -abs(sum(r[a]) - m * (n + 1) / 2) / sqrt(v)
  },
  fisher = function(d, x) {
    use <- !is.na(x) & !is.na(d$event)
    if (length(unique(x[use])) < 2 || length(unique(d$event[use])) < 2) return(1)
    fisher.test(table(x[use], d$event[use]))$p.value
  },
  logrank = function(d, x) { # observed less expected, over its permutations
    use <- !is.na(x)
    dd <- d[use, ]; a <- x[use]
    r <- residuals(coxph(Surv(time, cens == 0) ~ 1, dd, ties = "breslow"),
                   type = "martingale")
    n <- length(a); m <- sum(a)
    if (m == 0 || m == n) return(0)
    v <- m * (n - m) / (n * (n - 1)) * sum((r - mean(r))^2)
    -abs(sum(r[a]) - m * mean(r)) / sqrt(v)
  },
  rmst = function(d, x) { # to 6; 0 where there is no test
    m <- sapply(c(TRUE, FALSE), function(side) {
      o <- d[!is.na(x) & x == side, ]
      f <- survfit(Surv(time, cens == 0) ~ 1, o)
      if (max(o$time) < 6 && min(f$surv) > 0) return(c(NA, NA))
      survival:::survmean(f, rmean = 6)$matrix[c("rmean", "se(rmean)")]
    })
    e <- m[1, 1] - m[1, 2]; se <- sqrt(sum(m[2, ]^2))
    if (is.na(e) || se == 0 && e != 0) 0 else if (se == 0) 1 else
      2 * pnorm(-abs(e / se))
  })

# The t of a difference of adjusted means; L and H together: their average.
lm_t <- function(d, arm, a, b) {
  f <- factor(arm, levels = c("P", "L", "H"))
  f <- droplevels(f)
  use <- !is.na(d$y)
  if (length(unique(f[use])) < length(unique(d$arm[use]))) return(0)
  m <- lm(y ~ base + f, data.frame(y = d$y, base = d$base, f = f))
  k <- rep(0, length(coef(m))); names(k) <- names(coef(m))
  for (l in a) if (l != "P") k[paste0("f", l)] <- k[paste0("f", l)] + 1 / length(a)
  for (l in b) if (l != "P") k[paste0("f", l)] <- k[paste0("f", l)] - 1 / length(b)
  if (anyNA(coef(m))) return(0)
  -abs(sum(k * coef(m))) / sqrt(drop(k %*% vcov(m) %*% k))
}

rows <- list()
add <- function(...) rows[[length(rows) + 1]] <<- list(...)
joint <- list()
for (d in list(blocks3, blocks4, fixed)) {
  all <- allocations(d)
  add(d$design[1], "allocations", "", nrow(all$arm), NA)
  compared <- if (any(d$arm == "L")) list("Active vs P" = list(c("L", "H"), "P"),
    "H vs P" = list("H", "P"), "L vs P" = list("L", "P")) else
    list("H vs P" = list("H", "P"))
  for (name in names(compared)) {
    a <- compared[[name]][[1]]; b <- compared[[name]][[2]]
    others <- setdiff(unique(d$arm), c(a, b))
    keep <- apply(all$arm, 1, function(arm) all((arm == d$arm)[d$arm %in% others]) &&
      !any(arm[!d$arm %in% others] %in% others))
    arm <- all$arm[keep, , drop = FALSE]; w <- all$weight[keep]
    side <- function(arm) ifelse(arm %in% a, TRUE, ifelse(arm %in% b, FALSE, NA))
    for (s in names(statistics)) {
      f <- statistics[[s]]
      v <- apply(arm, 1, function(x) f(d, side(x)))
      seen <- f(d, side(d$arm))
      add(d$design[1], s, name, sum(w[v <= seen + 1e-7 * abs(seen)]) / sum(w), length(v))
    }
    v <- apply(arm, 1, function(x) lm_t(d, x, a, b))
    seen <- lm_t(d, d$arm, a, b)
    add(d$design[1], "lm", name, sum(w[v <= seen + 1e-7 * abs(seen)]) / sum(w), length(v))
    # for all at once: everybody is dealt again
    joint[[d$design[1]]][[name]] <- list(seen = statistics$ttest(d, side(d$arm)),
      v = apply(all$arm, 1, function(x) statistics$ttest(d, side(x))))
  }
  # the smallest P of the t tests, step-down (Westfall and Young), and single-step
  j <- joint[[d$design[1]]]
  seen <- sapply(j, `[[`, "seen"); v <- sapply(j, `[[`, "v")
  o <- order(seen); p <- single <- numeric(length(seen)); most <- 0
  for (k in seq_along(o)) {
    q <- apply(v[, o[k:length(o)], drop = FALSE], 1, min)
    most <- max(most, sum(all$weight[q <= seen[o[k]] * (1 + 1e-7)]) / sum(all$weight))
    p[o[k]] <- most
    single[o[k]] <- sum(all$weight[apply(v, 1, min) <= seen[o[k]] * (1 + 1e-7)]) /
      sum(all$weight)
  }
  for (k in seq_along(seen)) {
    add(d$design[1], "max-T", names(seen)[k], p[k], NA)
    add(d$design[1], "max-T single-step", names(seen)[k], single[k], NA)
  }
}
out <- do.call(rbind, lapply(rows, function(r) data.frame(design = r[[1]],
  statistic = r[[2]], compare = r[[3]], p = format(r[[4]], digits = 17),
  n = ifelse(is.na(r[[5]]), "", r[[5]]))))
write.csv(out, "tests/reference/rerandomise.csv", row.names = FALSE, quote = FALSE)
write.csv(rbind(blocks3, blocks4, fixed), "tests/reference/rerandomise_data.csv",
          row.names = FALSE, quote = FALSE, na = "")
