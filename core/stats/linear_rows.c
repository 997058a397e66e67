/* What a linear model says of rows: diagnostics of its own, predictions. */
#include "linear_private.h"

#include <math.h>
#include "ts/interrupt.h"
#include "ts/memory.h"

double ts_linear_offset(const ts_model_frame *m, size_t i)
{
    double sum = 0;
    for (size_t k = 0; k < m->n_offset; k++)
        sum += m->offset[k].value[i];
    return sum;
}

ts_status ts_linear_diagnose(ts_linear *f, ts_linear_diagnostics *out,
                             ts_error *err)
{
    const double *h;
    const double *y = f->design->model->response[0].value;
    double p = (double)f->rank;
    ts_status status = ts_linear_leverage(f, &h, err);
    for (size_t i = 0; i < f->n && !status; i++) {
        double w = f->weight ? sqrt(f->weight[i]) : 1, left = 1 - h[i];
        double e = f->residual[i] * w;
        bool defined = left > 1e-10 && f->sigma > 0;
        double standard = defined ? e / (f->sigma * sqrt(left)) : NAN;
        /* the variance without this row */
        double without = (f->rss - e * e / left) / (f->df - 1);
        out->fitted[i] = y[i] - f->residual[i];
        out->residual[i] = f->residual[i];
        out->leverage[i] = h[i];
        out->std_residual[i] = standard;
        out->student_residual[i] = defined && without > 0 && f->df > 1
                                       ? e / sqrt(without * left)
                                       : NAN;
        out->cooks_distance[i] = standard * standard * h[i] / left / p;
    }
    return status;
}

ts_status ts_linear_predict(const ts_linear *f, const ts_model_frame *rows,
                            double *estimate, double *std_error, ts_error *err)
{
    const ts_design *d = f->design;
    enum { BLOCK = 128 };
    ts_design_rows of = {0};
    double *x = ts_alloc_array(BLOCK + 1, f->p * sizeof *x);
    ts_status status =
        x ? ts_design_rows_of(d, rows, &of, err) : ts_fail_memory(err);
    double *row = x ? x + BLOCK * f->p : NULL;
    for (size_t from = 0; from < rows->n && !status; from += BLOCK) {
        size_t m = rows->n - from < BLOCK ? rows->n - from : BLOCK;
        ts_design_block(d, &of, from, m, x, BLOCK);
        for (size_t i = 0; i < m && !status; i++) {
            ts_linear_value v;
            for (size_t j = 0; j < f->p; j++)
                row[j] = x[j * BLOCK + i];
            status = ts_linear_estimate(f, row, &v, err);
            estimate[from + i] = v.estimate + ts_linear_offset(rows, from + i);
            std_error[from + i] = v.std_error;
        }
        if (!status)
            status = ts_interrupt_check(err);
    }
    ts_design_rows_free(&of);
    ts_free(x);
    return status;
}
