/*
 * Rank tests of several groups and of strata: exact P against every deal of
 * the units listed, on random sets full of ties; degenerate groups.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>
#include "brute.h"
#include "ts/interrupt.h"
#include "ts/memory.h"
#include "ts/rank.h"

static void assert_near(const char *name, double x, double wanted,
                        double relative)
{
    if (!(fabs(x - wanted) <= relative * fabs(wanted)) && x != wanted)
        fail_msg("%s: %.17g, not %.17g", name, x, wanted);
}

/* A set whose units are dealt in all ways, and what is counted of each. */
typedef struct {
    size_t n, k, size[4];
    double x[12], rank[12];
    int group[12], stratum[12];
    double (*statistic)(const void *set, const int *group);
    double observed, mean, largest;
    brute_tails tails;
    double at_largest;
} deals;

static double squares(const void *set, const int *group)
{
    const deals *d = set;
    double sum[4] = {0}, all = 0;
    for (size_t i = 0; i < d->n; i++)
        sum[group[i]] += d->rank[i];
    for (size_t g = 0; g < d->k; g++)
        all += d->size[g] ? sum[g] * sum[g] / (double)d->size[g] : 0;
    return all;
}

static double rising(const void *set, const int *group)
{
    const deals *d = set;
    double sum = 0;
    for (size_t i = 0; i < d->n; i++)
        for (size_t j = 0; j < d->n; j++)
            if (group[i] < group[j])
                sum += d->x[i] < d->x[j] ? 1 : d->x[i] == d->x[j] ? 0.5 : 0;
    return sum;
}

static void take(void *context, const int *group)
{
    deals *d = context;
    double value = d->statistic(d, group);
    brute_add(&d->tails, value, d->observed, d->mean);
    if (value > d->largest + 1e-9) {
        d->largest = value;
        d->at_largest = 0;
    }
    d->at_largest += value >= d->largest - 1e-9;
}

static void mean_over(void *context, const int *group)
{
    deals *d = context;
    d->mean += d->statistic(d, group);
    d->tails.all++;
}

static void deal_all(deals *d)
{
    int group[12];
    size_t left[4];
    memcpy(left, d->size, sizeof left);
    d->observed = d->statistic(d, d->group);
    brute_deal(d->n, d->k, left, group, 0, mean_over, d);
    d->mean /= d->tails.all;
    d->tails = (brute_tails){0};
    d->largest = -INFINITY;
    brute_deal(d->n, d->k, left, group, 0, take, d);
    brute_end(&d->tails);
}

static deals random_deals(ts_random *r)
{
    deals d = {.k = 2 + ts_random_below(r, 3)};
    uint32_t most = 1 + ts_random_below(r, 9);
    for (size_t g = 0; g < d.k; g++) {
        d.size[g] = 1 + ts_random_below(r, 3);
        for (size_t i = 0; i < d.size[g]; i++)
            d.group[d.n++] = (int)g;
    }
    brute_sample(r, d.x, d.n, most);
    brute_ranks(d.x, d.n, d.rank);
    return d;
}

/* Listing 10,000 sets takes minutes: the deals are many. */
static int rounds(void)
{
    int n = brute_rounds();
    return n > 2000 ? 2000 : n / 4;
}

static void kruskal(void **state)
{
    ts_random r;
    (void)state;
    ts_random_start(&r, 11, 0, 0);
    for (int round = 0; round < rounds(); round++) {
        deals d = random_deals(&r);
        ts_groups data = {d.x, d.group, d.n, d.k};
        ts_group_test t;
        double rank_sum[4];
        d.statistic = squares;
        deal_all(&d);
        assert_int_equal(ts_kruskal(&data, TS_EXACT_AUTO, rank_sum, &t, NULL),
                         0);
        assert_true(t.exact);
        assert_near("P", t.p_value, d.tails.upper, 1e-12);
        assert_near("smallest", t.p_smallest, d.at_largest / d.tails.all,
                    1e-12);
    }
}

static void jonckheere(void **state)
{
    ts_random r;
    (void)state;
    ts_random_start(&r, 12, 0, 0);
    for (int round = 0; round < rounds(); round++) {
        deals d = random_deals(&r);
        ts_groups data = {d.x, d.group, d.n, d.k};
        ts_rank_options opt = {.two_sided = TS_ABSDEV, .conf_level = 0.95};
        ts_group_test t;
        d.statistic = rising;
        deal_all(&d);
        assert_int_equal(ts_jonckheere(&data, &opt, &t, NULL), 0);
        assert_near("J", t.statistic, d.observed, 0);
        assert_near("P", t.p_value, d.tails.absdev, 1e-12);
        opt.alternative = TS_LESS;
        ts_jonckheere(&data, &opt, &t, NULL);
        assert_near("less", t.p_value, d.tails.lower, 1e-12);
        opt.alternative = TS_GREATER;
        ts_jonckheere(&data, &opt, &t, NULL);
        assert_near("greater", t.p_value, d.tails.upper, 1e-12);
        assert_true(t.p_smallest > 0 && t.p_smallest <= t.p_value);
    }
}

/* Of two groups Kruskal-Wallis, Jonckheere and Wilcoxon's absdev agree, exact
 * and normal; van Elteren's test of one stratum too. */
static void two_groups(void **state)
{
    ts_random r;
    (void)state;
    ts_random_start(&r, 13, 0, 0);
    for (int round = 0; round < rounds(); round++) {
        double x[14];
        int group[14], stratum[14] = {0};
        ts_groups data = {x, group, 14, 2};
        ts_rank_options opt = {
            .two_sided = TS_ABSDEV, .conf_level = 0.95, .no_continuity = true};
        ts_rank_test w;
        ts_group_test t;
        brute_sample(&r, x, 14, 9);
        for (int i = 0; i < 14; i++)
            group[i] = i >= 8;
        for (int exact = 0; exact < 2; exact++) {
            opt.exact = exact ? TS_EXACT_ALWAYS : TS_EXACT_NEVER;
            ts_wilcoxon(x + 8, 6, x, 8, &opt, &w, NULL);
            ts_jonckheere(&data, &opt, &t, NULL);
            assert_near("J", t.statistic, w.statistic, 0);
            assert_near("JT", t.p_value, w.p_value, 1e-12);
            ts_kruskal(&data, opt.exact, NULL, &t, NULL);
            assert_near("KW", t.p_value, w.p_value, 1e-10);
            ts_van_elteren(&data, stratum, 1, &opt, &t, NULL);
            assert_near("vE", t.p_value, w.p_value, 1e-12);
        }
    }
}

/* Weighted rank sums when each stratum deals its own units. */
static double weighted(const deals *d, unsigned set)
{
    double sum = 0;
    for (size_t i = 0; i < d->n; i++)
        if (set >> i & 1) {
            double below = 0.5, n = 0;
            for (size_t j = 0; j < d->n; j++)
                if (d->stratum[j] == d->stratum[i]) {
                    n++;
                    below += d->x[j] < d->x[i]    ? 1
                             : d->x[j] == d->x[i] ? 0.5
                                                  : 0;
                }
            sum += below / (n + 1);
        }
    return sum;
}

/* Whether a set has as many units of each of three strata as another. */
static bool as_many(const deals *d, unsigned set, unsigned other)
{
    int count[3] = {0};
    for (size_t i = 0; i < d->n; i++)
        count[d->stratum[i]] += (int)(set >> i & 1) - (int)(other >> i & 1);
    return !count[0] && !count[1] && !count[2];
}

static void van_elteren(void **state)
{
    ts_random r;
    (void)state;
    ts_random_start(&r, 14, 0, 0);
    for (int round = 0; round < rounds(); round++) {
        deals d = {.n = 11};
        unsigned own = 0;
        brute_sample(&r, d.x, d.n, 5);
        for (size_t i = 0; i < d.n; i++) {
            d.stratum[i] = i < 3 ? 0 : i < 6 ? 1 : 2;
            d.group[i] = i % 3 == 0 || (i % 3 == 1 && ts_random_below(&r, 2));
            own |= (unsigned)d.group[i] << i;
        }
        ts_groups data = {d.x, d.group, d.n, 2};
        ts_rank_options opt = {.two_sided = TS_ABSDEV, .conf_level = 0.95};
        ts_group_test t;
        double n = 0;
        for (unsigned set = 0; set < 1u << d.n; set++)
            if (as_many(&d, set, own)) {
                d.mean += weighted(&d, set);
                n++;
            }
        d.mean /= n;
        for (unsigned set = 0; set < 1u << d.n; set++)
            if (as_many(&d, set, own))
                brute_add(&d.tails, weighted(&d, set), weighted(&d, own),
                          d.mean);
        brute_end(&d.tails);
        assert_int_equal(ts_van_elteren(&data, d.stratum, 3, &opt, &t, NULL),
                         0);
        /* the sums are below 10, and may be 0 but for rounding */
        assert_near("away", t.statistic + 10, weighted(&d, own) - d.mean + 10,
                    1e-13);
        assert_near("P", t.p_value, d.tails.absdev, 1e-12);
        opt.alternative = TS_GREATER;
        ts_van_elteren(&data, d.stratum, 3, &opt, &t, NULL);
        assert_near("greater", t.p_value, d.tails.upper, 1e-12);
    }
}

static void degenerate(void **state)
{
    static const double same[] = {3, 3, 3, 3, 3}, x[] = {1, 2, 3, 4, 5};
    static const int group[] = {0, 0, 2, 2, 4}, one[] = {1, 1, 1, 1, 1};
    static const int lonely[] = {0, 1, 2, 3, 4};
    ts_groups data = {same, group, 5, 5};
    ts_rank_options opt = {.two_sided = TS_ABSDEV, .conf_level = 0.95};
    ts_group_test t;
    ts_error err;
    double rank_sum[5];
    (void)state;
    for (int exact = 0; exact < 2; exact++) {
        opt.exact = exact ? TS_EXACT_ALWAYS : TS_EXACT_NEVER;
        assert_int_equal(ts_kruskal(&data, opt.exact, rank_sum, &t, &err), 0);
        assert_true(t.p_value == 1 && t.statistic == 0 && t.df == 2);
        assert_true(rank_sum[1] == 0 && rank_sum[2] == 6);
        assert_int_equal(ts_jonckheere(&data, &opt, &t, &err), 0);
        assert_true(t.p_value == 1);
    }
    data = (ts_groups){x, one, 5, 2};
    assert_int_equal(ts_kruskal(&data, 0, NULL, &t, &err), TS_EDEGENERATE);
    assert_string_equal(err.text, "2 groups with values are needed");
    data = (ts_groups){x, group, 0, 2};
    assert_int_equal(ts_jonckheere(&data, &opt, &t, &err), TS_EDEGENERATE);
    static const int half[] = {0, 1, 0, 1, 0};
    data = (ts_groups){x, half, 5, 2};
    assert_int_equal(ts_van_elteren(&data, lonely, 5, &opt, &t, &err),
                     TS_EDEGENERATE);
    assert_string_equal(err.text, "no stratum has both groups");
}

static void limits(void **state)
{
    static double x[900];
    static int group[900];
    ts_groups data = {x, group, 900, 3};
    ts_rank_options opt = {.two_sided = TS_ABSDEV, .conf_level = 0.95};
    ts_group_test t;
    ts_error err;
    (void)state;
    for (int i = 0; i < 900; i++) {
        x[i] = sin(i);
        group[i] = i % 3;
    }
    assert_int_equal(ts_kruskal(&data, TS_EXACT_AUTO, NULL, &t, &err), 0);
    assert_false(t.exact);
    assert_int_equal(ts_kruskal(&data, TS_EXACT_ALWAYS, NULL, &t, &err),
                     TS_ELIMIT);
    assert_int_equal(ts_jonckheere(&data, &opt, &t, &err), 0);
    assert_false(t.exact);
    data.n = 15;
    ts_interrupt_raise();
    assert_int_equal(ts_kruskal(&data, TS_EXACT_AUTO, NULL, &t, &err),
                     TS_EINTERRUPT);
    assert_int_equal(ts_jonckheere(&data, &opt, &t, &err), TS_EINTERRUPT);
    ts_interrupt_clear();
}

static void memory(void **state)
{
    static const double x[] = {1, 2, 2, 4, 5, 3, 7, 8};
    static const int group[] = {0, 0, 1, 1, 2, 2, 0, 1};
    static const int two[] = {0, 0, 1, 1, 0, 0, 1, 1};
    static const int stratum[] = {0, 1, 0, 1, 0, 1, 0, 1};
    ts_groups three = {x, group, 8, 3}, pair = {x, two, 8, 2};
    ts_rank_options opt = {.two_sided = TS_ABSDEV, .conf_level = 0.95};
    ts_group_test t;
    long live = ts_memory_live();
    (void)state;
    for (int which = 0; which < 3; which++)
        for (long n = 1;; n++) {
            ts_memory_fail_at(n, 0);
            if (which == 0)
                ts_kruskal(&three, TS_EXACT_AUTO, NULL, &t, NULL);
            else if (which == 1)
                ts_jonckheere(&three, &opt, &t, NULL);
            else
                ts_van_elteren(&pair, stratum, 2, &opt, &t, NULL);
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
        cmocka_unit_test(kruskal),    cmocka_unit_test(jonckheere),
        cmocka_unit_test(two_groups), cmocka_unit_test(van_elteren),
        cmocka_unit_test(degenerate), cmocka_unit_test(limits),
        cmocka_unit_test(memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
