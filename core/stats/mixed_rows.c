/* What a model for repeated measures says of rows: residuals, predictions. */
#include "mixed_private.h"

#include <math.h>
#include "ts/interrupt.h"
#include "ts/memory.h"

/* Of one subject: its first row in the data, chol or NULL, r with room for q
 * numbers. */
static void take_subject(const ts_mixed *f, const ts_pattern *p, size_t first,
                         ts_entry *e, const double *chol, double *r,
                         ts_mixed_diagnostics *out)
{
    const ts_mixed_data *d = f->data;
    const ts_model_frame *m = f->design->model;
    for (size_t i = 0; i < p->q; i++) {
        const double *a = d->a + (first + i) * d->width;
        size_t row = d->row[first + i];
        double w = m->weight.value ? sqrt(m->weight.value[row]) : 1;
        ts_pattern_entry(d, f->theta_own, p, i, i, e);
        double sd = sqrt(e->value);
        r[i] = a[f->rank] - ts_dot(a, f->shift, f->rank);
        out->residual[row] = r[i] / w / f->scale;
        out->fitted[row] = m->response[0].value[row] - out->residual[row];
        out->std_residual[row] = r[i] / sd;
    }
    if (chol)
        ts_solve_lower(chol, p->q, r);
    for (size_t i = 0; i < p->q; i++)
        out->scaled_residual[d->row[first + i]] = chol ? r[i] : NAN;
}

ts_status ts_mixed_diagnose(const ts_mixed *f, ts_mixed_diagnostics *out,
                            ts_error *err)
{
    const ts_mixed_data *d = f->data;
    size_t q = d->longest, most = q > TS_WHOLE_MOST ? TS_WHOLE_MOST : q;
    ts_entry e;
    ts_status status = ts_entry_new(&d->covariance, &e, err);
    double *chol = ts_alloc_array(most, most * sizeof *chol);
    double *r = ts_alloc_array(q, sizeof *r);
    if (!status && (!chol || !r))
        status = ts_fail_memory(err);
    for (size_t k = 0; k < d->n_pattern && !status; k++) {
        const ts_pattern *p = &d->pattern[k];
        if (p->q <= most)
            ts_pattern_factor(d, f->theta_own, p, &e, chol);
        for (size_t s = 0; s < p->m; s++)
            take_subject(f, p, p->first + s * p->q, &e,
                         p->q <= most ? chol : NULL, r, out);
        status = ts_interrupt_check(err);
    }
    ts_entry_free(&e);
    ts_free(chol);
    ts_free(r);
    return status;
}

ts_status ts_mixed_predict(const ts_mixed *f, const ts_model_frame *rows,
                           double *estimate, double *std_error, double *df,
                           ts_error *err)
{
    const ts_design *d = f->design;
    enum { BLOCK = 128 };
    ts_design_rows of = {0};
    double *x = ts_alloc_array(BLOCK + 1, f->start->p * sizeof *x);
    ts_status status =
        x ? ts_design_rows_of(d, rows, &of, err) : ts_fail_memory(err);
    double *row = x ? x + BLOCK * f->start->p : NULL;
    for (size_t from = 0; from < rows->n && !status; from += BLOCK) {
        size_t m = rows->n - from < BLOCK ? rows->n - from : BLOCK;
        ts_design_block(d, &of, from, m, x, BLOCK);
        for (size_t i = 0; i < m && !status; i++) {
            ts_mixed_value v;
            for (size_t j = 0; j < f->start->p; j++)
                row[j] = x[j * BLOCK + i];
            status = ts_mixed_estimate(f, row, &v, err);
            estimate[from + i] = v.estimate + ts_linear_offset(rows, from + i);
            std_error[from + i] = v.std_error;
            df[from + i] = v.df;
        }
        if (!status)
            status = ts_interrupt_check(err);
    }
    ts_design_rows_free(&of);
    ts_free(x);
    return status;
}
