/* The calls of poly(), ns() and bs(): their arguments, and who answers. */
#include "basis_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "ts/memory.h"

static ts_status wrong(const ts_basis_call *c, const char *what,
                       const char *text)
{
    return ts_fail(c->err, TS_EINVALID, "%s: %s%s", c->name, what, text);
}

/* A constant: a number, or one with a sign. */
static bool constant(const ts_expr *expr, double *out)
{
    bool negative = expr->op == TS_OP_NEG;
    if (negative)
        expr = expr->arg[0];
    if (expr->kind != TS_EXPR_NUMBER)
        return false;
    *out = negative ? -expr->number : expr->number;
    return true;
}

/* Numbers: one, or c() of some. */
static ts_status numbers(const ts_basis_call *c, const char *name,
                         const ts_expr *expr, double *out, int *n)
{
    bool list = expr->op == TS_OP_C;
    *n = list ? expr->n_arg : 1;
    for (int i = 0; i < *n; i++)
        if (!constant(list ? expr->arg[i] : expr, &out[i]))
            return wrong(c, name, " takes numbers, such as c(40, 60)");
    return TS_OK;
}

static ts_status whole(const ts_basis_call *c, const char *name,
                       const ts_expr *expr, int least, int most, int *out)
{
    double x;
    if (!constant(expr, &x) || x != floor(x) || x < least || x > most)
        return ts_fail(c->err, TS_EINVALID,
                       "%s: %s is a whole number from %d to %d", c->name, name,
                       least, most);
    *out = (int)x;
    return TS_OK;
}

static ts_status flag(const ts_basis_call *c, const char *name,
                      const ts_expr *expr, bool *out)
{
    if (expr->kind != TS_EXPR_NUMBER || !expr->text)
        return wrong(c, name, " is TRUE or FALSE");
    *out = expr->number != 0;
    return TS_OK;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Names of arguments by function, in R's order of place. */
static const char *const poly_names[] = {"degree", "raw", NULL};
static const char *const ns_names[] = {"df", "knots", "intercept",
                                       "Boundary.knots", NULL};
static const char *const bs_names[] = {"df",        "knots",          "degree",
                                       "intercept", "Boundary.knots", NULL};

static ts_status take(ts_basis_call *c, const char *name, const ts_expr *value)
{
    int n;
    ts_status status;
    if (strcmp(name, "degree") == 0)
        return whole(c, name, value, 1,
                     c->kind == TS_BASIS_BS ? 10 : TS_BASIS_DEGREE, &c->degree);
    if (strcmp(name, "df") == 0)
        return whole(c, name, value, 1, 100, &c->df);
    if (strcmp(name, "intercept") == 0)
        return flag(c, name, value, &c->intercept);
    if (strcmp(name, "raw") == 0) {
        bool raw = false;
        if ((status = flag(c, name, value, &raw)))
            return status;
        c->kind = raw ? TS_BASIS_RAW : TS_BASIS_POLY;
        return TS_OK;
    }
    if (strcmp(name, "knots") == 0) {
        if ((status = numbers(c, name, value, c->knot, &c->n_knot)))
            return status;
        qsort(c->knot, (size_t)c->n_knot, sizeof *c->knot, compare);
        return TS_OK;
    }
    double both[TS_EXPR_ARGS];
    if ((status = numbers(c, name, value, both, &n)))
        return status;
    if (n != 2 || !(both[0] != both[1]))
        return wrong(c, name, " takes two numbers, such as c(20, 90)");
    c->boundary[0] = fmin(both[0], both[1]);
    c->boundary[1] = fmax(both[0], both[1]);
    c->bounded = true;
    return TS_OK;
}

static ts_status unknown(const ts_basis_call *c, const char *given,
                         const char *const *names)
{
    size_t n = 0;
    while (names[n])
        n++;
    const char *near = ts_text_nearest(given, names, n);
    return ts_fail(c->err, TS_EINVALID, "%s: no argument %.60s%s%s", c->name,
                   given, near ? "; nearest: " : "", near ? near : "");
}

/* Arguments by name take their name's place, the rest the places left. */
static ts_status read_call(ts_basis_call *c, const ts_expr *call)
{
    const char *const *names = call->op == TS_OP_POLY ? poly_names
                               : call->op == TS_OP_NS ? ns_names
                                                      : bs_names;
    bool taken[8] = {false};
    ts_status status = TS_OK;
    for (int pass = 0; pass < 2; pass++)
        for (int i = 1; i < call->n_arg && !status; i++) {
            const ts_expr *arg = call->arg[i];
            bool named = arg->op == TS_OP_ARG;
            size_t at = 0;
            if (named != (pass == 0))
                continue;
            while (names[at] &&
                   (named ? strcmp(names[at], arg->text) != 0 : taken[at]))
                at++;
            if (!names[at] && named)
                return unknown(c, arg->text, names);
            if (!names[at] || taken[at])
                return wrong(c, "an argument too many", "");
            taken[at] = true;
            status = take(c, names[at], named ? arg->arg[0] : arg);
        }
    if (!status && call->op == TS_OP_POLY && !taken[0])
        c->degree = 1;
    return status;
}

ts_status ts_basis_new(const ts_expr *call, const double *x, size_t n,
                       ts_basis **out, ts_error *err)
{
    ts_buffer name = {0};
    ts_basis *b = ts_alloc_array(1, sizeof *b);
    ts_status status = TS_OK;
    *out = NULL;
    ts_expr_write(call, &name);
    if (!b || name.failed) {
        status = ts_fail_memory(err);
        goto done;
    }
    ts_basis_call c = {.kind = call->op == TS_OP_POLY ? TS_BASIS_POLY
                               : call->op == TS_OP_NS ? TS_BASIS_NS
                                                      : TS_BASIS_BS,
                       .degree = 3,
                       .n_knot = -1,
                       .name = name.data,
                       .err = err};
    if ((status = read_call(&c, call)))
        goto done;
    b->kind = c.kind;
    b->degree = c.degree;
    status = call->op == TS_OP_POLY ? ts_basis_poly(b, &c, x, n)
                                    : ts_basis_spline(b, &c, x, n);
done:
    ts_buffer_free(&name);
    if (status) {
        ts_basis_free(b);
        return status;
    }
    *out = b;
    return TS_OK;
}

void ts_basis_free(ts_basis *b)
{
    if (!b)
        return;
    ts_free(b->alpha);
    ts_free(b->beta);
    ts_free(b->norm);
    ts_free(b->knot);
    ts_free(b->null);
    ts_free(b->edge);
    ts_free(b);
}

size_t ts_basis_size(const ts_basis *b)
{
    return b->size;
}

void ts_basis_at(const ts_basis *b, double x, double *out)
{
    if (b->kind == TS_BASIS_POLY || b->kind == TS_BASIS_RAW)
        ts_basis_poly_at(b, x, out);
    else
        ts_basis_spline_at(b, x, out);
}
