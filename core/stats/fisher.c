/* Exact conditional tests of one or several 2 x 2 tables, and of pairs. */
#include "ts/counts.h"

#include <math.h>
#include "counts_check.h"
#include "odds_family.h"

static const ts_exact_odds empty = {.estimate = NAN,
                                    .conf_low = NAN,
                                    .conf_high = NAN,
                                    .p_value = NAN,
                                    .p_central = NAN,
                                    .p_minlike = NAN,
                                    .p_smallest = NAN};

static ts_status check_options(const ts_odds_options *opt, ts_error *err)
{
    if (!(opt->null >= 0 && isfinite(opt->null)))
        return ts_fail(err, TS_EINVALID, "odds ratio %g is not above 0",
                       opt->null);
    return ts_check_level(opt->conf_level, err);
}

ts_status ts_fisher(const ts_two_by_two *tables, size_t n,
                    const ts_odds_options *opt, ts_exact_odds *out,
                    ts_error *err)
{
    ts_odds_family sum = {0};
    double x = 0;
    *out = empty;
    ts_status status = check_options(opt, err);
    if (!status && n == 0)
        status = ts_fail(err, TS_EDEGENERATE, "no table");
    for (size_t h = 0; h < n && !status; h++) {
        const ts_two_by_two *t = &tables[h];
        ts_odds_family own;
        if ((status = ts_check_two_by_two(t, err)) ||
            (status = ts_odds_hypergeometric(t, &own, err)))
            break;
        x += t->events_1 - fmax(0, t->events_1 + t->events_2 - t->n_2);
        if (h == 0) {
            sum = own;
            continue;
        }
        status = ts_odds_convolve(&sum, &own, err);
        ts_odds_free(&own);
    }
    if (!status)
        status = ts_odds_infer(&sum, (size_t)x, opt, out, err);
    ts_odds_free(&sum);
    return status;
}

ts_status ts_mcnemar(double b, double c, const ts_odds_options *opt,
                     ts_exact_odds *out, ts_error *err)
{
    ts_odds_family f;
    *out = empty;
    ts_status status = check_options(opt, err);
    if (status || (status = ts_check_count(b, "b", err)) ||
        (status = ts_check_count(c, "c", err)) ||
        (status = ts_odds_binomial(b + c, &f, err)))
        return status;
    status = ts_odds_infer(&f, (size_t)b, opt, out, err);
    ts_odds_free(&f);
    return status;
}
