/*
 * Cox's regression. Rows are taken in the coordinates of Q of least squares,
 * less the one of the intercept: there columns are centred and of unit size,
 * and Newton's steps do not depend on units. Coordinates that strata determine
 * no more (what is constant in each of them) show in the information where all
 * hazards are equal, and are left out.
 */
#include "cox_private.h"

#include <math.h>
#include <string.h>
#include "cholesky.h"
#include "event_order.h"
#include "linear_private.h"
#include "score_form.h"
#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include "ts/interrupt.h"
#include "ts/memory.h"

#define MOST_STEPS 100
#define SMALL_STEP 1e-11 /* of coordinates of unit size */
/* Where the likelihood has nothing left to win, and a step still changes
 * hazards by a factor, they run off: a finite maximum so flat would have a
 * standard error of thousands. */
#define NOTHING_LEFT 1e-9
#define STILL_MOVES 0.1

/* Rows -------------------------------------------------------------------- */

static ts_status take_order(ts_cox *f, ts_error *err)
{
    const ts_model_frame *model = f->design->model;
    size_t n = f->n;
    int *row = ts_alloc_array(n, sizeof *row);
    if (!row)
        return ts_fail_memory(err);
    for (size_t i = 0; i < n; i++)
        row[i] = (int)i; /* the group that the order keeps is the row */
    ts_survival data = {.time = model->response[0].value,
                        .event = model->response[1].value,
                        .n = n,
                        .group = row,
                        .n_group = n};
    ts_status status = ts_event_order_new(
        &data, model->stratum.code, model->stratum.n_level, &f->order, err);
    for (size_t i = 0; i < n && !status; i++)
        f->n_event += f->order->tag[i] & 1;
    ts_free(row);
    if (!status && f->n_event == 0)
        status = ts_fail(err, TS_EDEGENERATE,
                         "no events: there are no hazards to compare");
    return status;
}

static ts_status take_rows(ts_cox *f, ts_error *err)
{
    const ts_linear *s = f->start;
    const ts_model_frame *model = f->design->model;
    size_t rank = s->rank, skip = rank - f->m;
    ts_linear_pass pass = {0};
    size_t *place = ts_alloc_array(f->n, sizeof *place);
    double *row = ts_alloc_array(rank, sizeof *row), root = sqrt((double)f->n);
    ts_status status =
        place && row ? ts_linear_start(s, &pass, err) : ts_fail_memory(err);
    for (size_t i = 0; i < f->n && !status; i++)
        place[f->order->tag[i] >> 1] = i;
    while (!status && ts_linear_next(&pass, &status, err))
        for (size_t i = 0; i < pass.m; i++) {
            double *to = f->q + place[pass.from + i] * f->m;
            for (size_t j = 0; j < rank; j++)
                row[j] = pass.column[s->qr->kept[j]][i];
            ts_solve_upper_transposed(s->qr->r, rank, row);
            for (size_t j = 0; j < f->m; j++)
                to[j] = row[j + skip] * root;
        }
    ts_linear_end(&pass);
    for (size_t i = 0; i < f->n && f->offset && !status; i++)
        f->offset[place[i]] = ts_linear_offset(model, i);
    ts_free(place);
    ts_free(row);
    return status;
}

bool ts_cox_coordinates(const ts_cox *f, const double *row, double *v,
                        double *room)
{
    const ts_linear *s = f->start;
    memset(room, 0, s->rank * sizeof *room);
    bool estimable = ts_linear_take_row(s, row, room);
    ts_solve_upper_transposed(s->qr->r, s->rank, room);
    for (size_t j = 0; j < f->m; j++)
        v[j] = room[j + s->rank - f->m] * sqrt((double)f->n);
    return estimable;
}

bool ts_cox_take_row(const ts_cox *f, const double *row, double *v,
                     double *room)
{
    const ts_linear *s = f->start;
    double size = 0;
    if (!ts_cox_coordinates(f, row, v, room))
        return false;
    if (s->rank > f->m && fabs(row[0]) > 1e-9)
        return false; /* the intercept is the baseline hazard's */
    for (size_t j = 0; j < f->m; j++)
        size += v[j] * v[j];
    for (size_t j = 0; j < f->m; j++) {
        double dot = 0, length = 0;
        for (size_t k = 0; k < f->m && !f->active[j]; k++) {
            double x = f->none[j * f->m + k];
            dot += v[k] * x;
            length += x * x;
        }
        if (dot * dot > 1e-16 * size * length)
            return false;
    }
    return true;
}

int ts_cox_direction(const ts_cox *f, const double *v)
{
    double dot = 0, size = 0, length = 0;
    for (size_t j = 0; j < f->m && f->infinite; j++) {
        dot += v[j] * f->away[j];
        size += v[j] * v[j];
        length += f->away[j] * f->away[j];
    }
    return dot * dot > 1e-10 * size * length ? dot > 0 ? 1 : -1 : 0;
}

/* Coordinates ------------------------------------------------------------- */

void ts_cox_pack(const ts_cox *f, const double *h, double *out)
{
    for (size_t i = 0, a = 0; i < f->m; i++) {
        if (!f->active[i])
            continue;
        for (size_t j = 0, b = 0; j <= i; j++)
            if (f->active[j])
                out[a * f->rank + b++] = h[i * f->m + j];
        a++;
    }
}

void ts_cox_pack_vector(const ts_cox *f, const double *x, double *out)
{
    for (size_t j = 0, a = 0; j < f->m; j++)
        if (f->active[j])
            out[a++] = x[j];
}

/* The direction that changes nothing when coordinate j is moved: among the
 * active ones before it, whose L is at hand, with row as L^-1 h_j. */
static void take_none(ts_cox *f, size_t j, const double *l, double *row)
{
    size_t m = f->m, k = f->rank;
    double *none = f->none + j * m;
    for (size_t i = k; i-- > 0;) {
        for (size_t c = i + 1; c < k; c++)
            row[i] -= l[c * m + i] * row[c];
        row[i] /= l[i * m + i];
    }
    for (size_t i = 0, a = 0; i < j; i++)
        if (f->active[i])
            none[i] = -row[a++];
    none[j] = 1;
}

/* Which coordinates the information h leaves, in their order; l: m x m. */
static void find_active(ts_cox *f, const double *h, double *l)
{
    size_t m = f->m;
    for (size_t j = 0; j < m; j++) {
        double *row = l + f->rank * m, left = h[j * m + j];
        for (size_t i = 0, a = 0; i < j; i++) {
            if (!f->active[i])
                continue;
            row[a] = h[j * m + i];
            for (size_t c = 0; c < a; c++)
                row[a] -= row[c] * l[a * m + c];
            row[a] /= l[a * m + a];
            left -= row[a] * row[a];
            a++;
        }
        if (left > 1e-10 * (h[j * m + j] + (double)f->n_event)) {
            row[f->rank++] = sqrt(left);
            f->active[j] = true;
        } else {
            take_none(f, j, l, row);
        }
    }
    if (f->start->rank > m) /* the intercept */
        f->aliased[f->start->qr->kept[0]] = true;
    for (size_t j = 0; j < m; j++)
        if (!f->active[j])
            f->aliased[f->start->qr->kept[j + f->start->rank - m]] = true;
    for (size_t j = f->start->rank; j < f->p; j++)
        f->aliased[f->start->qr->kept[j]] = true;
}

/* Maximum ----------------------------------------------------------------- */

typedef struct {
    double *u, *h;       /* m, m x m */
    double *step, *next; /* of active coordinates; m */
    double *l;           /* m x m */
    double *room;
} space;

double ts_cox_spread(const ts_cox *f, const double *step)
{
    double low = 0, high = 0;
    for (size_t i = 0; i < f->n; i++) {
        double eta = 0;
        for (size_t j = 0, a = 0; j < f->m; j++)
            if (f->active[j])
                eta += f->q[i * f->m + j] * step[a++];
        low = i == 0 || eta < low ? eta : low;
        high = i == 0 || eta > high ? eta : high;
    }
    return high - low;
}

static void move(const ts_cox *f, const double *step, double scale, double *out)
{
    for (size_t j = 0, a = 0; j < f->m; j++)
        out[j] = f->theta[j] + (f->active[j] ? scale * step[a++] : 0);
}

static ts_status no_end(const ts_cox *f, ts_error *err)
{
    return ts_fail(err, TS_ECONVERGE,
                   "the likelihood has not settled after %zu steps", f->n_step);
}

/* Newton's steps, halved until the likelihood rises. */
static ts_status climb(ts_cox *f, const space *s, ts_error *err)
{
    for (f->n_step = 1; f->n_step <= MOST_STEPS; f->n_step++) {
        double size = 0, gain = 0, scale = 1, then;
        ts_status status = ts_interrupt_check(err);
        if (status)
            return status;
        ts_cox_pack(f, s->h, s->l);
        if (ts_cholesky(s->l, f->rank, TS_COX_SINGULAR) == 0)
            return no_end(f, err);
        ts_cox_pack_vector(f, s->u, s->step);
        ts_solve_lower(s->l, f->rank, s->step);
        for (size_t a = 0; a < f->rank; a++)
            gain += s->step[a] * s->step[a];
        ts_solve_lower_transposed(s->l, f->rank, s->step);
        for (size_t a = 0; a < f->rank; a++)
            size = fmax(size, fabs(s->step[a]));
        if (gain < NOTHING_LEFT && ts_cox_spread(f, s->step) > STILL_MOVES) {
            f->infinite = true;
            f->log_lik += gain; /* of c - a exp(-t) a step promises all */
            for (size_t j = 0, a = 0; j < f->m; j++)
                f->away[j] = f->active[j] ? s->step[a++] : 0;
            return TS_OK;
        }
        for (;; scale /= 2) {
            move(f, s->step, scale, s->next);
            then = ts_cox_likelihood(f, s->next, s->u, s->h, s->room);
            if (then >= f->log_lik || scale < 1e-10 || size < 1e-7)
                break;
        }
        memcpy(f->theta, s->next, f->m * sizeof *s->next);
        f->log_lik = then;
        if (size < SMALL_STEP || gain < 1e-28 * (1 + fabs(f->log_lik)))
            return TS_OK;
    }
    return no_end(f, err);
}

static ts_cox_test test_of(const ts_cox *f, double statistic)
{
    if (f->rank == 0 || isnan(statistic))
        return (ts_cox_test){NAN, NAN};
    return (ts_cox_test){statistic, pchisq(statistic, (double)f->rank, 0, 0)};
}

/* The information at the end, and the tests of the whole. */
static ts_status finish(ts_cox *f, const space *s, double score, ts_error *err)
{
    double sum = 0;
    ts_cox_pack(f, s->h, f->root);
    ts_cox_pack_vector(f, f->theta, s->step);
    for (size_t i = 0; i < f->rank; i++)
        for (size_t j = 0; j < f->rank; j++)
            sum += s->step[i] * s->step[j] *
                   f->root[i >= j ? i * f->rank + j : j * f->rank + i];
    f->ratio_test = test_of(f, 2 * fmax(0, f->log_lik - f->log_lik_null));
    f->score_test = test_of(f, score);
    f->wald_test = test_of(f, f->infinite ? NAN : sum);
    return ts_cholesky(f->root, f->rank, TS_COX_SINGULAR) > 0 ? TS_OK
                                                              : no_end(f, err);
}

static ts_status maximise(ts_cox *f, ts_error *err)
{
    size_t m = f->m, df;
    double score;
    double *all = ts_alloc_array(2 * m + 3, m * sizeof *all);
    double *room = ts_alloc_array(ts_cox_room(f), sizeof *room);
    ts_status status = all && room ? TS_OK : ts_fail_memory(err);
    if (!status) {
        space s = {.u = all,
                   .step = all + m,
                   .next = all + 2 * m,
                   .h = all + 3 * m,
                   .room = room};
        s.l = s.h + m * m;
        f->log_lik = f->log_lik_null =
            ts_cox_likelihood(f, f->theta, s.u, s.h, room);
        if (!isfinite(f->log_lik)) {
            status = ts_fail(err, TS_ELIMIT, "%s",
                             f->ties == TS_COX_EXACT
                                 ? "too many events at one time for the exact "
                                   "likelihood; Efron's takes them"
                                 : "the offsets are too far apart");
        } else {
            find_active(f, s.h, s.l);
            ts_cox_pack_vector(f, s.u, s.step);
            ts_cox_pack(f, s.h, s.l);
            status = ts_score_form(s.step, s.l, f->rank, &score, &df, err);
            if (!status && f->rank > 0)
                status = climb(f, &s, err);
            if (!status)
                status = finish(f, &s, score, err);
        }
    }
    ts_free(all);
    ts_free(room);
    return status;
}

/* The whole --------------------------------------------------------------- */

void ts_cox_free(ts_cox *f)
{
    if (!f)
        return;
    ts_linear_free(f->start);
    ts_event_order_free(f->order);
    ts_free(f->aliased);
    ts_free(f->q);
    ts_free(f->offset);
    ts_free(f->theta);
    ts_free(f->away);
    ts_free(f->active);
    ts_free(f->none);
    ts_free(f->root);
    ts_free(f);
}

static ts_status allocate(ts_cox *f, ts_error *err)
{
    size_t m = f->m;
    bool has_offset = f->design->model->n_offset > 0;
    f->aliased = ts_alloc_array(f->p, sizeof *f->aliased);
    f->q = ts_alloc_array(f->n, m * sizeof *f->q);
    f->theta = ts_alloc_array(m, sizeof *f->theta);
    f->away = ts_alloc_array(m, sizeof *f->away);
    f->active = ts_alloc_array(m, sizeof *f->active);
    f->none = ts_alloc_array(m, m * sizeof *f->none);
    f->root = ts_alloc_array(m, m * sizeof *f->root);
    if (has_offset)
        f->offset = ts_alloc_array(f->n, sizeof *f->offset);
    return f->aliased && f->q && f->theta && f->away && f->active && f->none &&
                   f->root && (f->offset || !has_offset)
               ? TS_OK
               : ts_fail_memory(err);
}

static ts_status fit_it(ts_cox *f, double tolerance, ts_error *err)
{
    ts_status status = ts_linear_fit(f->design, tolerance, &f->start, err);
    if (status)
        return status;
    if (f->start->weight)
        return ts_fail(err, TS_EINVALID, "Cox's regression takes no weights");
    f->n = f->start->n;
    f->p = f->start->p;
    f->m = f->start->rank - f->design->intercept;
    if ((status = take_order(f, err)) || (status = allocate(f, err)) ||
        (status = take_rows(f, err)))
        return status;
    return maximise(f, err);
}

ts_status ts_cox_fit(const ts_design *design, ts_cox_ties ties,
                     double tolerance, ts_cox **out, ts_error *err)
{
    ts_cox *f = ts_alloc_array(1, sizeof *f);
    *out = NULL;
    if (!f)
        return ts_fail_memory(err);
    f->design = design;
    f->ties = ties;
    ts_status status = fit_it(f, tolerance, err);
    if (status)
        ts_cox_free(f);
    else
        *out = f;
    return status;
}
