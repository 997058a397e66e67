/*
 * The parser of formulas: precedence climbing over a hand-written scanner.
 * Every node is in one list that the formula owns, so that a failure anywhere
 * frees the tree by freeing the list.
 */
#include "ts/formula.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ts/memory.h"

#define DEPTH_MAX 200

typedef enum { END, NUMBER, TEXT, NAME, OPERATOR } token_kind;

typedef struct {
    token_kind kind;
    size_t at, length; /* in the source */
    double number;
    char *text;  /* of TEXT and NAME; owned until a node takes it */
    bool quoted; /* `name`: never a function or TRUE */
} token;

typedef struct {
    const char *source;
    size_t at; /* behind the token */
    token token;
    ts_formula *formula;
    int depth;
    ts_error *err;
} parser;

/* Binary operators, from the loosest; all bind to the left but ^. */
static const struct {
    const char *text;
    ts_op op;
    int precedence;
} binary[] = {
    {"||", TS_OP_OR, 1},   {"|", TS_OP_OR, 1},   {"&&", TS_OP_AND, 2},
    {"&", TS_OP_AND, 2},   {"==", TS_OP_EQ, 4},  {"!=", TS_OP_NE, 4},
    {"<=", TS_OP_LE, 4},   {"<", TS_OP_LT, 4},   {">=", TS_OP_GE, 4},
    {">", TS_OP_GT, 4},    {"+", TS_OP_ADD, 5},  {"-", TS_OP_SUB, 5},
    {"*", TS_OP_MUL, 6},   {"/", TS_OP_DIV, 6},  {"%in%", TS_OP_IN, 7},
    {":", TS_OP_COLON, 8}, {"^", TS_OP_POW, 10},
};

enum { NOT_PRECEDENCE = 3, COMPARISON = 4, SIGN = 9, POWER = 10 };

static const struct {
    const char *text;
    ts_op op;
    int least, most;
} function[] = {
    {"log", TS_OP_LOG, 1, 1},        {"ln", TS_OP_LOG, 1, 1},
    {"log10", TS_OP_LOG10, 1, 1},    {"log2", TS_OP_LOG2, 1, 1},
    {"exp", TS_OP_EXP, 1, 1},        {"sqrt", TS_OP_SQRT, 1, 1},
    {"abs", TS_OP_ABS, 1, 1},        {"I", TS_OP_I, 1, 1},
    {"factor", TS_OP_FACTOR, 1, 1},  {"strata", TS_OP_STRATA, 1, TS_EXPR_ARGS},
    {"offset", TS_OP_OFFSET, 1, 1},  {"poly", TS_OP_POLY, 1, 3},
    {"ns", TS_OP_NS, 1, 5},          {"bs", TS_OP_BS, 1, 6},
    {"c", TS_OP_C, 1, TS_EXPR_ARGS}, {"Surv", TS_OP_SURV, 2, 3},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Errors ------------------------------------------------------------------ */

static size_t position(const char *source, size_t at)
{
    size_t characters = 1;
    for (size_t i = 0; i < at; i++)
        characters += ((unsigned char)source[i] & 0xC0) != 0x80;
    return characters;
}

static ts_status fail_at(parser *p, size_t at, const char *what)
{
    return ts_fail(p->err, TS_EFORMAT, "formula \"%.300s\": character %zu: %s",
                   p->source, position(p->source, at), what);
}

/* "... expected, found '+'" */
static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Letters of any script may stand in a name, as in R. */
static bool starts_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '_' || (unsigned char)c >= 0x80;
}

/* Two names in a row, which may be meant as one. */
static bool follows_name(const parser *p)
{
    size_t at = p->token.at;
    if (p->token.kind != NAME || p->token.quoted || at < 2 ||
        p->source[at - 1] != ' ')
        return false;
    return starts_name(p->source[at - 2]) || is_digit(p->source[at - 2]);
}

static ts_status expected(parser *p, const char *what)
{
    char text[200];
    if (p->token.kind == END)
        snprintf(text, sizeof text, "%s expected, found the end", what);
    else if (p->token.length == 1 && p->source[p->token.at] == '=')
        snprintf(text, sizeof text, "%s expected, found =",
                 strchr(what, '~') ? "~ (or ==)" : "==");
    else
        snprintf(text, sizeof text, "%s expected, found %.*s%s", what,
                 (int)(p->token.length < 60 ? p->token.length : 60),
                 p->source + p->token.at,
                 follows_name(p)
                     ? "; a name that holds blanks stands in `backticks`"
                     : "");
    return fail_at(p, p->token.at, text);
}

/* Scanner ----------------------------------------------------------------- */

static ts_status scan_number(parser *p)
{
    const char *s = p->source;
    size_t at = p->at;
    char digits[64];
    while (is_digit(s[at]))
        at++;
    if (s[at] == '.')
        at++;
    while (is_digit(s[at]))
        at++;
    if (s[at] == 'e' || s[at] == 'E') {
        size_t exponent = at + 1 + (s[at + 1] == '+' || s[at + 1] == '-');
        if (is_digit(s[exponent]))
            for (at = exponent; is_digit(s[at]);)
                at++;
    }
    size_t length = at - p->at;
    if (length >= sizeof digits)
        return fail_at(p, p->at, "a number of fewer than 64 digits expected");
    if (starts_name(s[at]))
        return fail_at(p, at, "an operator expected behind the number");
    memcpy(digits, s + p->at, length);
    digits[length] = '\0';
    p->token.number = strtod(digits, NULL);
    if (!isfinite(p->token.number))
        return fail_at(p, p->at, "a number below 1.8e308 expected");
    p->token.kind = NUMBER;
    p->token.length = length;
    p->at = at;
    return TS_OK;
}

/* Text between quotes: a doubled quote is one, a backslash keeps the next. */
static ts_status scan_quoted(parser *p, char quote)
{
    ts_buffer text = {0};
    const char *s = p->source;
    size_t at = p->at + 1;
    ts_status status = TS_OK;
    for (;; at++) {
        if (s[at] == '\0') {
            char what[40];
            snprintf(what, sizeof what, "a closing %c expected", quote);
            status = fail_at(p, at, what);
            goto done;
        }
        if (s[at] == quote && s[at + 1] == quote)
            at++;
        else if (s[at] == quote)
            break;
        else if (s[at] == '\\' && (s[at + 1] == '\\' || s[at + 1] == quote))
            at++;
        ts_buffer_add(&text, s + at, 1);
    }
    if (text.length == 0 && quote == '`' && !text.failed) {
        status = fail_at(p, at, "a name expected between the backticks");
        goto done;
    }
    p->token.text = text.failed
                        ? NULL
                        : ts_strndup(text.data ? text.data : "", text.length);
    if (!p->token.text) {
        status = ts_fail_memory(p->err);
        goto done;
    }
    p->token.kind = quote == '`' ? NAME : TEXT;
    p->token.quoted = quote == '`';
    p->token.length = at + 1 - p->at;
    p->at = at + 1;
done:
    ts_buffer_free(&text);
    return status;
}

static ts_status scan_name(parser *p)
{
    const char *s = p->source;
    size_t at = p->at;
    while (starts_name(s[at]) || is_digit(s[at]))
        at++;
    p->token.kind = NAME;
    p->token.length = at - p->at;
    p->token.text = ts_strndup(s + p->at, p->token.length);
    if (!p->token.text)
        return ts_fail_memory(p->err);
    p->at = at;
    return TS_OK;
}

static ts_status scan_operator(parser *p)
{
    static const char *const single = "()~,!=";
    const char *s = p->source + p->at;
    p->token.kind = OPERATOR;
    for (size_t i = 0; i < COUNT(binary); i++) {
        size_t n = strlen(binary[i].text);
        if (strncmp(s, binary[i].text, n) == 0 && n > p->token.length)
            p->token.length = n;
    }
    if (!p->token.length && strchr(single, *s))
        p->token.length = 1;
    if (s[0] == '<' && s[1] == '>')
        return fail_at(p, p->at, "!= expected, found <>");
    if (!p->token.length) {
        char what[80];
        size_t n = 1;
        while (((unsigned char)s[n] & 0xC0) == 0x80)
            n++;
        snprintf(what, sizeof what,
                 "a name, a number or an operator expected, found %.*s", (int)n,
                 s);
        return fail_at(p, p->at, what);
    }
    p->at += p->token.length;
    return TS_OK;
}

static void drop_token(parser *p)
{
    ts_free(p->token.text);
    p->token = (token){0};
}

static ts_status next(parser *p)
{
    const char *s = p->source;
    drop_token(p);
    while (s[p->at] == ' ' || s[p->at] == '\t' || s[p->at] == '\n' ||
           s[p->at] == '\r')
        p->at++;
    p->token.at = p->at;
    char c = s[p->at];
    if (c == '\0')
        return TS_OK;
    if (is_digit(c) || (c == '.' && is_digit(s[p->at + 1])))
        return scan_number(p);
    if (c == '"' || c == '\'' || c == '`')
        return scan_quoted(p, c);
    if (starts_name(c))
        return scan_name(p);
    return scan_operator(p);
}

static bool is_operator(const parser *p, const char *text)
{
    return p->token.kind == OPERATOR && strlen(text) == p->token.length &&
           strncmp(p->source + p->token.at, text, p->token.length) == 0;
}

static ts_status take(parser *p, const char *text)
{
    char what[8];
    snprintf(what, sizeof what, "%s", text);
    return is_operator(p, text) ? next(p) : expected(p, what);
}

/* Nodes ------------------------------------------------------------------- */

static ts_status new_node(parser *p, ts_expr_kind kind, size_t at,
                          ts_expr **out)
{
    ts_expr *node = ts_alloc_array(1, sizeof *node);
    *out = NULL;
    if (!node)
        return ts_fail_memory(p->err);
    node->kind = kind;
    node->at = at;
    node->height = 1;
    node->next = p->formula->nodes;
    p->formula->nodes = node;
    *out = node;
    return TS_OK;
}

static ts_status add_argument(parser *p, ts_expr *node, ts_expr *arg)
{
    node->arg[node->n_arg++] = arg;
    if (arg->height >= node->height)
        node->height = arg->height + 1;
    if (node->height > DEPTH_MAX)
        return ts_fail(p->err, TS_ELIMIT,
                       "formula: nested deeper than %d levels", DEPTH_MAX);
    return TS_OK;
}

static ts_status new_call(parser *p, ts_op op, size_t at, ts_expr *a,
                          ts_expr *b, ts_expr **out)
{
    ts_status status = new_node(p, TS_EXPR_CALL, at, out);
    if (status)
        return status;
    (*out)->op = op;
    status = add_argument(p, *out, a);
    if (!status && b)
        status = add_argument(p, *out, b);
    return status;
}

/* Grammar ----------------------------------------------------------------- */

static ts_status parse(parser *p, int least, ts_expr **out);

static ts_status unknown_function(parser *p, const token *name)
{
    const char *known[COUNT(function)], *near;
    char what[200];
    for (size_t i = 0; i < COUNT(function); i++)
        known[i] = function[i].text;
    near = ts_text_nearest(name->text, known, COUNT(function));
    bool apart = p->token.at > name->at + name->length;
    snprintf(what, sizeof what, "no function %.60s; %s%s", name->text,
             apart  ? "a column of such a name stands in `backticks`"
             : near ? "nearest: "
                    : "there are log, ln, log10, log2, exp, sqrt, abs, I, "
                      "factor, poly, ns, bs, offset, strata, Surv",
             near && !apart ? near : "");
    return fail_at(p, name->at, what);
}

static bool is_basis(ts_op op)
{
    return op == TS_OP_POLY || op == TS_OP_NS || op == TS_OP_BS;
}

bool ts_expr_is_basis(const ts_expr *expr)
{
    return expr->kind == TS_EXPR_CALL && is_basis(expr->op);
}

/* Whether the token is a name with = behind it, not ==. */
static bool names_argument(const parser *p)
{
    const char *s = p->source + p->at;
    if (p->token.kind != NAME || p->token.quoted)
        return false;
    while (*s == ' ' || *s == '\t' || *s == '\n' || *s == '\r')
        s++;
    return s[0] == '=' && s[1] != '=';
}

/* An argument of call: an expression, or name = expression. */
static ts_status parse_argument(parser *p, ts_expr *call)
{
    ts_expr *arg, *named = NULL;
    ts_status status;
    if (is_basis(call->op) && names_argument(p)) {
        if ((status = new_node(p, TS_EXPR_CALL, p->token.at, &named)))
            return status;
        named->op = TS_OP_ARG;
        named->text = p->token.text;
        p->token.text = NULL;
        if ((status = next(p)) || (status = next(p)))
            return status;
    }
    if ((status = parse(p, 0, &arg)))
        return status;
    if (named && (status = add_argument(p, named, arg)))
        return status;
    return add_argument(p, call, named ? named : arg);
}

/* f(a, b): the name is read, the token is "(". */
static ts_status parse_call(parser *p, const token *name, ts_expr **out)
{
    size_t f = 0;
    char what[80];
    while (f < COUNT(function) && strcmp(function[f].text, name->text) != 0)
        f++;
    if (f == COUNT(function))
        return unknown_function(p, name);
    ts_status status = new_node(p, TS_EXPR_CALL, name->at, out);
    if (status || (status = next(p)))
        return status;
    (*out)->op = function[f].op;
    if (!((*out)->text = ts_strdup(name->text)))
        return ts_fail_memory(p->err);
    for (;;) {
        if ((status = parse_argument(p, *out)))
            return status;
        if (!is_operator(p, ",") || (*out)->n_arg == function[f].most)
            break;
        if ((status = next(p)))
            return status;
    }
    if ((*out)->n_arg < function[f].least && !is_operator(p, ",")) {
        snprintf(what, sizeof what, "a comma and argument %d of %s",
                 (*out)->n_arg + 1, function[f].text);
        return expected(p, what);
    }
    if (is_operator(p, ",")) {
        snprintf(what, sizeof what, ") after %d argument%s of %s",
                 (*out)->n_arg, (*out)->n_arg == 1 ? "" : "s",
                 function[f].text);
        return expected(p, what);
    }
    return take(p, ")");
}

static ts_status parse_name(parser *p, ts_expr **out)
{
    token name = p->token;
    p->token.text = NULL; /* name.text is ours now */
    ts_status status = next(p);
    if (status)
        goto done;
    if (!name.quoted && is_operator(p, "(")) {
        status = parse_call(p, &name, out);
        goto done;
    }
    bool yes = strcmp(name.text, "TRUE") == 0;
    if (!name.quoted && (yes || strcmp(name.text, "FALSE") == 0)) {
        if (!(status = new_node(p, TS_EXPR_NUMBER, name.at, out))) {
            (*out)->number = yes;
            (*out)->text = name.text;
            name.text = NULL;
        }
        goto done;
    }
    if (!name.quoted && strcmp(name.text, "NA") == 0)
        status = fail_at(p, name.at,
                         "a name expected, found NA: nothing "
                         "equals NA, and rows with it are left "
                         "out anyway");
    else if (!name.quoted && strcmp(name.text, ".") == 0)
        status = fail_at(p, name.at,
                         "a name expected, found .: name the "
                         "columns");
    else if (!(status = new_node(p, TS_EXPR_NAME, name.at, out))) {
        (*out)->text = name.text;
        name.text = NULL;
    }
done:
    ts_free(name.text);
    return status;
}

static ts_status parse_sign(parser *p, ts_op op, int precedence, ts_expr **out)
{
    size_t at = p->token.at;
    ts_expr *arg;
    ts_status status = next(p);
    if (!status)
        status = parse(p, precedence, &arg);
    return status ? status : new_call(p, op, at, arg, NULL, out);
}

static ts_status parse_operand(parser *p, ts_expr **out)
{
    ts_status status;
    switch (p->token.kind) {
    case NUMBER:
        if ((status = new_node(p, TS_EXPR_NUMBER, p->token.at, out)))
            return status;
        (*out)->number = p->token.number;
        return next(p);
    case TEXT:
        if ((status = new_node(p, TS_EXPR_TEXT, p->token.at, out)))
            return status;
        (*out)->text = p->token.text;
        p->token.text = NULL;
        return next(p);
    case NAME:
        return parse_name(p, out);
    default:
        break;
    }
    if (is_operator(p, "-"))
        return parse_sign(p, TS_OP_NEG, SIGN, out);
    if (is_operator(p, "+"))
        return parse_sign(p, TS_OP_PLUS, SIGN, out);
    if (is_operator(p, "!"))
        return parse_sign(p, TS_OP_NOT, NOT_PRECEDENCE, out);
    if (is_operator(p, "(")) {
        if ((status = next(p)) || (status = parse(p, 0, out)))
            return status;
        return take(p, ")");
    }
    return expected(p, "a name or a number");
}

/* An expression whose operators bind at least as tightly as least. */
static ts_status parse(parser *p, int least, ts_expr **out)
{
    *out = NULL;
    if (++p->depth > DEPTH_MAX)
        return ts_fail(p->err, TS_ELIMIT,
                       "formula: nested deeper than %d levels", DEPTH_MAX);
    ts_status status = parse_operand(p, out);
    bool compared = false;
    while (!status) {
        size_t i = 0, at = p->token.at;
        while (i < COUNT(binary) && !is_operator(p, binary[i].text))
            i++;
        if (i == COUNT(binary) || binary[i].precedence < least)
            break;
        int precedence = binary[i].precedence;
        ts_expr *right;
        if (compared && precedence == COMPARISON)
            return expected(p, "& or | between two comparisons");
        compared = precedence == COMPARISON;
        if ((status = next(p)) ||
            (status = parse(p, precedence == POWER ? POWER : precedence + 1,
                            &right)) ||
            (status = new_call(p, binary[i].op, at, *out, right, out)))
            break;
    }
    p->depth--;
    return status;
}

/* The whole --------------------------------------------------------------- */

void ts_formula_free(ts_formula *formula)
{
    if (!formula)
        return;
    for (ts_expr *node = formula->nodes, *after; node; node = after) {
        after = node->next;
        ts_free(node->text);
        ts_free(node);
    }
    ts_free(formula->variable);
    ts_free(formula->source);
    ts_free(formula);
}

static size_t count_names(const ts_expr *expr)
{
    size_t n = expr && expr->kind == TS_EXPR_NAME;
    for (int i = 0; expr && i < expr->n_arg; i++)
        n += count_names(expr->arg[i]);
    return n;
}

static void list_names(const ts_expr *expr, ts_formula *f)
{
    if (expr && expr->kind == TS_EXPR_NAME) {
        for (size_t i = 0; i < f->n_variable; i++)
            if (strcmp(f->variable[i], expr->text) == 0)
                return;
        f->variable[f->n_variable++] = expr->text;
    }
    for (int i = 0; expr && i < expr->n_arg; i++)
        list_names(expr->arg[i], f);
}

/* Surv, strata, offset and c have a place of their own; elsewhere they mean
 * nothing. argument: below poly, ns or bs. */
static ts_status check_places(parser *p, const ts_expr *expr, bool response,
                              bool top, bool argument)
{
    if (!expr)
        return TS_OK;
    if (expr->op == TS_OP_SURV && !(response && top))
        return fail_at(p, expr->at, "Surv() is the whole response or nothing");
    if ((expr->op == TS_OP_STRATA || expr->op == TS_OP_OFFSET) &&
        (response || !top))
        return fail_at(p, expr->at,
                       expr->op == TS_OP_STRATA
                           ? "strata() is a term of its own on the right side"
                           : "offset() is a term of its own on the right side");
    if (expr->op == TS_OP_C && !argument)
        return fail_at(p, expr->at,
                       "c() is for numbers in poly(), ns() and bs()");
    for (int i = 0; i < expr->n_arg; i++) {
        bool summand = top && !response &&
                       (expr->op == TS_OP_ADD || expr->op == TS_OP_PLUS ||
                        (expr->op == TS_OP_SUB && i == 0));
        ts_status status =
            check_places(p, expr->arg[i], response, summand,
                         expr->op == TS_OP_ARG || is_basis(expr->op));
        if (status)
            return status;
    }
    return TS_OK;
}

static ts_status parse_whole(parser *p, bool expression)
{
    ts_expr *left = NULL, *right = NULL;
    ts_status status = next(p);
    if (!status && !is_operator(p, "~"))
        status = parse(p, 0, &left);
    if (!status && !(expression && left && p->token.kind == END)) {
        status = is_operator(p, "~")
                     ? next(p)
                     : expected(p, left ? "an operator or ~" : "a name or ~");
        if (!status)
            status = parse(p, 0, &right);
        if (!status && p->token.kind != END)
            status = expected(p, "an operator or the end");
    }
    p->formula->response = left;
    p->formula->right = right;
    if (!status)
        status = check_places(p, left, true, true, false);
    if (!status)
        status = check_places(p, right, false, true, false);
    return status;
}

static ts_status parse_source(const char *text, bool expression,
                              ts_formula **out, ts_error *err)
{
    parser p = {.source = text, .err = err};
    ts_status status = TS_OK;
    *out = NULL;
    if (!(p.formula = ts_alloc_array(1, sizeof *p.formula)) ||
        !(p.formula->source = ts_strdup(text)))
        status = ts_fail_memory(err);
    if (!status)
        status = parse_whole(&p, expression);
    drop_token(&p);
    if (!status) {
        size_t n =
            count_names(p.formula->response) + count_names(p.formula->right);
        p.formula->variable = ts_alloc_array(n, sizeof(char *));
        if (!p.formula->variable)
            status = ts_fail_memory(err);
    }
    if (status) {
        ts_formula_free(p.formula);
        return status;
    }
    list_names(p.formula->response, p.formula);
    list_names(p.formula->right, p.formula);
    *out = p.formula;
    return TS_OK;
}

ts_status ts_formula_parse(const char *text, ts_formula **out, ts_error *err)
{
    return parse_source(text, false, out, err);
}

ts_status ts_formula_parse_any(const char *text, ts_formula **out,
                               ts_error *err)
{
    return parse_source(text, true, out, err);
}
