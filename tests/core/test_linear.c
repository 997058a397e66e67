/* Linear models in C: QR and rank, refinement against exact answers, fits that
 * cannot be, and every allocation failing once. The numbers are compared with
 * R's in tests/lua/test_lm*.lua. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "linear_data.h"
#include "ts/linear.h"
#include "ts/memory.h"
#include "ts/qr.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* QR ---------------------------------------------------------------------- */

static void near(double x, double wanted, double tolerance)
{
    if (!(fabs(x - wanted) <= tolerance * fmax(1, fabs(wanted))))
        fail_msg("%.17g, not %.17g", x, wanted);
}

/* R'R is X'X, whatever the blocks. */
static void blocks(void **state)
{
    enum { N = 37, P = 4 };
    static const size_t sizes[] = {1, 5, 37};
    double x[P * N], part[P * N];
    (void)state;
    for (int j = 0; j < P; j++)
        for (int i = 0; i < N; i++)
            x[j * N + i] =
                j == 0 ? 1 : sin(i * j + 0.1 * i) * (j == 2 ? 1e6 : 1);
    for (size_t s = 0; s < COUNT(sizes); s++) {
        ts_qr *qr;
        assert_int_equal(ts_qr_new(P, &qr, NULL), 0);
        for (size_t from = 0; from < N; from += sizes[s]) {
            size_t m = N - from < sizes[s] ? N - from : sizes[s];
            for (size_t j = 0; j < P; j++)
                memcpy(part + j * sizes[s], x + j * N + from, m * sizeof *x);
            ts_qr_add(qr, part, m, sizes[s]);
        }
        for (int a = 0; a < P; a++)
            for (int b = a; b < P; b++) {
                double own = 0, wanted = 0, size = 0;
                for (int k = 0; k <= a; k++)
                    own += qr->r[k * P + a] * qr->r[k * P + b];
                for (int i = 0; i < N; i++) {
                    wanted += x[a * N + i] * x[b * N + i];
                    size += fabs(x[a * N + i] * x[b * N + i]);
                }
                assert_true(fabs(own - wanted) <= 1e-14 * size);
            }
        ts_qr_free(qr);
    }
}

/* Columns 1, x, 2 + 3 x, 0, x^2: the third and fourth are given. */
static void ranks(void **state)
{
    enum { N = 9, P = 5 };
    double x[P * N];
    ts_qr *qr;
    ts_rank *k;
    (void)state;
    for (int i = 0; i < N; i++) {
        x[i] = 1;
        x[N + i] = i;
        x[2 * N + i] = 2 + 3 * i;
        x[3 * N + i] = 0;
        x[4 * N + i] = i * i;
    }
    assert_int_equal(ts_qr_new(P, &qr, NULL), 0);
    ts_qr_add(qr, x, N, N);
    assert_int_equal(ts_rank_new(qr, 0, true, 1e-11, &k, NULL), 0);
    assert_int_equal(k->rank, 3);
    static const size_t kept[] = {0, 1, 4, 2, 3};
    assert_memory_equal(k->kept, kept, sizeof kept);
    near(k->alias[0], 2, 1e-13);
    near(k->alias[1], 3, 1e-13);
    near(k->alias[2], 0, 1e-13);
    near(k->alias[3], 0, 1e-13);
    ts_rank_free(k);
    ts_qr_free(qr);
}

/* Models ------------------------------------------------------------------ */

typedef struct {
    ts_formula *formula, *weight;
    ts_model_frame *frame;
    ts_design *design;
    ts_linear *fit;
} model;

static ts_status open_model(const ts_frame *data, const char *text,
                            const char *weight, model *m, ts_error *err)
{
    ts_status status;
    *m = (model){0};
    if ((status = ts_formula_parse(text, &m->formula, err)) ||
        (weight && (status = ts_formula_parse_any(weight, &m->weight, err))) ||
        (status = ts_model_frame_new_weighted(
             m->formula, weight ? m->weight->response : NULL, data, 0,
             &m->frame, err)) ||
        (status = ts_design_new(m->frame, NULL, 0, 0, &m->design, err)))
        return status;
    return ts_linear_fit(m->design, 1e-11, &m->fit, err);
}

static void close_model(model *m)
{
    ts_linear_free(m->fit);
    ts_design_free(m->design);
    ts_model_frame_free(m->frame);
    ts_formula_free(m->formula);
    ts_formula_free(m->weight);
}

static model fitted(const ts_frame *data, const char *text, const char *weight)
{
    model m;
    ts_error err = {0};
    if (open_model(data, text, weight, &m, &err))
        fail_msg("%s", err.text);
    return m;
}

/* The residuals are orthogonal to every column, to the last digits. */
static void orthogonal(void **state)
{
    static const char *const texts[] = {"y ~ x",
                                        "y ~ a*b",
                                        "y ~ poly(x, 5)",
                                        "y ~ x + I(x^2) + I(x^3) + I(x^4)",
                                        "y ~ x + I(1e7 + x + 1e-4*z) - 1",
                                        "y ~ ns(x, 3)*a"};
    ts_frame *data = linear_data();
    (void)state;
    for (size_t t = 0; t < COUNT(texts); t++)
        for (int weighted = 0; weighted < 2; weighted++) {
            model m = fitted(data, texts[t], weighted ? "w" : NULL);
            size_t n = m.fit->n, p = m.fit->p;
            ts_design_rows rows;
            double x[LINEAR_ROWS * 16];
            assert_true(p <= 16);
            assert_int_equal(ts_design_rows_of(m.design, m.frame, &rows, NULL),
                             0);
            ts_design_block(m.design, &rows, 0, n, x, n);
            for (size_t j = 0; j < p; j++) {
                long double sum = 0, size = 0;
                for (size_t i = 0; i < n; i++) {
                    long double part =
                        (long double)x[j * n + i] * m.fit->residual[i] *
                        (weighted ? m.frame->weight.value[i] : 1);
                    sum += part;
                    size += fabsl(part);
                }
                if (!(fabsl(sum) <= 4e-16L * size))
                    fail_msg("%s, weighted %d, column %zu: %.3Lg of %.3Lg",
                             texts[t], weighted, j, sum, size);
            }
            ts_design_rows_free(&rows);
            close_model(&m);
        }
    ts_frame_free(data);
}

/* A weight of 2 is the row twice; a row of weight 0 is none. */
static void weights(void **state)
{
    ts_frame *data = linear_data();
    model m = fitted(data, "y ~ x + a", "w"),
          all = fitted(data, "y ~ x + a", 0);
    (void)state;
    assert_int_equal(m.fit->n, 10);
    assert_int_equal(m.frame->n_zero, 1);
    assert_int_equal(m.frame->n_missing, 1);
    assert_int_equal(all.fit->n, 11);
    close_model(&all);
    all = fitted(data, "y ~ x + a", "w * 0 + 1");
    model plain = fitted(data, "y ~ x + a", NULL);
    for (int j = 0; j < 3; j++)
        near(all.fit->coef[j], plain.fit->coef[j], 1e-14);
    near(all.fit->sigma, plain.fit->sigma, 1e-14);
    near(all.fit->log_lik, plain.fit->log_lik, 1e-14);
    close_model(&m);
    close_model(&all);
    close_model(&plain);
    ts_frame_free(data);
}

/* An offset is a coefficient that is known to be 1. */
static void offsets(void **state)
{
    ts_frame *data = linear_data();
    model a = fitted(data, "y ~ x + offset(z) + offset(log(x))", NULL);
    model b = fitted(data, "y - z - log(x) ~ x", NULL);
    (void)state;
    for (int j = 0; j < 2; j++)
        near(a.fit->coef[j], b.fit->coef[j], 1e-14);
    near(a.fit->rss, b.fit->rss, 1e-14);
    near(a.fit->tss, b.fit->tss, 1e-14);
    close_model(&a);
    close_model(&b);
    ts_frame_free(data);
}

static void estimability(void **state)
{
    ts_frame *data = linear_data();
    model m = fitted(data, "y ~ x + I(2*x + 3) + a", NULL);
    ts_linear_value v;
    (void)state;
    assert_int_equal(m.fit->rank, 3);
    assert_true(m.fit->aliased[2] && isnan(m.fit->coef[2]));
    /* the mean of Placebo at x = 4, where the third column is 11 */
    const double row[] = {1, 4, 11, 0}, wrong[] = {1, 4, 10, 0};
    assert_int_equal(ts_linear_estimate(m.fit, row, &v, NULL), 0);
    assert_true(v.estimable && v.std_error > 0);
    near(v.estimate, m.fit->coef[0] + 4 * m.fit->coef[1], 1e-14);
    assert_int_equal(ts_linear_estimate(m.fit, wrong, &v, NULL), 0);
    assert_true(!v.estimable && isnan(v.estimate) && isnan(v.std_error));
    close_model(&m);
    ts_frame_free(data);
}

static void refused(void **state)
{
    static const struct {
        const char *text, *weight;
        ts_status status;
        const char *says;
    } cases[] = {
        {"y ~ x - 1 - x", NULL, TS_EDEGENERATE, "the model has no coefficient"},
        {"a ~ x", NULL, TS_ETYPE, "a is text, numbers are needed"},
        {"y ~ factor(I(x > 0))", NULL, TS_EDEGENERATE,
         "factor(I(x > 0)) has only one level, 1, in the rows used"},
        {"y ~ I(x > 0)", NULL, TS_EDEGENERATE, "has only one level, TRUE"},
        {"y ~ x", "0 - w", TS_EINVALID,
         "the weight 0 - w is negative in row 1"},
        {"y ~ x", "a", TS_ETYPE, "the weight a is text, no number"},
        {"y ~ x + offset(a)", NULL, TS_ETYPE, "the offset a is text"},
        {"log(-x) ~ z", NULL, TS_EDEGENERATE, "no complete row"},
        {"y ~ ns(a, 2)", NULL, TS_ETYPE, "ns(a, 2): a is text"},
        {"y ~ I(exp(500 * x) * 1e200)", NULL, TS_EDEGENERATE,
         "no complete row"},
        {"y ~ I(exp(59*x)):I(exp(59*x + 0))", NULL, TS_EINVALID,
         "is infinite in some row"},
    };
    ts_frame *data = linear_data();
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        model m;
        ts_error err = {0};
        assert_int_equal(
            open_model(data, cases[i].text, cases[i].weight, &m, &err),
            cases[i].status);
        if (!strstr(err.text, cases[i].says))
            fail_msg("%s\n  wanted: %s", err.text, cases[i].says);
        close_model(&m);
    }
    ts_frame_free(data);
}

/* Numbers whose squares leave the range of doubles. */
static void extremes(void **state)
{
    ts_frame *data = linear_data();
    model plain = fitted(data, "y ~ x + z", NULL);
    (void)state;
    static const double size[] = {1e-250, 1e-160, 1e160, 1e250};
    for (size_t i = 0; i < COUNT(size); i++) {
        char text[80];
        snprintf(text, sizeof text, "y ~ I(x * %g) + z", size[i]);
        model m = fitted(data, text, NULL);
        assert_int_equal(m.fit->rank, 3);
        near(m.fit->coef[1] * size[i], plain.fit->coef[1], 1e-14);
        near(m.fit->coef[2], plain.fit->coef[2], 1e-14);
        close_model(&m);
        snprintf(text, sizeof text, "I(y * %g) ~ x + z", size[i]);
        m = fitted(data, text, NULL);
        near(m.fit->coef[1] / size[i], plain.fit->coef[1], 1e-14);
        near(m.fit->sigma / size[i], plain.fit->sigma, 1e-14);
        close_model(&m);
    }
    close_model(&plain);
    ts_frame_free(data);
}

/* Memory ------------------------------------------------------------------ */

static ts_status everything(const ts_frame *data, ts_error *err)
{
    model m;
    ts_linear_test t;
    ts_linear_value v;
    ts_linear_diagnostics d;
    ts_model_frame *rows = NULL;
    double numbers[8][LINEAR_ROWS], row[16] = {1}, covariance[4];
    ts_status status =
        open_model(data, "y ~ a*ns(x, 2) + offset(z)", "w", &m, err);
    d.fitted = numbers[0];
    d.residual = numbers[1];
    d.leverage = numbers[2];
    d.std_residual = numbers[3];
    d.student_residual = numbers[4];
    d.cooks_distance = numbers[5];
    if (!status)
        status = ts_linear_robust(m.fit, TS_HC3, err);
    for (int type = 1; type <= 3 && !status; type++)
        status = ts_linear_term(m.fit, type, 0, &t, err);
    if (!status && !(status = ts_linear_whole(m.fit, &t, err)) &&
        !(status = ts_linear_estimate(m.fit, row, &v, err)) &&
        !(status = ts_linear_coefficient(m.fit, 0, &v, err)) &&
        !(status = ts_linear_covariance(m.fit, row, 2, covariance, err)) &&
        !(status = ts_linear_diagnose(m.fit, &d, err)))
        status =
            ts_model_frame_new(m.formula, data, TS_MODEL_RIGHT, &rows, err);
    if (!status)
        status = ts_linear_predict(m.fit, rows, numbers[6], numbers[7], err);
    const double value[] = {NAN, NAN};
    const int code[] = {0, -1};
    if (!status)
        status = ts_design_average(m.design, value, code, row, err);
    ts_model_frame_free(rows);
    close_model(&m);
    return status;
}

static void every_failure(void **state)
{
    ts_frame *data = linear_data();
    long live = ts_memory_live();
    bool done = false;
    (void)state;
    for (long n = 1; !done; n++) {
        ts_error err = {0};
        ts_memory_fail_at(n, 0);
        ts_status status = everything(data, &err);
        done = ts_memory_count() < n;
        ts_memory_fail_at(0, 0);
        if (status != (done ? TS_OK : TS_ENOMEM))
            fail_msg("%d %s", (int)status, err.text);
        assert_int_equal(ts_memory_live(), live);
    }
    ts_frame_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks),        cmocka_unit_test(ranks),
        cmocka_unit_test(orthogonal),    cmocka_unit_test(weights),
        cmocka_unit_test(offsets),       cmocka_unit_test(estimability),
        cmocka_unit_test(refused),       cmocka_unit_test(extremes),
        cmocka_unit_test(every_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
