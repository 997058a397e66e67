/*
 * t tests against R (tests/reference/location.R), far tails included;
 * identities of the swapped and the one-sided test; degenerate samples.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>
#include "ts/location.h"
#include "ts/memory.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static const double drug_1[] = {0.7, -1.6, -0.2, -1.2, -0.1,
                                3.4, 3.7,  0.8,  0,    2};
static const double drug_2[] = {1.9, 0.8, 1.1, 0.1, -0.1,
                                4.4, 5.5, 1.6, 4.6, 3.4};
static const double u[] = {3.1, -2.2, 8.4, 0.7, 5.5, 5.5,
                           1.9, -7.3, 4.4, 2.6, 9.1};
static const double a[] = {1.2, 0.8, 1.9}, b[] = {0.4, 0.3, 0.8};
static const double one_two[] = {1, 2}, four_six[] = {4, 6};
static const double seven[] = {7, 7, 7, 7};
static double far[300], near[280], up[60], down[50], a_shifted[3];

static void make_data(void)
{
    for (int i = 0; i < 300; i++)
        far[i] = 1000 + sin(i + 1);
    for (int i = 0; i < 280; i++)
        near[i] = cos(i + 1);
    for (int i = 0; i < 60; i++)
        up[i] = 3001 + i;
    for (int i = 0; i < 50; i++)
        down[i] = 1 + i;
    for (int i = 0; i < 3; i++)
        a_shifted[i] = a[i] + 1e-9;
}

/* mean 1, mean 2, standard error, t, df, P, interval; made by R 4.2.2 */
static const struct {
    const char *name;
    double value[8];
} expected[] = {
    {"sleep welch",
     {0.75, 2.3300000000000001, 0.84909101723876201, -1.8608134674868531,
      17.776473516178498, 0.079394140187358173, -3.3654832307117104,
      0.20548323071171018}},
    {"sleep pooled",
     {0.75, 2.3300000000000001, 0.84909101723876212, -1.8608134674868528, 18,
      0.079186714215938175, -3.3638740322875984, 0.20387403228759859}},
    {"sleep paired",
     {-1.5800000000000001, NAN, 0.3889587238883952, -4.0621276833820366, 9,
      0.0028328901973842702, -2.4598857632769824, -0.70011423672301754}},
    {"sleep one",
     {2.3300000000000001, NAN, 0.63316664473106921, 2.1005528498187132, 9,
      0.065059885668095438, 0.89767753937670558, 3.7623224606232948}},
    {"sleep less",
     {0.75, 2.3300000000000001, 0.84909101723876201, -1.8608134674868531,
      17.776473516178498, 0.039697070093679086, -INFINITY,
      -0.44983552414302425}},
    {"sleep greater",
     {0.75, 2.3300000000000001, 0.84909101723876201, 0.49464661793954312,
      17.776473516178498, 0.31345362597515725, -3.053381497331606, INFINITY}},
    {"small welch",
     {1.3, 0.5, 0.35590260840104371, 2.2478059477960657, 2.8594059405940593,
      0.11452032054068616, -0.36480756085386196, 1.9648075608538622}},
    {"two per group",
     {1.5, 5, 1.1180339887498949, -3.1304951684997055, 1.4705882352941178,
      0.12904783554828336, -10.418522830071065, 3.4185228300710646}},
    {"one against many",
     {7, 2.8818181818181818, 4.9042804713993222, 0.83971172574614006, 10,
      0.42069188050441331, -6.8092360411805704, 15.045599677544205}},
    {"constant against many",
     {7, 2.8818181818181818, 1.4157438251719117, 2.908846745407315, 10,
      0.015595497025690568, 0.96370799685661868, 7.2726556395070174}},
    {"far tail",
     {1000.0014519657868, -0.0046993213626279227, 0.058908981314538381,
      16975.444643113427, 575.36075527762887, 0, 999.89044841459452,
      1000.1218541597045}},
    {"far less",
     {-0.0046993213626279227, 1000.0014519657868, 0.058908981314538381,
      -16975.444643113427, 575.36075527762887, 0, -INFINITY,
      -999.90909836966341}},
    {"far 2",
     {3030.5, 25.5, 3.0550504633038931, 983.61714023873571, 107.99880877220147,
      2.9066451383587114e-215, 2998.9443592247812, 3011.0556407752188}},
    {"p near 1",
     {1.3, 1.3000000009999999, 0.45460605656619518, -1099.8533626623494,
      3.9999999999999996, 0.99999999999794986, -0.96915046173523933, INFINITY}},
};

static void assert_near(const char *name, double x, double wanted,
                        double relative)
{
    if (!(fabs(x - wanted) <= relative * fabs(wanted)) && x != wanted &&
        !(isnan(x) && isnan(wanted)))
        fail_msg("%s: %.17g, not %.17g", name, x, wanted);
}

static void compare(const char *name, const ts_ttest *t)
{
    for (size_t i = 0; i < COUNT(expected); i++) {
        const double *r = expected[i].value;
        if (strcmp(expected[i].name, name) != 0)
            continue;
        bool single = isnan(r[1]); /* R gives the mean of the differences */
        assert_near(name, single ? t->estimate : t->estimate_1, r[0], 1e-14);
        if (!single)
            assert_near(name, t->estimate_2, r[1], 1e-14);
        assert_near(name, t->std_error, r[2], 1e-13);
        assert_near(name, t->statistic, r[3], 1e-12);
        assert_near(name, t->df, r[4], 1e-12);
        assert_near(name, t->p_value, r[5], 1e-11);
        assert_near(name, t->conf_low, r[6], 1e-12);
        assert_near(name, t->conf_high, r[7], 1e-12);
        assert_int_equal(t->reason, TS_TTEST_WHOLE);
        return;
    }
    fail_msg("no reference value for %s", name);
}

static const ts_ttest_options plain = {.conf_level = 0.95};
static const ts_ttest_options pooled = {.conf_level = 0.95, .pooled = true};

static void against_r(void **state)
{
    ts_ttest t;
    ts_ttest_options opt = plain;
    (void)state;
#define TWO(name, x, y, opt)                                                   \
    assert_int_equal(ts_ttest_two(x, COUNT(x), y, COUNT(y), &(opt), &t, NULL), \
                     0);                                                       \
    compare(name, &t)
    TWO("sleep welch", drug_1, drug_2, plain);
    TWO("sleep pooled", drug_1, drug_2, pooled);
    TWO("small welch", a, b, plain);
    TWO("two per group", one_two, four_six, plain);
    TWO("constant against many", seven, u, plain);
    TWO("far tail", far, near, plain);
    TWO("far 2", up, down, plain);
    assert_int_equal(ts_ttest_two(seven, 1, u, 11, &pooled, &t, NULL), 0);
    compare("one against many", &t);
    assert_int_equal(ts_ttest_paired(drug_1, drug_2, 10, &plain, &t, NULL), 0);
    compare("sleep paired", &t);
    opt.mu = 1;
    assert_int_equal(ts_ttest_one(drug_2, 10, &opt, &t, NULL), 0);
    compare("sleep one", &t);
    opt = (ts_ttest_options){.conf_level = 0.9, .alternative = TS_LESS};
    TWO("sleep less", drug_1, drug_2, opt);
    opt = (ts_ttest_options){.conf_level = 0.95, .alternative = TS_LESS};
    TWO("far less", near, far, opt);
    opt = (ts_ttest_options){
        .conf_level = 0.95, .alternative = TS_GREATER, .mu = -2};
    TWO("sleep greater", drug_1, drug_2, opt);
    opt.mu = 500;
    TWO("p near 1", a, a_shifted, opt);
}

/* Swapped groups: the same test with the other sign. */
static void swapped(void **state)
{
    ts_ttest t, s;
    ts_ttest_options less = {.conf_level = 0.95, .alternative = TS_LESS};
    ts_ttest_options greater = {.conf_level = 0.95, .alternative = TS_GREATER};
    (void)state;
    ts_ttest_two(drug_1, 10, u, 11, &plain, &t, NULL);
    ts_ttest_two(u, 11, drug_1, 10, &plain, &s, NULL);
    assert_true(t.estimate == -s.estimate && t.p_value == s.p_value);
    assert_true(t.conf_low == -s.conf_high && t.conf_high == -s.conf_low);
    assert_near("df", t.df, s.df, 1e-15);
    ts_ttest_two(drug_1, 10, u, 11, &less, &t, NULL);
    ts_ttest_two(drug_1, 10, u, 11, &greater, &s, NULL);
    assert_near("P + Q", t.p_value + s.p_value, 1, 1e-15);
    assert_true(t.conf_low == -INFINITY && s.conf_high == INFINITY);
}

/* Another unit scales estimate and interval and leaves t, df and P. */
static void units(void **state)
{
    double x[10], y[10];
    ts_ttest t, s;
    (void)state;
    for (int k = -900; k <= 900; k += 450) {
        for (int i = 0; i < 10; i++) {
            x[i] = ldexp(drug_1[i], k);
            y[i] = ldexp(drug_2[9 - i], k);
        }
        ts_ttest_two(drug_1, 10, drug_2, 10, &plain, &t, NULL);
        ts_ttest_two(x, 10, y, 10, &plain, &s, NULL);
        assert_near("t", s.statistic, t.statistic, 1e-13);
        assert_near("df", s.df, t.df, 1e-13);
        assert_near("low", s.conf_low, ldexp(t.conf_low, k), 1e-13);
        ts_ttest_two(drug_1, 10, drug_2, 10, &pooled, &t, NULL);
        ts_ttest_two(x, 10, y, 10, &pooled, &s, NULL);
        assert_near("pooled t", s.statistic, t.statistic, 1e-13);
    }
}

/* The interval holds exactly the mu that the test does not reject. */
static void duality(void **state)
{
    ts_ttest t, s;
    (void)state;
    ts_ttest_two(drug_1, 10, u, 11, &plain, &t, NULL);
    ts_ttest_options at = plain;
    at.mu = t.conf_low;
    ts_ttest_two(drug_1, 10, u, 11, &at, &s, NULL);
    assert_near("P at the limit", s.p_value, 0.05, 1e-10);
}

static void assert_undefined(const ts_ttest *t, ts_ttest_reason reason)
{
    assert_int_equal(t->reason, reason);
    assert_true(isnan(t->statistic) && isnan(t->p_value) && isnan(t->df));
    assert_true(isnan(t->conf_low) && isnan(t->conf_high));
    assert_true(isfinite(t->estimate));
}

static void degenerate(void **state)
{
    static const double tenths[] = {0.1, 0.1, 0.1}, other[] = {0.3, 0.3};
    static const double spoilt[] = {1, NAN};
    ts_ttest t;
    ts_error err = {0};
    ts_ttest_options bad = {.conf_level = 1};
    (void)state;
    assert_int_equal(ts_ttest_one(a, 1, &plain, &t, NULL), 0);
    assert_undefined(&t, TS_TTEST_ONE);
    assert_int_equal(ts_ttest_two(a, 1, u, 11, &plain, &t, NULL), 0);
    assert_undefined(&t, TS_TTEST_ONE);
    assert_int_equal(ts_ttest_two(a, 1, b, 1, &pooled, &t, NULL), 0);
    assert_undefined(&t, TS_TTEST_ONE);
    assert_int_equal(ts_ttest_one(tenths, 3, &plain, &t, NULL), 0);
    assert_undefined(&t, TS_TTEST_CONSTANT);
    assert_int_equal(ts_ttest_two(tenths, 3, other, 2, &plain, &t, NULL), 0);
    assert_undefined(&t, TS_TTEST_CONSTANT);
    assert_int_equal(ts_ttest_two(tenths, 3, other, 2, &pooled, &t, NULL), 0);
    assert_undefined(&t, TS_TTEST_CONSTANT);
    /* the same shift in every pair, but for rounding */
    assert_int_equal(ts_ttest_paired(a_shifted, a, 3, &plain, &t, NULL), 0);
    assert_undefined(&t, TS_TTEST_CONSTANT);

    assert_int_equal(ts_ttest_two(a, 0, b, 3, &plain, &t, &err),
                     TS_EDEGENERATE);
    assert_string_equal(err.text, "the first sample has no values");
    assert_int_equal(ts_ttest_two(a, 3, b, 0, &plain, &t, &err),
                     TS_EDEGENERATE);
    assert_int_equal(ts_ttest_one(spoilt, 2, &plain, &t, &err), TS_EINVALID);
    assert_int_equal(ts_ttest_one(a, 3, &bad, &t, &err), TS_EINVALID);
    assert_true(isnan(t.estimate));
}

static void memory(void **state)
{
    ts_ttest t;
    long live = ts_memory_live();
    (void)state;
    ts_memory_fail_at(1, 0);
    assert_int_equal(ts_ttest_paired(a, b, 3, &plain, &t, NULL), TS_ENOMEM);
    ts_memory_fail_at(0, 0);
    assert_true(isnan(t.estimate));
    assert_int_equal(ts_memory_live(), live);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(against_r),  cmocka_unit_test(swapped),
        cmocka_unit_test(units),      cmocka_unit_test(duality),
        cmocka_unit_test(degenerate), cmocka_unit_test(memory),
    };
    make_data();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
