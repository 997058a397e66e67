#include "score_form.h"

#include <lapacke.h>
#include <math.h>
#include "ts/memory.h"
#include "ts/sum.h"

/* y' y of L y = u, pivots first. */
static double solve(const double *a, size_t n, const lapack_int *pivot,
                    lapack_int rank, const double *u, double *y)
{
    ts_sum sum = {0};
    for (lapack_int i = 0; i < rank; i++) {
        double t = u[pivot[i] - 1];
        for (lapack_int j = 0; j < i; j++)
            t -= a[(size_t)j * n + (size_t)i] * y[j];
        y[i] = t / a[(size_t)i * n + (size_t)i];
        ts_sum_add(&sum, y[i] * y[i]);
    }
    return ts_sum_value(&sum);
}

ts_status ts_score_form(const double *score, const double *variance, size_t k,
                        double *chisq, size_t *df, ts_error *err)
{
    size_t n = 0;
    lapack_int rank = 0;
    ts_status status = TS_OK;
    double *a = ts_alloc_array(k, k * sizeof *a);
    double *u = ts_alloc_array(k, sizeof *u);
    double *y = ts_alloc_array(k, sizeof *y);
    double *work = ts_alloc_array(2 * k, sizeof *work);
    size_t *used = ts_alloc_array(k, sizeof *used);
    lapack_int *pivot = ts_alloc_array(k, sizeof *pivot);
    *chisq = 0;
    *df = 0;
    if (!a || !u || !y || !work || !used || !pivot) {
        status = ts_fail_memory(err);
        goto done;
    }
    for (size_t g = 0; g < k; g++)
        if (variance[g * k + g] > 0)
            used[n++] = g;
    if (n == 0)
        goto done;
    for (size_t j = 0; j < n; j++) {
        size_t h = used[j];
        double scale = sqrt(variance[h * k + h]);
        u[j] = score[h] / scale;
        for (size_t i = j; i < n; i++) {
            size_t g = used[i];
            a[j * n + i] =
                variance[g * k + h] / scale / sqrt(variance[g * k + g]);
        }
    }
    LAPACKE_dpstrf_work(LAPACK_COL_MAJOR, 'L', (lapack_int)n, a, (lapack_int)n,
                        pivot, &rank, 1e-12 * (double)n, work);
    *chisq = solve(a, n, pivot, rank, u, y);
    *df = (size_t)rank;
done:
    ts_free(a);
    ts_free(u);
    ts_free(y);
    ts_free(work);
    ts_free(used);
    ts_free(pivot);
    return status;
}
