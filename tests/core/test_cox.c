/* Cox's regression in C: a value that can be found by hand, rows that have no
 * estimate, and when memory fails or the user stops. The rest is in
 * tests/lua/test_cox.lua. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include "faults.h"
#include "ts/cox.h"

#define N 8

static const double when[N] = {1, 2, 3, 4, 5, 6, 7, 8};
static const double event[N] = {1, 1, 0, 1, 1, 0, 1, 1};
static const double x[N] = {3, 1, 4, 1, 5, 9, 2, 6};
static const double s[N] = {1, 2, 1, 2, 1, 2, 1, 2};
static ts_error err;

typedef struct {
    ts_frame *frame;
    ts_formula *formula;
    ts_model_frame *model;
    ts_design *design;
} data;

static void add(ts_frame *frame, const char *name, const double *value,
                size_t n)
{
    ts_column *c;
    assert_false(ts_column_new_real(name, n, &c, &err));
    for (size_t i = 0; i < n; i++)
        c->real[i] = value[i];
    assert_false(ts_frame_add(frame, c, &err));
}

static data open(const char *formula, size_t n)
{
    data d;
    assert_false(ts_frame_new(n, &d.frame, &err));
    add(d.frame, "t", when, n);
    add(d.frame, "e", event, n);
    add(d.frame, "x", x, n);
    add(d.frame, "s", s, n);
    assert_false(ts_formula_parse(formula, &d.formula, &err));
    assert_false(ts_model_frame_new(d.formula, d.frame, 0, &d.model, &err));
    assert_false(ts_design_new(d.model, NULL, 0, 0, &d.design, &err));
    return d;
}

static void shut(data *d)
{
    ts_design_free(d->design);
    ts_model_frame_free(d->model);
    ts_formula_free(d->formula);
    ts_frame_free(d->frame);
}

static void near(double got, double wanted)
{
    if (!(fabs(got - wanted) <= 1e-11 * fabs(wanted)))
        fail_msg("%.17g, not %.17g", got, wanted);
}

/*
 * Events in turn of x = 3, 1, 4: the likelihood is e^3b / (e^3b + e^b + e^4b)
 * times e^b / (e^b + e^4b); its slope 3 - (3 e^2b + 1 + 4 e^3b) / (e^2b + 1 +
 * e^3b) + 1 - (1 + 4 e^3b) / (1 + e^3b).
 */
static void a_likelihood_by_hand(void **state)
{
    static const double row[] = {0, 1}, mean[] = {1, 1};
    double b, h = 1e-4;
    ts_cox *f;
    ts_linear_value v;
    data d = open("Surv(t, t > 0) ~ x", 3);
    (void)state;
    assert_false(ts_cox_fit(d.design, TS_COX_EFRON, 1e-11, &f, &err));
    assert_false(ts_cox_coefficient(f, 1, &v, &err));
    b = v.estimate;
    double slope[3];
    for (int i = 0; i < 3; i++) {
        double c = b + (i - 1) * h;
        slope[i] = 4 -
                   (3 * exp(2 * c) + 1 + 4 * exp(3 * c)) /
                       (exp(2 * c) + 1 + exp(3 * c)) -
                   (1 + 4 * exp(3 * c)) / (1 + exp(3 * c));
    }
    assert_true(fabs(slope[1]) < 1e-13);
    assert_true(fabs(v.std_error - sqrt(2 * h / (slope[0] - slope[2]))) < 1e-6);
    near(f->log_lik_null, -log(6));
    near(f->log_lik, 4 * b - log(exp(3 * b) + exp(b) + exp(4 * b)) -
                         log(exp(b) + exp(4 * b)));
    assert_false(ts_cox_estimate(f, row, &v, &err));
    near(v.estimate, b);
    assert_false(ts_cox_estimate(f, mean, &v, &err));
    assert_false(v.estimable); /* the intercept is the baseline's */
    assert_true(isnan(v.estimate));
    ts_cox_free(f);
    shut(&d);
}

/* At both limits of the profile the ratio is what the level asks for. */
static void limits_of_the_profile(void **state)
{
    static const double row[] = {0, 1};
    ts_cox *f;
    ts_inference r, at;
    data d = open("Surv(t, e) ~ x + strata(s)", N);
    (void)state;
    assert_false(ts_cox_fit(d.design, TS_COX_EFRON, 1e-11, &f, &err));
    assert_false(ts_cox_profile(f, row, 0, TS_TWO_SIDED, 0.9, &r, &err));
    assert_true(r.conf_low < r.conf_high);
    assert_false(
        ts_cox_profile(f, row, r.conf_low, TS_GREATER, 0.9, &at, &err));
    assert_true(fabs(at.p_value - 0.05) < 1e-9);
    assert_true(isinf(at.conf_high));
    assert_false(ts_cox_profile(f, row, r.conf_high, TS_LESS, 0.9, &at, &err));
    assert_true(fabs(at.p_value - 0.05) < 1e-9);
    ts_cox_free(f);
    shut(&d);
}

static const char *source;
static ts_cox_ties ties;

static ts_status all_of_it(void)
{
    static const double row[] = {0, 1};
    ts_cox *f = NULL;
    ts_inference r;
    ts_linear_test t;
    data d = {0};
    ts_status status = ts_frame_new(N, &d.frame, &err);
    const double *value[] = {when, event, x, s};
    const char *name[] = {"t", "e", "x", "s"};
    for (int i = 0; i < 4 && !status; i++) {
        ts_column *c;
        if ((status = ts_column_new_real(name[i], N, &c, &err)))
            break;
        for (size_t j = 0; j < N; j++)
            c->real[j] = i == 0 ? ceil(value[i][j] / 3) : value[i][j];
        status = ts_frame_add(d.frame, c, &err);
    }
    if (!status)
        status = ts_formula_parse(source, &d.formula, &err);
    if (!status)
        status = ts_model_frame_new(d.formula, d.frame, 0, &d.model, &err);
    if (!status)
        status = ts_design_new(d.model, NULL, 0, 0, &d.design, &err);
    if (!status)
        status = ts_cox_fit(d.design, ties, 1e-11, &f, &err);
    if (!status)
        status = ts_cox_profile(f, row, 0, TS_TWO_SIDED, 0.95, &r, &err);
    if (!status)
        status = ts_cox_term(f, 0, &t, &err);
    ts_cox_free(f);
    shut(&d);
    return status;
}

static void every_failed_allocation_is_clean(void **state)
{
    (void)state;
    source = "Surv(t, e) ~ x + offset(s)";
    ties = TS_COX_EFRON;
    fail_each_allocation(all_of_it, 30);
    source = "Surv(t, e) ~ x + strata(s)";
    ties = TS_COX_EXACT;
    fail_each_allocation(all_of_it, 30);
}

static void ctrl_c_stops_it(void **state)
{
    (void)state;
    source = "Surv(t, e) ~ x";
    stop_at_once(all_of_it);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_likelihood_by_hand),
        cmocka_unit_test(limits_of_the_profile),
        cmocka_unit_test(every_failed_allocation_is_clean),
        cmocka_unit_test(ctrl_c_stops_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
