/* Censored linear models with values between two bounds (R 4.2.2, survreg of
 * Surv(type = "interval2")), and when memory fails or the user stops. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include "faults.h"
#include "ts/tobit.h"

#define N 12

static const double low[N] = {1,   2,   -INFINITY, 3,   4, 5,
                              2.5, 0.5, 6,         1.5, 3, -INFINITY};
static const double high[N] = {1,   4,   2, 5,        INFINITY, 5,
                               2.5, 1.5, 6, INFINITY, 3,        1.2};
static const double x[N] = {0, 1, 0, 1, 1, 0, 0, 0, 1, 1, 1, 0};
static ts_frame *frame;
static ts_formula *formula;
static ts_model_frame *model;
static ts_design *design;
static ts_error err;

static void add(const char *name, const double *value)
{
    ts_column *c;
    assert_false(ts_column_new_real(name, N, &c, &err));
    for (size_t i = 0; i < N; i++)
        c->real[i] = value[i];
    assert_false(ts_frame_add(frame, c, &err));
}

static int set_up(void **state)
{
    double y[N];
    (void)state;
    for (size_t i = 0; i < N; i++)
        y[i] = isinf(low[i]) ? high[i] : low[i];
    assert_false(ts_frame_new(N, &frame, &err));
    add("y", y);
    add("x", x);
    assert_false(ts_formula_parse("y ~ x", &formula, &err));
    assert_false(ts_model_frame_new(formula, frame, 0, &model, &err));
    assert_false(ts_design_new(model, NULL, 0, 0, &design, &err));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ts_design_free(design);
    ts_model_frame_free(model);
    ts_formula_free(formula);
    ts_frame_free(frame);
    return 0;
}

static void near(double got, double wanted)
{
    if (!(fabs(got - wanted) <= 1e-9 * fabs(wanted)))
        fail_msg("%.17g, not %.17g", got, wanted);
}

static void values_between_bounds(void **state)
{
    ts_tobit *f;
    ts_linear_value v;
    (void)state;
    assert_false(ts_tobit_fit(design, low, high, 1e-11, &f, &err));
    assert_int_equal(f->n_measured, 5);
    assert_int_equal(f->n_between, 3);
    assert_int_equal(f->n_below, 2);
    assert_int_equal(f->n_above, 2);
    near(f->log_lik, -15.617992639330391);
    near(f->sigma, 1.5369640221472358);
    assert_false(ts_tobit_coefficient(f, 0, &v, &err));
    near(v.estimate, 1.7230003895080619);
    near(v.std_error, 0.68035726330832524);
    assert_false(ts_tobit_coefficient(f, 1, &v, &err));
    near(v.estimate, 2.6156269560725556);
    near(v.std_error, 1.0075062543721141);
    near(sqrt(f->cov[8]), 0.25324585697567209); /* of log sigma */
    ts_tobit_free(f);
}

/* At both limits of the profile the ratio is what the level asks for. */
static void limits_of_the_profile(void **state)
{
    static const double row[] = {0, 1};
    ts_tobit *f;
    ts_inference r, at;
    (void)state;
    assert_false(ts_tobit_fit(design, low, high, 1e-11, &f, &err));
    assert_false(ts_tobit_profile(f, row, 0, TS_TWO_SIDED, 0.9, &r, &err));
    assert_true(r.conf_low < 2.6156 && r.conf_high > 2.6157);
    assert_false(
        ts_tobit_profile(f, row, r.conf_low, TS_GREATER, 0.9, &at, &err));
    near(at.p_value, 0.05);
    assert_true(isinf(at.conf_high));
    assert_false(
        ts_tobit_profile(f, row, r.conf_high, TS_LESS, 0.9, &at, &err));
    near(at.p_value, 0.05);
    ts_tobit_free(f);
}

static void bounds_that_are_none(void **state)
{
    ts_tobit *f = NULL;
    double wrong[N];
    (void)state;
    for (size_t i = 0; i < N; i++)
        wrong[i] = high[i];
    wrong[3] = 2;
    assert_int_equal(ts_tobit_fit(design, low, wrong, 1e-11, &f, &err),
                     TS_EINVALID);
    assert_string_equal(err.text, "the bounds of row 4 are none");
    assert_null(f);
}

static ts_status all_of_it(void)
{
    static const double row[] = {0, 1};
    ts_tobit *f;
    ts_inference r;
    ts_linear_test t;
    ts_status status = ts_tobit_fit(design, low, high, 1e-11, &f, &err);
    if (!status)
        status = ts_tobit_small_sample(f, &err);
    if (!status)
        status = ts_tobit_profile(f, row, 0, TS_TWO_SIDED, 0.95, &r, &err);
    if (!status)
        status = ts_tobit_term(f, 0, &t, &err);
    ts_tobit_free(f);
    return status;
}

static void every_failed_allocation_is_clean(void **state)
{
    (void)state;
    fail_each_allocation(all_of_it, 10);
}

static void ctrl_c_stops_it(void **state)
{
    (void)state;
    stop_at_once(all_of_it);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_between_bounds),
        cmocka_unit_test(limits_of_the_profile),
        cmocka_unit_test(bounds_that_are_none),
        cmocka_unit_test(every_failed_allocation_is_clean),
        cmocka_unit_test(ctrl_c_stops_it),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
