/*
 * Random effects of levels: of one variable or several together, nested or
 * crossed. Rows that are joined by levels, over others too, are one block;
 * blocks are independent, and have the place that subjects have elsewhere.
 */
#include "mixed_private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ts/interrupt.h"
#include "ts/memory.h"

#define ROWS 20 /* of a block whose matrix is kept whole: the faster way */

/* Levels ------------------------------------------------------------------ */

/* A row and its levels of all variables as one number. */
typedef struct {
    size_t key, row;
} keyed;

static int compare_keys(const void *one, const void *two)
{
    const keyed *a = one, *b = two;
    return (a->key > b->key) - (a->key < b->key);
}

static ts_status take_keys(const ts_model_frame *groups, const size_t *place,
                           size_t n, keyed *k, ts_error *err)
{
    double most = 1;
    for (size_t j = 0; j < groups->n_x; j++)
        most *= (double)groups->x[j].n_level;
    if (most > 1e15)
        return ts_fail(err, TS_ELIMIT, "too many levels of %s with others",
                       groups->x[0].name);
    for (size_t i = 0; i < n; i++) {
        k[i] = (keyed){0, i};
        for (size_t j = 0; j < groups->n_x; j++)
            k[i].key = k[i].key * groups->x[j].n_level +
                       (size_t)groups->x[j].code[place[i]];
    }
    qsort(k, n, sizeof *k, compare_keys);
    return TS_OK;
}

/* level: of each row, `step` apart. */
static ts_status find_levels(const ts_model_frame *model,
                             const ts_model_frame *groups, size_t *level,
                             size_t step, ts_levels *out, ts_error *err)
{
    size_t n = model->n;
    size_t *place = ts_alloc_array(n, sizeof *place);
    keyed *k = ts_alloc_array(n, sizeof *k);
    ts_status status = place && k ? TS_OK : ts_fail_memory(err);
    out->n_x = groups->n_x;
    out->code = ts_alloc_array(n, groups->n_x * sizeof *out->code);
    if (!status && !out->code)
        status = ts_fail_memory(err);
    if (!status)
        status = ts_mixed_find_rows(model, groups, place, err);
    if (!status)
        status = take_keys(groups, place, n, k, err);
    for (size_t i = 0; i < n && !status; i++) {
        if (i == 0 || k[i].key != k[i - 1].key) {
            for (size_t j = 0; j < groups->n_x; j++)
                out->code[out->n * groups->n_x + j] =
                    (size_t)groups->x[j].code[place[k[i].row]];
            out->n++;
        }
        level[k[i].row * step] = out->n - 1;
    }
    ts_free(place);
    ts_free(k);
    return status;
}

static size_t root_of(size_t *parent, size_t i)
{
    while (parent[i] != i)
        i = parent[i] = parent[parent[i]];
    return i;
}

/* Levels of one row are joined; what is joined is a block. */
static ts_status find_blocks(const ts_levels *levels, size_t n,
                             ts_effect_rows *e, ts_error *err)
{
    size_t all = 0, k = e->n_effect;
    for (size_t j = 0; j < k; j++)
        all += levels[j].n;
    size_t *parent = ts_alloc_array(all, sizeof *parent);
    if (!parent)
        return ts_fail_memory(err);
    for (size_t i = 0; i < all; i++)
        parent[i] = i;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 1, base = levels[0].n; j < k; base += levels[j++].n) {
            size_t a = root_of(parent, e->level[i * k]);
            size_t b = root_of(parent, base + e->level[i * k + j]);
            parent[a < b ? b : a] = a < b ? a : b;
        }
    for (size_t i = 0; i < n; i++)
        e->block[i] = root_of(parent, e->level[i * k]);
    ts_free(parent);
    return TS_OK;
}

/* Rows -------------------------------------------------------------------- */

/* The columns of a design in z from column `at` on, scaled so that their
 * squares are 1 on average, and times the root of weights as all is. */
static ts_status take_columns(const ts_model_frame *model, const ts_design *d,
                              size_t at, ts_effect_rows *e, double *scale,
                              ts_error *err)
{
    size_t n = d->model->n, k = d->n_column;
    const double *w = model->weight.value;
    ts_design_rows rows = {0};
    size_t *place = ts_alloc_array(model->n, sizeof *place);
    double *x = ts_alloc_array(n, k * sizeof *x);
    ts_status status = place && x ? TS_OK : ts_fail_memory(err);
    if (!status)
        status = ts_mixed_find_rows(model, d->model, place, err);
    if (!status)
        status = ts_design_rows_of(d, d->model, &rows, err);
    if (!status)
        ts_design_block(d, &rows, 0, n, x, n);
    for (size_t j = 0; j < k && !status; j++) {
        double sum = 0, *z = e->z + at + j;
        for (size_t i = 0; i < model->n; i++) {
            z[i * e->n_z] = x[j * n + place[i]];
            sum += z[i * e->n_z] * z[i * e->n_z];
        }
        scale[j] = sum > 0 ? sqrt((double)model->n / sum) : 1;
        for (size_t i = 0; i < model->n; i++)
            z[i * e->n_z] *= scale[j] * sqrt(w ? w[i] : 1);
    }
    ts_design_rows_free(&rows);
    ts_free(place);
    ts_free(x);
    return status;
}

ts_status ts_effect_rows_new(const ts_model_frame *model,
                             const ts_mixed_spec *spec, ts_mixed_data *d,
                             ts_effect_rows *e, ts_error *err)
{
    size_t n = model->n, k = spec->n_effect, at = 0;
    *e = (ts_effect_rows){.n_effect = k};
    for (size_t j = 0; j < k; j++)
        e->n_z += spec->effect[j].design->n_column;
    e->z = ts_alloc_array(n, e->n_z * sizeof *e->z);
    e->level = ts_alloc_array(n, k * sizeof *e->level);
    e->local = ts_alloc_array(n, k * sizeof *e->local);
    e->block = ts_alloc_array(n, sizeof *e->block);
    d->z_scale = ts_alloc_array(e->n_z, sizeof *d->z_scale);
    if (!e->z || !e->level || !e->local || !e->block || !d->z_scale)
        return ts_fail_memory(err);
    for (size_t j = 0; j < k; j++) {
        const ts_mixed_effect *own = &spec->effect[j];
        ts_status status =
            take_columns(model, own->design, at, e, d->z_scale + at, err);
        if (!status)
            status = find_levels(model, own->groups, e->level + j, k,
                                 &d->levels[j], err);
        if (status)
            return status;
        at += own->design->n_column;
    }
    return find_blocks(d->levels, n, e, err);
}

void ts_effect_rows_free(ts_effect_rows *e)
{
    ts_free(e->z);
    ts_free(e->level);
    ts_free(e->local);
    ts_free(e->block);
    *e = (ts_effect_rows){0};
}

/* What the data tell ------------------------------------------------------ */

/* "SITE:USUBJID". */
static const char *name_of(const ts_mixed *f, size_t e, char *text, size_t size)
{
    const ts_model_frame *m = f->spec.effect[e].groups;
    size_t used = 0;
    text[0] = '\0';
    for (size_t j = 0; j < m->n_x && used < size; j++)
        used += (size_t)snprintf(text + used, size - used, "%s%s", j ? ":" : "",
                                 m->x[j].name);
    return text;
}

static ts_status check_levels(const ts_mixed *f, size_t e, ts_error *err)
{
    char name[128];
    const ts_mixed_data *d = f->data;
    name_of(f, e, name, sizeof name);
    if (d->covariance.part[e].n > 8)
        return ts_fail(err, TS_ELIMIT, "%zu random effects; 8 are the most",
                       d->covariance.part[e].n);
    if (d->levels[e].n == 1)
        return ts_fail(err, TS_EDEGENERATE,
                       "%s has one level: nothing tells a variance among its "
                       "levels",
                       name);
    if (d->levels[e].n == d->n)
        return ts_fail(err, TS_EDEGENERATE,
                       "each row has a level of %s of its own: nothing tells "
                       "the variance among these from the residual one",
                       name);
    return TS_OK;
}

/* The share of a column's squares, of the levels of an effect one by one, that
 * the fixed effects leave. */
static double share_left(const ts_mixed *f, size_t e, size_t column,
                         double *sum)
{
    const ts_mixed_data *d = f->data;
    size_t p = f->rank, parts = d->covariance.n_part;
    size_t z = d->covariance.part[e].z + column;
    double all = 0;
    memset(sum, 0, d->levels[e].n * p * sizeof *sum);
    for (size_t i = 0; i < d->n; i++) {
        double x = d->z[i * d->covariance.n_random + z];
        double *own = sum + d->level_of[i * parts + e] * p;
        all += x * x;
        for (size_t k = 0; k < p; k++)
            own[k] += x * d->a[i * d->width + k];
    }
    return all > 0 ? 1 - ts_dot(sum, sum, d->levels[e].n * p) / all : 1;
}

/* What the fixed effects fit at each level has no variance to tell. */
static ts_status check_fixed(const ts_mixed *f, size_t e, ts_error *err)
{
    char name[128];
    const ts_design *design = f->spec.effect[e].design;
    double *sum = ts_alloc_array(f->data->levels[e].n, f->rank * sizeof *sum);
    if (!sum)
        return ts_fail_memory(err);
    for (size_t j = 0; j < design->n_column; j++)
        if (share_left(f, e, j, sum) < 1e-10) {
            ts_free(sum);
            return ts_fail(err, TS_EDEGENERATE,
                           "the fixed effects already fit %s at each level of "
                           "%s: nothing tells its variance",
                           design->column[j].name,
                           name_of(f, e, name, sizeof name));
        }
    ts_free(sum);
    return TS_OK;
}

/* The expected information of all parameters at a first theta: singular where
 * two of them change the matrix in the same way. */
static ts_status check_information(const ts_mixed *f, ts_error *err)
{
    const ts_mixed_data *d = f->data;
    ts_moments m = {0};
    ts_likelihood *l = NULL;
    size_t t = d->covariance.n;
    double *theta = ts_alloc_array(t, sizeof *theta);
    ts_status status =
        theta ? ts_mixed_moments(d, 0, &m, err) : ts_fail_memory(err);
    if (!status)
        status = ts_likelihood_new(d, true, &l, err);
    if (!status) {
        ts_covariance_start(&d->covariance, &m, 1, theta);
        if (isfinite(ts_likelihood_value(l, theta))) {
            ts_likelihood_derive(l, theta);
            if (!(ts_cholesky(l->expected, t, 1e-10) > 0))
                status = ts_fail(
                    err, TS_EDEGENERATE,
                    "the data do not tell the random effects from each other "
                    "and from the residuals: %zu rows, %zu covariance "
                    "parameters",
                    d->n, t);
        }
    }
    ts_likelihood_free(l);
    ts_moments_free(&m);
    ts_free(theta);
    return status;
}

ts_status ts_effects_check(const ts_mixed *f, ts_error *err)
{
    ts_status status = TS_OK;
    for (size_t e = 0; e < f->spec.n_effect && !status; e++)
        if (!(status = check_levels(f, e, err)))
            status = check_fixed(f, e, err);
    if (status)
        return status;
    status = ts_crossed_build(f->data, ROWS, err);
    return status ? status : check_information(f, err);
}

/* What they are ----------------------------------------------------------- */

size_t ts_mixed_levels(const ts_mixed *f, size_t e)
{
    return f->data->levels[e].n;
}

int ts_mixed_level_name(const ts_mixed *f, size_t e, size_t level, char *text,
                        size_t size)
{
    const ts_levels *l = &f->data->levels[e];
    const ts_model_frame *m = f->spec.effect[e].groups;
    int used = 0;
    for (size_t j = 0; j < l->n_x; j++) {
        size_t room = (size_t)used < size ? size - (size_t)used : 0;
        used += snprintf(room ? text + used : NULL, room, "%s%s", j ? ":" : "",
                         m->x[j].level[l->code[level * l->n_x + j]].name);
    }
    return used;
}

size_t ts_mixed_effects(const ts_mixed *f, size_t e, double *g)
{
    const ts_part *p = &f->data->covariance.part[e];
    const double *scale = f->data->z_scale + p->z;
    size_t k = p->n;
    ts_random_matrix(p, f->theta_own, g);
    for (size_t i = 0; i < k * k; i++)
        g[i] *= scale[i / k] * scale[i % k] / (f->scale * f->scale);
    return p->rank;
}

size_t ts_mixed_effect_of(const ts_mixed *f, size_t parameter)
{
    const ts_covariance *c = &f->data->covariance;
    const ts_part *p = ts_part_of(c, parameter);
    return p ? (size_t)(p - c->part) : c->n_part;
}

/* sum += Z'r of one block, by levels; r: V^-1 times its residuals. */
static void add_block(const ts_mixed *f, const ts_pattern *p, size_t first,
                      size_t e, const double *r, double *sum)
{
    const ts_mixed_data *d = f->data;
    const ts_covariance *c = &d->covariance;
    const ts_part *part = &c->part[e];
    for (size_t i = 0; i < p->q; i++) {
        double *own = sum + d->level_of[(first + i) * c->n_part + e] * part->n;
        for (size_t a = 0; a < part->n; a++)
            own[a] += p->z[i * c->n_random + part->z + a] * r[i];
    }
}

/* G times the sums, in the units of the response. */
static void take_effects(const ts_mixed *f, size_t e, double *effect)
{
    const ts_part *p = &f->data->covariance.part[e];
    double g[64], sum[8];
    ts_random_matrix(p, f->theta_own, g);
    for (size_t i = 0; i < f->data->levels[e].n; i++, effect += p->n) {
        memcpy(sum, effect, p->n * sizeof *sum);
        for (size_t a = 0; a < p->n; a++)
            effect[a] = ts_dot(g + a * p->n, sum, p->n) *
                        f->data->z_scale[p->z + a] / f->scale;
    }
}

ts_status ts_mixed_random(const ts_mixed *f, size_t e, double *effect,
                          ts_error *err)
{
    const ts_mixed_data *d = f->data;
    size_t q = d->longest, width = d->width;
    ts_entry entry;
    ts_status status = ts_entry_new(&d->covariance, &entry, err);
    double *chol = ts_alloc_array(d->whole, d->whole * sizeof *chol);
    double *r = ts_alloc_array(q, (width + 1) * sizeof *r);
    if (!status && (!chol || !r))
        status = ts_fail_memory(err);
    memset(effect, 0,
           d->levels[e].n * d->covariance.part[e].n * sizeof *effect);
    for (size_t j = 0; j < d->n_pattern && !status; j++) {
        const ts_pattern *p = &d->pattern[j];
        double share;
        if (p->crossed)
            ts_crossed_factor(p->crossed, f->theta_own, &share);
        else
            ts_pattern_factor(d, f->theta_own, p, &entry, chol);
        for (size_t s = 0; s < p->m; s++) {
            size_t first = p->first + s * p->q;
            const double *a = d->a + first * width;
            if (p->crossed) {
                ts_crossed_solve(p->crossed, a, r + q);
                a = r + q;
            }
            for (size_t i = 0; i < p->q; i++)
                r[i] = a[i * width + f->rank] -
                       ts_dot(a + i * width, f->shift, f->rank);
            if (!p->crossed) {
                ts_solve_lower(chol, p->q, r);
                ts_solve_lower_transposed(chol, p->q, r);
            }
            add_block(f, p, first, e, r, effect);
        }
        status = ts_interrupt_check(err);
    }
    if (!status)
        take_effects(f, e, effect);
    ts_entry_free(&entry);
    ts_free(chol);
    ts_free(r);
    return status;
}
