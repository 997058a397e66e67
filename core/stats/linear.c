/*
 * Least squares: a pass over the rows for the sizes of the columns, one for R,
 * and one for each step of refinement. Columns whose squares would leave the
 * range of doubles are scaled by powers of 2, which changes no digit.
 */
#include "linear_private.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "ts/interrupt.h"
#include "ts/memory.h"
#include "ts/sum.h"

#define LN_2PI 1.8378770664093454836
#define STEPS 30
#define EXTREME 200 /* as a power of 2 */
#define MANY 100000
#define GRADIENT 8 /* partial sums of a column's product with residuals */

/* Blocks ------------------------------------------------------------------ */

size_t ts_linear_block_size(size_t p)
{
    size_t m = 4096 / (p + 1);
    return m < 64 ? 64 : m > 512 ? 512 : m;
}

ts_status ts_linear_start(const ts_linear *f, ts_linear_pass *pass,
                          ts_error *err)
{
    *pass = (ts_linear_pass){.fit = f, .room = ts_linear_block_size(f->p)};
    pass->x = ts_alloc_array(pass->room, (f->p + 1) * sizeof *pass->x);
    pass->column = ts_alloc_array(f->p, sizeof *pass->column);
    if (pass->x && pass->column)
        return TS_OK;
    ts_linear_end(pass);
    return ts_fail_memory(err);
}

void ts_linear_end(ts_linear_pass *pass)
{
    ts_free(pass->x);
    ts_free(pass->column);
    pass->x = NULL;
    pass->column = NULL;
}

bool ts_linear_next(ts_linear_pass *pass, ts_status *status, ts_error *err)
{
    const ts_linear *f = pass->fit;
    pass->from += pass->m;
    pass->m = f->n - pass->from < pass->room ? f->n - pass->from : pass->room;
    if (*status || pass->m == 0)
        return false;
    if ((*status = ts_interrupt_check(err)))
        return false;
    ts_design_view(f->design, &f->rows, pass->from, pass->m, pass->x,
                   pass->room, pass->column);
    for (size_t j = 0; j < f->p && f->scale; j++) {
        double *x = pass->x + j * pass->room;
        if (f->scale[j] == 1)
            continue;
        for (size_t i = 0; i < pass->m; i++)
            x[i] = pass->column[j][i] * f->scale[j];
        pass->column[j] = x;
    }
    return true;
}

/* Scales ------------------------------------------------------------------ */

/* The power of 2 that takes x near 1; 1 when it is within a factor 2^within of
 * that. */
static double scale_of(double largest, int within)
{
    int exponent;
    if (!(largest > 0) || !isfinite(largest))
        return 1;
    frexp(largest, &exponent);
    if (abs(exponent) <= within)
        return 1;
    return ldexp(1, exponent > 1000    ? -1000
                    : exponent < -1000 ? 1000
                                       : -exponent);
}

static ts_status overflow(const ts_linear *f, size_t j, ts_error *err)
{
    return ts_fail(err, TS_EINVALID, "%s is infinite in some row",
                   f->design->column[j].name);
}

static double largest_of(const double *x, size_t n)
{
    double most[4] = {0, 0, 0, 0};
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (size_t k = 0; k < 4; k++)
            most[k] = fabs(x[i + k]) > most[k] ? fabs(x[i + k]) : most[k];
    for (; i < n; i++)
        most[0] = fmax(most[0], fabs(x[i]));
    return fmax(fmax(most[0], most[1]), fmax(most[2], most[3]));
}

static ts_status find_scales(ts_linear *f, const double *y, ts_error *err)
{
    ts_linear_pass pass;
    double *largest = ts_alloc_array(f->p, sizeof *largest);
    f->unit = ts_alloc_array(f->p, sizeof *f->unit);
    if (!largest || !f->unit) {
        ts_free(largest);
        return ts_fail_memory(err);
    }
    ts_status status = ts_linear_start(f, &pass, err);
    while (!status && ts_linear_next(&pass, &status, err))
        for (size_t j = 0; j < f->p; j++)
            largest[j] = fmax(largest[j], largest_of(pass.column[j], pass.m));
    ts_linear_end(&pass);
    f->y_scale = scale_of(largest_of(y, f->n), EXTREME);
    for (size_t j = 0; j < f->p && !status; j++) {
        double whole = scale_of(largest[j], 0);
        if (!isfinite(largest[j]))
            status = overflow(f, j, err);
        largest[j] = scale_of(largest[j], EXTREME);
        f->unit[j] = whole / largest[j];
    }
    f->scale = largest;
    return status;
}

/* Response ---------------------------------------------------------------- */

/* y less the offsets, scaled, as sums of two. */
static void take_response(const ts_linear *f, size_t from, size_t m, double *hi,
                          double *lo)
{
    const ts_model_frame *model = f->design->model;
    const double *y = model->response[0].value + from;
    for (size_t i = 0; i < m; i++) {
        hi[i] = y[i] * f->y_scale;
        lo[i] = 0;
    }
    for (size_t k = 0; k < model->n_offset; k++)
        for (size_t i = 0; i < m; i++) {
            double x = model->offset[k].value[from + i] * f->y_scale;
            ts_dd s = ts_dd_add((ts_dd){hi[i], lo[i]}, (ts_dd){-x, 0});
            hi[i] = s.hi;
            lo[i] = s.lo;
        }
}

/* QR ---------------------------------------------------------------------- */

static ts_status decompose(ts_linear *f, double tolerance, ts_error *err)
{
    ts_linear_pass pass = {0};
    ts_qr *qr = NULL;
    double *lo = ts_alloc_array(ts_linear_block_size(f->p), sizeof *lo);
    ts_status status = lo ? ts_qr_new(f->p + 1, &qr, err) : ts_fail_memory(err);
    if (!status)
        status = ts_linear_start(f, &pass, err);
    while (!status && ts_linear_next(&pass, &status, err)) {
        double *y = pass.x + f->p * pass.room;
        for (size_t j = 0; j < f->p; j++)
            if (pass.column[j] != pass.x + j * pass.room)
                memcpy(pass.x + j * pass.room, pass.column[j],
                       pass.m * sizeof *y);
        take_response(f, pass.from, pass.m, y, lo);
        for (size_t i = 0; f->weight && i < pass.m; i++) {
            double root = sqrt(f->weight[pass.from + i]);
            for (size_t j = 0; j <= f->p; j++)
                pass.x[j * pass.room + i] *= root;
        }
        ts_qr_add(qr, pass.x, pass.m, pass.room);
    }
    ts_linear_end(&pass);
    if (!status)
        status =
            ts_rank_new(qr, 1, f->design->intercept, tolerance, &f->qr, err);
    ts_qr_free(qr);
    ts_free(lo);
    return status;
}

/* Refinement -------------------------------------------------------------- */

/* Loops go by fours, which compilers turn into vectors. */

/* r -= x b for a column, b a sum of two; products and sums are exact but for
 * the lowest part. */
static void subtract_column(const double *restrict x, ts_dd b, size_t m,
                            double *restrict hi, double *restrict lo)
{
    size_t i = 0;
    for (; i + 4 <= m; i += 4)
        for (size_t k = i; k < i + 4; k++) {
            ts_dd p = ts_dd_product(x[k], b.hi);
            ts_dd s = ts_dd_sum(hi[k], -p.hi);
            hi[k] = s.hi;
            lo[k] += s.lo - (p.lo + x[k] * b.lo);
        }
    for (; i < m; i++) {
        ts_dd p = ts_dd_product(x[i], b.hi);
        ts_dd s = ts_dd_sum(hi[i], -p.hi);
        hi[i] = s.hi;
        lo[i] += s.lo - (p.lo + x[i] * b.lo);
    }
}

/* g += x'r; partial sums in g[0 .. 3]. upper: the upper half of the digits of
 * hi. */
static void add_products(const double *restrict x, const double *restrict hi,
                         const double *restrict upper,
                         const double *restrict lo, size_t m,
                         double *restrict g)
{
    size_t i = 0;
    for (; i + 4 <= m; i += 4)
        for (size_t k = 0; k < 4; k++) {
            ts_dd half = {upper[i + k], hi[i + k] - upper[i + k]};
            ts_dd p = ts_dd_product_split(x[i + k], ts_dd_split(x[i + k]),
                                          hi[i + k], half);
            ts_dd s = ts_dd_sum(g[k], p.hi);
            g[k] = s.hi;
            g[k + 4] += s.lo + (p.lo + x[i + k] * lo[i + k]);
        }
    for (; i < m; i++) {
        ts_dd p = ts_dd_product(x[i], hi[i]);
        ts_dd s = ts_dd_sum(g[0], p.hi);
        g[0] = s.hi;
        g[4] += s.lo + (p.lo + x[i] * lo[i]);
    }
}

/* The residuals into f->residual (scaled), and X'Wr into g unless it is NULL.
 */
static ts_status find_residuals(ts_linear *f, double *g, ts_error *err)
{
    ts_linear_pass pass;
    size_t rank = f->qr->rank;
    double *hi = ts_alloc_array(ts_linear_block_size(f->p), 3 * sizeof *hi);
    if (!hi)
        return ts_fail_memory(err);
    ts_status status = ts_linear_start(f, &pass, err);
    double *lo = hi + pass.room, *upper = lo + pass.room;
    if (g)
        memset(g, 0, rank * GRADIENT * sizeof *g);
    while (!status && ts_linear_next(&pass, &status, err)) {
        take_response(f, pass.from, pass.m, hi, lo);
        for (size_t k = 0; k < rank; k++) {
            ts_dd b = {f->solution[2 * k], f->solution[2 * k + 1]};
            subtract_column(pass.column[f->qr->kept[k]], b, pass.m, hi, lo);
        }
        for (size_t i = 0; i < pass.m; i++) {
            ts_dd r = ts_dd_sum(hi[i], lo[i]);
            f->residual[pass.from + i] = r.hi;
            if (f->weight)
                r = ts_dd_times(r, f->weight[pass.from + i]);
            hi[i] = r.hi;
            lo[i] = r.lo;
            upper[i] = ts_dd_split(r.hi).hi;
        }
        for (size_t k = 0; g && k < rank; k++)
            add_products(pass.column[f->qr->kept[k]], hi, upper, lo, pass.m,
                         g + k * GRADIENT);
    }
    ts_linear_end(&pass);
    ts_free(hi);
    return status;
}

/* step: the correction that X'r asks for. */
static void solve_step(const ts_linear *f, const double *g, double *step,
                       double *size)
{
    size_t rank = f->qr->rank;
    for (size_t k = 0; k < rank; k++) {
        ts_dd sum = {0, 0};
        for (size_t i = 0; i < 4; i++)
            sum = ts_dd_add(
                sum, (ts_dd){g[k * GRADIENT + i], g[k * GRADIENT + i + 4]});
        step[k] = sum.hi;
    }
    ts_solve_upper_transposed(f->qr->r, rank, step);
    *size = 0;
    for (size_t k = 0; k < rank; k++)
        *size = hypot(*size, step[k]);
    ts_solve_upper(f->qr->r, rank, step);
}

/* Whether no coefficient would change by another step, which is as much
 * smaller than this one as this one is than the fit. */
static bool settled(const ts_linear *f, const double *step, double share)
{
    double next = fmin(1, share * 1e4);
    for (size_t k = 0; k < f->qr->rank; k++)
        if (fabs(step[k]) * next > DBL_EPSILON / 4 * fabs(f->solution[2 * k]))
            return false;
    return true;
}

static double length_of(const double *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i] * x[i];
    return sqrt(sum);
}

static ts_status refine(ts_linear *f, ts_error *err)
{
    size_t rank = f->qr->rank;
    double *g = ts_alloc_array(rank, GRADIENT * sizeof *g);
    double *step = ts_alloc_array(rank, sizeof *step), before = INFINITY, size;
    double whole = 0;
    ts_status status = g && step ? TS_OK : ts_fail_memory(err);
    for (size_t k = 0; k < rank; k++)
        whole = hypot(whole, f->qr->z[k]);
    for (int i = 0; i < STEPS && !status; i++) {
        if ((status = find_residuals(f, g, err)))
            break;
        solve_step(f, g, step, &size);
        /* at the limit of the precision it no longer shrinks */
        if (!(size > 1e-30 * whole) || !(size < before / 2))
            break;
        for (size_t k = 0; k < rank; k++) {
            double *b = f->solution + 2 * k;
            ts_dd s = ts_dd_add((ts_dd){b[0], b[1]}, (ts_dd){step[k], 0});
            b[0] = s.hi;
            b[1] = s.lo;
        }
        before = size;
        if (settled(f, step, size / whole)) {
            /* the residuals are those before the step, good enough where a
             * pass takes long */
            if (f->n < MANY || size > 1e-13 * length_of(f->residual, f->n))
                status = find_residuals(f, NULL, err);
            break;
        }
    }
    ts_free(g);
    ts_free(step);
    return status;
}

static ts_status solve(ts_linear *f, ts_error *err)
{
    size_t rank = f->qr->rank;
    f->rank = rank;
    f->solution = ts_alloc_array(rank, 2 * sizeof *f->solution);
    f->residual = ts_alloc_array(f->n, sizeof *f->residual);
    double *x = ts_alloc_array(rank, sizeof *x);
    if (!f->solution || !f->residual || !x) {
        ts_free(x);
        return ts_fail_memory(err);
    }
    memcpy(x, f->qr->z, rank * sizeof *x);
    ts_solve_upper(f->qr->r, rank, x);
    for (size_t k = 0; k < rank; k++)
        f->solution[2 * k] = x[k];
    ts_free(x);
    return refine(f, err);
}

/* Summary ----------------------------------------------------------------- */

static double weight_of(const ts_linear *f, size_t i)
{
    return f->weight ? f->weight[i] : 1;
}

/* Sums over the rows, weighted, of the response less its offsets. */
typedef struct {
    ts_sum weight, log_weight, y, square;
} response_sums;

/* y, y^2 and so on, less centre; in the scale of the fit. */
static ts_status sum_response(const ts_linear *f, double centre,
                              response_sums *out, ts_error *err)
{
    size_t room = ts_linear_block_size(f->p);
    double *hi = ts_alloc_array(room, 2 * sizeof *hi);
    *out = (response_sums){0};
    if (!hi)
        return ts_fail_memory(err);
    for (size_t from = 0; from < f->n; from += room) {
        size_t m = f->n - from < room ? f->n - from : room;
        take_response(f, from, m, hi, hi + room);
        for (size_t i = 0; i < m; i++) {
            double w = weight_of(f, from + i), y = hi[i] - centre;
            if (f->weight) {
                ts_sum_add(&out->weight, w);
                ts_sum_add(&out->log_weight, log(w));
            }
            ts_sum_add(&out->y, w * y);
            ts_sum_add(&out->square, w * y * y);
        }
    }
    if (!f->weight)
        ts_sum_add(&out->weight, (double)f->n);
    ts_free(hi);
    return TS_OK;
}

/* A sum of squares in the response's units; NaN beyond the range of doubles. */
static double unscaled(double sum, double unscale)
{
    double x = sum * unscale * unscale;
    return isfinite(x) ? x : NAN;
}

/* Sums of squares and what follows from them, in the units of the response.
 * Residuals of the size of the response's rounding are none. */
static ts_status summarise(ts_linear *f, ts_error *err)
{
    response_sums y;
    ts_sum rss = {0};
    /* the mean, but for its last digits, is the intercept's part of Q'y */
    double centre = f->design->intercept ? f->qr->z[0] / f->qr->r[0] : 0;
    double unscale = 1 / f->y_scale, n = (double)f->n;
    ts_status status = sum_response(f, centre, &y, err);
    if (status)
        return status;
    double weight = ts_sum_value(&y.weight), off = ts_sum_value(&y.y);
    double about = ts_sum_value(&y.square);
    f->perfect = false;
    for (size_t i = 0; i < f->n; i++) {
        ts_sum_add(&rss, weight_of(f, i) * f->residual[i] * f->residual[i]);
        f->residual[i] *= unscale;
    }
    f->rss = ts_sum_value(&rss);
    double whole = about + centre * (2 * off + centre * weight); /* of y^2 */
    if (sqrt(f->rss) <= 10 * DBL_EPSILON * sqrt(whole)) {
        f->perfect = true;
        f->rss = 0;
    }
    if (f->design->intercept)
        about -= off * off / weight;
    f->df = n - (double)f->rank;
    f->sigma = f->df > 0 ? sqrt(f->rss / f->df) * unscale : NAN;
    f->log_lik =
        f->perfect
            ? NAN
            : (ts_sum_value(&y.log_weight) -
               n * (LN_2PI + 1 + log(f->rss / n) - 2 * log(f->y_scale))) /
                  2;
    f->unexplained = about > 0 ? f->rss / about : NAN;
    f->rss = unscaled(f->rss, unscale);
    f->tss = unscaled(about, unscale);
    return TS_OK;
}

static ts_status take_coefficients(ts_linear *f, ts_error *err)
{
    f->coef = ts_alloc_array(f->p, sizeof *f->coef);
    f->aliased = ts_alloc_array(f->p, sizeof *f->aliased);
    if (!f->coef || !f->aliased)
        return ts_fail_memory(err);
    for (size_t j = 0; j < f->p; j++) {
        f->coef[j] = NAN;
        f->aliased[j] = true;
    }
    for (size_t k = 0; k < f->rank; k++) {
        size_t j = f->qr->kept[k];
        f->aliased[j] = false;
        f->coef[j] = f->solution[2 * k] * f->scale[j] / f->y_scale;
    }
    return TS_OK;
}

/* The whole --------------------------------------------------------------- */

static ts_status check_model(const ts_design *d, ts_error *err)
{
    const ts_model_frame *m = d->model;
    if (m->n_response != 1 && !m->survival) /* of Surv() it is the time */
        return ts_fail(err, TS_EINVALID, "a linear model has one response");
    if (!m->response[0].value)
        return ts_fail(err, TS_ETYPE, "%s is text, numbers are needed",
                       m->response[0].name);
    if (m->n == 0)
        return ts_fail(err, TS_EDEGENERATE, "no complete row");
    if (d->n_column == 0)
        return ts_fail(err, TS_EDEGENERATE,
                       "the model has no coefficient: neither an intercept "
                       "nor a variable");
    return TS_OK;
}

ts_status ts_linear_fit(const ts_design *design, double tolerance,
                        ts_linear **out, ts_error *err)
{
    ts_status status = check_model(design, err);
    *out = NULL;
    if (status)
        return status;
    ts_linear *f = ts_alloc_array(1, sizeof *f);
    if (!f)
        return ts_fail_memory(err);
    f->design = design;
    f->n = design->model->n;
    f->p = design->n_column;
    f->weight = design->model->weight.value;
    if ((status = ts_design_rows_of(design, design->model, &f->rows, err)) ||
        (status = find_scales(f, design->model->response[0].value, err)) ||
        (status = decompose(f, tolerance, err)) || (status = solve(f, err)) ||
        (status = take_coefficients(f, err)) || (status = summarise(f, err))) {
        ts_linear_free(f);
        return status;
    }
    *out = f;
    return TS_OK;
}

void ts_linear_free(ts_linear *f)
{
    if (!f)
        return;
    ts_design_rows_free(&f->rows);
    ts_rank_free(f->qr);
    ts_free(f->coef);
    ts_free(f->aliased);
    ts_free(f->residual);
    ts_free(f->scale);
    ts_free(f->unit);
    ts_free(f->solution);
    ts_free(f->meat);
    ts_free(f->leverage);
    ts_free(f);
}
