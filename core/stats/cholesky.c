/* Cholesky's factor of a small matrix, and what it solves. */
#include "cholesky.h"

#include <math.h>
#include <string.h>
#include "ts/qr.h"

double ts_cholesky(double *a, size_t n, double tolerance)
{
    double least = 1;
    for (size_t i = 0; i < n; i++) {
        double *row = a + i * n;
        for (size_t j = 0; j < i; j++)
            row[j] = (row[j] - ts_dot(row, a + j * n, j)) / a[j * n + j];
        double left = row[i] - ts_dot(row, row, i), share = left / row[i];
        if (!(left > 0) || !(share > tolerance))
            return 0;
        least = fmin(least, share);
        row[i] = sqrt(left);
        memset(row + i + 1, 0, (n - i - 1) * sizeof *row);
    }
    return least;
}

void ts_solve_lower(const double *l, size_t n, double *x)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (x[i] - ts_dot(l + i * n, x, i)) / l[i * n + i];
}

void ts_solve_lower_transposed(const double *l, size_t n, double *x)
{
    for (size_t i = n; i-- > 0;) {
        x[i] /= l[i * n + i];
        for (size_t j = 0; j < i; j++)
            x[j] -= l[i * n + j] * x[i];
    }
}

void ts_invert_cholesky(const double *l, size_t n, double *out)
{
    for (size_t i = 0; i < n; i++) {
        double *x = out + i * n;
        memset(x, 0, n * sizeof *x);
        x[i] = 1;
        ts_solve_lower(l, n, x);
        ts_solve_lower_transposed(l, n, x);
    }
}
