/*
 * Tests of terms, of types I, II and III. The first two are projections of the
 * response on what a term's columns add to those of other terms. The third
 * follows Goodnight (1976, SAS Technical Report R-101): of the functions that
 * the data determine in the model before coding, those that hold neither the
 * terms beside this one nor, as far as can be, those that contain it.
 */
#include "linear_private.h"

#include <math.h>
#include <string.h>
#include "ts/interrupt.h"
#include "ts/memory.h"

#define DEPENDENT 1e-9

static double dot(const double *a, const double *b, size_t n)
{
    ts_dd s = {0, 0};
    for (size_t i = 0; i < n; i++)
        s = ts_dd_add(s, ts_dd_product(a[i], b[i]));
    return s.hi;
}

static double length_of(const double *x, size_t n)
{
    return sqrt(dot(x, x, n));
}

/* x less its part in the k orthonormal vectors of basis (n numbers each). */
static void project_out(double *x, const double *basis, size_t k, size_t n)
{
    for (int twice = 0; twice < 2; twice++)
        for (size_t j = 0; j < k; j++) {
            double part = dot(x, basis + j * n, n);
            for (size_t i = 0; i < n; i++)
                x[i] -= part * basis[j * n + i];
        }
}

/* Appends x to the basis unless what the basis leaves of it is nothing beside
 * size. */
static size_t extend(double *basis, size_t k, size_t n, double *x, double size)
{
    project_out(x, basis, k, n);
    double length = length_of(x, n);
    if (k == n || !(length > DEPENDENT * size))
        return k;
    for (size_t i = 0; i < n; i++)
        basis[k * n + i] = x[i] / length;
    return k + 1;
}

/* Types I and II ---------------------------------------------------------- */

/* Column j of X in the coordinates of Q, also of an aliased one. */
static void column_of(const ts_linear *f, size_t j, double *x)
{
    size_t rank = f->rank, at = 0;
    while (f->qr->kept[at] != j)
        at++;
    memset(x, 0, rank * sizeof *x);
    for (size_t k = 0; k < rank; k++) {
        double share =
            at < rank ? k == at : f->qr->alias[(at - rank) * rank + k];
        for (size_t i = 0; i <= k && share != 0; i++)
            x[i] += share * f->qr->r[i * rank + k];
    }
}

/* Whether term other is to be in the model beside the term that is tested. */
static bool beside(const ts_terms *t, int type, size_t term, size_t other)
{
    if (other == term)
        return false;
    return type == 1 ? other < term : (t->term[term] & ~t->term[other]) != 0;
}

static ts_status by_projection(const ts_linear *f, int type, size_t term,
                               ts_linear_test *out, ts_error *err)
{
    const ts_design *d = f->design;
    size_t rank = f->rank, k = 0, q = 0;
    double *basis = ts_alloc_array(rank, rank * sizeof *basis);
    double *x = ts_alloc_array(rank, 2 * sizeof *x), *value = x + rank;
    ts_status status = basis && x ? TS_OK : ts_fail_memory(err);
    for (size_t j = 0; j < f->p && !status; j++) {
        size_t t = d->column[j].term;
        if (t && !beside(&d->model->terms, type, term, t - 1))
            continue;
        column_of(f, j, x);
        k = extend(basis, k, rank, x, length_of(x, rank));
    }
    for (size_t j = 0; j < f->p && !status; j++) {
        if (d->column[j].term != term + 1)
            continue;
        column_of(f, j, x);
        q = extend(basis, k + q, rank, x, length_of(x, rank)) - k;
    }
    for (size_t i = 0; i < q && !status; i++) {
        value[i] = 0;
        for (size_t c = 0; c < rank; c++)
            if (basis[(k + i) * rank + c] != 0)
                value[i] += basis[(k + i) * rank + c] * ts_linear_z(f, c);
    }
    if (!status)
        status = ts_linear_joint(f, basis + k * rank, value, q, out, err);
    ts_free(basis);
    ts_free(x);
    return status;
}

/* Type III ---------------------------------------------------------------- */

/* The model before coding: P columns, whose estimable functions are the rows
 * of h, r x P. */
typedef struct {
    const ts_linear *fit;
    ts_design *design;
    size_t p, r;
    double *h;
    double *size; /* p: lengths of the columns of h */
} whole_model;

static ts_status decompose(whole_model *w, ts_rank **out, ts_error *err)
{
    const ts_design *d = w->design;
    ts_qr *qr = NULL;
    ts_design_rows rows = {0};
    size_t m = 256, n = d->model->n;
    double *x = ts_alloc_array(m, w->p * sizeof *x);
    ts_status status = x ? ts_qr_new(w->p, &qr, err) : ts_fail_memory(err);
    if (!status)
        status = ts_design_rows_of(d, d->model, &rows, err);
    for (size_t from = 0; from < n && !status; from += m) {
        m = n - from < m ? n - from : m;
        ts_design_block(d, &rows, from, m, x, 256);
        ts_qr_add(qr, x, m, 256);
        status = ts_interrupt_check(err);
    }
    if (!status)
        status = ts_rank_new(qr, 0, d->intercept, DEPENDENT, out, err);
    ts_design_rows_free(&rows);
    ts_qr_free(qr);
    ts_free(x);
    return status;
}

static ts_status find_functions(whole_model *w, ts_error *err)
{
    ts_rank *k = NULL;
    const ts_design *d = w->fit->design;
    ts_status status =
        ts_design_new(d->model, NULL, 0, TS_DESIGN_FULL, &w->design, err);
    if (status)
        return status;
    w->p = w->design->n_column;
    if ((status = decompose(w, &k, err)))
        return status;
    w->r = k->rank;
    w->h = ts_alloc_array(w->r, w->p * sizeof *w->h);
    w->size = ts_alloc_array(w->p, sizeof *w->size);
    if (!w->h || !w->size)
        status = ts_fail_memory(err);
    for (size_t i = 0; i < w->r && !status; i++) {
        w->h[i * w->p + k->kept[i]] = 1;
        for (size_t a = k->rank; a < w->p; a++)
            w->h[i * w->p + k->kept[a]] = k->alias[(a - k->rank) * w->r + i];
    }
    for (size_t j = 0; j < w->p && !status; j++)
        for (size_t i = 0; i < w->r; i++)
            w->size[j] = hypot(w->size[j], w->h[i * w->p + j]);
    ts_rank_free(k);
    return status;
}

/* A term contains another when it has the same numbers and more categories. */
static bool contains(const ts_design *d, size_t large, size_t small)
{
    uint64_t a = d->model->terms.term[large], b = d->model->terms.term[small];
    uint64_t categories = 0;
    for (size_t j = 0; j < d->n_variable; j++)
        if (d->variable[j].n_level)
            categories |= UINT64_C(1) << j;
    return a != b && !(b & ~a) && !((a ^ b) & ~categories);
}

/*
 * Splits the row space of a (k rows of p numbers) by the columns chosen: rows
 * of which these are independent come first, q of them, then those without any
 * of these columns. out: k x p.
 */
static ts_status split_rows(const whole_model *w, const double *a, size_t k,
                            const bool *chosen, double *out, size_t *q,
                            ts_error *err)
{
    size_t p = w->p;
    double *basis = ts_alloc_array(k, k * sizeof *basis);
    double *x = ts_alloc_array(k, sizeof *x);
    size_t n = 0;
    if (!basis || !x) {
        ts_free(basis);
        ts_free(x);
        return ts_fail_memory(err);
    }
    for (size_t j = 0; j < p; j++) {
        for (size_t i = 0; i < k && chosen[j]; i++)
            x[i] = a[i * p + j];
        if (chosen[j])
            n = extend(basis, n, k, x, w->size[j]);
    }
    *q = n;
    while (n < k) { /* the unit vector that is farthest from the basis */
        double most = -1;
        size_t best = 0;
        for (size_t i = 0; i < k; i++) {
            double left = 1;
            for (size_t j = 0; j < n; j++)
                left -= basis[j * k + i] * basis[j * k + i];
            if (left > most) {
                most = left;
                best = i;
            }
        }
        memset(x, 0, k * sizeof *x);
        x[best] = 1;
        n = extend(basis, n, k, x, 1);
    }
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j < p; j++) {
            ts_dd s = {0, 0};
            for (size_t c = 0; c < k; c++)
                s = ts_dd_add(s, ts_dd_product(basis[i * k + c], a[c * p + j]));
            out[i * p + j] = s.hi;
        }
    ts_free(basis);
    ts_free(x);
    return TS_OK;
}

/* The hypotheses of a term in the model before coding, *q rows of w->p in out,
 * which has room for w->r rows. */
static ts_status find_hypotheses(const whole_model *w, size_t term, double *out,
                                 size_t *q, ts_error *err)
{
    size_t n_other, p = w->p, rows;
    double *a = ts_alloc_array(w->r, p * sizeof *a);
    bool *chosen = ts_alloc_array(p, sizeof *chosen);
    ts_status status = a && chosen ? TS_OK : ts_fail_memory(err);
    for (size_t j = 0; j < p && !status; j++) {
        size_t t = w->design->column[j].term;
        chosen[j] =
            t == 0 || (t != term + 1 && !contains(w->design, t - 1, term));
    }
    if (!status)
        status = split_rows(w, w->h, w->r, chosen, a, &n_other, err);
    if (status)
        goto done;
    rows = w->r - n_other; /* without the other terms */
    for (size_t j = 0; j < p; j++)
        chosen[j] = w->design->column[j].term == term + 1;
    if ((status = split_rows(w, a + n_other * p, rows, chosen, out, q, err)))
        goto done;
    /* a: an orthonormal basis of the rows that hold only what contains it */
    n_other = 0;
    for (size_t i = *q; i < rows; i++)
        n_other = extend(a, n_other, p, out + i * p, length_of(out + i * p, p));
    for (size_t i = 0; i < *q; i++)
        project_out(out + i * p, a, n_other, p);
done:
    ts_free(a);
    ts_free(chosen);
    return status;
}

/* Whether column c of a term, as a place within it, is of a reference level. */
static bool is_reference(const ts_design *d, size_t term, size_t c)
{
    for (size_t v = 0; v < d->n_variable; v++) {
        const ts_design_variable *x = &d->variable[v];
        if (!(d->model->terms.term[term] >> v & 1))
            continue;
        size_t level = c % x->n_code[1], k = 0;
        while (x->n_level && k < x->n_code[0] &&
               x->coding[0][level * x->n_code[0] + k] == 0)
            k++;
        if (x->n_level && k == x->n_code[0])
            return true;
        c /= x->n_code[1];
    }
    return false;
}

static size_t first_column(const ts_design *d, size_t term)
{
    size_t j = 0;
    while (d->column[j].term != term + 1)
        j++;
    return j;
}

/* The same q rows in SAS's form: each has 1 for a column of the term, in order,
 * where the others have 0; reference levels come last. */
static void reduce(const whole_model *w, size_t term, double *l, size_t q)
{
    size_t p = w->p, done = 0, first = first_column(w->design, term);
    for (size_t at = 0; at < 2 * p && done < q; at++) {
        size_t j = at % p, best = done;
        if (w->design->column[j].term != term + 1 ||
            is_reference(w->fit->design, term, j - first) != (at >= p))
            continue;
        for (size_t i = done + 1; i < q; i++)
            if (fabs(l[i * p + j]) > fabs(l[best * p + j]))
                best = i;
        double pivot = l[best * p + j];
        if (!(fabs(pivot) > DEPENDENT * length_of(l + best * p, p)))
            continue;
        for (size_t c = 0; c < p; c++) {
            double x = l[best * p + c];
            l[best * p + c] = l[done * p + c];
            l[done * p + c] = x / pivot;
        }
        for (size_t i = 0; i < q; i++) {
            double factor = l[i * p + j];
            for (size_t c = 0; c < p && i != done; c++)
                l[i * p + c] -= factor * l[done * p + c];
        }
        done++;
    }
}

/* What a unit of column j of the fit is in column c of the whole model, both
 * of the same term, as places within it. */
static double coded(const ts_design *d, size_t term, size_t c, size_t j)
{
    double value = 1;
    for (size_t v = 0; v < d->n_variable; v++) {
        const ts_design_variable *x = &d->variable[v];
        if (!(d->model->terms.term[term] >> v & 1))
            continue;
        bool full = d->full[term * d->n_variable + v];
        size_t a = c % x->n_code[1], b = j % x->n_code[full];
        value *=
            x->n_level && !full ? x->coding[0][a * x->n_code[0] + b] : a == b;
        c /= x->n_code[1];
        j /= x->n_code[full];
    }
    return value;
}

/* The same hypotheses for the coefficients of the fit, q rows of p. */
static void translate(const whole_model *w, const double *l, size_t q,
                      double *out)
{
    const ts_design *d = w->fit->design;
    for (size_t j = 0; j < d->n_column; j++) {
        size_t t = d->column[j].term;
        for (size_t i = 0; i < q && t == 0; i++)
            out[i * d->n_column] = l[i * w->p];
        if (t == 0)
            continue;
        size_t own = j - first_column(d, t - 1);
        size_t from = first_column(w->design, t - 1);
        for (size_t c = from; c < w->p && w->design->column[c].term == t; c++) {
            double unit = coded(d, t - 1, c - from, own);
            for (size_t i = 0; i < q && unit != 0; i++)
                out[i * d->n_column + j] += unit * l[i * w->p + c];
        }
    }
}

ts_status ts_linear_term_rows(const ts_linear *f, size_t term, double **out,
                              size_t *q, ts_error *err)
{
    whole_model w = {.fit = f};
    double *l = NULL, *rows = NULL;
    ts_status status = find_functions(&w, err);
    *out = NULL;
    if (status)
        goto done;
    l = ts_alloc_array(w.r, w.p * sizeof *l);
    if (!l) {
        status = ts_fail_memory(err);
        goto done;
    }
    if ((status = find_hypotheses(&w, term, l, q, err)))
        goto done;
    if (!(rows = ts_alloc_array(*q, f->p * sizeof *rows))) {
        status = ts_fail_memory(err);
        goto done;
    }
    reduce(&w, term, l, *q);
    translate(&w, l, *q, rows);
    *out = rows;
done:
    ts_design_free(w.design);
    ts_free(w.h);
    ts_free(w.size);
    ts_free(l);
    return status;
}

static ts_status by_functions(const ts_linear *f, size_t term,
                              ts_linear_test *out, ts_error *err)
{
    double *rows;
    size_t q;
    ts_status status = ts_linear_term_rows(f, term, &rows, &q, err);
    if (!status)
        status = ts_linear_hypothesis(f, rows, q, out, err);
    ts_free(rows);
    return status;
}

ts_status ts_linear_term(const ts_linear *f, int type, size_t term,
                         ts_linear_test *out, ts_error *err)
{
    return type == 3 ? by_functions(f, term, out, err)
                     : by_projection(f, type, term, out, err);
}
