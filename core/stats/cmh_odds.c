/* The common odds ratio of strata and whether it is common. */
#include "cmh_private.h"

#include <math.h>
#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include "level.h"

static ts_two_by_two table_of(const double *counts)
{
    return (ts_two_by_two){.events_1 = counts[0],
                           .n_1 = counts[0] + counts[1],
                           .events_2 = counts[2],
                           .n_2 = counts[2] + counts[3]};
}

/* The first cell that has this odds ratio given the margins. */
static double fitted(const ts_two_by_two *t, double odds)
{
    double events = t->events_1 + t->events_2;
    double low = fmax(0, events - t->n_2), high = fmin(events, t->n_1);
    double a = odds - 1;
    double b = -(odds * (t->n_1 + events) + t->n_2 - events);
    double c = odds * t->n_1 * events;
    /* of a x^2 + b x + c the root between low and high; b < 0 */
    double root = sqrt(fmax(0, b * b - 4 * a * c));
    return fmin(high, fmax(low, 2 * c / (root - b)));
}

static void homogeneity(const double *counts, size_t n, ts_cmh_result *out)
{
    double sum = 0, away = 0, all = 0, df = -1;
    for (size_t h = 0; h < n; h++) {
        ts_two_by_two t = table_of(counts + 4 * h);
        double events = t.events_1 + t.events_2;
        if (!t.n_1 || !t.n_2 || !events || events == t.n_1 + t.n_2)
            continue;
        double a = fitted(&t, out->odds_ratio);
        double variance = 1 / (1 / a + 1 / (t.n_1 - a) + 1 / (events - a) +
                               1 / (t.n_2 - events + a));
        sum += (t.events_1 - a) * (t.events_1 - a) / variance;
        away += t.events_1 - a;
        all += variance;
        df++;
    }
    if (df < 1 || !isfinite(sum))
        return;
    double tarone = sum - away * away / all;
    out->breslow_day = (ts_chi){sum, df, pchisq(sum, df, 0, 0)};
    out->tarone = (ts_chi){tarone, df, pchisq(tarone, df, 0, 0)};
}

void ts_cmh_odds(const double *counts, size_t n, double conf_level,
                 ts_cmh_result *out)
{
    double r = 0, s = 0, pr = 0, psqr = 0, qs = 0;
    for (size_t h = 0; h < n; h++) {
        const double *t = counts + 4 * h;
        double all = t[0] + t[1] + t[2] + t[3];
        if (all == 0)
            continue;
        double p = (t[0] + t[3]) / all, q = (t[1] + t[2]) / all;
        double own_r = t[0] * t[3] / all, own_s = t[1] * t[2] / all;
        r += own_r;
        s += own_s;
        pr += p * own_r;
        psqr += p * own_s + q * own_r;
        qs += q * own_s;
    }
    out->odds_ratio = s > 0 ? r / s : r > 0 ? INFINITY : NAN;
    if (!(r > 0 && s > 0))
        return;
    double se = sqrt(pr / (2 * r * r) + psqr / (2 * r * s) + qs / (2 * s * s));
    double z = qnorm5(ts_level_alpha(conf_level) / 2, 0, 1, 0, 0);
    out->std_error_log = se;
    out->conf_low = out->odds_ratio * exp(-z * se);
    out->conf_high = out->odds_ratio * exp(z * se);
    homogeneity(counts, n, out);
}
