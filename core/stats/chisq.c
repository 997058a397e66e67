/* Pearson's chi-square test of a table. */
#include "ts/counts.h"

#include <math.h>
#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include "counts_check.h"
#include "ts/memory.h"
#include "ts/sum.h"

double ts_chi_tail(double x, double df)
{
    return pchisq(x, df, 0, 0);
}

typedef struct {
    double *row, *column, all;
} margins;

static ts_status margins_of(const double *counts, size_t r, size_t c,
                            margins *m, ts_error *err)
{
    m->all = 0;
    m->row = ts_alloc_array(r + c, sizeof *m->row);
    m->column = m->row + r;
    if (!m->row)
        return ts_fail_memory(err);
    for (size_t i = 0; i < r; i++)
        for (size_t j = 0; j < c; j++) {
            ts_status status = ts_check_count(counts[i * c + j], "a cell", err);
            if (status)
                return status;
            m->row[i] += counts[i * c + j];
            m->column[j] += counts[i * c + j];
            m->all += counts[i * c + j];
        }
    return TS_OK;
}

static size_t positive(const double *x, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += x[i] > 0;
    return count;
}

ts_status ts_chisq(const double *counts, size_t r, size_t c, ts_chisq_form form,
                   ts_chisq_result *out, double *expected, double *residual,
                   double *adjusted, ts_error *err)
{
    ts_chisq_result t = {.statistic = NAN,
                         .df = NAN,
                         .p_value = NAN,
                         .least_expected = INFINITY};
    margins m;
    ts_sum sum = {0};
    *out = t;
    ts_status status = margins_of(counts, r, c, &m, err);
    if (status)
        goto done;
    t.n_row = positive(m.row, r);
    t.n_column = positive(m.column, c);
    if (t.n_row < 2 || t.n_column < 2) {
        status = ts_fail(err, TS_EDEGENERATE,
                         "two rows and two columns with counts are needed, "
                         "not %zu and %zu",
                         t.n_row, t.n_column);
        goto done;
    }
    if (form == TS_YATES && (t.n_row > 2 || t.n_column > 2)) {
        status = ts_fail(err, TS_EINVALID,
                         "Yates's correction is for two rows and two columns");
        goto done;
    }
    for (size_t i = 0; i < r; i++)
        for (size_t j = 0; j < c; j++) {
            size_t at = i * c + j;
            bool used = m.row[i] > 0 && m.column[j] > 0;
            double e = m.row[i] * m.column[j] / m.all, away = counts[at] - e;
            double p = (1 - m.row[i] / m.all) * (1 - m.column[j] / m.all);
            if (expected)
                expected[at] = used ? e : NAN;
            if (residual)
                residual[at] = used ? away / sqrt(e) : NAN;
            if (adjusted)
                adjusted[at] = used ? away / sqrt(e * p) : NAN;
            if (!used)
                continue;
            if (form == TS_YATES)
                away = fmax(0, fabs(away) - 0.5);
            ts_sum_add(&sum, away * away / e);
            t.least_expected = fmin(t.least_expected, e);
            t.n_small += e < 5;
            t.n_cell++;
        }
    t.statistic = ts_sum_value(&sum);
    if (form == TS_N_MINUS_1)
        t.statistic *= (m.all - 1) / m.all;
    t.df = (double)((t.n_row - 1) * (t.n_column - 1));
    t.p_value = pchisq(t.statistic, t.df, 0, 0);
    *out = t;
done:
    ts_free(m.row);
    return status;
}
