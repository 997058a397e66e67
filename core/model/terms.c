/*
 * What a formula says: expressions written back as text, and the right side
 * expanded to terms, each the set of factors that it multiplies.
 */
#include "ts/formula.h"

#include <string.h>
#include "ts/memory.h"

#define TERM_MAX 4096
#define FACTOR_MAX 64

/* Writing ----------------------------------------------------------------- */

static const struct {
    const char *text;
    int precedence;
} operator_of[] = {
    [TS_OP_OR] = {" | ", 1},  [TS_OP_AND] = {" & ", 2},
    [TS_OP_NOT] = {"!", 3},   [TS_OP_EQ] = {" == ", 4},
    [TS_OP_NE] = {" != ", 4}, [TS_OP_LT] = {" < ", 4},
    [TS_OP_LE] = {" <= ", 4}, [TS_OP_GT] = {" > ", 4},
    [TS_OP_GE] = {" >= ", 4}, [TS_OP_ADD] = {" + ", 5},
    [TS_OP_SUB] = {" - ", 5}, [TS_OP_MUL] = {" * ", 6},
    [TS_OP_DIV] = {" / ", 6}, [TS_OP_IN] = {" %in% ", 7},
    [TS_OP_COLON] = {":", 8}, [TS_OP_NEG] = {"-", 9},
    [TS_OP_PLUS] = {"+", 9},  [TS_OP_POW] = {"^", 10},
};

enum { TIGHTEST = 11 };

static int precedence_of(const ts_expr *expr)
{
    if (expr->kind != TS_EXPR_CALL || expr->op > TS_OP_POW)
        return TIGHTEST;
    return operator_of[expr->op].precedence;
}

static bool is_plain_name(const char *s)
{
    static const char *const reserved[] = {"TRUE", "FALSE", "NA", "."};
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (strcmp(s, reserved[i]) == 0)
            return false;
    if ((*s >= '0' && *s <= '9') || (*s == '.' && s[1] >= '0' && s[1] <= '9'))
        return false;
    for (; *s; s++)
        if (!((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
              (*s >= '0' && *s <= '9') || *s == '.' || *s == '_' ||
              (unsigned char)*s >= 0x80))
            return false;
    return true;
}

static void write_quoted(const char *text, char quote, ts_buffer *out)
{
    ts_buffer_add(out, &quote, 1);
    for (; *text; text++) {
        if (*text == quote ||
            (*text == '\\' &&
             (text[1] == '\\' || text[1] == quote || text[1] == '\0')))
            ts_buffer_puts(out, "\\");
        ts_buffer_add(out, text, 1);
    }
    ts_buffer_add(out, &quote, 1);
}

static void write_part(const ts_expr *expr, int least, ts_buffer *out)
{
    bool parenthesis = precedence_of(expr) < least;
    if (parenthesis)
        ts_buffer_puts(out, "(");
    ts_expr_write(expr, out);
    if (parenthesis)
        ts_buffer_puts(out, ")");
}

void ts_expr_write(const ts_expr *expr, ts_buffer *out)
{
    char number[32];
    switch (expr->kind) {
    case TS_EXPR_NUMBER:
        ts_number_format(expr->number, number);
        ts_buffer_puts(out, expr->text ? expr->text : number);
        return;
    case TS_EXPR_TEXT:
        write_quoted(expr->text, '"', out);
        return;
    case TS_EXPR_NAME:
        if (is_plain_name(expr->text))
            ts_buffer_puts(out, expr->text);
        else
            write_quoted(expr->text, '`', out);
        return;
    case TS_EXPR_CALL:
        break;
    }
    if (expr->op == TS_OP_ARG) {
        ts_buffer_printf(out, "%s = ", expr->text);
        ts_expr_write(expr->arg[0], out);
        return;
    }
    if (expr->op > TS_OP_POW) {
        ts_buffer_puts(out, expr->text);
        ts_buffer_puts(out, "(");
        for (int i = 0; i < expr->n_arg; i++) {
            if (i)
                ts_buffer_puts(out, ", ");
            ts_expr_write(expr->arg[i], out);
        }
        ts_buffer_puts(out, ")");
        return;
    }
    int own = precedence_of(expr);
    if (expr->n_arg == 1) {
        ts_buffer_puts(out, operator_of[expr->op].text);
        write_part(expr->arg[0], own, out);
        return;
    }
    /* ^ binds to the right, a comparison to neither side, the rest left */
    bool right = expr->op == TS_OP_POW, neither = own == 4;
    write_part(expr->arg[0], own + (right || neither), out);
    ts_buffer_puts(out, operator_of[expr->op].text);
    write_part(expr->arg[1], own + !right, out);
}

bool ts_expr_equal(const ts_expr *a, const ts_expr *b)
{
    if (a->kind != b->kind || a->op != b->op || a->n_arg != b->n_arg)
        return false;
    if (a->kind == TS_EXPR_NUMBER)
        return a->number == b->number;
    if (a->kind != TS_EXPR_CALL || a->op == TS_OP_ARG)
        if (strcmp(a->text, b->text) != 0)
            return false;
    for (int i = 0; i < a->n_arg; i++)
        if (!ts_expr_equal(a->arg[i], b->arg[i]))
            return false;
    return true;
}

/* Expanding --------------------------------------------------------------- */

typedef struct {
    uint64_t *term;
    size_t n, room;
} term_list;

typedef struct {
    ts_terms *terms;
    bool removing; /* below a minus: 1 takes the intercept away */
    const ts_formula *formula;
    ts_error *err;
} expander;

static ts_status expand(expander *e, const ts_expr *expr, term_list *out);

static ts_status add_term(expander *e, term_list *list, uint64_t term)
{
    for (size_t i = 0; i < list->n; i++)
        if (list->term[i] == term)
            return TS_OK;
    if (list->n == TERM_MAX)
        return ts_fail(e->err, TS_ELIMIT,
                       "formula \"%.300s\": more than %d terms",
                       e->formula->source, TERM_MAX);
    if (list->n == list->room) {
        size_t room = list->room ? list->room * 2 : 16;
        uint64_t *grown = ts_realloc_array(list->term, room, sizeof *grown);
        if (!grown)
            return ts_fail_memory(e->err);
        list->term = grown;
        list->room = room;
    }
    list->term[list->n++] = term;
    return TS_OK;
}

static ts_status add_all(expander *e, term_list *list, const term_list *more)
{
    ts_status status = TS_OK;
    for (size_t i = 0; i < more->n && !status; i++)
        status = add_term(e, list, more->term[i]);
    return status;
}

static ts_status add_products(expander *e, term_list *list, const term_list *a,
                              const term_list *b)
{
    ts_status status = TS_OK;
    for (size_t i = 0; i < a->n && !status; i++)
        for (size_t j = 0; j < b->n && !status; j++)
            status = add_term(e, list, a->term[i] | b->term[j]);
    return status;
}

static void remove_all(term_list *list, const term_list *less)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->n; i++) {
        bool gone = false;
        for (size_t j = 0; j < less->n && !gone; j++)
            gone = less->term[j] == list->term[i];
        if (!gone)
            list->term[kept++] = list->term[i];
    }
    list->n = kept;
}

static uint64_t union_of(const term_list *list)
{
    uint64_t all = 0;
    for (size_t i = 0; i < list->n; i++)
        all |= list->term[i];
    return all;
}

static ts_status no_sum(expander *e, const ts_expr *expr, const char *what)
{
    ts_buffer text = {0};
    ts_expr_write(expr, &text);
    ts_status status =
        text.failed ? ts_fail_memory(e->err)
                    : ts_fail(e->err, TS_EINVALID,
                              "formula \"%.300s\": %.100s on the right side "
                              "%s",
                              e->formula->source, text.data, what);
    ts_buffer_free(&text);
    return status;
}

static ts_status add_factor(expander *e, const ts_expr *expr, term_list *out)
{
    ts_terms *t = e->terms;
    size_t j = 0;
    while (j < t->n_factor && !ts_expr_equal(t->factor[j], expr))
        j++;
    if (j == FACTOR_MAX)
        return ts_fail(e->err, TS_ELIMIT,
                       "formula \"%.300s\": more than %d variables on the "
                       "right side",
                       e->formula->source, FACTOR_MAX);
    if (j == t->n_factor)
        t->factor[t->n_factor++] = expr;
    return add_term(e, out, UINT64_C(1) << j);
}

/* strata(...) or offset(...) in a sum; the parser has refused them elsewhere.
 */
static ts_status add_apart(expander *e, const ts_expr *expr,
                           const ts_expr ***list, size_t *n)
{
    const ts_expr **grown =
        ts_realloc_array(*list, *n + (size_t)expr->n_arg, sizeof *grown);
    if (!grown)
        return ts_fail_memory(e->err);
    *list = grown;
    for (int i = 0; i < expr->n_arg; i++)
        grown[(*n)++] = expr->arg[i];
    return TS_OK;
}

static ts_status expand_power(expander *e, const ts_expr *expr,
                              const term_list *base, term_list *out)
{
    const ts_expr *power = expr->arg[1];
    if (power->kind != TS_EXPR_NUMBER || power->number < 1 ||
        power->number > FACTOR_MAX ||
        power->number != (double)(int)power->number)
        return no_sum(e, expr, "needs a whole power; I() makes it arithmetic");
    ts_status status = add_all(e, out, base);
    for (int i = 1; i < (int)power->number && !status; i++) {
        term_list wider = {0};
        status = add_all(e, &wider, out);
        if (!status)
            status = add_products(e, &wider, out, base);
        ts_free(out->term);
        *out = wider;
    }
    return status;
}

static ts_status combine(expander *e, const ts_expr *expr, const term_list *a,
                         const term_list *b, term_list *out)
{
    ts_status status = TS_OK;
    term_list all = {0};
    uint64_t whole;
    switch (expr->op) {
    case TS_OP_ADD:
        status = add_all(e, out, a);
        return status ? status : add_all(e, out, b);
    case TS_OP_SUB:
        status = add_all(e, out, a);
        if (!status)
            remove_all(out, b);
        return status;
    case TS_OP_COLON:
        return add_products(e, out, a, b);
    case TS_OP_MUL:
        status = add_all(e, out, a);
        if (!status)
            status = add_all(e, out, b);
        return status ? status : add_products(e, out, a, b);
    case TS_OP_IN:
        whole = union_of(b);
        all = (term_list){.term = &whole, .n = 1};
        return add_products(e, out, a, &all);
    default: /* TS_OP_DIV: b within everything that a names */
        whole = union_of(a);
        all = (term_list){.term = &whole, .n = 1};
        status = add_all(e, out, a);
        return status ? status : add_products(e, out, &all, b);
    }
}

static ts_status expand_binary(expander *e, const ts_expr *expr, term_list *out)
{
    term_list a = {0}, b = {0};
    ts_status status = expand(e, expr->arg[0], &a);
    if (!status && expr->op == TS_OP_POW) {
        status = expand_power(e, expr, &a, out);
    } else if (!status) {
        e->removing ^= expr->op == TS_OP_SUB;
        status = expand(e, expr->arg[1], &b);
        e->removing ^= expr->op == TS_OP_SUB;
        if (!status)
            status = combine(e, expr, &a, &b, out);
    }
    ts_free(a.term);
    ts_free(b.term);
    return status;
}

/* The terms of expr, appended to an empty list. */
static ts_status expand(expander *e, const ts_expr *expr, term_list *out)
{
    ts_status status;
    if (expr->kind == TS_EXPR_NUMBER) {
        if (expr->number != 0 && expr->number != 1)
            return no_sum(e, expr, "means nothing: 0 and 1 are the intercept");
        e->terms->intercept = (expr->number == 1) != e->removing;
        return TS_OK;
    }
    if (expr->kind == TS_EXPR_TEXT)
        return no_sum(e, expr, "is a literal; `backticks` make it a name");
    switch (expr->op) {
    case TS_OP_ADD:
    case TS_OP_SUB:
    case TS_OP_MUL:
    case TS_OP_DIV:
    case TS_OP_IN:
    case TS_OP_COLON:
    case TS_OP_POW:
        return expand_binary(e, expr, out);
    case TS_OP_PLUS:
        return expand(e, expr->arg[0], out);
    case TS_OP_NEG: {
        term_list none = {0};
        e->removing = !e->removing;
        status = expand(e, expr->arg[0], &none);
        e->removing = !e->removing;
        ts_free(none.term);
        return status;
    }
    case TS_OP_STRATA:
        return add_apart(e, expr, &e->terms->stratum, &e->terms->n_stratum);
    case TS_OP_OFFSET:
        return add_apart(e, expr, &e->terms->offset, &e->terms->n_offset);
    case TS_OP_OR:
    case TS_OP_AND:
    case TS_OP_NOT:
    case TS_OP_EQ:
    case TS_OP_NE:
    case TS_OP_LT:
    case TS_OP_LE:
    case TS_OP_GT:
    case TS_OP_GE:
        return no_sum(e, expr,
                      "is no term; I() makes it a variable of 0 and "
                      "1");
    default:
        return add_factor(e, expr, out);
    }
}

static int degree(uint64_t term)
{
    return __builtin_popcountll(term);
}

/* By degree, and within a degree as they came: an insertion sort is stable. */
static void sort_terms(term_list *list)
{
    for (size_t i = 1; i < list->n; i++) {
        uint64_t term = list->term[i];
        size_t j = i;
        for (; j > 0 && degree(list->term[j - 1]) > degree(term); j--)
            list->term[j] = list->term[j - 1];
        list->term[j] = term;
    }
}

ts_status ts_terms_expand(const ts_formula *formula, ts_terms *terms,
                          ts_error *err)
{
    expander e = {.terms = terms, .formula = formula, .err = err};
    term_list list = {0};
    ts_status status = TS_OK;
    *terms = (ts_terms){.intercept = true};
    terms->factor = ts_alloc_array(FACTOR_MAX, sizeof *terms->factor);
    if (!terms->factor)
        status = ts_fail_memory(err);
    if (!status && formula->right)
        status = expand(&e, formula->right, &list);
    if (status) {
        ts_free(list.term);
        ts_terms_free(terms);
        return status;
    }
    sort_terms(&list);
    terms->term = list.term;
    terms->n_term = list.n;
    return TS_OK;
}

void ts_terms_free(ts_terms *terms)
{
    ts_free(terms->factor);
    ts_free(terms->term);
    ts_free(terms->stratum);
    ts_free(terms->offset);
    *terms = (ts_terms){0};
}

void ts_terms_write(const ts_terms *terms, size_t i, ts_buffer *out)
{
    bool first = true;
    for (size_t j = 0; j < terms->n_factor; j++) {
        if (!(terms->term[i] >> j & 1))
            continue;
        if (!first)
            ts_buffer_puts(out, ":");
        ts_expr_write(terms->factor[j], out);
        first = false;
    }
}
