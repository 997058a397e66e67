/*
 * Summaries against R (tests/reference/location.R), NIST's certified values
 * and Wilkinson's nasty numbers; identities; degenerate samples.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ts/describe.h"
#include "ts/memory.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static void assert_near(double x, double wanted, double relative)
{
    if (!(fabs(x - wanted) <= relative * fabs(wanted)) &&
        !(isnan(x) && isnan(wanted)))
        fail_msg("%.17g, not %.17g", x, wanted);
}

static const double x[] = {10, 20, 30, 40, 150, 160, 170, 180, 190, 200};
static const double u[] = {3.1, -2.2, 8.4, 0.7, 5.5, 5.5,
                           1.9, -7.3, 4.4, 2.6, 9.1};

static void quantiles(void **state)
{
    static const double p[] = {0, 0.05, 0.1, 0.25, 0.4, 0.5, 0.75, 0.9, 1};
    static const struct {
        const double *x;
        size_t n;
        int type;
        double q[9];
    } cases[] = {
        {x, 10, 1, {10.0, 10.0, 10.0, 30.0, 40.0, 150.0, 180.0, 190.0, 200.0}},
        {u, 11, 1, {-7.3, -7.3, -2.2, 0.7, 2.6, 3.1, 5.5, 8.4, 9.1}},
        {x, 10, 2, {10.0, 10.0, 15.0, 30.0, 95.0, 155.0, 180.0, 195.0, 200.0}},
        {u, 11, 2, {-7.3, -7.3, -2.2, 0.7, 2.6, 3.1, 5.5, 8.4, 9.1}},
        {x, 10, 3, {10.0, 10.0, 10.0, 20.0, 40.0, 150.0, 180.0, 190.0, 200.0}},
        {u, 11, 3, {-7.3, -7.3, -7.3, 0.7, 1.9, 3.1, 5.5, 8.4, 9.1}},
        {x, 10, 4, {10.0, 10.0, 10.0, 25.0, 40.0, 150.0, 175.0, 190.0, 200.0}},
        {u,
         11,
         4,
         {-7.3, -7.3, -6.79, -0.025000000000000133, 2.18, 2.85, 5.5,
          8.110000000000001, 9.1}},
        {x, 10, 5, {10.0, 10.0, 15.0, 30.0, 95.0, 155.0, 180.0, 195.0, 200.0}},
        {u,
         11,
         5,
         {-7.3, -7.045, -4.24, 0.9999999999999999, 2.5300000000000007, 3.1, 5.5,
          8.68, 9.1}},
        {x,
         10,
         6,
         {10.0, 10.0, 11.000000000000002, 27.5, 84.00000000000004, 155.0, 182.5,
          199.0, 200.0}},
        {u,
         11,
         6,
         {-7.3, -7.3, -6.279999999999999, 0.7, 2.4600000000000004, 3.1, 5.5,
          8.96, 9.1}},
        {x,
         10,
         7,
         {10.0, 14.5, 19.0, 32.5, 105.99999999999996, 155.0, 177.5, 191.0,
          200.0}},
        {u,
         11,
         7,
         {-7.3, -4.75, -2.2, 1.2999999999999998, 2.6, 3.1, 5.5, 8.4, 9.1}},
        {x,
         10,
         8,
         {10.0, 10.0, 13.666666666666664, 29.166666666666664, 91.33333333333326,
          155.0, 180.83333333333334, 196.33333333333331, 200.0}},
        {u,
         11,
         8,
         {-7.3, -7.3, -4.920000000000001, 0.8999999999999997, 2.506666666666667,
          3.1, 5.5, 8.773333333333333, 9.1}},
        {x,
         10,
         9,
         {10.0, 10.0, 14.000000000000002, 29.375, 92.25000000000006, 155.0,
          180.625, 196.0, 200.0}},
        {u,
         11,
         9,
         {-7.3, -7.3, -4.75, 0.9249999999999999, 2.5124999999999997, 3.1, 5.5,
          8.75, 9.1}},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        double sorted[11];
        memcpy(sorted, cases[i].x, cases[i].n * sizeof(double));
        ts_sort(sorted, cases[i].n);
        for (size_t j = 0; j < COUNT(p); j++) {
            double q =
                ts_quantile_sorted(sorted, cases[i].n, p[j], cases[i].type);
            /* -0.025 is a difference of numbers near 2: absolute */
            if (fabs(q - cases[i].q[j]) > 1e-13 * fmax(1, fabs(q)))
                fail_msg("type %d, p = %g: %.17g, not %.17g", cases[i].type,
                         p[j], q, cases[i].q[j]);
        }
    }
}

static void against_r(void **state)
{
    static const double l[] = {638.5, 212.25, 1043, 87.5, 455, 1999.125, 36};
    ts_description d;
    (void)state;
    assert_int_equal(ts_describe(l, 7, 2, 0.95, &d, NULL), 0);
    assert_near(d.geomean, 327.60512493932993, 1e-14);
    assert_near(d.geosd, 4.1067827432043016, 1e-14);
    assert_near(d.geocv, 252.11623324575507, 1e-14);
    assert_int_equal(ts_describe(u, 11, 2, 0.95, &d, NULL), 0);
    assert_near(d.mean, 2.8818181818181818, 1e-15);
    assert_near(d.sd, 4.6954910673577439, 1e-15);
    assert_near(d.se, 1.4157438251719119, 1e-15);
    assert_near(d.sum, 31.7, 1e-15);
    assert_true(d.median == 3.1 && d.min == -7.3 && d.max == 9.1);
    assert_true(isnan(d.geomean) && isnan(d.geosd) && isnan(d.geocv));
    assert_int_equal(d.n_not_positive, 2);
}

/* Wilkinson 1985, statistics quiz; and sums that cancel. */
static void nasty(void **state)
{
    double big[9], cancel[] = {1, 1e100, 1, -1e100}, same[1000];
    (void)state;
    for (int i = 0; i < 9; i++)
        big[i] = 90000001 + i;
    assert_near(ts_sd(big, 9), 2.73861278752583, 1e-15);
    assert_true(ts_mean(big, 9) == 90000005);
    assert_true(ts_mean(cancel, 4) == 0.5);
    for (int i = 0; i < 1000; i++)
        same[i] = 0.1;
    assert_true(ts_mean(same, 1000) == 0.1);
    assert_true(ts_sd(same, 1000) == 0);
    assert_true(ts_geomean(same, 1000) == 0.1);
    for (size_t n = 2; n < 1000; n++)
        assert_true(ts_sd(same, n) == 0 && ts_geosd(same, n) == 1);
}

static void range(void **state)
{
    double huge[] = {1e308, 1.5e308, 1.7e308}, tiny[3], usual[3];
    (void)state;
    for (int i = 0; i < 3; i++) {
        usual[i] = huge[i] * 0x1p-1000;
        tiny[i] = huge[i] * 0x1p-1022 * 0x1p-1000;
    }
    assert_near(ts_mean(huge, 3), ts_mean(usual, 3) * 0x1p1000, 1e-15);
    assert_near(ts_sd(huge, 3), ts_sd(usual, 3) * 0x1p1000, 1e-15);
    assert_near(ts_sd(tiny, 3), ts_sd(usual, 3) * 0x1p-1022, 1e-14);
    double both[] = {-1.7e308, 1.7e308};
    assert_true(ts_mean(both, 2) == 0);
    assert_near(ts_median_sorted(huge, 3), 1.5e308, 0);
    double two[] = {1.7e308, 1.7e308};
    assert_true(ts_median_sorted(two, 2) == 1.7e308);
    ts_description d;
    assert_int_equal(ts_describe(huge, 3, 2, 0.95, &d, NULL), 0);
    assert_true(isnan(d.sum) && isfinite(d.sd));
}

/* Order, shift and unit of the data change nothing or what they must. */
static void invariance(void **state)
{
    double back[11], scaled[11];
    ts_description d, e;
    (void)state;
    for (int i = 0; i < 11; i++) {
        back[i] = u[10 - i];
        scaled[i] = u[i] * 1024; /* exact */
    }
    ts_describe(u, 11, 6, 0.95, &d, NULL);
    ts_describe(back, 11, 6, 0.95, &e, NULL);
    assert_near(d.mean, e.mean, 1e-15);
    assert_near(d.sd, e.sd, 1e-15);
    assert_true(d.q1 == e.q1 && d.q3 == e.q3);
    ts_describe(scaled, 11, 6, 0.95, &e, NULL);
    assert_true(e.mean == 1024 * d.mean && e.sd == 1024 * d.sd);
    assert_near(e.q1, 1024 * d.q1, 1e-15);
    /* what describe says is what the single functions say, to the bit */
    assert_true(d.mean == ts_mean(u, 11) && d.sd == ts_sd(u, 11));
    assert_near(ts_sd(u, 11) * ts_sd(u, 11), ts_variance(u, 11), 1e-15);
}

static void degenerate(void **state)
{
    double some[] = {NAN, 4, NAN};
    ts_description d;
    ts_error err = {0};
    (void)state;
    assert_int_equal(ts_describe(some, 3, 2, 0.95, &d, NULL), 0);
    assert_int_equal(d.n, 1);
    assert_int_equal(d.n_missing, 2);
    assert_true(d.mean == 4 && d.median == 4 && d.q1 == 4 && d.max == 4);
    assert_true(d.geomean == 4 && isnan(d.geosd) && isnan(d.geocv));
    assert_true(isnan(d.sd) && isnan(d.se));
    assert_int_equal(ts_describe(some, 1, 2, 0.95, &d, NULL), 0);
    assert_int_equal(d.n, 0);
    assert_int_equal(d.n_missing, 1);
    assert_true(isnan(d.mean) && isnan(d.median) && isnan(d.min));
    assert_int_equal(ts_describe(NULL, 0, 2, 0.95, &d, NULL), 0);
    assert_true(isnan(d.mean) && d.n_missing == 0);
    assert_int_equal(ts_describe(some, 3, 10, 0.95, &d, &err), TS_EINVALID);
    some[0] = INFINITY;
    assert_int_equal(ts_describe(some, 3, 2, 0.95, &d, &err), TS_EINVALID);
    assert_string_equal(err.text, "value 1 is infinite");
}

/* NIST: digits that agree, 15 when all do ---------------------------------- */

static double digits(double value, double certified)
{
    double error = fabs(value - certified) / fabs(certified);
    return error == 0 ? 15 : fmin(15, -log10(error));
}

static size_t read_set(const char *name, double *values, size_t room)
{
    char path[200], line[200];
    size_t n = 0;
    int started = strcmp(name, "PiDigits") == 0;
    snprintf(path, sizeof path, "../shared/data/nist/univ/%s.%s", name,
             started ? "txt" : "dat");
    FILE *file = fopen(path, "r");
    if (!file)
        return 0;
    while (fgets(line, sizeof line, file) && n < room) {
        char *end;
        double value = strtod(line, &end);
        if (started && end != line)
            values[n++] = value;
        started = started || strncmp(line, "-----", 5) == 0;
    }
    fclose(file);
    return n;
}

static void nist(void **state)
{
    static const char *const sets[] = {"Lew",     "Lottery", "Michelso",
                                       "NumAcc1", "NumAcc2", "PiDigits"};
    static double values[6000];
    char line[200], name[40], quantity[20];
    double certified;
    size_t n_compared = 0;
    FILE *file = fopen("../shared/data/nist/certified.csv", "r");
    (void)state;
    if (!file) {
        printf("skipped: ../shared/data/nist is not there\n");
        skip();
    }
    while (fgets(line, sizeof line, file)) {
        size_t n;
        if (sscanf(line, "univ,%39[^,],%*[^,],%zu,%19[^,],%lf", name, &n,
                   quantity, &certified) != 4 &&
            sscanf(line, "univ,%39[^,],,%zu,%19[^,],%lf", name, &n, quantity,
                   &certified) != 4)
            continue;
        if (strcmp(quantity, "r1") == 0)
            continue;
        if (read_set(name, values, COUNT(values)) != n)
            fail_msg("%s: not %zu values", name, n);
        double got =
            strcmp(quantity, "sd") == 0 ? ts_sd(values, n) : ts_mean(values, n);
        if (digits(got, certified) < 13)
            fail_msg("%s, %s: %.17g, certified %.17g", name, quantity, got,
                     certified);
        n_compared++;
    }
    fclose(file);
    assert_int_equal(n_compared, 2 * COUNT(sets));
}

static void memory(void **state)
{
    ts_description d;
    long live = ts_memory_live();
    (void)state;
    ts_memory_fail_at(1, 0);
    assert_int_equal(ts_describe(u, 11, 2, 0.95, &d, NULL), TS_ENOMEM);
    ts_memory_fail_at(0, 0);
    assert_int_equal(d.n, 0);
    assert_int_equal(ts_memory_live(), live);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles),  cmocka_unit_test(against_r),
        cmocka_unit_test(nasty),      cmocka_unit_test(range),
        cmocka_unit_test(invariance), cmocka_unit_test(degenerate),
        cmocka_unit_test(nist),       cmocka_unit_test(memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
