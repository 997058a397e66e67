/*
 * Which columns of X are combinations of those before them. It is enough to
 * look at R: its columns have the norms and angles of those of X.
 */
#include "ts/qr.h"

#include <float.h>
#include <math.h>
#include <string.h>
#include "ts/memory.h"

/* A column is given by others if it leaves less than this of its own size,
 * whatever the tolerance: it cannot be told from rounding. */
#define ROUNDING (64 * DBL_EPSILON)

typedef struct {
    size_t p;       /* columns of X */
    size_t height;  /* rows of R */
    double *column; /* height: the one that is looked at */
    double *vector; /* p x height: Householder vectors of the kept */
    double *square; /* their squared lengths */
    double *r;      /* p x p: upper, columns kept and not, by rows */
} workshop;

static double norm_from(const double *x, size_t from, size_t n)
{
    double largest = 0, sum = 0;
    for (size_t i = from; i < n; i++)
        largest = fmax(largest, fabs(x[i]));
    if (largest == 0)
        return 0;
    for (size_t i = from; i < n; i++)
        sum += (x[i] / largest) * (x[i] / largest);
    return largest * sqrt(sum);
}

static void reflect(const workshop *w, size_t rank, double *x)
{
    for (size_t k = 0; k < rank; k++) {
        const double *v = w->vector + k * w->height;
        double dot = 0;
        for (size_t i = k; i < w->height; i++)
            dot += v[i] * x[i];
        for (size_t i = k; i < w->height && w->square[k] > 0; i++)
            x[i] -= 2 * dot / w->square[k] * v[i];
    }
}

/* Keeps the column as number rank: its Householder vector. */
static void keep(workshop *w, size_t rank)
{
    double *v = w->vector + rank * w->height, square = 0;
    double norm = norm_from(w->column, rank, w->height);
    if (w->column[rank] > 0)
        norm = -norm;
    memcpy(v, w->column, w->height * sizeof *v);
    v[rank] -= norm;
    for (size_t i = rank; i < w->height; i++)
        square += v[i] * v[i];
    w->square[rank] = square;
    w->column[rank] = norm;
}

static void load(workshop *w, const ts_qr *qr, size_t j)
{
    for (size_t i = 0; i < w->height; i++)
        w->column[i] = i <= j ? qr->r[i * qr->p + j] : 0;
}

static void find_kept(workshop *w, const ts_qr *qr, bool constant,
                      double tolerance, ts_rank *k)
{
    k->nearest = 1;
    for (size_t j = 0, other = w->p; j < w->p; j++) {
        load(w, qr, j);
        double whole = norm_from(w->column, 0, w->height);
        double varying =
            constant && j > 0 ? norm_from(w->column, 1, w->height) : whole;
        reflect(w, k->rank, w->column);
        double left = norm_from(w->column, k->rank, w->height);
        if (!(left > tolerance * varying) || !(left > ROUNDING * whole) ||
            k->rank == w->height) {
            k->kept[--other] = j; /* from behind, turned round below */
        } else {
            if (left / varying < k->nearest) {
                k->nearest = left / varying;
                k->nearest_column = j;
            }
            keep(w, k->rank);
            k->kept[k->rank++] = j;
        }
        for (size_t i = 0; i < w->p; i++)
            w->r[i * w->p + j] = i < k->rank ? w->column[i] : 0;
    }
    for (size_t a = k->rank, b = w->p; a + 1 < b; a++) {
        size_t swapped = k->kept[--b];
        k->kept[b] = k->kept[a];
        k->kept[a] = swapped;
    }
}

static ts_status take(const workshop *w, const ts_qr *qr, ts_rank *k,
                      ts_error *err)
{
    size_t rank = k->rank;
    k->r = ts_alloc_array(rank, rank * sizeof *k->r);
    k->alias = ts_alloc_array(w->p - rank, rank * sizeof *k->alias);
    k->z = ts_alloc_array(rank, k->n_y * sizeof *k->z);
    if (!k->r || !k->alias || !k->z)
        return ts_fail_memory(err);
    for (size_t i = 0; i < rank; i++)
        for (size_t j = i; j < rank; j++)
            k->r[i * rank + j] = w->r[i * w->p + k->kept[j]];
    for (size_t a = 0; a < w->p - rank; a++) {
        double *x = k->alias + a * rank;
        for (size_t i = 0; i < rank; i++)
            x[i] = w->r[i * w->p + k->kept[rank + a]];
        ts_solve_upper(k->r, rank, x);
    }
    for (size_t c = 0; c < k->n_y; c++) {
        for (size_t i = 0; i < w->height; i++)
            w->column[i] = qr->r[i * qr->p + w->p + c];
        reflect(w, rank, w->column);
        for (size_t i = 0; i < rank; i++)
            k->z[i * k->n_y + c] = w->column[i];
    }
    return TS_OK;
}

ts_status ts_rank_new(const ts_qr *qr, size_t n_y, bool constant,
                      double tolerance, ts_rank **out, ts_error *err)
{
    size_t p = qr->p - n_y;
    workshop w = {.p = p, .height = p};
    ts_rank *k = ts_alloc_array(1, sizeof *k);
    ts_status status = TS_OK;
    *out = NULL;
    w.column = ts_alloc_array(p, sizeof *w.column);
    w.vector = ts_alloc_array(p, p * sizeof *w.vector);
    w.square = ts_alloc_array(p, sizeof *w.square);
    w.r = ts_alloc_array(p, p * sizeof *w.r);
    if (k)
        k->kept = ts_alloc_array(p, sizeof *k->kept);
    if (!k || !k->kept || !w.column || !w.vector || !w.square || !w.r) {
        status = ts_fail_memory(err);
        goto done;
    }
    k->p = p;
    k->n_y = n_y;
    find_kept(&w, qr, constant, tolerance, k);
    status = take(&w, qr, k, err);
done:
    ts_free(w.column);
    ts_free(w.vector);
    ts_free(w.square);
    ts_free(w.r);
    if (status) {
        ts_rank_free(k);
        return status;
    }
    *out = k;
    return TS_OK;
}

void ts_rank_free(ts_rank *k)
{
    if (!k)
        return;
    ts_free(k->kept);
    ts_free(k->r);
    ts_free(k->alias);
    ts_free(k->z);
    ts_free(k);
}
