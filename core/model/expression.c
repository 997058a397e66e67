/*
 * The value of an expression in every row of a frame. A part that is the same
 * in all rows stays one number until it meets a column.
 */
#include "ts/model.h"

#include <math.h>
#include <string.h>
#include "ts/interrupt.h"
#include "ts/memory.h"
#include "finite.h"

typedef struct {
    enum { SCALAR, REAL, TEXT, LITERAL } kind;
    double scalar;
    double *real;      /* n_row numbers */
    bool owned;        /* real is ours to change and free, not the frame's */
    ts_column *column; /* of TEXT, and of REAL that is borrowed */
    const char *literal;
} value;

typedef struct {
    const ts_frame *frame;
    size_t n_undefined;
    bool whole; /* the last column taken has no missing value */
    ts_error *err;
} evaluator;

static ts_status evaluate(evaluator *e, const ts_expr *expr, value *out);

static void drop(value *v)
{
    if (v->owned)
        ts_free(v->real);
    *v = (value){0};
}

static const char *write_short(const ts_expr *expr, char out[80])
{
    ts_buffer text = {0};
    ts_expr_write(expr, &text);
    const char *s = text.failed || !text.data ? "an expression" : text.data;
    size_t n = strlen(s) < 79 ? strlen(s) : 79;
    memcpy(out, s, n);
    out[n] = '\0';
    ts_buffer_free(&text);
    return out;
}

/* Columns ----------------------------------------------------------------- */

static ts_status check_finite(evaluator *e, const ts_column *column)
{
    const double *x = column->real;
    e->whole = ts_all_finite(x, column->n);
    if (e->whole)
        return TS_OK;
    for (size_t i = 0; i < column->n; i++)
        if (isinf(x[i]))
            return ts_fail(e->err, TS_EINVALID, "%s is infinite in row %zu",
                           column->name, i + 1);
    return TS_OK;
}

static ts_status evaluate_name(evaluator *e, const ts_expr *expr, value *out)
{
    ts_column *column;
    ts_status status = ts_frame_column(e->frame, expr->text, &column, e->err);
    if (status)
        return status;
    *out = (value){.kind = column->type == TS_REAL ? REAL : TEXT,
                   .real = column->real,
                   .column = column};
    return column->type == TS_REAL ? check_finite(e, column) : TS_OK;
}

/* Makes v a column of its own, ready to be changed in place. */
static ts_status own(evaluator *e, value *v)
{
    size_t n = e->frame->n_row;
    if (v->kind == REAL && v->owned)
        return TS_OK;
    double *copy = ts_alloc_array(n, sizeof *copy);
    if (!copy)
        return ts_fail_memory(e->err);
    if (v->kind == REAL)
        memcpy(copy, v->real, n * sizeof *copy);
    else
        for (size_t i = 0; i < n; i++)
            copy[i] = v->scalar;
    *v = (value){.kind = REAL, .real = copy, .owned = true};
    return TS_OK;
}

/* Numbers ----------------------------------------------------------------- */

/* NA & FALSE is FALSE and NA | TRUE is TRUE, as in R and in SQL. */
static double truth(ts_op op, double a, double b)
{
    bool settled = op == TS_OP_OR; /* the value that settles it alone */
    if ((!isnan(a) && (a != 0) == settled) ||
        (!isnan(b) && (b != 0) == settled))
        return settled;
    return isnan(a) || isnan(b) ? NAN : !settled;
}

static double apply(ts_op op, double a, double b)
{
    switch (op) {
    case TS_OP_ADD:
        return a + b;
    case TS_OP_SUB:
        return a - b;
    case TS_OP_MUL:
        return a * b;
    case TS_OP_DIV:
        return a / b;
    case TS_OP_POW:
        return pow(a, b);
    case TS_OP_EQ:
        return a == b;
    case TS_OP_NE:
        return a != b;
    case TS_OP_LT:
        return a < b;
    case TS_OP_LE:
        return a <= b;
    case TS_OP_GT:
        return a > b;
    case TS_OP_GE:
        return a >= b;
    case TS_OP_NOT:
        return a == 0;
    case TS_OP_NEG:
        return -a;
    case TS_OP_LOG:
        return log(a);
    case TS_OP_LOG10:
        return log10(a);
    case TS_OP_LOG2:
        return log2(a);
    case TS_OP_EXP:
        return exp(a);
    case TS_OP_SQRT:
        return sqrt(a);
    case TS_OP_ABS:
        return fabs(a);
    default: /* +x, I(x), factor(x) */
        return a;
    }
}

static double apply_checked(evaluator *e, ts_op op, double a, double b)
{
    if (op == TS_OP_AND || op == TS_OP_OR)
        return truth(op, a, b);
    if (isnan(a) || isnan(b))
        return NAN;
    double x = apply(op, a, b);
    if (isfinite(x))
        return x;
    e->n_undefined++;
    return NAN;
}

static ts_status need_number(evaluator *e, const ts_expr *call,
                             const ts_expr *arg, const value *v)
{
    char whole[80], part[80];
    if (v->kind == SCALAR || v->kind == REAL)
        return TS_OK;
    return ts_fail(e->err, TS_ETYPE, "%s: %s is text, a number is needed",
                   write_short(call, whole), write_short(arg, part));
}

static ts_status evaluate_numbers(evaluator *e, const ts_expr *expr, value *a,
                                  value *b)
{
    size_t n = e->frame->n_row;
    ts_status status = need_number(e, expr, expr->arg[0], a);
    if (!status && expr->n_arg > 1)
        status = need_number(e, expr, expr->arg[1], b);
    if (status)
        return status;
    /* the result goes where an operand was */
    if (a->kind == SCALAR && b->kind == SCALAR) {
        /* a constant is undefined in each of the rows, or in none */
        size_t before = e->n_undefined;
        a->scalar = apply_checked(e, expr->op, a->scalar, b->scalar);
        e->n_undefined = before + (e->n_undefined - before) * n;
        return TS_OK;
    }
    if ((status = own(e, a)) || (status = ts_interrupt_check(e->err)))
        return status;
    for (size_t i = 0; i < n; i++)
        a->real[i] = apply_checked(e, expr->op, a->real[i],
                                   b->kind == REAL ? b->real[i] : b->scalar);
    return TS_OK;
}

/* Text -------------------------------------------------------------------- */

static ts_status no_level(evaluator *e, const ts_column *column,
                          const char *text)
{
    const char *near = ts_text_nearest(text, (const char *const *)column->level,
                                       column->n_level);
    if (near)
        return ts_fail(e->err, TS_ENOTFOUND,
                       "%s has no '%.100s'; nearest: "
                       "%.100s",
                       column->name, text, near);
    ts_buffer list = {0};
    for (size_t i = 0; i < column->n_level && i < 8; i++)
        ts_buffer_printf(&list, "%s%.60s", i ? ", " : "", column->level[i]);
    ts_status status =
        ts_fail(e->err, TS_ENOTFOUND, "%s has no '%.100s'; it has %s%s",
                column->name, text, list.data ? list.data : "nothing",
                column->n_level > 8 ? ", ..." : "");
    ts_buffer_free(&list);
    return status;
}

static ts_status new_real(evaluator *e, value *out)
{
    *out = (value){.kind = SCALAR, .scalar = NAN};
    return own(e, out);
}

/* A text column against a literal. */
static ts_status compare_literal(evaluator *e, ts_op op,
                                 const ts_column *column, const char *text,
                                 value *out)
{
    int32_t code = 0;
    while ((size_t)code < column->n_level &&
           strcmp(column->level[code], text) != 0)
        code++;
    if ((size_t)code == column->n_level && column->n_level > 0)
        return no_level(e, column, text);
    ts_status status = new_real(e, out);
    for (size_t i = 0; i < column->n && !status; i++)
        if (column->code[i] >= 0)
            out->real[i] = (column->code[i] == code) == (op == TS_OP_EQ);
    return status;
}

static ts_status compare_columns(evaluator *e, ts_op op, const ts_column *a,
                                 const ts_column *b, value *out)
{
    ts_status status = new_real(e, out);
    for (size_t i = 0; i < a->n && !status; i++)
        if (a->code[i] >= 0 && b->code[i] >= 0)
            out->real[i] =
                (strcmp(a->level[a->code[i]], b->level[b->code[i]]) == 0) ==
                (op == TS_OP_EQ);
    return status;
}

static ts_status compare_text(evaluator *e, const ts_expr *expr, const value *a,
                              const value *b, value *out)
{
    char whole[80];
    bool column_a = a->kind == TEXT, column_b = b->kind == TEXT;
    if ((a->kind == LITERAL && b->kind == LITERAL) ||
        (a->kind <= REAL || b->kind <= REAL))
        return ts_fail(e->err, TS_ETYPE,
                       "%s: a number is compared with a number, text with a "
                       "text column",
                       write_short(expr, whole));
    if (expr->op != TS_OP_EQ && expr->op != TS_OP_NE)
        return ts_fail(e->err, TS_ETYPE,
                       "%s: text has no order; only == and != compare it",
                       write_short(expr, whole));
    if (column_a && column_b)
        return compare_columns(e, expr->op, a->column, b->column, out);
    return compare_literal(e, expr->op, column_a ? a->column : b->column,
                           column_a ? b->literal : a->literal, out);
}

/* Calls ------------------------------------------------------------------- */

static ts_status evaluate_call(evaluator *e, const ts_expr *expr, value *out)
{
    char whole[80];
    value a = {0}, b = {0};
    ts_status status;
    if (expr->op >= TS_OP_STRATA || expr->op == TS_OP_COLON ||
        expr->op == TS_OP_IN)
        return ts_fail(e->err, TS_EINVALID, "%s has no value of its own",
                       write_short(expr, whole));
    if ((status = evaluate(e, expr->arg[0], &a)))
        goto done;
    if (expr->op == TS_OP_FACTOR && a.kind != LITERAL) {
        *out = a;
        return TS_OK;
    }
    if (expr->n_arg > 1 && (status = evaluate(e, expr->arg[1], &b)))
        goto done;
    if (expr->op >= TS_OP_EQ && expr->op <= TS_OP_GE &&
        (a.kind >= TEXT || b.kind >= TEXT)) {
        status = compare_text(e, expr, &a, &b, out);
    } else if (!(status = evaluate_numbers(e, expr, &a, &b))) {
        *out = a;
        a = (value){0};
    }
done:
    drop(&a);
    drop(&b);
    if (status)
        drop(out);
    return status;
}

static ts_status evaluate(evaluator *e, const ts_expr *expr, value *out)
{
    *out = (value){0};
    switch (expr->kind) {
    case TS_EXPR_NUMBER:
        out->scalar = expr->number;
        return TS_OK;
    case TS_EXPR_TEXT:
        *out = (value){.kind = LITERAL, .literal = expr->text};
        return TS_OK;
    case TS_EXPR_NAME:
        return evaluate_name(e, expr, out);
    default:
        return evaluate_call(e, expr, out);
    }
}

static ts_status real_result(evaluator *e, value *v, const char *name,
                             ts_column **out)
{
    ts_column *made;
    ts_status status = own(e, v);
    if (!status)
        status = ts_column_new_real(name, 0, &made, e->err);
    if (status)
        return status;
    ts_free(made->real);
    made->real = v->real;
    made->n = e->frame->n_row;
    v->owned = false;
    *out = made;
    return TS_OK;
}

ts_status ts_expr_evaluate(const ts_expr *expr, const ts_frame *frame,
                           ts_column **out, size_t *n_undefined, bool *whole,
                           ts_error *err)
{
    evaluator e = {.frame = frame, .err = err};
    value v;
    ts_buffer name = {0};
    *out = NULL;
    if (n_undefined)
        *n_undefined = 0;
    ts_status status = evaluate(&e, expr, &v);
    if (whole)
        *whole = expr->kind == TS_EXPR_NAME && e.whole;
    if (status)
        return status;
    if (expr->kind == TS_EXPR_NAME)
        ts_buffer_puts(&name, expr->text);
    else
        ts_expr_write(expr, &name);
    if (name.failed)
        status = ts_fail_memory(err);
    else if (v.column && strcmp(v.column->name, name.data) == 0)
        *out = ts_column_ref(v.column);
    else if (v.column)
        status = ts_column_copy(v.column, name.data, out, err);
    else if (v.kind == LITERAL)
        status =
            ts_fail(err, TS_ETYPE, "%s is a literal, no column", name.data);
    else
        status = real_result(&e, &v, name.data, out);
    if (!status && n_undefined)
        *n_undefined = e.n_undefined;
    ts_buffer_free(&name);
    drop(&v);
    return status;
}
