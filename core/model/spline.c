/*
 * B splines by the recurrence of de Boor (1978, A Practical Guide to Splines,
 * chapter X), and natural cubic splines: the cubic ones whose second derivative
 * is 0 at both boundaries, a basis of which the Householder vectors of those
 * two conditions give. Knots and columns are those of R's splines package.
 */
#include "basis_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "ts/memory.h"

#define ORDER_MAX 11

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Knots ------------------------------------------------------------------- */

/* Quantile of type 7 of sorted values. */
static double quantile(const double *sorted, size_t n, double p)
{
    double h = (double)(n - 1) * p, low = floor(h + 4e-16 * h);
    size_t i = (size_t)low;
    if (i + 1 >= n || fabs(h - low) < 1e-15 * h)
        return sorted[i < n ? i : n - 1];
    return sorted[i] + (h - low) * (sorted[i + 1] - sorted[i]);
}

static ts_status count_knots(const ts_basis_call *c, int *inner)
{
    if (c->n_knot >= 0) {
        *inner = c->n_knot;
        return TS_OK;
    }
    int least =
        c->kind == TS_BASIS_NS ? 1 + c->intercept : c->degree + c->intercept;
    int df = c->df ? c->df : least;
    *inner = df - least;
    if (*inner < 0)
        return ts_fail(c->err, TS_EINVALID, "%s: df is at least %d", c->name,
                       least);
    return TS_OK;
}

/* The boundaries, order times each, and the inner knots between them. */
static ts_status make_knots(ts_basis *b, const ts_basis_call *c, double *sorted,
                            size_t n)
{
    int order = b->degree + 1, inner;
    ts_status status = count_knots(c, &inner);
    if (status)
        return status;
    double low = c->bounded ? c->boundary[0] : sorted[0];
    double high = c->bounded ? c->boundary[1] : sorted[n - 1];
    size_t from = 0, to = n;
    while (from < n && sorted[from] < low)
        from++;
    while (to > from && sorted[to - 1] > high)
        to--;
    b->n_knot = (size_t)(2 * order + inner);
    b->knot = ts_alloc_array(b->n_knot, sizeof *b->knot);
    if (!b->knot)
        return ts_fail_memory(c->err);
    for (int i = 0; i < order; i++) {
        b->knot[i] = low;
        b->knot[order + inner + i] = high;
    }
    for (int i = 0; i < inner; i++)
        b->knot[order + i] = c->n_knot >= 0 ? c->knot[i]
                             : to == from   ? NAN
                                            : quantile(sorted + from, to - from,
                                                       (i + 1.0) / (inner + 1));
    for (int i = 0; i <= inner; i++)
        if (!(b->knot[order + i - 1] < b->knot[order + i]))
            return ts_fail(c->err, TS_EDEGENERATE,
                           "%s: the knots do not increase between %g and %g; "
                           "%s",
                           c->name, low, high,
                           c->n_knot >= 0 ? "they lie inside the boundaries"
                                          : "the variable has too few values");
    return TS_OK;
}

/* Values ------------------------------------------------------------------ */

/* The span [knot[i], knot[i + 1]) of x, the last one closed; the first or the
 * last of them for x outside. */
static size_t span_of(const ts_basis *b, double x)
{
    size_t order = (size_t)b->degree + 1, i = order - 1;
    while (i + 1 < b->n_knot - order && x >= b->knot[i + 1])
        i++;
    return i;
}

/* The values of the functions of a degree that live on span i, i - degree to
 * i, as polynomials: also for x outside of it. */
static void values_on(const double *knot, size_t i, int degree, double x,
                      double *out)
{
    out[0] = 1;
    for (int d = 1; d <= degree; d++) {
        double saved = 0;
        for (int r = 0; r < d; r++) {
            double right = knot[i + (size_t)r + 1];
            double left = knot[i + (size_t)(r + 1) - (size_t)d];
            double part = out[r] / (right - left);
            out[r] = saved + (right - x) * part;
            saved = (x - left) * part;
        }
        out[d] = saved;
    }
}

/* The same for a derivative: differences of the functions of lower degree. */
static void derivatives_on(const double *knot, size_t i, int degree, int times,
                           double x, double *out)
{
    if (times == 0) {
        values_on(knot, i, degree, x, out);
        return;
    }
    double low[ORDER_MAX];
    derivatives_on(knot, i, degree - 1, times - 1, x, low);
    for (int r = 0; r <= degree; r++) {
        size_t first = i + (size_t)r - (size_t)degree;
        double value = 0;
        if (r > 0)
            value += degree * low[r - 1] /
                     (knot[first + (size_t)degree] - knot[first]);
        if (r < degree)
            value -= degree * low[r] /
                     (knot[first + (size_t)degree + 1] - knot[first + 1]);
        out[r] = value;
    }
}

/* All n_spline functions at x into out, those used. */
static void splines_at(const ts_basis *b, int times, double x, double *out)
{
    double local[ORDER_MAX];
    size_t i = span_of(b, x), start = i - (size_t)b->degree;
    derivatives_on(b->knot, i, b->degree, times, x, local);
    memset(out, 0, b->n_spline * sizeof *out);
    for (int r = 0; r <= b->degree; r++)
        if (start + (size_t)r >= b->first)
            out[start + (size_t)r - b->first] = local[r];
}

/* Natural splines --------------------------------------------------------- */

/* One Householder vector for v[from ..], which it leaves at v; the value that
 * goes to v[from]. */
static double reflect(double *v, size_t from, size_t n)
{
    double norm = 0;
    for (size_t i = from; i < n; i++)
        norm = hypot(norm, v[i]);
    if (v[from] < 0)
        norm = -norm;
    v[from] += norm;
    return -norm;
}

static void apply(const double *v, size_t from, size_t n, double *x)
{
    double dot = 0, square = 0;
    for (size_t i = from; i < n; i++) {
        dot += v[i] * x[i];
        square += v[i] * v[i];
    }
    for (size_t i = from; i < n && square > 0; i++)
        x[i] -= 2 * dot / square * v[i];
}

/* null: the last size columns of Q, where QR are the two conditions. */
static void null_space(ts_basis *b, double *condition, double *column)
{
    size_t n = b->n_spline;
    double *second = condition + n;
    splines_at(b, 2, b->knot[0], condition);
    splines_at(b, 2, b->knot[b->n_knot - 1], second);
    reflect(condition, 0, n);
    apply(condition, 0, n, second);
    reflect(second, 1, n);
    for (size_t j = 0; j < b->size; j++) {
        memset(column, 0, n * sizeof *column);
        column[j + 2] = 1;
        apply(second, 1, n, column);
        apply(condition, 0, n, column);
        for (size_t i = 0; i < n; i++)
            b->null[i * b->size + j] = column[i];
    }
}

/* out: the functions (n_spline of them) in the natural basis. */
static void project(const ts_basis *b, const double *spline, double *out)
{
    for (size_t j = 0; j < b->size; j++) {
        out[j] = 0;
        for (size_t i = 0; i < b->n_spline; i++)
            out[j] += spline[i] * b->null[i * b->size + j];
    }
}

static ts_status make_natural(ts_basis *b, const ts_basis_call *c)
{
    size_t n = b->n_spline;
    b->size = n - 2;
    b->null = ts_alloc_array(n * b->size, sizeof *b->null);
    b->edge = ts_alloc_array(4 * b->size, sizeof *b->edge);
    double *work = ts_alloc_array(3 * n, sizeof *work);
    if (!b->null || !b->edge || !work) {
        ts_free(work);
        return ts_fail_memory(c->err);
    }
    null_space(b, work, work + 2 * n);
    for (int end = 0; end < 2; end++)
        for (int times = 0; times < 2; times++) {
            splines_at(b, times, end ? b->knot[b->n_knot - 1] : b->knot[0],
                       work);
            project(b, work, b->edge + (size_t)(2 * end + times) * b->size);
        }
    ts_free(work);
    return TS_OK;
}

static void natural_at(const ts_basis *b, double x, double *out)
{
    double low = b->knot[0], high = b->knot[b->n_knot - 1];
    double local[ORDER_MAX];
    if (x < low || x > high) {
        const double *value = b->edge + (x > high ? 2 * b->size : 0);
        for (size_t j = 0; j < b->size; j++)
            out[j] =
                value[j] + (x - (x > high ? high : low)) * value[b->size + j];
        return;
    }
    size_t i = span_of(b, x), start = i - 3;
    values_on(b->knot, i, 3, x, local);
    memset(out, 0, b->size * sizeof *out);
    for (size_t r = 0; r < 4; r++)
        for (size_t j = 0; j < b->size && start + r >= b->first; j++)
            out[j] += local[r] * b->null[(start + r - b->first) * b->size + j];
}

/* The whole --------------------------------------------------------------- */

ts_status ts_basis_spline(ts_basis *b, const ts_basis_call *c, const double *x,
                          size_t n)
{
    double *sorted = ts_alloc_array(n, sizeof *sorted);
    ts_status status = TS_OK;
    if (!sorted)
        return ts_fail_memory(c->err);
    memcpy(sorted, x, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, by_value);
    if (n == 0)
        status = ts_fail(c->err, TS_EDEGENERATE, "%s: no values", c->name);
    if (!status)
        status = make_knots(b, c, sorted, n);
    ts_free(sorted);
    if (status)
        return status;
    b->first = !c->intercept;
    b->n_spline = b->n_knot - (size_t)b->degree - 1 - b->first;
    b->size = b->n_spline;
    return b->kind == TS_BASIS_NS ? make_natural(b, c) : TS_OK;
}

void ts_basis_spline_at(const ts_basis *b, double x, double *out)
{
    if (b->kind == TS_BASIS_NS)
        natural_at(b, x, out);
    else
        splines_at(b, 0, x, out);
}
