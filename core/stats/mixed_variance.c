/*
 * Variances of the coefficients beyond the model's own: Kenward and Roger
 * (1997, Biometrics 53:983), and sandwiches by subjects. All in coordinates in
 * which the model's variance is the identity.
 */
#include "mixed_private.h"

#include <lapacke.h>
#include <math.h>
#include <string.h>
#include "ts/memory.h"

/* Rows inverse(root) x, of whitened rows of width p + 1, in place. */
static void to_root(const ts_mixed *f, double *z, size_t q)
{
    for (size_t i = 0; i < q; i++)
        ts_solve_lower(f->root, f->rank, z + i * (f->rank + 1));
}

/* Kenward and Roger ------------------------------------------------------- */

typedef struct {
    const ts_mixed *fit;
    bool linear;
    ts_entry entry;
    double *chol, *inverse, *derivative; /* of each parameter, q x q */
    double *sum, *product, *middle, *z, *mz;
} correction;

static void correction_free(correction *c)
{
    ts_entry_free(&c->entry);
    ts_free(c->chol);
    ts_free(c->derivative);
    ts_free(c->z);
}

static ts_status correction_new(const ts_mixed *f, bool linear, correction *c,
                                ts_error *err)
{
    size_t q = f->data->whole, area = q * q;
    *c = (correction){.fit = f, .linear = linear};
    ts_status status = ts_entry_new(&f->data->covariance, &c->entry, err);
    c->chol = ts_alloc_array(5, area * sizeof *c->chol);
    c->derivative = ts_alloc_array(f->n_own, area * sizeof *c->derivative);
    c->z = ts_alloc_array(2 * q, (f->rank + 1) * sizeof *c->z);
    if (status || !c->chol || !c->derivative || !c->z) {
        correction_free(c);
        return ts_fail_memory(err);
    }
    c->inverse = c->chol + area;
    c->sum = c->inverse + area;
    c->product = c->sum + area;
    c->middle = c->product + area;
    c->mz = c->z + q * (f->rank + 1);
    return TS_OK;
}

/* w of parameters h and k of a group. */
static double weight_of(const ts_mixed *f, size_t group, size_t h, size_t k)
{
    size_t base = group * f->n_own;
    return f->theta_var[(base + h) * f->n_theta + base + k];
}

/* The derivatives of a pattern's matrix, and of the second ones the part
 * -sum w_hk D_hk / 4, in middle. */
static void take_derivatives(correction *c, const ts_pattern *p)
{
    const ts_mixed *f = c->fit;
    size_t q = p->q, area = q * q;
    ts_entry *e = &c->entry;
    memset(c->derivative, 0, f->n_own * area * sizeof *c->derivative);
    memset(c->middle, 0, area * sizeof *c->middle);
    for (size_t i = 0; i < q; i++)
        for (size_t j = 0; j < q; j++) {
            ts_pattern_entry(f->data, f->theta_own, p, i, j, e);
            for (size_t a = 0; a < e->n; a++) {
                c->derivative[e->at[a] * area + i * q + j] = e->first[a];
                for (size_t b = 0; b < e->n && !c->linear; b++)
                    c->middle[i * q + j] -=
                        weight_of(f, p->group, e->at[a], e->at[b]) *
                        e->second[a * e->n + b] / 4;
            }
        }
}

static bool is_empty(const double *a, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (a[i] != 0)
            return false;
    return true;
}

/* out += A B, all q x q. */
static void add_product(const double *a, const double *b, size_t q, double *out)
{
    for (size_t i = 0; i < q; i++)
        for (size_t k = 0; k < q; k++) {
            double x = a[i * q + k];
            for (size_t j = 0; j < q && x != 0; j++)
                out[i * q + j] += x * b[k * q + j];
        }
}

/* middle += sum w_hk D_h S^-1 D_k. */
static void add_first_derivatives(correction *c, const ts_pattern *p)
{
    const ts_mixed *f = c->fit;
    size_t q = p->q, area = q * q;
    for (size_t h = 0; h < f->n_own; h++) {
        const double *d = c->derivative + h * area;
        if (is_empty(d, area))
            continue;
        memset(c->sum, 0, area * sizeof *c->sum);
        for (size_t k = 0; k < f->n_own; k++) {
            double w = weight_of(f, p->group, h, k);
            const double *other = c->derivative + k * area;
            for (size_t i = 0; i < area; i++)
                c->sum[i] += w * other[i];
        }
        memset(c->product, 0, area * sizeof *c->product);
        add_product(c->inverse, c->sum, q, c->product);
        add_product(d, c->product, q, c->middle);
    }
}

/* delta += X'S^-1 middle S^-1 X of a pattern. */
static void add_pattern(correction *c, const ts_pattern *p, double *delta)
{
    const ts_mixed *f = c->fit;
    size_t q = p->q, r = f->rank, width = r + 1;
    ts_pattern_factor(f->data, f->theta_own, p, &c->entry, c->chol);
    ts_invert_cholesky(c->chol, q, c->inverse);
    take_derivatives(c, p);
    add_first_derivatives(c, p);
    for (size_t s = 0; s < p->m; s++) {
        const double *a = f->data->a + (p->first + s * q) * width;
        memset(c->z, 0, 2 * q * width * sizeof *c->z);
        for (size_t i = 0; i < q; i++)
            for (size_t j = 0; j < q; j++)
                for (size_t k = 0; k < r; k++)
                    c->z[i * width + k] +=
                        c->inverse[i * q + j] * a[j * width + k];
        to_root(f, c->z, q);
        c->mz = c->z + q * width;
        for (size_t i = 0; i < q; i++)
            for (size_t j = 0; j < q; j++)
                for (size_t k = 0; k < r; k++)
                    c->mz[i * width + k] +=
                        c->middle[i * q + j] * c->z[j * width + k];
        for (size_t i = 0; i < q; i++)
            for (size_t k = 0; k < r; k++)
                for (size_t l = 0; l < r; l++)
                    delta[k * r + l] +=
                        c->z[i * width + k] * c->mz[i * width + l];
    }
}

/* delta -= sum w_hk P_h P_k. */
static void subtract_slopes(const ts_mixed *f, double *room, double *delta)
{
    size_t r = f->rank, t = f->n_theta, area = r * r;
    for (size_t h = 0; h < t; h++) {
        const double *own = f->slope + h * area;
        memset(room, 0, area * sizeof *room);
        for (size_t k = 0; k < t; k++)
            for (size_t i = 0; i < area; i++)
                room[i] -= f->theta_var[h * t + k] * f->slope[k * area + i];
        add_product(own, room, r, delta);
    }
}

ts_status ts_mixed_kenward_roger(ts_mixed *f, bool linear, ts_error *err)
{
    correction c;
    size_t r = f->rank;
    double *delta = ts_alloc_array(2 * r, r * sizeof *delta);
    ts_status status =
        delta ? correction_new(f, linear, &c, err) : ts_fail_memory(err);
    if (status) {
        ts_free(delta);
        return status;
    }
    for (size_t k = 0; k < f->data->n_pattern && !status; k++) {
        const ts_pattern *p = &f->data->pattern[k];
        if (p->crossed)
            status = ts_crossed_correct(f, p, f->theta_var, linear, delta, err);
        else
            add_pattern(&c, p, delta);
    }
    subtract_slopes(f, delta + r * r, delta);
    for (size_t i = 0; i < r; i++)
        for (size_t j = 0; j < r; j++)
            f->var[i * r + j] = (i == j) + delta[i * r + j] + delta[j * r + i];
    correction_free(&c);
    ts_free(delta);
    return status;
}

/* Sandwiches -------------------------------------------------------------- */

/* A pass over subjects: whitened rows in the coordinates of root, residuals
 * behind them, and a matrix that these are multiplied by. */
typedef struct {
    const ts_mixed *fit;
    ts_entry entry;
    double *chol, *z, *adjust, *value, *w;
} visit_pass;

static void pass_free(visit_pass *v)
{
    ts_entry_free(&v->entry);
    ts_free(v->chol);
    ts_free(v->z);
}

static ts_status pass_new(const ts_mixed *f, visit_pass *v, ts_error *err)
{
    size_t q = f->data->longest;
    *v = (visit_pass){.fit = f};
    ts_status status = ts_entry_new(&f->data->covariance, &v->entry, err);
    v->chol = ts_alloc_array(2 * q + 2, q * sizeof *v->chol);
    v->z = ts_alloc_array(q, (f->rank + 1) * sizeof *v->z);
    if (status || !v->chol || !v->z) {
        pass_free(v);
        return ts_fail_memory(err);
    }
    v->adjust = v->chol + q * q;
    v->value = v->adjust + q * q;
    v->w = v->value + q;
    return TS_OK;
}

static ts_status alone(const ts_mixed *f, size_t subject, ts_error *err)
{
    const ts_model_frame *s = f->spec.subject;
    return ts_fail(err, TS_EDEGENERATE,
                   "%s alone determines a coefficient, so that CR3 is not "
                   "defined; CR2 and CR0 are",
                   s ? s->x[0].level[f->data->subject[subject]].name
                     : "one group of rows");
}

/* adjust: of I - Z Z' the power that the sandwich has. */
static ts_status take_adjustment(visit_pass *v, size_t subject, size_t q,
                                 ts_error *err)
{
    const ts_mixed *f = v->fit;
    size_t width = f->rank + 1;
    double power = f->sandwich == TS_CR2 ? -0.5 : -1, *h = v->adjust;
    for (size_t i = 0; i < q; i++)
        for (size_t j = 0; j < q; j++)
            h[i * q + j] =
                (i == j) - ts_dot(v->z + i * width, v->z + j * width, f->rank);
    if (LAPACKE_dsyev(LAPACK_ROW_MAJOR, 'V', 'U', (lapack_int)q, h,
                      (lapack_int)q, v->value))
        return ts_fail(err, TS_ECONVERGE, "a matrix has no eigenvalues");
    for (size_t k = 0; k < q; k++) {
        if (v->value[k] > 1e-8)
            v->value[k] = pow(v->value[k], power);
        else if (f->sandwich == TS_CR3)
            return alone(f, subject, err);
        else
            v->value[k] = 0;
    }
    /* the vectors are columns: h = V diag V', row by row */
    for (size_t i = 0; i < q; i++)
        for (size_t k = 0; k < q; k++)
            v->chol[i * q + k] = h[i * q + k];
    for (size_t i = 0; i < q; i++)
        for (size_t j = 0; j < q; j++) {
            double sum = 0;
            for (size_t k = 0; k < q; k++)
                sum += v->chol[i * q + k] * v->value[k] * v->chol[j * q + k];
            h[i * q + j] = sum;
        }
    return TS_OK;
}

/* Subject s of pattern p: z, its residuals in the last column, and adjust. */
static ts_status take_subject(visit_pass *v, const ts_pattern *p, size_t s,
                              ts_error *err)
{
    const ts_mixed *f = v->fit;
    size_t q = p->q, width = f->rank + 1;
    ts_pattern_factor(f->data, f->theta_own, p, &v->entry, v->chol);
    ts_whiten(v->chol, q, f->data->a + (p->first + s * q) * width, width, v->z);
    for (size_t i = 0; i < q; i++) {
        double *row = v->z + i * width;
        row[f->rank] -= ts_dot(row, f->shift, f->rank);
    }
    to_root(f, v->z, q);
    if (f->sandwich == TS_CR0) {
        for (size_t i = 0; i < q * q; i++)
            v->adjust[i] = i % (q + 1) == 0;
        return TS_OK;
    }
    return take_adjustment(v, p->first_subject + s, q, err);
}

ts_status ts_mixed_sandwich(ts_mixed *f, ts_error *err)
{
    visit_pass v;
    size_t r = f->rank, width = r + 1;
    double *score = ts_alloc_array(r, sizeof *score);
    ts_status status = score ? pass_new(f, &v, err) : ts_fail_memory(err);
    if (status) {
        ts_free(score);
        return status;
    }
    memset(f->var, 0, r * r * sizeof *f->var);
    for (size_t k = 0; k < f->data->n_pattern; k++) {
        const ts_pattern *p = &f->data->pattern[k];
        for (size_t s = 0; s < p->m && !status; s++) {
            if ((status = take_subject(&v, p, s, err)))
                break;
            memset(score, 0, r * sizeof *score);
            for (size_t i = 0; i < p->q; i++) {
                double e = 0;
                for (size_t j = 0; j < p->q; j++)
                    e += v.adjust[i * p->q + j] * v.z[j * width + r];
                for (size_t c = 0; c < r; c++)
                    score[c] += v.z[i * width + c] * e;
            }
            for (size_t i = 0; i < r; i++)
                for (size_t j = 0; j < r; j++)
                    f->var[i * r + j] += score[i] * score[j];
        }
    }
    pass_free(&v);
    ts_free(score);
    return status;
}

/*
 * The variance estimate of u'b is the sum of (w'e)^2 over subjects, w = A Z u:
 * a quadratic form of the whitened errors e, whose mean and variance under the
 * model are those of a chi-square (Pustejovsky and Tipton 2018, J Bus Econ
 * Stat 36:672).
 */
ts_status ts_mixed_sandwich_df(const ts_mixed *f, const double *u, double *df,
                               ts_error *err)
{
    visit_pass v;
    size_t r = f->rank, width = r + 1;
    double trace = 0, square = 0;
    double *b = ts_alloc_array(r + 1, r * sizeof *b), *all = b ? b + r : NULL;
    ts_status status = b ? pass_new(f, &v, err) : ts_fail_memory(err);
    if (status) {
        ts_free(b);
        return status;
    }
    for (size_t k = 0; k < f->data->n_pattern; k++) {
        const ts_pattern *p = &f->data->pattern[k];
        for (size_t s = 0; s < p->m && !status; s++) {
            if ((status = take_subject(&v, p, s, err)))
                break;
            memset(b, 0, r * sizeof *b);
            double d = 0, bb;
            for (size_t i = 0; i < p->q; i++) {
                double w = 0;
                for (size_t j = 0; j < p->q; j++)
                    w += v.adjust[i * p->q + j] * ts_dot(v.z + j * width, u, r);
                d += w * w;
                for (size_t c = 0; c < r; c++)
                    b[c] += v.z[i * width + c] * w;
            }
            bb = ts_dot(b, b, r);
            trace += d - bb;
            square += d * d - 2 * d * bb;
            for (size_t i = 0; i < r; i++)
                for (size_t j = 0; j < r; j++)
                    all[i * r + j] += b[i] * b[j];
        }
    }
    square += ts_dot(all, all, r * r);
    *df = square > 0 ? trace * trace / square : NAN;
    pass_free(&v);
    ts_free(b);
    return status;
}
