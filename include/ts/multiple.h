/*
 * The largest of several t statistics that share one estimate of variance, for
 * simultaneous tests and intervals: comparisons with a control (Dunnett 1955,
 * JASA 50:1096), all pairs (Tukey; Kramer 1956, Biometrics 12:307), any others.
 *
 *     ts_max_t_tail(correlation, 2, 24, 2.3494, true, &p, NULL, &err);
 *     p = P(max |T_i| > 2.3494) = 0.05
 *
 * Upper tails are integrated themselves, never as 1 - P, so that small ones
 * keep their digits. df may be infinite and need not be whole.
 */
#ifndef TS_MULTIPLE_H
#define TS_MULTIPLE_H

#include <stdbool.h>
#include <stddef.h>
#include "ts/error.h"

/*
 * P(max |T_i| > q), or one-sided P(max T_i > q), of k statistics with these
 * correlations (k x k). By quadrature, to 1e-10 relative or better, when the
 * correlations are products l_i l_j (two statistics; means against one mean,
 * without covariates), when they have rank 2 (all pairs of three means), and
 * for three statistics; else by a fixed lattice of points. *error, if not NULL:
 * 0, or the size of that approximation's error, relative to *p. *p is never
 * below P(|T| > q), never above k times that. TS_EINVALID when they are no
 * correlations; TS_ELIMIT for more than 40; TS_ENOMEM.
 */
ts_status ts_max_t_tail(const double *correlation, size_t k, double df,
                        double q, bool two_sided, double *p, double *error,
                        ts_error *err);
/* The q whose tail is p, 0 < p < 1; *error: that of the tail at q. */
ts_status ts_max_t_quantile(const double *correlation, size_t k, double df,
                            double p, bool two_sided, double *q, double *error,
                            ts_error *err);

/* The studentised range of k independent means: P(Q > q), and its quantile. */
ts_status ts_range_tail(size_t k, double df, double q, double *p,
                        ts_error *err);
ts_status ts_range_quantile(size_t k, double df, double p, double *q,
                            ts_error *err);

/* The studentised maximum modulus of m independent statistics: P(max |T_i| > q)
 * or P(max T_i > q), and its quantile (Dunnett 1980, JASA 75:796: his T3 takes
 * it with the df of each pair). */
ts_status ts_modulus_tail(double m, double df, double q, bool two_sided,
                          double *p, ts_error *err);
ts_status ts_modulus_quantile(double m, double df, double p, bool two_sided,
                              double *q, ts_error *err);

/* Scheffe (1953, Biometrika 40:87): the largest |t| of all contrasts of a space
 * of `rank` dimensions, P(rank F > q^2), and its quantile. */
double ts_scheffe_tail(double rank, double df, double q);
double ts_scheffe_quantile(double rank, double df, double p);

#endif
