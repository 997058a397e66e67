/* Sums of subsets against all of them, one by one; and when memory fails or the
 * user stops. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include "faults.h"
#include "../../core/stats/subset_sums.h"
#include "ts/nondetect.h"
#include "ts/random.h"

#define N 15

static ts_error err;

static void near(double got, double wanted)
{
    if (!(fabs(got - wanted) <= 1e-12))
        fail_msg("%.17g, not %.17g", got, wanted);
}

/* All choices of m of n units, as bits. */
static void check(const double *score, size_t n, size_t m, uint32_t chosen)
{
    ts_tails tails;
    ts_smallest smallest;
    bool possible;
    double observed = 0, mean = 0, most = 0;
    double all = 0, upper = 0, lower = 0, away = 0, extreme = 0;
    for (size_t i = 0; i < n; i++) {
        observed += chosen >> i & 1 ? score[i] : 0;
        mean += score[i] * (double)m / (double)n;
    }
    for (int turn = 0; turn < 2; turn++)
        for (uint32_t b = 0; b < 1u << n; b++) {
            double sum = 0;
            if ((size_t)__builtin_popcount(b) != m)
                continue;
            for (size_t i = 0; i < n; i++)
                sum += b >> i & 1 ? score[i] : 0;
            if (turn == 0) {
                most = fmax(most, fabs(sum - mean));
                continue;
            }
            all++;
            upper += sum >= observed - 1e-9;
            lower += sum <= observed + 1e-9;
            away += fabs(sum - mean) >= fabs(observed - mean) - 1e-9;
            extreme += fabs(sum - mean) >= most - 1e-9;
        }
    assert_false(ts_subset_sums(score, n, m, observed, &tails, &smallest,
                                &possible, &err));
    assert_true(possible);
    near(tails.upper, upper / all);
    near(tails.lower, lower / all);
    near(tails.absdev, away / all);
    near(smallest.absdev, extreme / all);
}

static void sums_are_those_of_all_subsets(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed < 40; seed++) {
        ts_random r;
        double score[N];
        ts_random_start(&r, seed, 0, 0);
        size_t n = 2 + ts_random_below(&r, N - 1);
        size_t m = 1 + ts_random_below(&r, (unsigned)n - 1);
        uint32_t chosen = (1u << m) - 1;
        for (size_t i = 0; i < n; i++) /* with ties, or without */
            score[i] = seed % 2 ? 0.1 * ts_random_below(&r, 4)
                                : sqrt(ts_random_below(&r, 1000));
        check(score, n, m, chosen);
    }
}

static void too_many_sums(void **state)
{
    double score[60];
    ts_tails tails;
    ts_smallest smallest;
    bool possible = true;
    (void)state;
    for (size_t i = 0; i < 60; i++)
        score[i] = sqrt((double)i);
    assert_false(
        ts_subset_sums(score, 60, 30, 100, &tails, &smallest, &possible, &err));
    assert_false(possible);
}

static ts_status all_of_it(void)
{
    static const double value[] = {3, 5, 5, 7, 9, 2, 3, 8, 1, 4};
    static const bool below[] = {1, 0, 1, 0, 0, 0, 1, 0, 0, 0};
    static const int group[] = {0, 0, 0, 0, 0, 1, 1, 1, 1, 1};
    ts_nondetect data = {
        .value = value, .below = below, .n = 10, .group = group, .n_group = 2};
    ts_rank_options opt = {.two_sided = TS_ABSDEV};
    ts_peto_result r;
    ts_km *km = NULL;
    ts_status status =
        ts_peto_prentice(&data, TS_PETO_PRENTICE, &opt, &r, NULL, NULL, &err);
    if (!status)
        status = ts_nondetect_km(&data, 0.95, &km, &err);
    ts_km_free(km);
    return status;
}

static void every_failed_allocation_is_clean(void **state)
{
    (void)state;
    fail_each_allocation(all_of_it, 20);
}

static void ctrl_c_stops_it(void **state)
{
    (void)state;
    stop_at_once(all_of_it);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_are_those_of_all_subsets),
        cmocka_unit_test(too_many_sums),
        cmocka_unit_test(every_failed_allocation_is_clean),
        cmocka_unit_test(ctrl_c_stops_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
