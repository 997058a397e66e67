/*
 * The largest value of a polynomial by branch and bound. On any interval the
 * largest coefficient bounds it from above and the ends are values it has. The
 * differences of the coefficients change their sign as often as the derivative
 * at least: without a change the maximum is at an end, with one from rise to
 * fall it is where the derivative is 0, else the interval is halved.
 */
#include "bernstein.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>
#include "root.h"
#include "ts/interrupt.h"
#include "ts/memory.h"

enum { DEEPEST = 60 };

typedef struct {
    const double *b;
    double *work;
    size_t n;
} polynomial;

/* de Casteljau at x in (0, 1): the left part in b, the right in right. */
static void divide(double *b, double *right, size_t n, double x)
{
    for (size_t k = 0; k <= n; k++) {
        right[n - k] = b[n];
        for (size_t i = n; i > k; i--)
            b[i] = (1 - x) * b[i - 1] + x * b[i];
    }
}

/* The same without the parts: its value. */
static double value_at(const double *b, double *work, size_t n, double x)
{
    memcpy(work, b, (n + 1) * sizeof *b);
    for (size_t k = n; k > 0; k--)
        for (size_t i = 0; i < k; i++)
            work[i] = (1 - x) * work[i] + x * work[i + 1];
    return work[0];
}

static double slope_at(double x, void *context)
{
    const polynomial *f = context;
    for (size_t i = 0; i < f->n; i++)
        f->work[i] = f->b[i + 1] - f->b[i];
    for (size_t k = f->n - 1; k > 0; k--)
        for (size_t i = 0; i < k; i++)
            f->work[i] = (1 - x) * f->work[i] + x * f->work[i + 1];
    return f->work[0];
}

/* Where the derivative of a polynomial that rises and then falls is 0; at the
 * ends it may be 0 as well. */
static double peak(polynomial *f)
{
    double low = 0.5, high = 0.5, slope = slope_at(0.5, f);
    if (slope == 0)
        return 0.5;
    for (int i = 0; i < DEEPEST; i++) {
        if (slope > 0)
            high += (1 - high) / 2;
        else
            low /= 2;
        double other = slope_at(slope > 0 ? high : low, f);
        if (other == 0 || (other > 0) != (slope > 0))
            return ts_root(slope_at, f, low, high);
        if (slope > 0)
            low = high;
        else
            high = low;
    }
    return slope > 0 ? 1 : 0;
}

typedef struct {
    double *b;
    double from, width;
    int depth;
} piece;

typedef struct {
    piece stack[DEEPEST + 2];
    size_t n_piece, n;
    double *work;
    double most, where;
} search;

static void consider(search *s, double value, double where)
{
    if (value > s->most) {
        s->most = value;
        s->where = where;
    }
}

/* Changes of sign of the differences; *rises: the first of them is up. */
static int sign_changes(const double *b, size_t n, bool *rises)
{
    int changes = 0, last = 0;
    for (size_t i = 0; i < n; i++) {
        int sign = (b[i + 1] > b[i]) - (b[i + 1] < b[i]);
        if (sign && last && sign != last)
            changes++;
        if (sign && !last)
            *rises = sign > 0;
        last = sign ? sign : last;
    }
    return changes;
}

static double largest(const double *b, size_t n)
{
    double most = b[0];
    for (size_t i = 1; i <= n; i++)
        most = fmax(most, b[i]);
    return most;
}

/* Settles the piece on top of the stack, or puts its halves there. */
static ts_status step(search *s, ts_error *err)
{
    piece p = s->stack[s->n_piece - 1];
    bool rises = false;
    consider(s, p.b[0], p.from);
    consider(s, p.b[s->n], p.from + p.width);
    int changes = sign_changes(p.b, s->n, &rises);
    bool settled = changes == 0 || (changes == 1 && !rises) ||
                   largest(p.b, s->n) <= s->most * (1 + 1e-12) ||
                   p.depth == DEEPEST;
    if (!settled && changes == 1) {
        polynomial f = {p.b, s->work, s->n};
        double x = peak(&f);
        settled = true;
        consider(s, value_at(p.b, s->work, s->n, x), p.from + x * p.width);
    }
    if (settled) {
        ts_free(p.b);
        s->n_piece--;
        return TS_OK;
    }
    double *right = ts_alloc_array(s->n + 1, sizeof *right);
    if (!right)
        return ts_fail_memory(err);
    divide(p.b, right, s->n, 0.5);
    s->stack[s->n_piece - 1] = (piece){p.b, p.from, p.width / 2, p.depth + 1};
    s->stack[s->n_piece++] =
        (piece){right, p.from + p.width / 2, p.width / 2, p.depth + 1};
    return ts_interrupt_check(err);
}

ts_status ts_bernstein_max(const double *b, size_t n, double *most,
                           double *where, ts_error *err)
{
    search s = {.n = n, .most = -1};
    ts_status status = TS_OK;
    double *copy = ts_alloc_array(n + 1, sizeof *copy);
    s.work = ts_alloc_array(n + 1, sizeof *s.work);
    if (!copy || !s.work) {
        ts_free(copy);
        ts_free(s.work);
        return ts_fail_memory(err);
    }
    memcpy(copy, b, (n + 1) * sizeof *copy);
    s.stack[s.n_piece++] = (piece){copy, 0, 1, 0};
    while (s.n_piece > 0 && !(status = step(&s, err)))
        ;
    while (s.n_piece > 0)
        ts_free(s.stack[--s.n_piece].b);
    ts_free(s.work);
    *most = s.most;
    *where = s.where;
    return status;
}
