/*
 * Rank tests of one and two samples: exact P and intervals against every
 * allocation listed, on random sets full of ties; the normal test against R
 * (tests/reference/rank.R); identities; degenerate samples.
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
#include "ts/interrupt.h"
#include "ts/memory.h"
#include "ts/rank.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static void assert_near(const char *name, double x, double wanted,
                        double relative)
{
    if (!(fabs(x - wanted) <= relative * fabs(wanted)) && x != wanted &&
        !(isnan(x) && isnan(wanted)))
        fail_msg("%s: %.17g, not %.17g", name, x, wanted);
}

static double p_of(const brute_tails *t, const ts_rank_options *opt)
{
    if (opt->alternative == TS_LESS)
        return t->lower;
    if (opt->alternative == TS_GREATER)
        return t->upper;
    return opt->two_sided == TS_ABSDEV ? t->absdev
                                       : fmin(1, 2 * fmin(t->lower, t->upper));
}

static ts_rank_options random_options(ts_random *r)
{
    static const double levels[] = {0.95, 0.9, 0.8, 0.5};
    return (ts_rank_options){.alternative = ts_random_below(r, 3),
                             .two_sided = ts_random_below(r, 2),
                             .conf_level = levels[ts_random_below(r, 4)]};
}

/* Whether mu lies in the interval, open ends counted. */
static bool holds(const ts_rank_test *t, double mu)
{
    return (t->low_open ? mu > t->conf_low : mu >= t->conf_low) &&
           (t->high_open ? mu < t->conf_high : mu <= t->conf_high);
}

/* The test at every shift, and between them, says what the interval says. */
static void assert_inverts(const ts_rank_test *t, const ts_rank_options *opt,
                           double mu, double p)
{
    double alpha = 1 - opt->conf_level;
    if (fabs(p - alpha) > 1e-9 && holds(t, mu) != (p > alpha))
        fail_msg("mu = %g: P = %g at %g, interval %s%g to %g%s (%d %d)", mu, p,
                 opt->conf_level, t->low_open ? "above " : "", t->conf_low,
                 t->conf_high, t->high_open ? " without it" : "",
                 opt->alternative, opt->two_sided);
}

static void two_samples(void **state)
{
    ts_random r;
    (void)state;
    ts_random_start(&r, 1, 0, 0);
    for (int round = 0; round < brute_rounds(); round++) {
        double x[5], y[5];
        size_t n_1 = 1 + ts_random_below(&r, 5),
               n_2 = 1 + ts_random_below(&r, 5);
        uint32_t most = 1 + ts_random_below(&r, 8);
        ts_rank_options opt = random_options(&r);
        ts_rank_test t;
        brute_sample(&r, x, n_1, most);
        brute_sample(&r, y, n_2, most);
        opt.mu = (double)ts_random_below(&r, 5) / 2 - 1;
        assert_int_equal(ts_wilcoxon(x, n_1, y, n_2, &opt, &t, NULL), 0);
        brute_tails b = brute_wilcoxon(x, n_1, y, n_2, opt.mu);
        assert_true(t.exact);
        assert_near("P", t.p_value, p_of(&b, &opt), 1e-12);
        if (opt.two_sided == TS_ABSDEV && opt.alternative == TS_TWO_SIDED)
            continue; /* may have gaps */
        assert_false(t.inconsistent);
        for (double mu = -(double)most - 1; mu <= most + 1; mu += 0.25) {
            b = brute_wilcoxon(x, n_1, y, n_2, mu);
            assert_inverts(&t, &opt, mu, p_of(&b, &opt));
        }
    }
}

/* absdev: what the interval holds is not rejected; mu that disagrees says so */
static void two_samples_absdev(void **state)
{
    ts_random r;
    (void)state;
    ts_random_start(&r, 2, 0, 0);
    for (int round = 0; round < brute_rounds(); round++) {
        double x[6], y[4];
        ts_rank_options opt = random_options(&r);
        ts_rank_test t;
        brute_sample(&r, x, 6, 6);
        brute_sample(&r, y, 4, 6);
        opt.alternative = TS_TWO_SIDED;
        opt.two_sided = TS_ABSDEV;
        opt.mu = (double)ts_random_below(&r, 25) / 2 - 6;
        ts_wilcoxon(x, 6, y, 4, &opt, &t, NULL);
        brute_tails b = brute_wilcoxon(x, 6, y, 4, opt.mu);
        assert_near("P", t.p_value, b.absdev, 1e-12);
        bool kept = t.p_value > (1 - opt.conf_level) * (1 + 1e-9);
        assert_int_equal(t.inconsistent, holds(&t, opt.mu) != kept);
        for (double mu = -7; mu <= 7; mu += 0.25) {
            b = brute_wilcoxon(x, 6, y, 4, mu);
            if (holds(&t, mu) && b.absdev < 1 - opt.conf_level - 1e-9)
                fail_msg("mu = %g is in the interval, P = %g", mu, b.absdev);
        }
    }
}

static void one_sample(void **state)
{
    ts_random r;
    (void)state;
    ts_random_start(&r, 3, 0, 0);
    for (int round = 0; round < brute_rounds(); round++) {
        double x[9];
        size_t n = 1 + ts_random_below(&r, 9);
        uint32_t most = 1 + ts_random_below(&r, 8);
        ts_rank_options opt = random_options(&r);
        ts_rank_test t;
        brute_sample(&r, x, n, most);
        opt.mu = (double)ts_random_below(&r, 9) / 2;
        opt.pratt = ts_random_below(&r, 2);
        assert_int_equal(ts_signed_rank(x, n, &opt, &t, NULL), 0);
        brute_tails b = brute_signed(x, n, opt.mu, opt.pratt);
        assert_true(t.exact);
        assert_near("P", t.p_value, p_of(&b, &opt), 1e-12);
        if (opt.pratt)
            assert_false(t.inconsistent);
        for (double mu = -1; mu <= most + 1; mu += 0.125) {
            bool value = false;
            for (size_t i = 0; i < n; i++)
                value = value || x[i] == mu;
            if (value && !opt.pratt)
                continue; /* a zero is left out: another number of ranks */
            b = brute_signed(x, n, mu, opt.pratt);
            assert_inverts(&t, &opt, mu, p_of(&b, &opt));
        }
    }
}

/* The sign test is the signed-rank test of equal sizes. */
static void signs(void **state)
{
    ts_random r;
    (void)state;
    ts_random_start(&r, 4, 0, 0);
    for (int round = 0; round < brute_rounds(); round++) {
        double x[9], sign[9];
        size_t n = 1 + ts_random_below(&r, 9);
        ts_rank_options opt = random_options(&r);
        ts_rank_test t;
        brute_sample(&r, x, n, 6);
        opt.mu = (double)ts_random_below(&r, 13) / 2;
        for (size_t i = 0; i < n; i++)
            sign[i] = (x[i] > opt.mu) - (x[i] < opt.mu);
        assert_int_equal(ts_sign_test(x, n, &opt, &t, NULL), 0);
        brute_tails b = brute_signed(sign, n, 0, false);
        assert_near("P", t.p_value, p_of(&b, &opt), 1e-12);
        for (double mu = -0.5; mu <= 7; mu += 1) { /* between the values */
            for (size_t i = 0; i < n; i++)
                sign[i] = x[i] > mu ? 1 : -1;
            b = brute_signed(sign, n, 0, false);
            assert_inverts(&t, &opt, mu, p_of(&b, &opt));
        }
    }
}

/* P of all allocations with their own P: P(P <= a) <= a, and the shares of
 * all values sum to one. Of 4 + 3 units with ties. */
static void uniformity(void **state)
{
    static const double all[] = {1, 2, 2, 3, 5, 5, 5};
    static const ts_rank_options opts[] = {
        {.conf_level = 0.95},
        {.conf_level = 0.95, .two_sided = TS_ABSDEV},
        {.conf_level = 0.95, .alternative = TS_LESS},
        {.conf_level = 0.95, .alternative = TS_GREATER}};
    (void)state;
    for (size_t o = 0; o < COUNT(opts); o++) {
        double p[35], smallest = 1;
        size_t n = 0;
        for (unsigned set = 0; set < 1u << 7; set++) {
            double x[4], y[3];
            size_t m = 0, k = 0;
            ts_rank_test t;
            if (__builtin_popcount(set) != 4)
                continue;
            for (size_t i = 0; i < 7; i++)
                if (set >> i & 1)
                    x[m++] = all[i];
                else
                    y[k++] = all[i];
            assert_int_equal(ts_wilcoxon(x, 4, y, 3, &opts[o], &t, NULL), 0);
            p[n++] = t.p_value;
            smallest = fmin(smallest, t.p_value);
            if (n == 35)
                assert_near("smallest", t.p_smallest, smallest, 1e-14);
        }
        assert_int_equal(n, 35);
        for (size_t i = 0; i < n; i++) {
            int as_small = 0;
            for (size_t j = 0; j < n; j++)
                as_small += p[j] <= p[i] * (1 + 1e-12);
            if (opts[o].alternative != TS_TWO_SIDED ||
                opts[o].two_sided == TS_ABSDEV)
                assert_near("share", as_small / 35.0, p[i], 1e-12);
            else
                assert_true(as_small / 35.0 <= p[i] * (1 + 1e-12));
        }
    }
}

static const double drug_1[] = {0.7, -1.6, -0.2, -1.2, -0.1,
                                3.4, 3.7,  0.8,  0,    2};
static const double drug_2[] = {1.9, 0.8, 1.1, 0.1, -0.1,
                                4.4, 5.5, 1.6, 4.6, 3.4};

/* Another unit, another order, swapped samples. */
static void identities(void **state)
{
    double x[10], y[10];
    ts_rank_options opt = {.conf_level = 0.95};
    ts_rank_test t, s;
    (void)state;
    for (int exact = 0; exact < 2; exact++) {
        opt.exact = exact ? TS_EXACT_AUTO : TS_EXACT_NEVER;
        ts_wilcoxon(drug_1, 10, drug_2, 10, &opt, &t, NULL);
        assert_int_equal(t.exact, exact);
        for (int k = -300; k <= 300; k += 50) {
            for (int i = 0; i < 10; i++) {
                x[i] = ldexp(drug_1[9 - i], k);
                y[i] = ldexp(drug_2[(i * 3) % 10], k);
            }
            ts_wilcoxon(x, 10, y, 10, &opt, &s, NULL);
            assert_near("P", s.p_value, t.p_value, 1e-14);
            assert_near("shift", s.estimate, ldexp(t.estimate, k), 1e-14);
            assert_near("low", s.conf_low, ldexp(t.conf_low, k), 1e-14);
            assert_near("high", s.conf_high, ldexp(t.conf_high, k), 1e-14);
            ts_signed_rank(x, 10, &opt, &s, NULL);
            ts_rank_test u;
            ts_signed_rank(drug_1, 10, &opt, &u, NULL);
            assert_near("P", s.p_value, u.p_value, 1e-14);
            assert_near("mu", s.estimate, ldexp(u.estimate, k), 1e-14);
            assert_near("low", s.conf_low, ldexp(u.conf_low, k), 1e-14);
        }
        ts_wilcoxon(drug_2, 10, drug_1, 10, &opt, &s, NULL);
        assert_true(s.estimate == -t.estimate && s.p_value == t.p_value);
        assert_true(s.conf_low == -t.conf_high && s.conf_high == -t.conf_low);
        assert_near("U", s.statistic + t.statistic, 100, 0);
        assert_near("superiority", s.superiority + t.superiority, 1, 1e-15);
        /* mu moves the sample */
        opt.mu = -1.5;
        ts_wilcoxon(drug_1, 10, drug_2, 10, &opt, &s, NULL);
        for (int i = 0; i < 10; i++)
            x[i] = drug_1[i] + 1.5;
        opt.mu = 0;
        ts_wilcoxon(x, 10, drug_2, 10, &opt, &t, NULL);
        assert_near("P", s.p_value, t.p_value, 1e-14);
        assert_near("shift", s.estimate + 1.5, t.estimate, 1e-13);
    }
}

/* Decimals tie as on paper: 0.3 - 0.1 is 0.2. */
static void decimals(void **state)
{
    static const double x[] = {0.3 - 0.1, 0.7, 1.1, 0.2}, y[] = {0.2, 0.4, 0.1};
    static const double w[] = {2, 7, 11, 2}, z[] = {2, 4, 1};
    static const double far[] = {1e16, 1, 2, 4}, near[] = {3, 5, 6};
    static const double rank[] = {7, 1, 2, 4}, rest[] = {3, 5, 6};
    ts_rank_options opt = {.conf_level = 0.8};
    ts_rank_test t, s;
    (void)state;
    ts_wilcoxon(x, 4, y, 3, &opt, &t, NULL);
    ts_wilcoxon(w, 4, z, 3, &opt, &s, NULL);
    assert_true(t.tied && t.p_value == s.p_value);
    assert_true(t.estimate == s.estimate / 10);
    assert_true(t.conf_low == s.conf_low / 10 &&
                t.conf_high == s.conf_high / 10);
    /* one value that is far away ties nothing */
    ts_wilcoxon(far, 4, near, 3, &opt, &t, NULL);
    ts_wilcoxon(rank, 4, rest, 3, &opt, &s, NULL);
    assert_true(!t.tied && t.p_value == s.p_value);
    ts_signed_rank(x, 4, &opt, &t, NULL);
    ts_signed_rank(w, 4, &opt, &s, NULL);
    assert_true(t.tied && t.p_value == s.p_value);
    assert_true(t.estimate == s.estimate / 10);
}

/* Listing pairs and halving doubles find the same median and, where the tails
 * are the same function, limits. */
static void selection(void **state)
{
    ts_random r;
    (void)state;
    ts_random_start(&r, 5, 0, 0);
    for (int round = 0; round < brute_rounds(); round++) {
        double x[9], y[7];
        ts_rank_options opt = {.conf_level = 0.9};
        ts_rank_test t, s;
        bool whole = ts_random_below(&r, 2);
        for (int i = 0; i < 9; i++)
            x[i] = whole ? ts_random_below(&r, 9) : ts_random_normal(&r);
        for (int i = 0; i < 7; i++)
            y[i] = whole ? ts_random_below(&r, 9) : ts_random_normal(&r);
        ts_wilcoxon(x, 9, y, 7, &opt, &t, NULL);
        opt.exact = TS_EXACT_NEVER;
        ts_wilcoxon(x, 9, y, 7, &opt, &s, NULL);
        assert_near("shift", s.estimate, t.estimate, 1e-15);
        assert_false(s.inconsistent);
        opt.mu = s.conf_low;
        ts_rank_test at;
        ts_wilcoxon(x, 9, y, 7, &opt, &at, NULL);
        assert_int_equal(at.p_value > 0.1, !s.low_open);
        opt.mu = s.conf_high + 1e-6;
        ts_wilcoxon(x, 9, y, 7, &opt, &at, NULL);
        assert_true(at.p_value <= 0.1);
        opt.mu = s.conf_high - 1e-6;
        ts_wilcoxon(x, 9, y, 7, &opt, &at, NULL);
        assert_true(at.p_value > 0.1);
        opt = (ts_rank_options){.conf_level = 0.9, .pratt = true};
        ts_signed_rank(x, 9, &opt, &t, NULL);
        opt.exact = TS_EXACT_NEVER;
        ts_signed_rank(x, 9, &opt, &s, NULL);
        assert_near("mu", s.estimate, t.estimate, 1e-15);
        opt.mu = s.conf_low;
        ts_signed_rank(x, 9, &opt, &at, NULL);
        assert_int_equal(at.p_value > 0.1, !s.low_open);
        opt.mu = s.conf_low - 1e-6;
        ts_signed_rank(x, 9, &opt, &at, NULL);
        assert_true(at.p_value <= 0.1);
    }
}

static void degenerate(void **state)
{
    static const double one[] = {1}, same[] = {7, 7, 7, 7}, spoilt[] = {1, NAN};
    ts_rank_options opt = {.conf_level = 0.95}, bad = {.conf_level = 1};
    ts_rank_test t;
    ts_error err = {0};
    (void)state;
    assert_int_equal(ts_wilcoxon(one, 0, same, 4, &opt, &t, &err),
                     TS_EDEGENERATE);
    assert_string_equal(err.text, "the first sample has no values");
    assert_int_equal(ts_wilcoxon(spoilt, 2, same, 4, &opt, &t, &err),
                     TS_EINVALID);
    assert_int_equal(ts_wilcoxon(one, 1, same, 4, &bad, &t, &err), TS_EINVALID);
    assert_true(isnan(t.p_value));
    assert_int_equal(ts_signed_rank(one, 0, &opt, &t, &err), TS_EDEGENERATE);
    assert_int_equal(ts_sign_test(spoilt, 2, &opt, &t, &err), TS_EINVALID);

    assert_int_equal(ts_wilcoxon(one, 1, same, 4, &opt, &t, &err), 0);
    assert_true(t.p_value == 0.4 && t.p_smallest == 0.4);
    assert_true(t.conf_low == -INFINITY && t.conf_high == INFINITY);
    assert_true(t.estimate == -6);
    for (int exact = 0; exact < 2; exact++) {
        opt.exact = exact ? TS_EXACT_AUTO : TS_EXACT_NEVER;
        assert_int_equal(ts_wilcoxon(same, 4, same, 4, &opt, &t, &err), 0);
        assert_true(t.p_value == 1 && t.estimate == 0);
        opt.mu = 7;
        assert_int_equal(ts_signed_rank(same, 4, &opt, &t, &err), 0);
        assert_true(t.p_value == 1 && t.n_zero == 4 && t.estimate == 7);
        opt.mu = 0;
    }
    assert_int_equal(ts_sign_test(one, 1, &opt, &t, &err), 0);
    assert_true(t.p_value == 1 && t.conf_low == -INFINITY);
}

/* Far tails keep their digits: 60 against 60, nothing overlaps. */
static void tails(void **state)
{
    double x[60], y[60], expected = log(2);
    ts_rank_options opt = {.conf_level = 0.95};
    ts_rank_test t;
    (void)state;
    for (int i = 0; i < 60; i++) {
        x[i] = 100 + i;
        y[i] = i;
        expected -= log((61.0 + i) / (i + 1)); /* 2 / (120 over 60) */
    }
    ts_wilcoxon(x, 60, y, 60, &opt, &t, NULL);
    assert_true(t.exact && t.statistic == 3600);
    assert_near("P", t.p_value, exp(expected), 1e-11);
    assert_near("P", t.p_value, t.p_smallest, 0);
    ts_signed_rank(x, 60, &opt, &t, NULL);
    assert_near("P", t.p_value, ldexp(1, -59), 1e-14);
}

static void limits(void **state)
{
    static double x[700], y[700];
    ts_rank_options opt = {.conf_level = 0.95, .exact = TS_EXACT_ALWAYS};
    ts_rank_test t;
    ts_error err;
    (void)state;
    for (int i = 0; i < 700; i++) {
        x[i] = sin(i);
        y[i] = cos(i);
    }
    assert_int_equal(ts_wilcoxon(x, 700, y, 700, &opt, &t, &err), TS_ELIMIT);
    assert_string_equal(err.text, "the exact distribution of 700 + 700 values "
                                  "needs more than 2e+09 steps");
    opt.exact = TS_EXACT_AUTO;
    assert_int_equal(ts_wilcoxon(x, 700, y, 700, &opt, &t, &err), 0);
    assert_false(t.exact);
    assert_true(isnan(t.p_smallest) && !isnan(t.z));
    /* a stop from outside ends the work */
    ts_interrupt_raise();
    assert_int_equal(ts_wilcoxon(x, 20, y, 20, &opt, &t, &err), TS_EINTERRUPT);
    assert_int_equal(ts_signed_rank(x, 20, &opt, &t, &err), TS_EINTERRUPT);
    ts_interrupt_clear();
    assert_true(isnan(t.p_value));
}

static void memory(void **state)
{
    ts_rank_options opt = {.conf_level = 0.95};
    ts_rank_test t;
    long live = ts_memory_live();
    (void)state;
    for (int which = 0; which < 3; which++)
        for (long n = 1;; n++) {
            ts_memory_fail_at(n, 0);
            ts_status status =
                which == 0   ? ts_wilcoxon(drug_1, 5, drug_2, 4, &opt, &t, NULL)
                : which == 1 ? ts_signed_rank(drug_1, 6, &opt, &t, NULL)
                             : ts_sign_test(drug_1, 6, &opt, &t, NULL);
            bool reached = ts_memory_count() >= n;
            ts_memory_fail_at(0, 0);
            assert_int_equal(ts_memory_live(), live);
            if (!reached) {
                assert_int_equal(status, 0);
                break;
            }
            /* the count of steps does without, the rest does not */
            if (status)
                assert_int_equal(status, TS_ENOMEM);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_samples), cmocka_unit_test(two_samples_absdev),
        cmocka_unit_test(one_sample),  cmocka_unit_test(signs),
        cmocka_unit_test(uniformity),  cmocka_unit_test(identities),
        cmocka_unit_test(decimals),    cmocka_unit_test(selection),
        cmocka_unit_test(tails),       cmocka_unit_test(degenerate),
        cmocka_unit_test(limits),      cmocka_unit_test(memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
