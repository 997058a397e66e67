/*
 * Competing events, rates and win ratios where R has no say: identities with
 * the methods that they generalise, failing allocations, Ctrl-C. The values of
 * R are in tests/lua.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include "faults.h"
#include "ts/competing.h"
#include "ts/random.h"
#include "ts/rate.h"
#include "ts/win_ratio.h"

#define N 60

static double at[N], event[N], competing[N], none[N];
static int group[N], stratum[N];
static ts_error err;

/* Times with ties; of each three subjects one is censored. */
static ts_survival make(uint64_t seed)
{
    ts_random r;
    ts_random_start(&r, seed, 0, 0);
    for (size_t i = 0; i < N; i++) {
        unsigned kind = ts_random_below(&r, 3);
        at[i] = 1 + ts_random_below(&r, 20);
        event[i] = kind == 1;
        competing[i] = kind == 2;
        group[i] = (int)(i % 3);
        stratum[i] = (int)ts_random_below(&r, 2);
    }
    return (ts_survival){.time = at, .event = event, .n = N, .group = group,
                         .n_group = 3};
}

static void without_competing_events_it_is_kaplan_meier(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed < 20; seed++) {
        ts_survival data = make(seed);
        ts_km *km;
        ts_cuminc *c;
        assert_int_equal(ts_km_new(&data, TS_KM_LOG_LOG, 0.95, &km, &err), 0);
        assert_int_equal(
            ts_cuminc_new(&data, none, TS_KM_LOG_LOG, 0.95, &c, &err), 0);
        for (size_t g = 0; g < 3; g++) {
            assert_int_equal(c->curve[g].n_time, km->curve[g].n_time);
            for (size_t j = 0; j < c->curve[g].n_time; j++)
                assert_true(fabs(c->curve[g].incidence[j] -
                                 (1 - km->curve[g].survival[j])) < 1e-14);
        }
        ts_cuminc_free(c);
        ts_km_free(km);
    }
}

static void without_competing_events_it_expects_as_the_log_rank_test(void **s)
{
    (void)s;
    for (uint64_t seed = 1; seed < 20; seed++) {
        ts_survival data = make(seed);
        ts_gray_result gray;
        ts_logrank_result logrank;
        double o[3], e[3], o_logrank[3], e_logrank[3];
        assert_int_equal(ts_gray(&data, none, &gray, o, e, &err), 0);
        assert_int_equal(
            ts_logrank(&data, &logrank, o_logrank, e_logrank, NULL, &err), 0);
        for (size_t g = 0; g < 3; g++) {
            assert_true(o[g] == o_logrank[g]);
            assert_true(fabs(e[g] - e_logrank[g]) < 1e-12 * e_logrank[g]);
        }
        assert_int_equal(gray.df, logrank.df);
    }
}

static void probabilities_of_all_that_can_happen_sum_to_one(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed < 20; seed++) {
        ts_survival data = make(seed), other = data;
        ts_cuminc *c, *d;
        other.event = competing;
        assert_int_equal(
            ts_cuminc_new(&data, competing, TS_KM_PLAIN, 0.9, &c, &err), 0);
        assert_int_equal(
            ts_cuminc_new(&other, event, TS_KM_PLAIN, 0.9, &d, &err), 0);
        for (size_t g = 0; g < 3; g++)
            for (size_t j = 0; j < c->curve[g].n_time; j++)
                assert_true(fabs(c->curve[g].incidence[j] +
                                 d->curve[g].incidence[j] +
                                 c->curve[g].survival[j] - 1) < 1e-14);
        ts_cuminc_free(c);
        ts_cuminc_free(d);
    }
}

/* Failures and Ctrl-C ------------------------------------------------------- */

static ts_status curves(void)
{
    ts_survival data = make(5);
    ts_cuminc *c;
    ts_status status =
        ts_cuminc_new(&data, competing, TS_KM_LOG_LOG, 0.95, &c, &err);
    ts_cuminc_free(c);
    return status;
}

static ts_status test_of_gray(void)
{
    ts_survival data = make(5);
    ts_gray_result r;
    data.stratum = stratum;
    data.n_stratum = 2;
    return ts_gray(&data, competing, &r, NULL, NULL, &err);
}

static ts_status ratio_of_rates(void)
{
    static const ts_two_rates rates[] = {{7, 41.5, 15, 39.8}, {2, 9, 4, 11}};
    ts_odds_options opt = {.conf_level = 0.95};
    ts_exact_odds r;
    return ts_rate_ratio(rates, 2, &opt, &r, &err);
}

static ts_status wins(void)
{
    ts_rank_options opt = {.conf_level = 0.95};
    ts_win_level level[] = {{.value = at, .event = event, .horizon = INFINITY},
                            {.value = competing, .horizon = INFINITY}};
    ts_win_count count[2];
    ts_win_result r;
    int two[N];
    make(5);
    for (size_t i = 0; i < N; i++)
        two[i] = group[i] > 0;
    return ts_win_ratio(level, 2, two, stratum, N, &opt, count, &r, &err);
}

static ts_status (*const all[])(void) = {curves, test_of_gray, ratio_of_rates,
                                         wins};

static void every_failed_allocation_is_clean(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        fail_each_allocation(all[i], 2);
}

static void ctrl_c_stops_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        stop_at_once(all[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_competing_events_it_is_kaplan_meier),
        cmocka_unit_test(
            without_competing_events_it_expects_as_the_log_rank_test),
        cmocka_unit_test(probabilities_of_all_that_can_happen_sum_to_one),
        cmocka_unit_test(every_failed_allocation_is_clean),
        cmocka_unit_test(ctrl_c_stops_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
