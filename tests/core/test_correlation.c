/*
 * Correlations: exact P against every permutation listed, on random sets full
 * of ties; units, order and swapped variables; data at their limits.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include "brute.h"
#include "ts/correlation.h"
#include "ts/interrupt.h"
#include "ts/memory.h"

#define COUNT(x) (sizeof(x) / sizeof *(x))

static void assert_near(const char *name, double x, double wanted,
                        double relative)
{
    if (!(fabs(x - wanted) <= relative * fabs(wanted)) && x != wanted)
        fail_msg("%s: %.17g, not %.17g", name, x, wanted);
}

static double products(const double *a, const double *b, const int *order,
                       size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[order[i]];
    return sum;
}

static double rising(const double *a, const double *b, const int *order,
                     size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            sum += ((a[i] > a[j]) - (a[i] < a[j])) *
                   ((b[order[i]] > b[order[j]]) - (b[order[i]] < b[order[j]]));
    return sum;
}

typedef double (*statistic_of)(const double *a, const double *b,
                               const int *order, size_t n);

/* All orders, by Heap's exchanges; the mean first, then the tails. */
typedef struct {
    statistic_of statistic;
    const double *a, *b;
    size_t n;
    double observed, sum, count;
    brute_tails tails;
    bool counting;
} permuting;

static void visit(permuting *p, int *order, size_t k)
{
    if (k <= 1) {
        double value = p->statistic(p->a, p->b, order, p->n);
        if (p->counting)
            brute_add(&p->tails, value, p->observed, p->sum / p->count);
        else {
            p->sum += value;
            p->count++;
        }
        return;
    }
    for (size_t i = 0; i < k; i++) {
        visit(p, order, k - 1);
        size_t j = k % 2 ? 0 : i;
        int swap = order[j];
        order[j] = order[k - 1];
        order[k - 1] = swap;
    }
}

static brute_tails brute_permute(statistic_of f, const double *a,
                                 const double *b, size_t n)
{
    int order[8], plain[8];
    for (size_t i = 0; i < n; i++)
        order[i] = plain[i] = (int)i;
    permuting p = {
        .statistic = f, .a = a, .b = b, .n = n, .observed = f(a, b, plain, n)};
    visit(&p, order, n);
    p.counting = true;
    for (size_t i = 0; i < n; i++)
        order[i] = (int)i;
    visit(&p, order, n);
    brute_end(&p.tails);
    return p.tails;
}

static void exact(void **state)
{
    static const ts_correlation_kind kinds[] = {TS_SPEARMAN, TS_KENDALL};
    ts_random r;
    (void)state;
    ts_random_start(&r, 61, 0, 0);
    for (int round = 0; round < brute_rounds(); round++) {
        double x[7], y[7], a[7], b[7];
        size_t n = 2 + ts_random_below(&r, round % 20 ? 4 : 6);
        brute_sample(&r, x, n, 1 + ts_random_below(&r, 9));
        brute_sample(&r, y, n, 1 + ts_random_below(&r, 9));
        brute_ranks(x, n, a);
        brute_ranks(y, n, b);
        for (size_t k = 0; k < COUNT(kinds); k++) {
            ts_correlation_options opt = {
                .kind = kinds[k], .two_sided = TS_ABSDEV, .conf_level = 0.95};
            ts_correlation c;
            assert_int_equal(ts_correlate(x, y, n, &opt, &c, NULL), 0);
            if (c.constant) {
                assert_true(isnan(c.estimate) && isnan(c.p_value));
                continue;
            }
            assert_true(c.exact);
            brute_tails t = brute_permute(k ? rising : products, a, b, n);
            assert_near("absdev", c.p_value, t.absdev, 1e-12);
            opt.two_sided = TS_CENTRAL;
            ts_correlate(x, y, n, &opt, &c, NULL);
            assert_near("central", c.p_value,
                        fmin(1, 2 * fmin(t.lower, t.upper)), 1e-12);
            opt.alternative = TS_LESS;
            ts_correlate(x, y, n, &opt, &c, NULL);
            assert_near("less", c.p_value, t.lower, 1e-12);
            assert_true(c.p_smallest <= c.p_value * (1 + 1e-12));
            opt.alternative = TS_GREATER;
            ts_correlate(y, x, n, &opt, &c, NULL); /* the other way round */
            assert_near("greater", c.p_value, t.upper, 1e-12);
        }
    }
}

static void identities(void **state)
{
    ts_random r;
    (void)state;
    ts_random_start(&r, 62, 0, 0);
    for (int round = 0; round < brute_rounds(); round++) {
        double x[30], y[30], u[30], v[30];
        size_t n = 4 + ts_random_below(&r, 26);
        brute_sample(&r, x, n, 20);
        brute_sample(&r, y, n, 20);
        ts_correlation_options opt = {.kind = ts_random_below(&r, 3),
                                      .two_sided = TS_ABSDEV,
                                      .exact = TS_EXACT_NEVER,
                                      .conf_level = 0.9};
        ts_correlation c, d;
        for (size_t i = 0; i < n; i++) {
            u[i] = 5 - ldexp(x[n - 1 - i], 300); /* larger is less */
            v[i] = ldexp(y[n - 1 - i], -300);
        }
        ts_correlate(x, y, n, &opt, &c, NULL);
        ts_correlate(u, v, n, &opt, &d, NULL);
        if (c.constant) {
            assert_true(d.constant);
            continue;
        }
        assert_near("estimate", d.estimate - 3, -c.estimate - 3, 1e-13);
        assert_near("P", d.p_value, c.p_value, 1e-9);
        if (!isnan(c.conf_high))
            assert_near("low", d.conf_low - 3, -c.conf_high - 3, 1e-12);
        if (opt.kind == TS_SPEARMAN && !c.tied) { /* only order matters */
            for (size_t i = 0; i < n; i++)
                u[i] = exp(x[i]);
            ts_correlate(u, y, n, &opt, &d, NULL);
            assert_near("ranks", d.estimate, c.estimate, 0);
        }
        assert_true(fabs(c.estimate) <= 1);
    }
}

static void degenerate(void **state)
{
    static const double x[] = {1, 2, 3, 4, 5}, same[] = {7, 7, 7, 7, 7};
    static const double line[] = {0.1, 0.2, 0.3, 0.4, 0.5};
    static const double bad[] = {1, 2, INFINITY, 4, 5};
    static const double far[] = {1e15 + 1, 1e15 + 2, 1e15 + 4, 1e15, 1e15 + 3};
    ts_correlation_options opt = {.conf_level = 0.95};
    ts_correlation c;
    ts_error err;
    (void)state;
    for (opt.kind = TS_PEARSON; opt.kind <= TS_KENDALL; opt.kind++) {
        assert_int_equal(ts_correlate(x, same, 5, &opt, &c, &err), 0);
        assert_true(c.constant && isnan(c.p_value) && isnan(c.conf_low));
        assert_int_not_equal(ts_correlate(x, bad, 5, &opt, &c, &err), 0);
        assert_int_equal(ts_correlate(x, x, 1, &opt, &c, &err), TS_EDEGENERATE);
        assert_int_equal(ts_correlate(x, far, 5, &opt, &c, &err), 0);
        assert_near("far", c.estimate, 0.2, 1e-14);
    }
    opt.kind = TS_PEARSON;
    ts_correlate(x, line, 5, &opt, &c, &err);
    assert_true(c.line && c.estimate == 1 && isnan(c.p_value));
    opt.conf_level = 1;
    assert_int_equal(ts_correlate(x, line, 5, &opt, &c, &err), TS_EINVALID);
}

/* Many values: t and normal; in order of both, the chance of one order. */
static void limits(void **state)
{
    enum { N = 400 };
    static double x[N], y[N];
    ts_correlation_options opt = {.kind = TS_SPEARMAN, .conf_level = 0.95};
    ts_correlation c;
    ts_error err;
    (void)state;
    for (int i = 0; i < N; i++)
        x[i] = y[i] = i;
    ts_correlate(x, y, 40, &opt, &c, NULL);
    assert_near("in order", c.p_value, 2 * exp(-lgamma(41.0)), 1e-12);
    y[1] = -3;
    assert_int_equal(ts_correlate(x, y, N, &opt, &c, &err), 0);
    assert_false(c.exact);
    opt.exact = TS_EXACT_ALWAYS;
    assert_int_equal(ts_correlate(x, y, N, &opt, &c, &err), TS_ELIMIT);
    opt.kind = TS_KENDALL;
    assert_int_equal(ts_correlate(x, y, N, &opt, &c, &err), TS_ELIMIT);
    assert_int_equal(ts_correlate(x, y, 150, &opt, &c, &err), 0);
    assert_true(c.exact && c.p_value < 1e-200 && c.p_value > 0);
    ts_interrupt_raise();
    assert_int_equal(ts_correlate(x, y, 150, &opt, &c, &err), TS_EINTERRUPT);
    ts_interrupt_clear();
}

static void memory(void **state)
{
    static const double x[] = {1, 2, 2, 4, 5, 3}, y[] = {2, 1, 3, 3, 5, 6};
    static const double z[] = {2, 1, 3, 4, 5, 6};
    long live = ts_memory_live();
    (void)state;
    for (int which = 0; which < 4; which++)
        for (long n = 1;; n++) {
            ts_correlation_options opt = {.kind = which % 3,
                                          .conf_level = 0.95};
            ts_correlation c;
            ts_memory_fail_at(n, 0);
            ts_correlate(x, which == 3 ? z : y, 6, &opt, &c, NULL);
            if (which == 3) {
                opt.kind = TS_KENDALL;
                ts_correlate(z, y, 6, &opt, &c, NULL);
            }
            bool reached = ts_memory_count() >= n;
            ts_memory_fail_at(0, 0);
            assert_int_equal(ts_memory_live(), live);
            if (!reached)
                break;
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact),      cmocka_unit_test(identities),
        cmocka_unit_test(degenerate), cmocka_unit_test(limits),
        cmocka_unit_test(memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
