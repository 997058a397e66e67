/*
 * Rows become subjects, subjects patterns: those of a group with the same
 * visits have one covariance matrix. The numbers are kept in the coordinates
 * of least squares, where X has orthonormal columns and the response is what
 * least squares leaves of it.
 */
#include "mixed_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "ts/memory.h"

/* One row, and one subject's rows. */
typedef struct {
    size_t subject, visit, group, row; /* row: in the model frame */
    double time;
    const ts_effect_rows *effects; /* or NULL */
} record;

typedef struct {
    const record *record;
    size_t n;
} series;

/* Reading ----------------------------------------------------------------- */

ts_status ts_mixed_find_rows(const ts_model_frame *model,
                             const ts_model_frame *other, size_t *place,
                             ts_error *err)
{
    size_t *at = ts_alloc_array(other->n_row, sizeof *at);
    if (!at)
        return ts_fail_memory(err);
    for (size_t i = 0; i < other->n; i++)
        at[other->row[i]] = i + 1;
    for (size_t i = 0; i < model->n; i++) {
        size_t row = model->row[i];
        if (!at[row]) {
            ts_free(at);
            return ts_fail(err, TS_EINVALID, "%s is missing in row %zu",
                           other->x[0].name, row + 1);
        }
        place[i] = at[row] - 1;
    }
    ts_free(at);
    return TS_OK;
}

static ts_status read_records(const ts_model_frame *model,
                              const ts_mixed_spec *spec, record *r,
                              ts_error *err)
{
    const ts_model_frame *frame[4] = {spec->subject, spec->visit, spec->group,
                                      spec->time};
    size_t *place = ts_alloc_array(model->n, sizeof *place);
    ts_status status = place ? TS_OK : ts_fail_memory(err);
    for (int k = 0; k < 4 && !status; k++) {
        if (!frame[k] ||
            (status = ts_mixed_find_rows(model, frame[k], place, err)))
            continue;
        const ts_model_variable *x = &frame[k]->x[0];
        for (size_t i = 0; i < model->n; i++) {
            size_t code = x->code ? (size_t)x->code[place[i]] : 0;
            if (k == 0)
                r[i].subject = code;
            else if (k == 1)
                r[i].visit = code;
            else if (k == 2)
                r[i].group = code;
            else
                r[i].time = x->value[place[i]];
        }
    }
    for (size_t i = 0; i < model->n; i++)
        r[i].row = i;
    ts_free(place);
    return status;
}

static int compare_numbers(double a, double b)
{
    return (a > b) - (a < b);
}

/* Levels from here: of all, or within a block. */
static int compare_effects(const record *a, const record *b,
                           const size_t *level)
{
    const ts_effect_rows *e = a->effects;
    int order = 0;
    for (size_t k = 0; e && k < e->n_effect && order == 0; k++) {
        size_t x = level[a->row * e->n_effect + k],
               y = level[b->row * e->n_effect + k];
        order = (x > y) - (x < y);
    }
    for (size_t k = 0; e && k < e->n_z && order == 0; k++)
        order = compare_numbers(e->z[a->row * e->n_z + k],
                                e->z[b->row * e->n_z + k]);
    return order;
}

static int compare_records(const void *one, const void *two)
{
    const record *a = one, *b = two;
    if (a->subject != b->subject)
        return a->subject < b->subject ? -1 : 1;
    if (a->time != b->time)
        return compare_numbers(a->time, b->time);
    if (a->visit != b->visit)
        return a->visit < b->visit ? -1 : 1;
    int order = a->effects ? compare_effects(a, b, a->effects->level) : 0;
    return order ? order : (a->row > b->row) - (a->row < b->row);
}

/* Two rows of one subject, next to each other: they must differ in the visit
 * (or the time) and agree in the group. */
static ts_status check_pair(const ts_model_frame *model,
                            const ts_mixed_spec *spec, const record *a,
                            ts_error *err)
{
    const record *b = a + 1;
    if (spec->n_effect)
        return TS_OK;
    const char *subject = spec->subject->x[0].level[a->subject].name;
    size_t row_a = model->row[a->row] + 1, row_b = model->row[b->row] + 1;
    if (a->group != b->group)
        return ts_fail(err, TS_EINVALID,
                       "%s is in two groups, in row %zu and in row %zu",
                       subject, row_a, row_b);
    if (spec->time ? a->time != b->time : a->visit != b->visit)
        return TS_OK;
    if (spec->time)
        return ts_fail(err, TS_EINVALID,
                       "%s has %s %.15g twice, in rows %zu and %zu", subject,
                       spec->time->x[0].name, a->time, row_a, row_b);
    return ts_fail(err, TS_EINVALID, "%s has %s twice, in rows %zu and %zu",
                   subject, spec->visit->x[0].level[a->visit].name, row_a,
                   row_b);
}

/* Levels of a variable that some row has: codes become places among them. */
static size_t compress(record *r, size_t n, size_t n_level, bool visits,
                       size_t **levels)
{
    size_t used = 0;
    size_t *place = ts_alloc_array(n_level, sizeof *place);
    *levels = ts_alloc_array(n_level, sizeof **levels);
    if (!place || !*levels) {
        ts_free(place);
        return 0;
    }
    for (size_t i = 0; i < n; i++)
        place[visits ? r[i].visit : r[i].group] = 1;
    for (size_t k = 0; k < n_level; k++)
        if (place[k]) {
            (*levels)[used] = k;
            place[k] = used++;
        }
    for (size_t i = 0; i < n; i++) {
        size_t *code = visits ? &r[i].visit : &r[i].group;
        *code = place[*code];
    }
    ts_free(place);
    return used;
}

static ts_status take_levels(ts_mixed_data *d, const ts_mixed_spec *spec,
                             record *r, ts_error *err)
{
    size_t visits = spec->visit ? spec->visit->x[0].n_level : 1;
    size_t groups = spec->group ? spec->group->x[0].n_level : 1;
    d->n_visit = compress(r, d->n, visits, true, &d->visit_level);
    d->n_group = compress(r, d->n, groups, false, &d->group_level);
    return d->n_visit && d->n_group ? TS_OK : ts_fail_memory(err);
}

/* Patterns ---------------------------------------------------------------- */

static int compare_patterns(const series *a, const series *b)
{
    if (a->record->group != b->record->group)
        return a->record->group < b->record->group ? -1 : 1;
    if (a->n != b->n)
        return a->n > b->n ? -1 : 1;
    for (size_t i = 0; i < a->n; i++) {
        const record *x = &a->record[i], *y = &b->record[i];
        if (x->time != y->time)
            return compare_numbers(x->time, y->time);
        if (x->visit != y->visit)
            return x->visit < y->visit ? -1 : 1;
        int order = x->effects ? compare_effects(x, y, x->effects->local) : 0;
        if (order)
            return order;
    }
    return 0;
}

static int compare_series(const void *one, const void *two)
{
    const series *a = one, *b = two;
    int order = compare_patterns(a, b);
    return order ? order
                 : (a->record->subject > b->record->subject) -
                       (a->record->subject < b->record->subject);
}

static ts_status find_series(ts_mixed_data *d, const ts_model_frame *model,
                             const ts_mixed_spec *spec, const record *r,
                             series *s, ts_error *err)
{
    ts_status status = TS_OK;
    for (size_t i = 0; i < d->n && !status; i++) {
        if (i == 0 || r[i].subject != r[i - 1].subject)
            s[d->n_subject++] = (series){&r[i], 0};
        else
            status = check_pair(model, spec, &r[i - 1], err);
        s[d->n_subject - 1].n++;
    }
    if (!status)
        qsort(s, d->n_subject, sizeof *s, compare_series);
    return status;
}

/* position[i]: the row of a for row i of the model frame. */
static void take_patterns(ts_mixed_data *d, const series *s, bool timed,
                          size_t *position)
{
    size_t row = 0;
    ts_pattern *p = NULL;
    for (size_t i = 0; i < d->n_subject; i++) {
        const ts_effect_rows *e = s[i].record->effects;
        if (i == 0 || compare_patterns(&s[i - 1], &s[i]) != 0) {
            p = &d->pattern[d->n_pattern++];
            *p = (ts_pattern){.group = s[i].record->group,
                              .q = s[i].n,
                              .visit = d->places + row,
                              .time = timed ? d->times + row : NULL,
                              .z = e ? d->z + row * e->n_z : NULL,
                              .level = e ? d->level + row * e->n_effect : NULL,
                              .first = row,
                              .first_subject = i};
            if (p->q > d->longest)
                d->longest = d->whole = p->q;
        }
        p->m++;
        d->subject[i] = s[i].record->subject;
        for (size_t k = 0; k < s[i].n; k++, row++) {
            const record *r = &s[i].record[k];
            position[r->row] = row;
            d->row[row] = r->row;
            d->places[row] = r->visit;
            d->times[row] = r->time;
            for (size_t j = 0; e && j < e->n_z; j++)
                d->z[row * e->n_z + j] = e->z[r->row * e->n_z + j];
            for (size_t j = 0; e && j < e->n_effect; j++) {
                size_t from = r->row * e->n_effect + j;
                d->level[row * e->n_effect + j] = e->local[from];
                d->level_of[row * e->n_effect + j] = e->level[from];
            }
        }
    }
}

static ts_status take_effects(ts_mixed_data *d, const ts_model_frame *model,
                              const ts_mixed_spec *spec, ts_effect_rows *e,
                              record *r, ts_error *err)
{
    ts_status status = ts_effect_rows_new(model, spec, d, e, err);
    if (status)
        return status;
    d->z = ts_alloc_array(d->n, e->n_z * sizeof *d->z);
    d->level = ts_alloc_array(d->n, e->n_effect * sizeof *d->level);
    d->level_of = ts_alloc_array(d->n, e->n_effect * sizeof *d->level_of);
    if (!d->z || !d->level || !d->level_of)
        return ts_fail_memory(err);
    for (size_t i = 0; i < d->n; i++) {
        r[i].effects = e;
        if (!spec->subject)
            r[i].subject = e->block[i];
    }
    return TS_OK;
}

/* Levels by their first row within a block, so that blocks alike have the same
 * numbers: r in order. */
static ts_status number_levels(ts_mixed_data *d, const record *r,
                               ts_effect_rows *e, ts_error *err)
{
    for (size_t k = 0; k < e->n_effect; k++) {
        size_t *number = ts_alloc_array(d->levels[k].n, sizeof *number), n = 0;
        if (!number)
            return ts_fail_memory(err);
        for (size_t i = 0; i < d->n; i++) {
            size_t at = r[i].row * e->n_effect + k,
                   *own = &number[e->level[at]];
            if (i > 0 && r[i].subject != r[i - 1].subject)
                n = 0;
            if (*own == 0)
                *own = ++n;
            e->local[at] = *own;
        }
        ts_free(number);
    }
    return TS_OK;
}

static ts_status find_patterns(ts_mixed_data *d, const ts_model_frame *model,
                               const ts_mixed_spec *spec, size_t *position,
                               ts_error *err)
{
    record *r = ts_alloc_array(d->n, sizeof *r);
    series *s = ts_alloc_array(d->n, sizeof *s);
    ts_effect_rows e = {0};
    ts_status status = r && s ? TS_OK : ts_fail_memory(err);
    if (!status)
        status = read_records(model, spec, r, err);
    if (!status && spec->n_effect)
        status = take_effects(d, model, spec, &e, r, err);
    if (!status) {
        qsort(r, d->n, sizeof *r, compare_records);
        status = take_levels(d, spec, r, err);
    }
    if (!status && spec->n_effect)
        status = number_levels(d, r, &e, err);
    if (!status)
        status = find_series(d, model, spec, r, s, err);
    if (!status) {
        d->row = ts_alloc_array(d->n, sizeof *d->row);
        d->places = ts_alloc_array(d->n, sizeof *d->places);
        d->times = ts_alloc_array(d->n, sizeof *d->times);
        d->subject = ts_alloc_array(d->n_subject, sizeof *d->subject);
        d->pattern = ts_alloc_array(d->n_subject, sizeof *d->pattern);
        if (d->row && d->places && d->times && d->subject && d->pattern)
            take_patterns(d, s, spec->time != NULL, position);
        else
            status = ts_fail_memory(err);
    }
    ts_free(r);
    ts_free(s);
    ts_effect_rows_free(&e);
    return status;
}

/* Numbers ----------------------------------------------------------------- */

static ts_status take_numbers(ts_mixed_data *d, const ts_linear *f,
                              double scale, const size_t *position,
                              ts_error *err)
{
    ts_linear_pass pass = {0};
    size_t p = f->rank;
    ts_status status = ts_linear_start(f, &pass, err);
    while (!status && ts_linear_next(&pass, &status, err))
        for (size_t i = 0; i < pass.m; i++) {
            size_t row = pass.from + i;
            double w = f->weight ? f->weight[row] : 1;
            double *a = d->a + position[row] * d->width;
            for (size_t k = 0; k < p; k++)
                a[k] = pass.column[f->qr->kept[k]][i] * sqrt(w);
            ts_solve_upper_transposed(f->qr->r, p, a);
            a[p] = f->residual[row] * scale * sqrt(w);
            d->log_weight += log(w);
        }
    ts_linear_end(&pass);
    return status;
}

ts_status ts_mixed_data_new(const ts_linear *f, const ts_mixed_spec *spec,
                            double scale, ts_mixed_data **out, ts_error *err)
{
    ts_mixed_data *d = ts_alloc_array(1, sizeof *d);
    size_t *position = ts_alloc_array(f->n, sizeof *position);
    ts_status status = d && position ? TS_OK : ts_fail_memory(err);
    *out = NULL;
    if (!status) {
        d->n = f->n;
        d->width = f->rank + 1;
        d->a = ts_alloc_array(d->n, d->width * sizeof *d->a);
        if (!d->a)
            status = ts_fail_memory(err);
    }
    if (!status)
        status = find_patterns(d, f->design->model, spec, position, err);
    if (!status)
        status = take_numbers(d, f, scale, position, err);
    ts_free(position);
    if (status) {
        ts_mixed_data_free(d);
        return status;
    }
    ts_covariance_of(spec->structure, d->n_visit, &d->covariance);
    if (spec->n_effect) {
        d->covariance.n_part = spec->n_effect;
        for (size_t k = 0; k < spec->n_effect; k++)
            d->covariance.part[k].n = d->covariance.part[k].rank =
                spec->effect[k].design->n_column;
        ts_covariance_of_random(&d->covariance);
    }
    if (spec->time && d->longest > 1)
        ts_covariance_of(spec->structure, 2, &d->covariance);
    *out = d;
    return TS_OK;
}

void ts_mixed_data_free(ts_mixed_data *d)
{
    if (!d)
        return;
    ts_free(d->a);
    ts_free(d->row);
    ts_free(d->subject);
    ts_free(d->visit_level);
    ts_free(d->group_level);
    for (size_t k = 0; k < d->n_pattern; k++)
        ts_crossed_free(d->pattern[k].crossed);
    ts_free(d->pattern);
    ts_free(d->places);
    ts_free(d->times);
    ts_free(d->z);
    ts_free(d->z_scale);
    ts_free(d->level);
    ts_free(d->level_of);
    for (size_t k = 0; k < TS_MIXED_EFFECTS; k++)
        ts_free(d->levels[k].code);
    ts_free(d);
}

/* Moments ----------------------------------------------------------------- */

/* Sums over a group's subjects of products of residuals, and their number. */
static void add_products(const ts_mixed_data *d, const ts_pattern *p,
                         ts_moments *m, double *count, double *near)
{
    size_t v = m->n_visit;
    for (size_t s = 0; s < p->m; s++) {
        const double *e =
            d->a + (p->first + s * p->q) * d->width + d->width - 1;
        for (size_t i = 0; i < p->q; i++) {
            double own = e[i * d->width];
            m->variance[p->visit[i]] += own * own;
            count[p->visit[i] * v + p->visit[i]]++;
            if (i > 0) {
                near[0] += own * e[(i - 1) * d->width];
                near[1]++;
                m->gap += p->time ? p->time[i] - p->time[i - 1] : 1;
            }
            for (size_t j = i + 1; j < p->q && !p->time && !p->z; j++) {
                size_t at = p->visit[i] * v + p->visit[j];
                m->covariance[at] += own * e[j * d->width];
                count[at]++;
            }
        }
    }
}

ts_status ts_mixed_moments(const ts_mixed_data *d, size_t group, ts_moments *m,
                           ts_error *err)
{
    size_t v = d->n_visit;
    double near[2] = {0, 0}, sum = 0, n = 0;
    double *count = ts_alloc_array(v, v * sizeof *count);
    *m = (ts_moments){.n_visit = v};
    m->variance = ts_alloc_array(v, sizeof *m->variance);
    m->covariance = ts_alloc_array(v, v * sizeof *m->covariance);
    if (!count || !m->variance || !m->covariance) {
        ts_free(count);
        ts_moments_free(m);
        return ts_fail_memory(err);
    }
    for (size_t k = 0; k < d->n_pattern; k++)
        if (d->pattern[k].group == group)
            add_products(d, &d->pattern[k], m, count, near);
    for (size_t i = 0; i < v; i++)
        for (size_t j = i; j < v; j++) {
            double own = count[i * v + j];
            if (i == j) {
                sum += m->variance[i];
                n += own;
                m->variance[i] /= own;
            } else {
                m->covariance[i * v + j] /= own;
            }
        }
    m->neighbour = near[1] > 0 ? near[0] / near[1] / (sum / n) : 0;
    m->gap = near[1] > 0 ? m->gap / near[1] : 1;
    ts_free(count);
    return TS_OK;
}

void ts_moments_free(ts_moments *m)
{
    ts_free(m->variance);
    ts_free(m->covariance);
    *m = (ts_moments){0};
}
