/*
 * Counts: exact tests against every table listed, on random small tables;
 * intervals against their tests; score intervals against a likelihood that is
 * searched by golden section; degenerate tables.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "brute.h"
#include "ts/counts.h"
#include "ts/interrupt.h"
#include "ts/memory.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static void assert_near(const char *name, double x, double wanted,
                        double relative)
{
    if (!(fabs(x - wanted) <= relative * fabs(wanted)) && x != wanted &&
        !(isnan(x) && isnan(wanted)))
        fail_msg("%s: %.17g, not %.17g", name, x, wanted);
}

static double choose(double n, double k)
{
    double c = 1;
    for (double i = 1; i <= k; i++)
        c *= (n - k + i) / i;
    return k < 0 || k > n ? 0 : c;
}

static ts_two_by_two random_table(ts_random *r, uint32_t most)
{
    ts_two_by_two t;
    t.n_1 = 1 + ts_random_below(r, most);
    t.n_2 = 1 + ts_random_below(r, most);
    t.events_1 = ts_random_below(r, (uint32_t)t.n_1 + 1);
    t.events_2 = ts_random_below(r, (uint32_t)t.n_2 + 1);
    return t;
}

/* Fisher ------------------------------------------------------------------- */

typedef struct {
    double lower, upper, minlike, point;
} tails;

/* Tails of the sum over tables of first cells, given all margins. */
static tails brute_fisher(const ts_two_by_two *t, size_t n, double odds)
{
    double weight[64] = {1}, x = 0, all = 0;
    size_t top = 0;
    tails out = {0};
    for (size_t h = 0; h < n; h++) {
        double next[64] = {0}, m = t[h].events_1 + t[h].events_2;
        for (size_t i = 0; i <= top; i++)
            for (size_t a = 0; a <= t[h].n_1; a++)
                next[i + a] += weight[i] * choose(t[h].n_1, (double)a) *
                               choose(t[h].n_2, m - (double)a);
        top += (size_t)t[h].n_1;
        memcpy(weight, next, sizeof weight);
        x += t[h].events_1;
    }
    for (size_t i = 0; i <= top; i++) {
        weight[i] *= pow(odds, (double)i);
        all += weight[i];
    }
    for (size_t i = 0; i <= top; i++) {
        double p = weight[i] / all;
        out.lower += (double)i <= x ? p : 0;
        out.upper += (double)i >= x ? p : 0;
        out.minlike += weight[i] <= weight[(size_t)x] * (1 + 1e-7) ? p : 0;
    }
    out.point = weight[(size_t)x] / all;
    return out;
}

static double p_of(const tails *t, const ts_odds_options *opt)
{
    double half = opt->mid_p ? t->point / 2 : 0;
    if (opt->alternative == TS_LESS)
        return t->lower - half;
    if (opt->alternative == TS_GREATER)
        return t->upper - half;
    if (opt->two_sided == TS_MINLIKE)
        return t->minlike - half;
    return fmin(1, 2 * fmin(t->lower - half, t->upper - half));
}

static const double ratios[] = {1e-4, 0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7,
                                0.9,  1,    1.1,  1.5, 2,   3,   5,   7,
                                10,   20,   50,   100, 1e3, 1e5};

static void fisher(void **state)
{
    static const double levels[] = {0.95, 0.9, 0.8, 0.5};
    ts_random r;
    (void)state;
    ts_random_start(&r, 21, 0, 0);
    for (int round = 0; round < brute_rounds(); round++) {
        ts_two_by_two t[3];
        size_t n = ts_random_below(&r, 4) ? 1 : 1 + ts_random_below(&r, 3);
        ts_odds_options opt = {.alternative = ts_random_below(&r, 3),
                               .two_sided = ts_random_below(&r, 2) ? TS_MINLIKE
                                                                   : TS_CENTRAL,
                               .conf_level = levels[ts_random_below(&r, 4)],
                               .mid_p = ts_random_below(&r, 4) == 0};
        ts_exact_odds x;
        for (size_t h = 0; h < n; h++)
            t[h] = random_table(&r, n == 1 ? 14 : 7);
        opt.null = ratios[ts_random_below(&r, COUNT(ratios))];
        assert_int_equal(ts_fisher(t, n, &opt, &x, NULL), 0);
        tails b = brute_fisher(t, n, opt.null);
        assert_near("P", x.p_value, p_of(&b, &opt), 1e-10);
        if (x.fixed)
            continue;
        bool gaps =
            opt.alternative == TS_TWO_SIDED && opt.two_sided == TS_MINLIKE;
        for (size_t i = 0; i < COUNT(ratios); i++) {
            double alpha = 1 - opt.conf_level, at = ratios[i];
            b = brute_fisher(t, n, at);
            double p = p_of(&b, &opt);
            bool inside = at >= x.conf_low && at <= x.conf_high;
            if (fabs(p - alpha) < 1e-9 || inside == (p > alpha))
                continue;
            /* minlike: the interval may hold rejected ratios, not the reverse
             */
            if (!gaps || !inside)
                fail_msg("odds %g: P = %g at %g, interval %g to %g", at, p,
                         opt.conf_level, x.conf_low, x.conf_high);
        }
        /* the mean at the estimate is what was seen */
        if (x.estimate > 0 && isfinite(x.estimate)) {
            double up = brute_fisher(t, n, x.estimate * 1.001).upper;
            double down = brute_fisher(t, n, x.estimate * 0.999).upper;
            assert_true(up >= down);
        }
    }
}

/* The minlike interval is the range of what is not rejected: just outside of
 * a limit everything is, near inside something is not. */
static void minlike_limits(void **state)
{
    ts_random r;
    (void)state;
    ts_random_start(&r, 22, 0, 0);
    for (int round = 0; round < brute_rounds(); round++) {
        ts_two_by_two t = random_table(&r, 12);
        ts_odds_options opt = {.two_sided = TS_MINLIKE, .conf_level = 0.95};
        ts_exact_odds x;
        ts_fisher(&t, 1, &opt, &x, NULL);
        if (x.fixed)
            continue;
        for (double f = 1 + 1e-7; f < 1e6; f *= 1.07) {
            tails b;
            if (x.conf_low > 0) {
                b = brute_fisher(&t, 1, x.conf_low / f);
                if (b.minlike > 0.05 + 1e-9)
                    fail_msg("%g below %g: P = %g", x.conf_low / f, x.conf_low,
                             b.minlike);
            }
            if (isfinite(x.conf_high)) {
                b = brute_fisher(&t, 1, x.conf_high * f);
                if (b.minlike > 0.05 + 1e-9)
                    fail_msg("%g above %g: P = %g", x.conf_high * f,
                             x.conf_high, b.minlike);
            }
        }
        if (x.conf_low > 0)
            assert_true(brute_fisher(&t, 1, x.conf_low * (1 + 1e-9)).minlike >
                        0.05 - 1e-6);
    }
}

static void pairs(void **state)
{
    ts_random r;
    (void)state;
    ts_random_start(&r, 23, 0, 0);
    for (int round = 0; round < brute_rounds(); round++) {
        double b = ts_random_below(&r, 12), c = ts_random_below(&r, 12);
        ts_odds_options opt = {.conf_level = 0.95};
        ts_exact_odds x;
        double lower = 0, upper = 0;
        assert_int_equal(ts_mcnemar(b, c, &opt, &x, NULL), 0);
        for (double i = 0; i <= b + c; i++) {
            double p = choose(b + c, i) * ldexp(1, -(int)(b + c));
            lower += i <= b ? p : 0;
            upper += i >= b ? p : 0;
        }
        assert_near("P", x.p_value, fmin(1, 2 * fmin(lower, upper)), 1e-12);
        if (b + c > 0)
            assert_near("ratio", x.estimate, b / c, 1e-12);
        assert_false(x.inconsistent);
    }
}

/* Larger tables ------------------------------------------------------------ */

typedef struct {
    size_t r, c;
    double row[4], column[4], table[16], observed, p, all;
} lister;

static double log_product(const double *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum -= lgamma(x[i] + 1);
    return sum;
}

/* Fills cell `at` and those behind it in every way that the margins allow. */
static void list_tables(lister *l, size_t at)
{
    size_t i = at / l->c, j = at % l->c;
    if (at == l->r * l->c) {
        for (size_t k = 0; k < l->r; k++)
            if (l->row[k] != 0)
                return;
        double v = log_product(l->table, at);
        l->all += exp(v);
        if (v <= l->observed + 1e-7)
            l->p += exp(v);
        return;
    }
    for (double x = 0; x <= l->row[i] && x <= l->column[j]; x++) {
        if (i + 1 == l->r && x != l->column[j])
            continue;
        l->table[at] = x;
        l->row[i] -= x;
        l->column[j] -= x;
        list_tables(l, at + 1);
        l->row[i] += x;
        l->column[j] += x;
    }
}

static void larger_tables(void **state)
{
    ts_random r;
    (void)state;
    ts_random_start(&r, 24, 0, 0);
    for (int round = 0; round < brute_rounds(); round++) {
        lister l = {.r = 2 + ts_random_below(&r, 2),
                    .c = 2 + ts_random_below(&r, 3)};
        double x[16];
        ts_table_test t;
        for (size_t i = 0; i < l.r * l.c; i++) {
            x[i] = ts_random_below(&r, 4);
            l.row[i / l.c] += x[i];
            l.column[i % l.c] += x[i];
        }
        l.observed = log_product(x, l.r * l.c);
        ts_status status = ts_fisher_rxc(x, l.r, l.c, 0, &t, NULL);
        if (status == TS_EDEGENERATE)
            continue;
        assert_int_equal(status, 0);
        list_tables(&l, 0);
        assert_true(t.exact);
        assert_near("P", t.p_value, l.p / l.all, 1e-10);
        /* a table on its side is the same table */
        double side[16], p = t.p_value;
        for (size_t i = 0; i < l.r * l.c; i++)
            side[i % l.c * l.r + i / l.c] = x[i];
        ts_fisher_rxc(side, l.c, l.r, 0, &t, NULL);
        assert_near("turned", t.p_value, p, 1e-12);
        if (l.r == 2 && l.c == 2) {
            ts_two_by_two two = {x[0], x[0] + x[1], x[2], x[2] + x[3]};
            ts_odds_options opt = {.two_sided = TS_MINLIKE, .conf_level = 0.95};
            ts_exact_odds e;
            ts_fisher(&two, 1, &opt, &e, NULL);
            assert_near("2 x 2", e.p_value, p, 1e-12);
        }
    }
}

/* Score intervals ---------------------------------------------------------- */

static double log_likelihood(const ts_two_by_two *t, double p1, double p2)
{
    double l = 0;
    if (t->events_1 > 0)
        l += t->events_1 * log(p1);
    if (t->events_1 < t->n_1)
        l += (t->n_1 - t->events_1) * log1p(-p1);
    if (t->events_2 > 0)
        l += t->events_2 * log(p2);
    if (t->events_2 < t->n_2)
        l += (t->n_2 - t->events_2) * log1p(-p2);
    return l;
}

static double first_of(ts_effect effect, double at, double p2)
{
    if (effect == TS_DIFFERENCE)
        return p2 + at;
    return effect == TS_RATIO ? p2 * at : at * p2 / (1 + p2 * (at - 1));
}

/* z of an effect from the likelihood's largest value, by golden section. */
static double brute_z(const ts_two_by_two *t, ts_effect effect, double at)
{
    double low = 0, high = 1, n = t->n_1 + t->n_2;
    if (effect == TS_DIFFERENCE) {
        low = fmax(0, -at);
        high = fmin(1, 1 - at);
    } else if (effect == TS_RATIO)
        high = fmin(1, 1 / at);
    for (int i = 0; i < 200; i++) {
        double a = high - (high - low) * 0.6180339887498949;
        double b = low + (high - low) * 0.6180339887498949;
        if (log_likelihood(t, first_of(effect, at, a), a) <
            log_likelihood(t, first_of(effect, at, b), b))
            low = a;
        else
            high = b;
    }
    double p2 = (low + high) / 2, p1 = first_of(effect, at, p2);
    double v1 = p1 * (1 - p1), v2 = p2 * (1 - p2);
    double d1 = t->events_1 / t->n_1, d2 = t->events_2 / t->n_2;
    double more = n / (n - 1);
    if (effect == TS_DIFFERENCE)
        return (d1 - d2 - at) / sqrt((v1 / t->n_1 + v2 / t->n_2) * more);
    if (effect == TS_RATIO)
        return (d1 - at * d2) /
               sqrt((v1 / t->n_1 + at * at * v2 / t->n_2) * more);
    return (t->events_1 - t->n_1 * p1) *
           sqrt((1 / (t->n_1 * v1) + 1 / (t->n_2 * v2)) / more);
}

static void score_limits(void **state)
{
    ts_random r;
    (void)state;
    ts_random_start(&r, 25, 0, 0);
    for (int round = 0; round < brute_rounds(); round++) {
        ts_two_by_two t = random_table(&r, 40);
        ts_two_options opt = {.effect = ts_random_below(&r, 3),
                              .conf_level = 0.95};
        ts_two_result x;
        opt.null = opt.effect == TS_DIFFERENCE ? 0 : 1;
        assert_int_equal(ts_two_proportions(&t, 1, &opt, &x, NULL), 0);
        const double limits[] = {x.conf_low, x.conf_high};
        for (int i = 0; i < 2; i++) {
            double at = limits[i];
            if (opt.effect == TS_DIFFERENCE ? fabs(at) > 0.999
                                            : at < 1e-3 || at > 1e3)
                continue;
            double z = brute_z(&t, opt.effect, at);
            /* golden section finds the fit to half the digits */
            if (fabs(fabs(z) - 1.959963984540054) > 2e-6)
                fail_msg("%g/%g %g/%g effect %d: z = %.10g at %g", t.events_1,
                         t.n_1, t.events_2, t.n_2, opt.effect, z, at);
        }
        bool inside = opt.null > x.conf_low && opt.null < x.conf_high;
        if (fabs(x.p_value - 0.05) > 1e-9)
            assert_int_equal(inside, x.p_value > 0.05);
    }
}

/* Of all intervals, strata too: P and interval agree; units swap. */
static void two_proportions(void **state)
{
    static const double levels[] = {0.99, 0.95, 0.8, 0.5};
    ts_random r;
    (void)state;
    ts_random_start(&r, 26, 0, 0);
    for (int round = 0; round < 4 * brute_rounds(); round++) {
        ts_two_by_two t[3], turned[3];
        size_t n = 1 + ts_random_below(&r, 3);
        ts_two_options opt = {.effect = ts_random_below(&r, 3),
                              .interval = ts_random_below(&r, 3),
                              .alternative = ts_random_below(&r, 3),
                              .conf_level = levels[ts_random_below(&r, 4)]};
        ts_two_result x, y;
        for (size_t h = 0; h < n; h++) {
            t[h] = random_table(&r, 15);
            turned[h] = (ts_two_by_two){t[h].events_2, t[h].n_2, t[h].events_1,
                                        t[h].n_1};
        }
        if (opt.interval == TS_NEWCOMBE && (n > 1 || opt.effect)) {
            assert_int_equal(ts_two_proportions(t, n, &opt, &x, NULL),
                             TS_EINVALID);
            continue;
        }
        opt.null = opt.effect == TS_DIFFERENCE
                       ? ts_random_uniform(&r) - 0.5
                       : exp(4 * ts_random_uniform(&r) - 2);
        assert_int_equal(ts_two_proportions(t, n, &opt, &x, NULL), 0);
        if (isnan(x.z)) {
            assert_int_equal(opt.interval, TS_WALD);
            assert_true(isnan(x.p_value) && isnan(x.conf_low + x.conf_high));
            continue;
        }
        bool inside = opt.null > x.conf_low && opt.null < x.conf_high;
        double alpha = 1 - opt.conf_level;
        if (fabs(x.p_value - alpha) > 1e-9 && inside != (x.p_value > alpha))
            fail_msg("effect %d interval %d side %d n %zu: P = %g at %g, %g in "
                     "%g to %g",
                     opt.effect, opt.interval, opt.alternative, n, x.p_value,
                     opt.conf_level, opt.null, x.conf_low, x.conf_high);
        /* A over B is one over B over A, but for ratios' own asymmetry */
        if (opt.effect == TS_RATIO || opt.alternative != TS_TWO_SIDED)
            continue;
        opt.null = opt.effect == TS_DIFFERENCE ? -opt.null : 1 / opt.null;
        ts_two_proportions(turned, n, &opt, &y, NULL);
        assert_near("turned P", y.p_value, x.p_value, 1e-7);
        if (opt.effect == TS_DIFFERENCE)
            assert_near("turned low", y.conf_low - 3, -x.conf_high - 3, 1e-10);
        else if (isfinite(x.conf_high) && x.conf_high > 0)
            assert_near("turned low", y.conf_low, 1 / x.conf_high, 1e-8);
    }
}

static void one_proportion(void **state)
{
    ts_random r;
    (void)state;
    ts_random_start(&r, 27, 0, 0);
    for (int round = 0; round < 4 * brute_rounds(); round++) {
        double n = 1 + ts_random_below(&r, 30);
        double x = ts_random_below(&r, (uint32_t)n + 1);
        ts_proportion_options opt = {.interval = ts_random_below(&r, 6),
                                     .alternative = ts_random_below(&r, 3),
                                     .conf_level = 0.9};
        ts_proportion p;
        opt.null = 0.02 + 0.96 * ts_random_uniform(&r);
        assert_int_equal(ts_proportion_of(x, n, &opt, &p, NULL), 0);
        bool inside = opt.null > p.conf_low && opt.null < p.conf_high;
        if (p.std_error == 0 && opt.interval == TS_WALD_ONE)
            continue; /* a point */
        if (fabs(p.p_value - 0.1) > 1e-9 && inside != (p.p_value > 0.1))
            fail_msg("%g of %g, interval %d, side %d: P = %g, %g in %g to %g",
                     x, n, opt.interval, opt.alternative, p.p_value, opt.null,
                     p.conf_low, p.conf_high);
        if (opt.interval == TS_CLOPPER_PEARSON &&
            opt.alternative == TS_TWO_SIDED) {
            double lower = 0, upper = 0;
            for (double i = 0; i <= n; i++) {
                double q =
                    choose(n, i) * pow(opt.null, i) * pow(1 - opt.null, n - i);
                lower += i <= x ? q : 0;
                upper += i >= x ? q : 0;
            }
            assert_near("P", p.p_value, fmin(1, 2 * fmin(lower, upper)), 1e-10);
        }
    }
}

/* Unconditional ------------------------------------------------------------ */

/* Share of the tables that are as extreme, at a common proportion. */
static double brute_share(const ts_two_by_two *t, ts_unconditional kind,
                          bool greater, double p)
{
    tails own = brute_fisher(t, 1, 1);
    double share = 0, n = t->n_1 + t->n_2;
    for (double a = 0; a <= t->n_1; a++)
        for (double b = 0; b <= t->n_2; b++) {
            ts_two_by_two u = {a, t->n_1, b, t->n_2};
            bool as_extreme;
            if (kind == TS_BOSCHLOO) {
                tails f = brute_fisher(&u, 1, 1);
                as_extreme = greater ? f.upper <= own.upper * (1 + 1e-9)
                                     : f.lower <= own.lower * (1 + 1e-9);
            } else {
                double z[2];
                for (int i = 0; i < 2; i++) {
                    const ts_two_by_two *v = i ? t : &u;
                    double q = (v->events_1 + v->events_2) / n;
                    double d = v->events_1 / v->n_1 - v->events_2 / v->n_2;
                    z[i] =
                        d == 0
                            ? 0
                            : d / sqrt(q * (1 - q) * (1 / v->n_1 + 1 / v->n_2));
                }
                as_extreme =
                    greater ? z[0] >= z[1] - 1e-9 : z[0] <= z[1] + 1e-9;
            }
            if (as_extreme)
                share += choose(t->n_1, a) * choose(t->n_2, b) * pow(p, a + b) *
                         pow(1 - p, n - a - b);
        }
    return share;
}

static void unconditional(void **state)
{
    ts_random r;
    int rounds = brute_rounds() > 200 ? 500 : 50;
    (void)state;
    ts_random_start(&r, 28, 0, 0);
    for (int round = 0; round < rounds; round++) {
        ts_two_by_two t = random_table(&r, 7);
        ts_unconditional kind = ts_random_below(&r, 2);
        bool greater = ts_random_below(&r, 2);
        ts_unconditional_test x;
        double most = 0;
        assert_int_equal(ts_exact_unconditional(&t, kind,
                                                greater ? TS_GREATER : TS_LESS,
                                                TS_CENTRAL, &x, NULL),
                         0);
        for (int i = 0; i <= 200; i++)
            most = fmax(most, brute_share(&t, kind, greater, i / 200.0));
        assert_near("at", brute_share(&t, kind, greater, x.nuisance), x.p_value,
                    1e-9);
        if (x.p_value < most * (1 - 1e-12))
            fail_msg("P = %.15g, but %.15g is larger", x.p_value, most);
    }
}

/* Degenerate --------------------------------------------------------------- */

static void degenerate(void **state)
{
    static const ts_two_by_two none = {0, 9, 0, 10}, all = {9, 9, 10, 10};
    static const ts_two_by_two empty = {0, 0, 3, 5}, bad = {4, 3, 1, 2};
    static const ts_two_by_two broken = {1.5, 3, 1, 2};
    static const double row[] = {1, 2, 3, 0, 0, 0}, half[] = {1, 2, 0.5, 1};
    ts_odds_options odds = {.conf_level = 0.95};
    ts_two_options two = {.conf_level = 0.95};
    ts_exact_odds e;
    ts_two_result x;
    ts_unconditional_test u;
    ts_proportion p;
    ts_proportion_options one = {.conf_level = 0.95, .null = NAN};
    ts_chisq_result chi;
    ts_table_test table;
    ts_error err;
    (void)state;
    assert_int_equal(ts_fisher(&none, 1, &odds, &e, &err), 0);
    assert_true(e.fixed && e.p_value == 1 && isnan(e.estimate));
    assert_true(e.conf_low == 0 && e.conf_high == INFINITY);
    assert_int_equal(ts_fisher(&all, 1, &odds, &e, &err), 0);
    assert_true(e.fixed && e.p_value == 1);
    assert_int_equal(ts_fisher(&empty, 1, &odds, &e, &err), 0);
    assert_true(e.fixed);
    assert_int_equal(ts_fisher(&bad, 1, &odds, &e, &err), TS_EINVALID);
    assert_string_equal(err.text, "the first group: 4 events of 3");
    assert_int_equal(ts_fisher(&broken, 1, &odds, &e, &err), TS_EINVALID);
    assert_string_equal(err.text, "the first group = 1.5 is not a count");
    assert_true(isnan(e.p_value));

    assert_int_equal(ts_two_proportions(&none, 1, &two, &x, &err), 0);
    assert_near("low", x.conf_low, -0.288503008318, 1e-10);
    assert_near("high", x.conf_high, 0.310602266113, 1e-10);
    assert_true(x.p_value == 1);
    ts_two_by_two apart = {9, 9, 0, 10};
    ts_two_proportions(&apart, 1, &two, &x, &err);
    assert_true(x.conf_high == 1 && x.conf_low > 0.6 && x.p_value < 1e-4);
    assert_int_equal(ts_two_proportions(&empty, 1, &two, &x, &err),
                     TS_EDEGENERATE);
    assert_int_equal(ts_exact_unconditional(&empty, 0, 0, TS_CENTRAL, &u, &err),
                     TS_EDEGENERATE);
    assert_int_equal(ts_exact_unconditional(&none, 0, 0, TS_CENTRAL, &u, &err),
                     0);
    assert_true(u.p_value == 1);
    assert_int_equal(ts_proportion_of(0, 0, &one, &p, &err), TS_EDEGENERATE);
    assert_int_equal(ts_proportion_of(0, 7, &one, &p, &err), 0);
    assert_true(p.conf_low == 0 && p.conf_high > 0.3 && isnan(p.p_value));

    assert_int_equal(
        ts_chisq(row, 2, 3, TS_PLAIN, &chi, NULL, NULL, NULL, &err),
        TS_EDEGENERATE);
    assert_int_equal(
        ts_chisq(half, 2, 2, TS_PLAIN, &chi, NULL, NULL, NULL, &err),
        TS_EINVALID);
    assert_int_equal(ts_fisher_rxc(row, 2, 3, 0, &table, &err), TS_EDEGENERATE);
    assert_int_equal(ts_mcnemar(0, 0, &odds, &e, &err), 0);
    assert_true(e.p_value == 1 && e.fixed);
}

static void limits(void **state)
{
    static const double table[] = {20, 8,  13, 6,  9,  7,  22, 6,  14,
                                   5,  13, 9,  14, 8,  12, 6,  13, 7,
                                   12, 8,  9,  14, 21, 17, 11};
    static const ts_two_by_two large = {900, 2000, 800, 2000};
    ts_table_test t;
    ts_unconditional_test u;
    ts_error err;
    (void)state;
    assert_int_equal(ts_fisher_rxc(table, 5, 5, TS_EXACT_NEVER, &t, &err), 0);
    assert_false(t.exact);
    ts_chisq_result chi;
    ts_chisq(table, 5, 5, TS_PLAIN, &chi, NULL, NULL, NULL, NULL);
    assert_near("chi-square", t.p_value, chi.p_value, 0);
    assert_int_equal(ts_exact_unconditional(&large, 0, 0, 0, &u, &err),
                     TS_ELIMIT);
    ts_interrupt_raise();
    assert_int_equal(ts_fisher_rxc(table, 5, 5, 0, &t, &err), TS_EINTERRUPT);
    ts_interrupt_clear();
}

static void memory(void **state)
{
    static const double table[] = {3, 1, 2, 0, 4, 1, 2, 2, 5};
    static const ts_two_by_two two[] = {{3, 5, 1, 6}, {2, 4, 2, 5}};
    ts_odds_options odds = {.conf_level = 0.95, .two_sided = TS_MINLIKE};
    static const double scores[] = {1, 2, 3};
    ts_exact_odds e;
    ts_table_test t;
    ts_unconditional_test u;
    ts_chisq_result chi;
    ts_cmh_result c;
    long live = ts_memory_live();
    (void)state;
    for (int which = 0; which < 5; which++)
        for (long n = 1;; n++) {
            ts_status status;
            ts_memory_fail_at(n, 0);
            if (which == 0)
                status = ts_fisher(two, 2, &odds, &e, NULL);
            else if (which == 1)
                status = ts_fisher_rxc(table, 3, 3, 0, &t, NULL);
            else if (which == 2)
                status = ts_exact_unconditional(two, 0, 0, 0, &u, NULL);
            else if (which == 3)
                status = ts_chisq(table, 3, 3, 0, &chi, NULL, NULL, NULL, NULL);
            else
                status =
                    ts_cmh(table, 1, 3, 3, scores, scores, 0, 0.95, &c, NULL);
            bool reached = ts_memory_count() >= n;
            ts_memory_fail_at(0, 0);
            assert_int_equal(ts_memory_live(), live);
            assert_int_equal(status, reached ? TS_ENOMEM : 0);
            if (!reached)
                break;
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fisher),         cmocka_unit_test(minlike_limits),
        cmocka_unit_test(pairs),          cmocka_unit_test(larger_tables),
        cmocka_unit_test(score_limits),   cmocka_unit_test(two_proportions),
        cmocka_unit_test(one_proportion), cmocka_unit_test(unconditional),
        cmocka_unit_test(degenerate),     cmocka_unit_test(limits),
        cmocka_unit_test(memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
