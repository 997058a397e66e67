/*
 * Two proportions. The score intervals of Miettinen and Nurminen hold the
 * effects that a z test does not reject whose variance comes from the fit
 * under that very effect, times n / (n - 1). Strata add up: differences and
 * ratios with Mantel-Haenszel weights, odds ratios as their efficient score,
 * so that the test of no effect is that of Cochran, Mantel and Haenszel for
 * odds and that with the same weights for differences.
 */
#include "ts/counts.h"

#include <math.h>
#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include "counts_check.h"
#include "level.h"
#include "proportion_wilson.h"
#include "root.h"
#include "two_private.h"

static const ts_two_result empty = {.estimate = NAN,
                                    .std_error = NAN,
                                    .z = NAN,
                                    .p_value = NAN,
                                    .conf_low = NAN,
                                    .conf_high = NAN,
                                    .estimate_1 = NAN,
                                    .estimate_2 = NAN,
                                    .homogeneity = NAN,
                                    .homogeneity_df = NAN,
                                    .homogeneity_p = NAN};

/* Fits under an effect ------------------------------------------------------
 */

/* p2 of the most likely pair with p1 - p2 = d: the one root of a cubic where
 * the likelihood, which is concave, is flat; an end where it never is. */
static double flat(const ts_two_by_two *t, double d, double p)
{
    double x = t->events_1, y = t->events_2;
    double slope = 0;
    if (x > 0)
        slope += x / (p + d);
    if (x < t->n_1)
        slope -= (t->n_1 - x) / (1 - p - d);
    if (y > 0)
        slope += y / p;
    if (y < t->n_2)
        slope -= (t->n_2 - y) / (1 - p);
    return slope;
}

typedef struct {
    const ts_two_by_two *t;
    double d;
} flat_query;

static double flat_at(double p, void *context)
{
    const flat_query *q = context;
    return flat(q->t, q->d, p);
}

static double fit_difference(const ts_two_by_two *t, double d)
{
    double low = fmax(0, -d), high = fmin(1, 1 - d);
    double eps = (high - low) * 1e-15;
    flat_query q = {t, d};
    if (!(high > low))
        return low;
    /* at an end a slope is infinite or points out of the range */
    if (!(flat(t, d, low + eps) > 0))
        return low;
    if (!(flat(t, d, high - eps) < 0))
        return high;
    return ts_root(flat_at, &q, low + eps, high - eps);
}

/* Proportions and what they lack of 1, each to its own last digits. */
typedef struct {
    double p_1, q_1, p_2, q_2;
} fitted;

static double within(double p)
{
    return fmin(1, fmax(0, p));
}

/* The most likely pair with p1 / p2 = r: the root of a quadratic in p2, and of
 * that in 1 - p2. */
static fitted fit_ratio(const ts_two_by_two *t, double r)
{
    if (r > 1) {
        ts_two_by_two turned = {t->events_2, t->n_2, t->events_1, t->n_1};
        fitted f = fit_ratio(&turned, 1 / r);
        return (fitted){f.p_2, f.q_2, f.p_1, f.q_1};
    }
    double n = t->n_1 + t->n_2, events = t->events_1 + t->events_2;
    double none_1 = t->n_1 - t->events_1, none_2 = t->n_2 - t->events_2;
    double b = t->n_1 * r + t->events_1 + t->n_2 + t->events_2 * r;
    double less = n * (1 - r) - none_1 - r * none_2; /* b - 2 n r */
    double root = hypot(less, 2 * sqrt(n * r * (1 - r) * none_2));
    fitted f = {.p_2 = within(2 * events / (b + root)),
                .q_2 = within(less > 0 ? 2 * (1 - r) * none_2 / (less + root)
                                       : (root - less) / (2 * n * r))};
    f.p_1 = r * f.p_2;
    f.q_1 = 1 - r + r * f.q_2;
    return f;
}

/* p2 of the most likely pair with odds ratio r, whose events add up to those
 * observed: the root of a quadratic. */
static double odds_root(double n_1, double n_2, double events, double r)
{
    double b = n_2 + events + r * (n_1 - events);
    if (r < 1) {
        double less = n_2 - events + r * (n_1 + events);
        double root = hypot(less, 2 * sqrt(events * (1 - r) * n_1 * r));
        return within(2 * events / (b + root));
    }
    double a = n_2 * (r - 1), root = hypot(b, 2 * sqrt(a * events));
    return within(b >= 0 ? 2 * events / (b + root) : (root - b) / (2 * a));
}

static fitted fit_odds(const ts_two_by_two *t, double r)
{
    double n = t->n_1 + t->n_2, events = t->events_1 + t->events_2;
    double p = odds_root(t->n_1, t->n_2, events, r);
    double q = odds_root(t->n_1, t->n_2, n - events, 1 / r);
    return (fitted){r * p / (q + r * p), q / (q + r * p), p, q};
}

/* The z of an effect --------------------------------------------------------
 */

typedef struct {
    double away, variance;
} score;

/* The difference of p1 and r p2, from those who have no event where they are
 * the fewer. */
static double ratio_away(const ts_two_by_two *t, double r)
{
    double p_1 = t->events_1 / t->n_1, p_2 = t->events_2 / t->n_2;
    double q_1 = (t->n_1 - t->events_1) / t->n_1;
    double q_2 = (t->n_2 - t->events_2) / t->n_2;
    if (p_1 + r * p_2 < fabs(1 - r) + q_1 + r * q_2)
        return p_1 - r * p_2;
    return 1 - r - q_1 + r * q_2;
}

static void add_score(const ts_two_by_two *t, ts_effect effect, double at,
                      score *s)
{
    double n_1 = t->n_1, n_2 = t->n_2, n = n_1 + n_2;
    double p_1 = t->events_1 / n_1, p_2 = t->events_2 / n_2;
    double weight = n_1 * n_2 / n, more = n / (n - 1), q;
    fitted f;
    if (n_1 == 0 || n_2 == 0)
        return;
    switch (effect) {
    case TS_DIFFERENCE:
        q = fit_difference(t, at);
        s->away += weight * (p_1 - p_2 - at);
        s->variance +=
            weight * weight * more *
            (fmax(0, (q + at) * (1 - q - at)) / n_1 + q * (1 - q) / n_2);
        return;
    case TS_RATIO:
        f = fit_ratio(t, at);
        s->away += weight * ratio_away(t, at);
        s->variance += weight * weight * more *
                       (f.p_1 * f.q_1 / n_1 + at * at * f.p_2 * f.q_2 / n_2);
        return;
    case TS_ODDS:
        if (t->events_1 + t->events_2 == 0 || t->events_1 + t->events_2 == n)
            return; /* one table is all that its margins allow */
        f = fit_odds(t, at);
        s->away += f.p_1 < 0.5 ? t->events_1 - n_1 * f.p_1
                               : n_1 * f.q_1 - (n_1 - t->events_1);
        double own = n_1 * f.p_1 * f.q_1, other = n_2 * f.p_2 * f.q_2;
        if (own > 0 && other > 0)
            s->variance += more / (1 / own + 1 / other);
        return;
    }
}

typedef struct {
    const ts_two_by_two *tables;
    size_t n;
    ts_effect effect;
    double target; /* z that is looked for */
} query;

static double z_at(const query *q, double effect)
{
    score s = {0};
    for (size_t h = 0; h < q->n; h++)
        add_score(&q->tables[h], q->effect, effect, &s);
    if (s.variance > 0)
        return s.away / sqrt(s.variance);
    /* a sure table: as it is, up to rounding, or impossible */
    return fabs(s.away) < 1e-9 ? 0 : copysign(INFINITY, s.away);
}

static double z_gap(double effect, void *context)
{
    const query *q = context;
    return z_at(q, q->effect == TS_DIFFERENCE ? effect : exp(effect)) -
           q->target;
}

/* Where z, which falls as the effect grows, is target. */
static double score_limit(query *q, double estimate, double target)
{
    q->target = target;
    if (q->effect == TS_DIFFERENCE) {
        if (fabs(estimate) == 1 && (target > 0) == (estimate < 0))
            return estimate; /* an end that is kept */
        return ts_root(z_gap, q, -1, 1);
    }
    double middle = estimate > 0 && isfinite(estimate) ? log(estimate) : 0;
    double low = middle, high = middle, step = 1;
    while (z_gap(low, q) < 0 && low > -600)
        low -= step *= 2;
    for (step = 1; z_gap(high, q) > 0 && high < 600;)
        high += step *= 2;
    if (low <= -600)
        return 0;
    return high >= 600 ? INFINITY : exp(ts_root(z_gap, q, low, high));
}

/* Whether a ratio has no limit on that side: no events below or above, or, of
 * odds, no table whose margins allow fewer or more. */
static bool no_limit(const query *q, const ts_two_by_two *sum, bool low)
{
    double room = 0;
    if (q->effect == TS_DIFFERENCE)
        return false;
    if (q->effect == TS_RATIO)
        return low ? sum->events_1 == 0 : sum->events_2 == 0;
    for (size_t h = 0; h < q->n; h++) {
        const ts_two_by_two *t = &q->tables[h];
        double events = t->events_1 + t->events_2;
        room += low ? t->events_1 - fmax(0, events - t->n_2)
                    : fmin(t->n_1, events) - t->events_1;
    }
    return room == 0;
}

static void score_interval(query *q, const ts_two_by_two *sum, double z,
                           const ts_two_options *opt, ts_two_result *r)
{
    double estimate = isnan(r->estimate) ? 1 : r->estimate;
    r->conf_low = no_limit(q, sum, true) ? 0 : score_limit(q, estimate, z);
    r->conf_high =
        no_limit(q, sum, false) ? INFINITY : score_limit(q, estimate, -z);
    r->z = z_at(q, opt->null);
}

/* Estimates -----------------------------------------------------------------
 */

/* Ratio of two sums of which none may be positive. */
static double over(double a, double b)
{
    return b > 0 ? a / b : a > 0 ? INFINITY : NAN;
}

static double estimate_of(const ts_two_by_two *tables, size_t n,
                          ts_effect effect)
{
    double top = 0, bottom = 0;
    for (size_t h = 0; h < n; h++) {
        const ts_two_by_two *t = &tables[h];
        double all = t->n_1 + t->n_2;
        if (t->n_1 == 0 || t->n_2 == 0)
            continue;
        if (effect == TS_DIFFERENCE) {
            top += (t->events_1 * t->n_2 - t->events_2 * t->n_1) / all;
            bottom += t->n_1 * t->n_2 / all;
        } else if (effect == TS_RATIO) {
            top += t->events_1 * t->n_2 / all;
            bottom += t->events_2 * t->n_1 / all;
        } else {
            top += t->events_1 * (t->n_2 - t->events_2) / all;
            bottom += t->events_2 * (t->n_1 - t->events_1) / all;
        }
    }
    return effect == TS_DIFFERENCE ? top / bottom : over(top, bottom);
}

/* Whether strata have one effect. */
static void homogeneity(const query *q, ts_two_result *r)
{
    double sum = 0, df = -1;
    if (q->effect == TS_ODDS || !isfinite(r->estimate) ||
        (q->effect == TS_RATIO && r->estimate == 0))
        return;
    for (size_t h = 0; h < q->n; h++) {
        score s = {0};
        add_score(&q->tables[h], q->effect, r->estimate, &s);
        if (s.variance > 0) {
            sum += s.away * s.away / s.variance;
            df++;
        }
    }
    if (df < 1)
        return;
    r->homogeneity = sum;
    r->homogeneity_df = df;
    r->homogeneity_p = pchisq(sum, df, 0, 0);
}

/* Newcombe ------------------------------------------------------------------
 */

typedef struct {
    const ts_two_by_two *t;
    double null;
    bool low;
} hybrid;

static double hybrid_limit(const ts_two_by_two *t, double z, bool low)
{
    double low_1, high_1, low_2, high_2;
    double p_1 = t->events_1 / t->n_1, p_2 = t->events_2 / t->n_2;
    ts_wilson(t->events_1, t->n_1, z, &low_1, &high_1);
    ts_wilson(t->events_2, t->n_2, z, &low_2, &high_2);
    return low ? p_1 - p_2 - hypot(p_1 - low_1, high_2 - p_2)
               : p_1 - p_2 + hypot(high_1 - p_1, p_2 - low_2);
}

static double hybrid_gap(double z, void *context)
{
    const hybrid *q = context;
    return hybrid_limit(q->t, z, q->low) - q->null;
}

/* z at which the interval touches null, with the sign of the difference. */
static double hybrid_z(const ts_two_by_two *t, double estimate, double null)
{
    hybrid q = {t, null, estimate > null};
    if (estimate == null)
        return 0;
    double z = ts_root(hybrid_gap, &q, 0, 40);
    return copysign(isnan(z) ? 40 : z, estimate - null);
}

/* All of it -----------------------------------------------------------------
 */

static ts_status check(const ts_two_by_two *tables, size_t n,
                       const ts_two_options *opt, ts_two_by_two *sum,
                       size_t *n_used, ts_error *err)
{
    ts_status status = ts_check_level(opt->conf_level, err);
    *sum = (ts_two_by_two){0};
    *n_used = 0;
    for (size_t h = 0; h < n && !status; h++) {
        const ts_two_by_two *t = &tables[h];
        if ((status = ts_check_two_by_two(t, err)) || !t->n_1 || !t->n_2)
            continue;
        sum->events_1 += t->events_1;
        sum->n_1 += t->n_1;
        sum->events_2 += t->events_2;
        sum->n_2 += t->n_2;
        ++*n_used;
    }
    if (status)
        return status;
    if (*n_used == 0)
        return ts_fail(err, TS_EDEGENERATE,
                       n == 1 ? "a group is empty"
                              : "no stratum has both groups");
    if (opt->effect == TS_DIFFERENCE ? !(fabs(opt->null) < 1)
                                     : !(opt->null > 0 && isfinite(opt->null)))
        return ts_fail(err, TS_EINVALID, "%g is no %s to test against",
                       opt->null,
                       opt->effect == TS_DIFFERENCE ? "difference" : "ratio");
    if (opt->interval == TS_NEWCOMBE &&
        (opt->effect != TS_DIFFERENCE || *n_used > 1))
        return ts_fail(
            err, TS_EINVALID,
            "Newcombe's interval is for the difference of one table; "
            "Miettinen's and Nurminen's and Wald's take strata");
    return TS_OK;
}

static const ts_two_by_two *first_used(const ts_two_by_two *tables)
{
    while (!tables->n_1 || !tables->n_2)
        tables++;
    return tables;
}

ts_status ts_two_proportions(const ts_two_by_two *tables, size_t n,
                             const ts_two_options *opt, ts_two_result *out,
                             ts_error *err)
{
    ts_two_result r = empty;
    ts_two_by_two sum;
    *out = r;
    ts_status status = check(tables, n, opt, &sum, &r.n_used, err);
    if (status)
        return status;
    double alpha = ts_level_alpha(opt->conf_level);
    double z = qnorm5(opt->alternative == TS_TWO_SIDED ? alpha / 2 : alpha, 0,
                      1, 0, 0);
    query q = {tables, n, opt->effect, 0};
    r.estimate_1 = sum.events_1 / sum.n_1;
    r.estimate_2 = sum.events_2 / sum.n_2;
    r.estimate = estimate_of(tables, n, opt->effect);
    homogeneity(&q, &r);
    if (opt->interval == TS_SCORE) {
        score_interval(&q, &sum, z, opt, &r);
    } else if (opt->interval == TS_NEWCOMBE) {
        const ts_two_by_two *t = first_used(tables);
        r.conf_low = hybrid_limit(t, z, true);
        r.conf_high = hybrid_limit(t, z, false);
        r.z = hybrid_z(t, r.estimate, opt->null);
    } else {
        ts_two_wald(tables, n, z, opt, &r);
    }
    double infinite = opt->effect == TS_DIFFERENCE ? -1 : 0;
    if (!isnan(r.z))
        r.p_value = opt->alternative == TS_LESS ? pnorm5(r.z, 0, 1, 1, 0)
                    : opt->alternative == TS_GREATER
                        ? pnorm5(r.z, 0, 1, 0, 0)
                        : 2 * pnorm5(-fabs(r.z), 0, 1, 1, 0);
    if (opt->alternative == TS_LESS)
        r.conf_low = infinite;
    if (opt->alternative == TS_GREATER)
        r.conf_high = opt->effect == TS_DIFFERENCE ? 1 : INFINITY;
    *out = r;
    return TS_OK;
}
