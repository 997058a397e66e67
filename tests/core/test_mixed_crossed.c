/* Blocks of many rows: all that is computed without their matrix against what
 * the matrix gives, at parameters that are and that are no covariances, and
 * every allocation failing once. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "../../core/stats/mixed_private.h"
#include "ts/memory.h"

/* Two blocks of subjects at visits in two periods, whose raters are their own;
 * both alike but for y. */
enum { SUBJECTS = 18, VISITS = 6, BLOCK = SUBJECTS * VISITS, ROWS = 2 * BLOCK };

static void near(double x, double wanted, double tolerance)
{
    if (!(fabs(x - wanted) <= tolerance * fmax(1, fabs(wanted))))
        fail_msg("%.17g, not %.17g", x, wanted);
}

/* Data ------------------------------------------------------------------------
 */

static void add_text(ts_frame *frame, const char *name, const int *code)
{
    ts_builder *b;
    ts_column *column;
    char text[16];
    assert_int_equal(ts_builder_new(name, &b, NULL), 0);
    ts_builder_type(b, TS_TEXT);
    for (int i = 0; i < ROWS; i++) {
        int n = snprintf(text, sizeof text, "%s%03d", name, code[i]);
        ts_builder_text(b, text, (size_t)n, NULL);
    }
    assert_int_equal(ts_builder_end(b, &column, NULL), 0);
    ts_frame_add(frame, column, NULL);
}

static void add_real(ts_frame *frame, const char *name, const double *x)
{
    ts_column *column;
    assert_int_equal(ts_column_new_real(name, ROWS, &column, NULL), 0);
    memcpy(column->real, x, ROWS * sizeof *x);
    ts_frame_add(frame, column, NULL);
}

static ts_frame *make_data(void)
{
    static double y[ROWS], x[ROWS], t[ROWS];
    static int s[ROWS], p[ROWS], r[ROWS];
    ts_frame *frame;
    for (int n = 0; n < ROWS; n++) {
        int block = n / BLOCK, i = n % BLOCK / VISITS, k = n % VISITS;
        int rater = (i * 7 + k * 5) % 11 % 5;
        t[n] = k + 0.1 * sin(3.0 * i + k);
        x[n] = cos(7.0 * i + 3 * k);
        y[n] = 2 + sin(17.0 * i + block) + 0.3 * t[n] * cos(23.0 * i) +
               0.5 * sin(7.0 * rater + 3 * block) +
               0.6 * sin(91.0 * i + 13 * k + 5 * block);
        s[n] = block * SUBJECTS + i;
        p[n] = k / 3;
        r[n] = block * 5 + rater;
    }
    assert_int_equal(ts_frame_new(ROWS, &frame, NULL), 0);
    add_real(frame, "y", y);
    add_real(frame, "x", x);
    add_real(frame, "t", t);
    add_text(frame, "s", s);
    add_text(frame, "p", p);
    add_text(frame, "r", r);
    return frame;
}

enum { TEXTS = 7 };

/* y by ~ t | s, ~ 1 | s:p and ~ x | r; or the first and the last alone. */
typedef struct {
    ts_formula *formula[TEXTS];
    ts_model_frame *model[TEXTS];
    ts_design *design, *random[3];
    ts_mixed_spec spec;
} setting;

static void set_up(setting *s, const ts_frame *frame, bool nested)
{
    static const char *const text[TEXTS] = {
        "y ~ x + t", "~ s", "~ s + p", "~ r", "~ t", "~ 1", "~ x"};
    for (int k = 0; k < TEXTS; k++) {
        bool groups = k >= 1 && k <= 3;
        assert_int_equal(ts_formula_parse(text[k], &s->formula[k], NULL), 0);
        assert_int_equal(ts_model_frame_new(s->formula[k], frame,
                                            groups ? TS_MODEL_GROUPS : 0,
                                            &s->model[k], NULL),
                         0);
    }
    assert_int_equal(ts_design_new(s->model[0], NULL, 0, 0, &s->design, NULL),
                     0);
    s->spec = (ts_mixed_spec){.structure = TS_RANDOM};
    for (int k = 0; k < 3; k++) {
        assert_int_equal(
            ts_design_new(s->model[4 + k], NULL, 0, 0, &s->random[k], NULL), 0);
        if (k != 1 || nested)
            s->spec.effect[s->spec.n_effect++] =
                (ts_mixed_effect){s->random[k], s->model[1 + k]};
    }
}

static void tear_down(setting *s)
{
    ts_design_free(s->design);
    for (int k = 0; k < 3; k++)
        ts_design_free(s->random[k]);
    for (int k = 0; k < TEXTS; k++) {
        ts_model_frame_free(s->model[k]);
        ts_formula_free(s->formula[k]);
    }
}

/* The likelihood --------------------------------------------------------------
 */

/* Covariances inside, singular, and none, each with positive V: UN of t | s, of
 * s:p, UN of x | r, residual. */
static const double thetas[][8] = {{0.9, 0.2, 0.3, 0.4, 0.5, -0.1, 0.3, 0.7},
                                   {0.9, 0.3, 0.1, 0, 0.5, 0, 0, 0.7},
                                   {0.9, 0.2, 0.3, 0.4, -0.002, 0, 0.3, 0.7},
                                   {0.9, 0.2, 0.3, -0.05, 0.5, 0.4, 0.3, 0.7},
                                   {-0.01, 0, 0.1, 0.4, 0.5, 0, 0.002, 0.7}};

static void compare(const setting *s, bool ml, const double *theta,
                    const size_t *rank)
{
    ts_linear *start;
    ts_mixed_data *d[2];
    ts_likelihood *l[2];
    double value[2];
    assert_int_equal(ts_linear_fit(s->design, 1e-11, &start, NULL), 0);
    for (int k = 0; k < 2; k++) {
        assert_int_equal(ts_mixed_data_new(start, &s->spec, 1, &d[k], NULL), 0);
        assert_int_equal(d[k]->n_pattern, 1);
        assert_int_equal(d[k]->pattern[0].m, 2);
        if (k == 1)
            assert_int_equal(ts_crossed_build(d[k], 10, NULL), 0);
        for (size_t e = 0; e < s->spec.n_effect; e++)
            d[k]->covariance.part[e].rank = rank[e];
        ts_covariance_of_random(&d[k]->covariance);
        assert_int_equal(ts_likelihood_new(d[k], ml, &l[k], NULL), 0);
        value[k] = ts_likelihood_value(l[k], theta);
        assert_true(isfinite(value[k]));
        ts_likelihood_derive(l[k], theta);
    }
    size_t t = l[0]->n_theta, p = l[0]->p;
    near(value[1], value[0], 1e-12);
    for (size_t i = 0; i < p; i++)
        near(l[1]->shift[i], l[0]->shift[i], 1e-11);
    for (size_t i = 0; i < t; i++)
        near(l[1]->gradient[i], l[0]->gradient[i], 1e-10);
    for (size_t i = 0; i < t * t; i++) {
        near(l[1]->hessian[i], l[0]->hessian[i], 1e-9);
        near(l[1]->expected[i], l[0]->expected[i], 1e-9);
    }
    for (size_t i = 0; i < t * p * p; i++)
        near(l[1]->slope[i], l[0]->slope[i], 1e-10);
    for (int k = 0; k < 2; k++) {
        ts_likelihood_free(l[k]);
        ts_mixed_data_free(d[k]);
    }
    ts_linear_free(start);
}

static void likelihoods(void **state)
{
    static const size_t full[] = {2, 1, 2}, lower[] = {1, 0, 1};
    static const double factors[] = {0.9, 0.2, 0.5, -0.3, 0.7};
    setting s;
    (void)state;
    ts_frame *frame = make_data();
    set_up(&s, frame, true);
    for (size_t k = 0; k < sizeof thetas / sizeof *thetas; k++) {
        compare(&s, false, thetas[k], full);
        compare(&s, true, thetas[k], full);
    }
    compare(&s, false, factors, lower);
    tear_down(&s);
    ts_frame_free(frame);
}

/* Where V is not positive there is no value. */
static void not_positive(void **state)
{
    static const double theta[] = {0.9, 0.2, 0.3, 0.4, -0.9, 0, 0.3, 0.7};
    setting s;
    ts_linear *start;
    ts_mixed_data *d;
    ts_likelihood *l;
    (void)state;
    ts_frame *frame = make_data();
    set_up(&s, frame, true);
    assert_int_equal(ts_linear_fit(s.design, 1e-11, &start, NULL), 0);
    for (size_t from = 10; from < 1000; from += 900) {
        assert_int_equal(ts_mixed_data_new(start, &s.spec, 1, &d, NULL), 0);
        assert_int_equal(ts_crossed_build(d, from, NULL), 0);
        assert_int_equal(ts_likelihood_new(d, false, &l, NULL), 0);
        assert_true(isinf(ts_likelihood_value(l, theta)));
        ts_likelihood_free(l);
        ts_mixed_data_free(d);
    }
    ts_linear_free(start);
    tear_down(&s);
    ts_frame_free(frame);
}

/* Fits ------------------------------------------------------------------------
 */

/* What is told of a fit, with its blocks as they are. */
typedef struct {
    double var[9], linear[9], effect[2 * 2 * SUBJECTS], fitted[ROWS],
        residual[ROWS], std_residual[ROWS], scaled[ROWS];
} told;

static ts_status tell(ts_mixed *f, told *t, ts_error *err)
{
    ts_mixed_diagnostics rows = {t->fitted, t->residual, t->std_residual,
                                 t->scaled};
    ts_status status;
    if ((status = ts_mixed_method(f, TS_DF_KENWARD_ROGER, TS_MODEL_BASED, err)))
        return status;
    memcpy(t->var, f->var, sizeof t->var);
    if ((status = ts_mixed_method(f, TS_DF_KR_LINEAR, TS_MODEL_BASED, err)))
        return status;
    memcpy(t->linear, f->var, sizeof t->linear);
    if ((status = ts_mixed_random(f, 0, t->effect, err)))
        return status;
    return ts_mixed_diagnose(f, &rows, err);
}

static void make_whole(ts_mixed_data *d)
{
    for (size_t k = 0; k < d->n_pattern; k++) {
        ts_crossed_free(d->pattern[k].crossed);
        d->pattern[k].crossed = NULL;
    }
    d->whole = d->longest;
}

static void fits(void **state)
{
    (void)state;
    ts_frame *frame = make_data();
    for (int nested = 0; nested < 2; nested++) {
        static told a, b;
        setting s;
        ts_mixed *f;
        set_up(&s, frame, nested);
        assert_int_equal(ts_mixed_fit(s.design, &s.spec, 1e-11, &f, NULL), 0);
        assert_non_null(f->data->pattern[0].crossed);
        /* raters have slopes that are at the bound: Kenward and Roger's second
         * derivatives are not 0 */
        assert_int_equal(f->data->covariance.part[s.spec.n_effect - 1].rank, 1);
        assert_int_equal(tell(f, &a, NULL), 0);
        make_whole(f->data);
        assert_int_equal(tell(f, &b, NULL), 0);
        assert_true(fabs(a.var[4] - a.linear[4]) > 1e-8);
        for (size_t i = 0; i < 9; i++) {
            near(a.var[i], b.var[i], 1e-10);
            near(a.linear[i], b.linear[i], 1e-10);
        }
        for (size_t i = 0; i < 2 * 2 * SUBJECTS; i++)
            near(a.effect[i], b.effect[i], 1e-11);
        for (size_t i = 0; i < ROWS; i++) {
            near(a.std_residual[i], b.std_residual[i], 1e-12);
            near(a.scaled[i], b.scaled[i], 1e-12);
        }
        ts_mixed_free(f);
        tear_down(&s);
    }
    ts_frame_free(frame);
}

static void memory(void **state)
{
    static told t;
    setting s;
    ts_error err;
    (void)state;
    ts_frame *frame = make_data();
    set_up(&s, frame, true);
    for (long n = 1;; n += n < 150 ? 1 : 41) {
        ts_mixed *f;
        long before = ts_memory_live();
        ts_memory_fail_at(n, 0);
        ts_status status = ts_mixed_fit(s.design, &s.spec, 1e-11, &f, &err);
        if (!status)
            status = tell(f, &t, &err);
        ts_mixed_free(f);
        long spent = ts_memory_count();
        ts_memory_fail_at(0, 0);
        assert_int_equal(ts_memory_live(), before);
        if (spent < n)
            break;
        assert_int_equal(status, TS_ENOMEM);
    }
    tear_down(&s);
    ts_frame_free(frame);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(likelihoods),
        cmocka_unit_test(not_positive),
        cmocka_unit_test(fits),
        cmocka_unit_test(memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
