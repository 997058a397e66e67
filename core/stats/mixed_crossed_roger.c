/* Kenward and Roger's correction of a block of many rows. */
#include "mixed_crossed.h"

#include "ts/interrupt.h"
#include "ts/memory.h"

/* delta += u'v of levels, by pairs of columns d; u, v: coefficients x width. */
static void add_levels(const ts_crossed *x, size_t h, double factor,
                       const double *u, const double *v, double *delta)
{
    size_t w = x->width, e = ts_crossed_part(x, h),
           n = x->covariance->part[e].n;
    for (size_t l = 0; l < x->level_in + x->level_out; l++)
        for (size_t i = 0; i < n * n && x->level[l].part == e; i++) {
            double own = factor * x->derivative[h * 64 + i];
            const double *a = u + (x->level[l].first + i / n) * w;
            const double *b = v + (x->level[l].first + i % n) * w;
            for (size_t r = 0; r + 1 < w && own != 0; r++)
                for (size_t s = 0; s + 1 < w; s++)
                    delta[r * (w - 1) + s] += own * a[r] * b[s];
        }
}

static void add_rows(const ts_crossed *x, double factor, const double *r,
                     const double *y, double *delta)
{
    size_t w = x->width;
    for (size_t i = 0; i < x->q; i++, r += w, y += w)
        for (size_t a = 0; a + 1 < w; a++)
            for (size_t b = 0; b + 1 < w; b++)
                delta[a * (w - 1) + b] += factor * r[a] * y[b];
}

/* Of one subject: r in the coordinates of root; w: the weights of parameters.
 */
static void correct_subject(ts_crossed *x, const double *r, const double *w,
                            double *delta)
{
    size_t n = x->covariance->n;
    double *f = ts_crossed_room(x, 2), *v = ts_crossed_room(x, 0);
    ts_crossed_gather(x, r, f);
    for (size_t k = 0; k < n; k++) {
        ts_crossed_multiply(x, k, r, f, x->rows);
        ts_crossed_solve(x, x->rows, x->rows);
        ts_crossed_gather(x, x->rows, v);
        for (size_t h = 0; h + 1 < n; h++)
            add_levels(x, h, w[h * n + k], f, v, delta);
        add_rows(x, w[(n - 1) * n + k], r, x->rows, delta);
    }
}

/* delta -= sum w_hk X'V^-1 V_hk V^-1 X / 4, of coefficients in the second room.
 */
static void correct_second(ts_crossed *x, const double *theta, ts_entry *entry,
                           const double *w, double *delta)
{
    const ts_covariance *c = x->covariance;
    const double *f = ts_crossed_room(x, 2);
    double *kept = x->derivative;
    for (size_t e = 0; e < c->n_part; e++)
        for (size_t ab = 0, m = c->part[e].n; ab < m * m; ab++) {
            double sum = 0;
            ts_crossed_entry(x, theta, e, ab / m, ab % m, entry);
            for (size_t h = 0; h < entry->n; h++)
                for (size_t k = 0; k < entry->n; k++)
                    sum += w[entry->at[h] * c->n + entry->at[k]] *
                           entry->second[h * entry->n + k];
            kept[e * 64 + ab] = -sum / 4;
        }
    for (size_t l = 0; l < x->level_in + x->level_out; l++) {
        size_t e = x->level[l].part, m = c->part[e].n, width = x->width;
        for (size_t i = 0; i < m * m; i++) {
            const double *a = f + (x->level[l].first + i / m) * width;
            const double *b = f + (x->level[l].first + i % m) * width;
            for (size_t r = 0; r + 1 < width && kept[e * 64 + i] != 0; r++)
                for (size_t s = 0; s + 1 < width; s++)
                    delta[r * (width - 1) + s] +=
                        kept[e * 64 + i] * a[r] * b[s];
        }
    }
}

ts_status ts_crossed_correct(const ts_mixed *f, const ts_pattern *p,
                             const double *w, bool linear, double *delta,
                             ts_error *err)
{
    ts_crossed *x = p->crossed;
    ts_entry entry;
    double share;
    double *r = ts_alloc_array(x->q, x->width * sizeof *r);
    ts_status status = ts_entry_new(x->covariance, &entry, err);
    if (!status && !r)
        status = ts_fail_memory(err);
    if (!status)
        ts_crossed_factor(x, f->theta_own, &share);
    for (size_t s = 0; s < p->m && !status; s++) {
        ts_crossed_derivatives(x, f->theta_own, &entry);
        ts_crossed_solve(x, f->data->a + (p->first + s * p->q) * x->width, r);
        for (size_t i = 0; i < x->q; i++)
            ts_solve_lower(f->root, f->rank, r + i * x->width);
        correct_subject(x, r, w, delta);
        if (!linear)
            correct_second(x, f->theta_own, &entry, w, delta);
        status = ts_interrupt_check(err);
    }
    ts_entry_free(&entry);
    ts_free(r);
    return status;
}
