/*
 * The structure of a block of many rows: which term is the root, where levels'
 * coefficients are, and their squares and products (see mixed_crossed.c).
 */
#include "mixed_crossed.h"

#include <math.h>
#include <string.h>
#include "ts/memory.h"

/* Where levels of terms are, of a block; levels are 1, 2, ... of each. */
typedef struct {
    size_t n[TS_MIXED_EFFECTS];   /* their number */
    size_t *of[TS_MIXED_EFFECTS]; /* of each level the one of the root */
} nesting;

static void nesting_free(nesting *t)
{
    for (size_t e = 0; e < TS_MIXED_EFFECTS; e++)
        ts_free(t->of[e]);
}

/* Which terms are nested in the root: t->of of these. */
static bool is_nested(const ts_pattern *p, size_t n_part, size_t root, size_t e,
                      size_t *of)
{
    for (size_t i = 0; i < p->q; i++)
        of[p->level[i * n_part + e] - 1] = 0;
    for (size_t i = 0; i < p->q; i++) {
        size_t *own = &of[p->level[i * n_part + e] - 1];
        size_t up = p->level[i * n_part + root];
        if (*own && *own != up)
            return false;
        *own = up;
    }
    return true;
}

/* About what it costs to take a term as the root. */
static double cost_of(const ts_covariance *c, const ts_pattern *p,
                      const nesting *t, size_t root)
{
    double in = 0, out = 0, cells = (double)t->n[root];
    for (size_t e = 0; e < c->n_part; e++) {
        double n = (double)(t->n[e] * c->part[e].n);
        if (is_nested(p, c->n_part, root, e, t->of[e]))
            in += n;
        else
            out += n;
    }
    return cells * pow(in / cells, 3) + 10 * pow(out, 3);
}

static ts_status find_root(const ts_covariance *c, const ts_pattern *p,
                           nesting *t, size_t *root, ts_error *err)
{
    double least = INFINITY;
    for (size_t e = 0; e < c->n_part; e++) {
        for (size_t i = 0; i < p->q; i++)
            if (p->level[i * c->n_part + e] > t->n[e])
                t->n[e] = p->level[i * c->n_part + e];
        t->of[e] = ts_alloc_array(t->n[e], sizeof *t->of[e]);
        if (!t->of[e])
            return ts_fail_memory(err);
    }
    for (size_t e = 0; e < c->n_part; e++) {
        double cost = cost_of(c, p, t, e);
        if (cost < least) {
            least = cost;
            *root = e;
        }
    }
    return TS_OK;
}

/* Counts of coefficients and levels, by cells and outside. */
static ts_status count(ts_crossed *x, const ts_pattern *p, nesting *t,
                       size_t root, ts_error *err)
{
    const ts_covariance *c = x->covariance;
    for (size_t e = 0; e < c->n_part; e++) {
        x->inside[e] = is_nested(p, c->n_part, root, e, t->of[e]);
        *(x->inside[e] ? &x->n_in : &x->n_out) += t->n[e] * c->part[e].n;
        *(x->inside[e] ? &x->level_in : &x->level_out) += t->n[e];
    }
    x->n_cell = t->n[root];
    x->cell = ts_alloc_array(x->n_cell, sizeof *x->cell);
    x->level = ts_alloc_array(x->level_in + x->level_out, sizeof *x->level);
    x->place = ts_alloc_array(x->q, c->n_part * sizeof *x->place);
    if (!x->cell || !x->level || !x->place)
        return ts_fail_memory(err);
    for (size_t e = 0; e < c->n_part; e++)
        for (size_t l = 0; l < t->n[e] && x->inside[e]; l++) {
            x->cell[t->of[e][l] - 1].n += c->part[e].n;
            x->cell[t->of[e][l] - 1].n_level++;
        }
    for (size_t k = 1; k < x->n_cell; k++) {
        ts_cell *own = &x->cell[k], *before = own - 1;
        own->first = before->first + before->n;
        own->level = before->level + before->n_level;
        own->area = before->area + before->n * before->n;
    }
    return TS_OK;
}

/* Places of levels' coefficients: those of a cell together, then outside. */
static ts_status number(ts_crossed *x, const ts_pattern *p, const nesting *t,
                        ts_error *err)
{
    const ts_covariance *c = x->covariance;
    size_t out = x->n_in, level_out = x->level_in;
    size_t *used = ts_alloc_array(2 * x->n_cell, sizeof *used);
    if (!used)
        return ts_fail_memory(err);
    for (size_t e = 0; e < c->n_part; e++) {
        size_t n = c->part[e].n, *at = ts_alloc_array(t->n[e], sizeof *at);
        if (!at) {
            ts_free(used);
            return ts_fail_memory(err);
        }
        for (size_t l = 0; l < t->n[e]; l++) {
            if (x->inside[e]) {
                size_t k = t->of[e][l] - 1;
                at[l] = x->cell[k].first + used[2 * k];
                x->level[x->cell[k].level + used[2 * k + 1]++] =
                    (ts_cell_level){e, at[l]};
                used[2 * k] += n;
            } else {
                at[l] = out;
                x->level[level_out++] = (ts_cell_level){e, out};
                out += n;
            }
        }
        for (size_t i = 0; i < x->q; i++)
            x->place[i * c->n_part + e] = at[p->level[i * c->n_part + e] - 1];
        ts_free(at);
    }
    ts_free(used);
    return TS_OK;
}

/* Rows by cells: those of cell k are order[first[k]] .. order[first[k + 1] -
 * 1].
 */
static void sort_rows(const ts_crossed *x, const ts_pattern *p, size_t root,
                      size_t *first, size_t *order)
{
    size_t parts = x->covariance->n_part;
    for (size_t i = 0; i < x->q; i++)
        first[p->level[i * parts + root]]++;
    for (size_t k = 0; k < x->n_cell; k++)
        first[k + 1] += first[k];
    for (size_t i = x->q; i-- > 0;) /* from behind: first[k + 1] is its end */
        order[--first[p->level[i * parts + root]]] = i;
    for (size_t k = 0; k < x->n_cell; k++)
        first[k] = first[k + 1];
    first[x->n_cell] = x->q;
}

/* The coefficients outside that rows of each cell have. */
static void list_outside(ts_crossed *x, const size_t *first,
                         const size_t *order, size_t *seen)
{
    const ts_covariance *c = x->covariance;
    size_t used = 0, cross = 0;
    for (size_t k = 0; k < x->n_cell; k++) {
        ts_cell *cell = &x->cell[k];
        cell->first_out = used;
        for (size_t r = first[k]; r < first[k + 1]; r++)
            for (size_t e = 0; e < c->n_part; e++) {
                size_t at = x->place[order[r] * c->n_part + e] - x->n_in;
                if (x->inside[e] || seen[at] == k + 1)
                    continue;
                seen[at] = k + 1;
                for (size_t a = 0; a < c->part[e].n; a++)
                    x->out[used++] = at + a;
            }
        cell->n_out = used - cell->first_out;
        cell->cross = cross;
        cross += cell->n * cell->n_out;
    }
    x->n_cross = cross;
}

/* Z'Z: of cells, of cells with what is outside, and of that. */
static void add_squares(ts_crossed *x, const size_t *first, const size_t *order,
                        size_t *slot)
{
    const ts_covariance *c = x->covariance;
    for (size_t k = 0; k < x->n_cell; k++) {
        const ts_cell *cell = &x->cell[k];
        for (size_t j = 0; j < cell->n_out; j++)
            slot[x->out[cell->first_out + j]] = j;
        for (size_t r = first[k]; r < first[k + 1]; r++)
            for (size_t e = 0; e < c->n_part; e++)
                for (size_t f = 0; f < c->n_part; f++) {
                    const double *z = x->z + order[r] * c->n_random;
                    size_t i = x->place[order[r] * c->n_part + e];
                    size_t j = x->place[order[r] * c->n_part + f], step;
                    double *to;
                    if (x->inside[e] && x->inside[f]) {
                        step = cell->n;
                        to = x->square + cell->area + (i - cell->first) * step +
                             j - cell->first;
                    } else if (x->inside[e]) {
                        step = cell->n_out;
                        to = x->across + cell->cross +
                             (i - cell->first) * step + slot[j - x->n_in];
                    } else if (!x->inside[f]) {
                        step = x->n_out;
                        to = x->outside + (i - x->n_in) * step + j - x->n_in;
                    } else {
                        continue;
                    }
                    for (size_t a = 0; a < c->part[e].n; a++)
                        for (size_t b = 0; b < c->part[f].n; b++)
                            to[a * step + b] +=
                                z[c->part[e].z + a] * z[c->part[f].z + b];
                }
    }
}

static ts_status take_squares(ts_crossed *x, const ts_pattern *p, size_t root,
                              ts_error *err)
{
    size_t *first = ts_alloc_array(x->n_cell + 1, sizeof *first);
    size_t *order = ts_alloc_array(x->q, sizeof *order);
    size_t *slot = ts_alloc_array(x->n_out + 1, sizeof *slot);
    x->out = ts_alloc_array(x->q, x->covariance->n_random * sizeof *x->out);
    ts_status status =
        first && order && slot && x->out ? TS_OK : ts_fail_memory(err);
    if (!status) {
        const ts_cell *last = &x->cell[x->n_cell - 1];
        sort_rows(x, p, root, first, order);
        list_outside(x, first, order, slot);
        x->square = ts_alloc_array(last->area + last->n * last->n,
                                   2 * sizeof *x->square);
        x->across = ts_alloc_array(x->n_cross + 1, sizeof *x->across);
        x->outside = ts_alloc_array(3 * x->n_out + 1,
                                    (x->n_out + 1) * sizeof *x->outside);
        if (x->square && x->across && x->outside) {
            x->middle = x->square + last->area + last->n * last->n;
            x->left = x->outside + x->n_out * x->n_out;
            x->joint = x->left + x->n_out * x->n_out;
            add_squares(x, first, order, slot);
        } else {
            status = ts_fail_memory(err);
        }
    }
    ts_free(first);
    ts_free(order);
    ts_free(slot);
    return status;
}

/* Room for matrices of cells, of what is outside, and of rows. */
static ts_status take_room(ts_crossed *x, ts_error *err)
{
    const ts_covariance *c = x->covariance;
    size_t n = 0, n_out = 0, pairs = 0, b = x->n_in + x->n_out, w = x->width;
    for (size_t k = 0; k < x->n_cell; k++) {
        n = x->cell[k].n > n ? x->cell[k].n : n;
        n_out = x->cell[k].n_out > n_out ? x->cell[k].n_out : n_out;
    }
    for (size_t e = 0; e < c->n_part; e++) {
        x->pair[e] = x->n_pair;
        x->n_pair += c->part[e].n * c->part[e].n;
        pairs += x->inside[e] ? c->part[e].n * c->part[e].n : 0;
    }
    x->room = ts_alloc_array(3 * n + 2 * n_out, (n + 1) * sizeof *x->room);
    x->u = ts_alloc_array(b, 4 * w * sizeof *x->u);
    x->rows = ts_alloc_array(x->q, w * sizeof *x->rows);
    x->wide = ts_alloc_array(2 * pairs * x->n_out + 2 * x->n_out + 1,
                             (x->n_out + 1) * sizeof *x->wide);
    x->traces = ts_alloc_array(x->n_pair + 3, x->n_pair * sizeof *x->traces);
    x->pivot =
        ts_alloc_array(n > x->n_out ? n : x->n_out + 1, sizeof *x->pivot);
    x->weight = ts_alloc_array(w, w * sizeof *x->weight);
    x->derivative =
        ts_alloc_array(c->n + c->n_part, 64 * sizeof *x->derivative);
    return x->room && x->u && x->rows && x->wide && x->traces && x->weight &&
                   x->derivative && x->pivot
               ? TS_OK
               : ts_fail_memory(err);
}

/* What is kept whole: matrices of what is outside, for each pair of columns. */
static ts_status check_size(const ts_crossed *x, ts_error *err)
{
    const ts_covariance *c = x->covariance;
    double size = 5, most = TS_CROSSED_MOST;
    for (size_t e = 0; e < c->n_part; e++)
        size += x->inside[e] ? 2.0 * (double)(c->part[e].n * c->part[e].n) : 0;
    size *= (double)x->n_out * (double)x->n_out;
    if (x->n_out <= TS_CROSSED_MOST && size <= 20 * most * most)
        return TS_OK;
    return ts_fail(err, TS_ELIMIT,
                   "%zu rows are joined by random effects, of which %zu cross "
                   "others; %d are the most, fewer with several slopes",
                   x->q, x->n_out, TS_CROSSED_MOST);
}

ts_status ts_crossed_new(const ts_mixed_data *d, const ts_pattern *p,
                         ts_crossed **out, ts_error *err)
{
    nesting t = {0};
    size_t root = 0;
    ts_crossed *x = ts_alloc_array(1, sizeof *x);
    *out = NULL;
    if (!x)
        return ts_fail_memory(err);
    *x = (ts_crossed){
        .covariance = &d->covariance, .z = p->z, .q = p->q, .width = d->width};
    ts_status status = find_root(x->covariance, p, &t, &root, err);
    if (!status)
        status = count(x, p, &t, root, err);
    if (!status)
        status = check_size(x, err);
    if (!status)
        status = number(x, p, &t, err);
    if (!status)
        status = take_squares(x, p, root, err);
    if (!status)
        status = take_room(x, err);
    nesting_free(&t);
    if (status) {
        ts_crossed_free(x);
        return status;
    }
    *out = x;
    return TS_OK;
}

ts_status ts_crossed_build(ts_mixed_data *d, size_t from, ts_error *err)
{
    ts_status status = TS_OK;
    d->whole = 1;
    for (size_t k = 0; k < d->n_pattern && !status; k++) {
        ts_pattern *p = &d->pattern[k];
        if (p->z && p->q > from)
            status = ts_crossed_new(d, p, &p->crossed, err);
        else if (p->q > d->whole)
            d->whole = p->q;
    }
    return status;
}

void ts_crossed_free(ts_crossed *x)
{
    if (!x)
        return;
    ts_free(x->cell);
    ts_free(x->level);
    ts_free(x->place);
    ts_free(x->out);
    ts_free(x->square);
    ts_free(x->across);
    ts_free(x->outside);
    ts_free(x->room);
    ts_free(x->u);
    ts_free(x->rows);
    ts_free(x->wide);
    ts_free(x->traces);
    ts_free(x->weight);
    ts_free(x->pivot);
    ts_free(x->derivative);
    ts_free(x);
}
