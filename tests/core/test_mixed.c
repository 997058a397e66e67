/* Models for repeated measures in C: derivatives of every structure and of the
 * likelihood against differences, and every allocation failing once. The
 * numbers are compared with SAS's and R's in tests/lua/test_mmrm*.lua. */
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

enum { SUBJECTS = 14, VISITS = 4, ROWS = SUBJECTS * VISITS - 6 };

/* Structures ----------------------------------------------------------------
 */

static const ts_structure all[] = {TS_UN,     TS_CS,    TS_CSH,   TS_AR1,
                                   TS_AR1H,   TS_TOEP,  TS_TOEPH, TS_ANTE1,
                                   TS_SP_POW, TS_SP_EXP};

static void near(double x, double wanted, double tolerance)
{
    if (!(fabs(x - wanted) <= tolerance * fmax(1, fabs(wanted))))
        fail_msg("%.17g, not %.17g", x, wanted);
}

/* A theta with a positive matrix. */
static void some_theta(const ts_covariance *c, double *theta)
{
    for (size_t h = 0; h < c->n; h++)
        theta[h] = ts_covariance_squared(c, h) ? 2 + 0.1 * (double)h
                                               : 0.3 - 0.02 * (double)h;
    if (c->kind == TS_UN || (c->kind == TS_RANDOM && c->part[0].rank == c->part[0].n))
        for (size_t i = 0, h = 0; i < c->n_visit; i++)
            for (size_t j = 0; j <= i; j++, h++)
                theta[h] = i == j ? 3 + (double)i : 0.5 + 0.1 * (double)j;
    if (c->kind == TS_TOEP)
        for (size_t h = 1; h < c->n; h++)
            theta[h] = 0.8 / (double)(h + 1);
}

/* Derivatives of an entry in full: first[h], second[h * n + k]. */
static void expand(const ts_entry *e, size_t n, double *first, double *second)
{
    memset(first, 0, n * sizeof *first);
    memset(second, 0, n * n * sizeof *second);
    for (size_t a = 0; a < e->n; a++) {
        first[e->at[a]] += e->first[a];
        for (size_t b = 0; b < e->n; b++)
            second[e->at[a] * n + e->at[b]] += e->second[a * e->n + b];
    }
}

static void check_entry(const ts_covariance *c, size_t i, size_t j)
{
    enum { MOST = 16 };
    double theta[MOST], first[MOST], second[MOST * MOST];
    double up[MOST], down[MOST], unused[MOST * MOST], h = 1e-5;
    ts_entry e;
    assert_int_equal(ts_entry_new(c, &e, NULL), 0);
    some_theta(c, theta);
    ts_covariance_entry(c, theta, i, j, 1.7, &e);
    expand(&e, c->n, first, second);
    double value = e.value;
    ts_covariance_entry(c, theta, j, i, 1.7, &e);
    assert_true(e.value == value);
    for (size_t k = 0; k < c->n; k++) {
        double high, low, kept = theta[k];
        theta[k] = kept + h;
        ts_covariance_entry(c, theta, i, j, 1.7, &e);
        high = e.value;
        expand(&e, c->n, up, unused);
        theta[k] = kept - h;
        ts_covariance_entry(c, theta, i, j, 1.7, &e);
        low = e.value;
        expand(&e, c->n, down, unused);
        theta[k] = kept;
        near((high - low) / (2 * h), first[k], 1e-8);
        for (size_t l = 0; l < c->n; l++)
            near((up[l] - down[l]) / (2 * h), second[k * c->n + l], 1e-8);
    }
    ts_entry_free(&e);
}

static void derivatives_of_entries(void **state)
{
    (void)state;
    for (size_t s = 0; s < sizeof all / sizeof *all; s++) {
        ts_covariance c;
        ts_covariance_of(all[s], 5, &c);
        for (size_t i = 0; i < 5; i++)
            for (size_t j = i; j < 5; j++)
                check_entry(&c, i, j);
    }
}

/* Data ------------------------------------------------------------------------
 */

static void add_text(ts_frame *frame, const char *name, char letter,
                     const int *code)
{
    ts_builder *b;
    ts_column *column;
    char text[8];
    assert_int_equal(ts_builder_new(name, &b, NULL), 0);
    ts_builder_type(b, TS_TEXT);
    for (int i = 0; i < ROWS; i++) {
        int n = snprintf(text, sizeof text, "%c%02d", letter, code[i]);
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

/* y, x, t numbers; subject s, visit v, arm a. The last three subjects lack two
 * visits each. */
static ts_frame *make_data(void)
{
    double y[ROWS], x[ROWS], t[ROWS];
    int s[ROWS], v[ROWS], a[ROWS], n = 0;
    ts_frame *frame;
    for (int i = 0; i < SUBJECTS; i++)
        for (int k = 0; k < VISITS; k++) {
            if (i >= SUBJECTS - 3 && (k == i % 4 || k == (i + 2) % 4))
                continue;
            y[n] = 3 + sin(17.0 * i) + 0.7 * sin(91.0 * i + 13 * k) + 0.2 * k;
            x[n] = cos(5.0 * i);
            t[n] = k + 0.1 * sin(3.0 * i + k);
            s[n] = i;
            v[n] = k;
            a[n++] = i % 2;
        }
    assert_int_equal(n, ROWS);
    assert_int_equal(ts_frame_new(ROWS, &frame, NULL), 0);
    add_real(frame, "y", y);
    add_real(frame, "x", x);
    add_real(frame, "t", t);
    add_text(frame, "s", 's', s);
    add_text(frame, "v", 'v', v);
    add_text(frame, "a", 'a', a);
    return frame;
}

typedef struct {
    ts_formula *formula[5];
    ts_model_frame *model[5];
    ts_design *design, *random;
    ts_mixed_spec spec;
} setting;

static void set_up(setting *s, const ts_frame *frame, ts_structure structure)
{
    static const char *const text[] = {"y ~ x + a * v", "~ s", "~ v", "~ a",
                                       "~ t"};
    for (int k = 0; k < 5; k++) {
        assert_int_equal(ts_formula_parse(text[k], &s->formula[k], NULL), 0);
        assert_int_equal(
            ts_model_frame_new(s->formula[k], frame,
                               k == 0 || k == 4 ? 0 : TS_MODEL_GROUPS,
                               &s->model[k], NULL),
            0);
    }
    assert_int_equal(ts_design_new(s->model[0], NULL, 0, 0, &s->design, NULL),
                     0);
    s->spec = (ts_mixed_spec){
        .structure = structure, .subject = s->model[1], .visit = s->model[2]};
    if (ts_covariance_has_time(structure))
        s->spec.time = s->model[4];
    s->random = NULL;
    if (structure == TS_RANDOM)
        assert_int_equal(
            ts_design_new(s->model[4], NULL, 0, 0, &s->random, NULL), 0);
    if (s->random) {
        s->spec.effect[0] = (ts_mixed_effect){s->random, s->model[1]};
        s->spec.n_effect = 1;
    }
}

static void tear_down(setting *s)
{
    ts_design_free(s->design);
    ts_design_free(s->random);
    for (int k = 0; k < 5; k++) {
        ts_model_frame_free(s->model[k]);
        ts_formula_free(s->formula[k]);
    }
}

/* The likelihood --------------------------------------------------------------
 */

/* At a theta away from the optimum. */
static void check_likelihood(const setting *s, bool ml, size_t rank)
{
    ts_linear *start;
    ts_mixed_data *d;
    ts_likelihood *l;
    double theta[20], gradient[20], up[20], h = 1e-5;
    assert_int_equal(ts_linear_fit(s->design, 1e-11, &start, NULL), 0);
    assert_int_equal(ts_mixed_data_new(start, &s->spec, 1, &d, NULL), 0);
    if (s->random) {
        d->covariance.part[0].rank = rank;
        ts_covariance_of_random(&d->covariance);
    }
    assert_int_equal(ts_likelihood_new(d, ml, &l, NULL), 0);
    size_t n = l->n_theta, own = d->covariance.n;
    for (size_t g = 0; g < d->n_group; g++)
        some_theta(&d->covariance, theta + g * own);
    double *hessian = ts_alloc_array(n, n * sizeof *hessian);
    ts_likelihood_value(l, theta);
    ts_likelihood_derive(l, theta);
    memcpy(gradient, l->gradient, n * sizeof *gradient);
    memcpy(hessian, l->hessian, n * n * sizeof *hessian);
    for (size_t k = 0; k < n; k++) {
        double kept = theta[k], high, low;
        theta[k] = kept + h;
        high = ts_likelihood_value(l, theta);
        ts_likelihood_derive(l, theta);
        memcpy(up, l->gradient, n * sizeof *up);
        theta[k] = kept - h;
        low = ts_likelihood_value(l, theta);
        ts_likelihood_derive(l, theta);
        theta[k] = kept;
        near((high - low) / (2 * h), gradient[k], 1e-7);
        for (size_t j = 0; j < n; j++)
            near((up[j] - l->gradient[j]) / (2 * h), hessian[k * n + j], 1e-7);
    }
    ts_free(hessian);
    ts_likelihood_free(l);
    ts_mixed_data_free(d);
    ts_linear_free(start);
}

static void derivatives_of_likelihoods(void **state)
{
    (void)state;
    ts_frame *frame = make_data();
    for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
        setting s;
        set_up(&s, frame, all[k]);
        check_likelihood(&s, false, 0);
        check_likelihood(&s, true, 0);
        s.spec.group = s.model[3];
        check_likelihood(&s, false, 0);
        tear_down(&s);
    }
    for (size_t rank = 0; rank <= 2; rank++) {
        setting s;
        set_up(&s, frame, TS_RANDOM);
        check_likelihood(&s, false, rank);
        check_likelihood(&s, true, rank);
        tear_down(&s);
    }
    ts_frame_free(frame);
}

/* Fits ------------------------------------------------------------------------
 */

/* A fit with all methods and tests. */
static ts_status whole(const setting *s, ts_error *err)
{
    ts_mixed *f;
    ts_mixed_value v;
    ts_mixed_test t;
    double row[9] = {1, 0, 1, 0, 0, 1, 0, 0, 1}, matrix[VISITS * VISITS];
    ts_status status = ts_mixed_fit(s->design, &s->spec, 1e-11, &f, err);
    if (status) {
        assert_null(f);
        return status;
    }
    for (int m = 0; m < 8 && !status; m++) {
        ts_df_method df = m < 5 ? (ts_df_method)m : TS_DF_SATTERTHWAITE;
        ts_sandwich kind = m < 5 ? TS_MODEL_BASED : (ts_sandwich)(m - 4);
        if ((status = ts_mixed_method(f, df, kind, err)) ||
            (status = ts_mixed_estimate(f, row, &v, err)) ||
            (status = ts_mixed_coefficient(f, 1, &v, err)) ||
            (status = ts_mixed_covariance(f, row, 1, matrix, err)) ||
            (status = ts_mixed_term(f, 3, &t, err)))
            break;
        assert_true(v.std_error > 0 && v.df > 0);
        status = ts_mixed_estimate(f, row, &v, err);
        if (status)
            break;
        near(sqrt(matrix[0]), v.std_error, 1e-14);
        assert_true(t.df == 3 && t.p_value > 0);
    }
    if (!status && s->random) {
        double effect[SUBJECTS * 2];
        status = ts_mixed_random(f, 0, effect, err);
    } else if (!status && !s->spec.time)
        status = ts_mixed_covariance_matrix(f, 0, matrix, err);
    ts_mixed_free(f);
    return status;
}

static void memory(void **state)
{
    static const ts_structure few[] = {TS_CSH, TS_SP_POW, TS_RANDOM};
    (void)state;
    ts_frame *frame = make_data();
    for (size_t k = 0; k < 3; k++) {
        setting s;
        ts_error err;
        set_up(&s, frame, few[k]);
        assert_int_equal(whole(&s, &err), 0);
        for (long n = 1;; n++) {
            long before = ts_memory_live();
            ts_memory_fail_at(n, 0);
            ts_status status = whole(&s, &err);
            long spent = ts_memory_count();
            ts_memory_fail_at(0, 0);
            assert_int_equal(ts_memory_live(), before);
            if (spent < n)
                break;
            assert_int_equal(status, TS_ENOMEM);
        }
        tear_down(&s);
    }
    ts_frame_free(frame);
}

/* A matrix that is no covariance is refused, and X = Q R gives back Q'Q = I. */
static void data_are_orthonormal(void **state)
{
    setting s;
    ts_linear *start;
    ts_mixed_data *d;
    (void)state;
    ts_frame *frame = make_data();
    set_up(&s, frame, TS_UN);
    assert_int_equal(ts_linear_fit(s.design, 1e-11, &start, NULL), 0);
    assert_int_equal(ts_mixed_data_new(start, &s.spec, 1, &d, NULL), 0);
    assert_int_equal(d->n_subject, SUBJECTS);
    assert_int_equal(d->n_pattern, 3); /* both halves of the visits, and all */
    for (size_t a = 0; a < d->width; a++)
        for (size_t b = 0; b <= a; b++) {
            double sum = 0;
            for (size_t i = 0; i < d->n; i++)
                sum += d->a[i * d->width + a] * d->a[i * d->width + b];
            if (a < d->width - 1)
                near(sum, a == b, 1e-13);
            else if (b < a) /* residuals */
                near(sum, 0, 1e-13);
        }
    ts_mixed_data_free(d);
    ts_linear_free(start);
    tear_down(&s);
    ts_frame_free(frame);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(derivatives_of_entries),
        cmocka_unit_test(derivatives_of_likelihoods),
        cmocka_unit_test(data_are_orthonormal),
        cmocka_unit_test(memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
