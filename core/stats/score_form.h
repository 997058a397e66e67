/* u' V^- u of scores and their variance. */
#ifndef TS_SCORE_FORM_H
#define TS_SCORE_FORM_H

#include <stddef.h>
#include "ts/error.h"

/*
 * The statistic and its df, the rank of v: k scores and the lower triangle of
 * their k x k variance, row-major. The inverse is taken on the largest regular
 * part, found by Cholesky with pivots (LAPACK dpstrf) of the correlations, so
 * that small groups are not taken for dependent ones. A variance of 0 drops
 * out.
 */
ts_status ts_score_form(const double *score, const double *variance, size_t k,
                        double *chisq, size_t *df, ts_error *err);

#endif
