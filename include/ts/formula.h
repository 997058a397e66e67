/*
 * R's formula language, as a tree.
 *
 *     ts_formula *f;
 *     if (ts_formula_parse("log(AVAL) ~ log(BASE) + TRT01P * AVISIT", &f,
 * &err)) puts(err.text);   the character's position, and what was expected
 *     ... f->response, f->right, f->variable[0 .. n_variable-1] ...
 *     ts_formula_free(f);
 *
 * The grammar is R's, with R's precedences: ~, | &, !, == != < <= > >=, + -,
 * * /, %in%, :, signs, ^; calls of known functions, those of poly, ns and bs
 * with arguments by name; numbers, TRUE, FALSE, "text" and 'text'; names, also
 * with dots and in `backticks`. log and ln are both natural. What the operators
 * mean depends on the place: arithmetic in the response and inside functions,
 * the algebra of terms on the right (ts_terms_expand). ts/model.h computes with
 * the tree.
 */
#ifndef TS_FORMULA_H
#define TS_FORMULA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "ts/error.h"
#include "ts/text.h"

typedef enum {
    TS_EXPR_NUMBER,
    TS_EXPR_TEXT, /* a literal */
    TS_EXPR_NAME, /* a column */
    TS_EXPR_CALL  /* an operator or a function: op and arg */
} ts_expr_kind;

typedef enum {
    TS_OP_NONE,
    TS_OP_OR,
    TS_OP_AND,
    TS_OP_NOT,
    TS_OP_EQ,
    TS_OP_NE,
    TS_OP_LT,
    TS_OP_LE,
    TS_OP_GT,
    TS_OP_GE,
    TS_OP_ADD,
    TS_OP_SUB,
    TS_OP_MUL,
    TS_OP_DIV,
    TS_OP_IN,    /* %in% */
    TS_OP_COLON, /* interaction */
    TS_OP_NEG,   /* one argument */
    TS_OP_PLUS,  /* one argument */
    TS_OP_POW,
    TS_OP_LOG, /* log and ln: natural */
    TS_OP_LOG10,
    TS_OP_LOG2,
    TS_OP_EXP,
    TS_OP_SQRT,
    TS_OP_ABS,
    TS_OP_I,      /* I(x): arithmetic on the right side */
    TS_OP_FACTOR, /* factor(x): categories, also of numbers */
    TS_OP_STRATA, /* strata(a, ...) */
    TS_OP_OFFSET, /* offset(x): a term without a coefficient */
    TS_OP_POLY,   /* poly(x, degree, raw = FALSE) */
    TS_OP_NS,     /* ns(x, df, knots =, intercept =, Boundary.knots =) */
    TS_OP_BS,     /* bs(x, df, knots =, degree =, intercept =, ...) */
    TS_OP_C,      /* c(1, 2): numbers for an argument of these */
    TS_OP_ARG,    /* name = value, in a call of these */
    TS_OP_SURV    /* Surv(time, event), Surv(start, stop, event) */
} ts_op;

#define TS_EXPR_ARGS 16

typedef struct ts_expr ts_expr;
struct ts_expr {
    ts_expr_kind kind;
    ts_op op;      /* of a call */
    double number; /* of a number */
    char *text;    /* the name or the literal; the function or argument as
                      written; of a number TRUE, FALSE or NULL */
    ts_expr *arg[TS_EXPR_ARGS];
    int n_arg;
    size_t at;     /* its place in the source, in bytes */
    int height;    /* 1 for a leaf */
    ts_expr *next; /* the formula's list of all its nodes */
};

typedef struct {
    char *source;
    const ts_expr *response; /* NULL in a one-sided formula */
    const ts_expr *right;    /* NULL for an expression without ~ */
    const char **variable;   /* distinct columns, as they appear */
    size_t n_variable;
    ts_expr *nodes; /* owns them */
} ts_formula;

/* "y ~ x" or "~ x". TS_EFORMAT with the position of the first character that
 * does not fit; TS_ELIMIT for a formula nested deeper than 200 levels. */
ts_status ts_formula_parse(const char *text, ts_formula **out, ts_error *err);
/* The same, and "x" alone, an expression: then right is NULL. */
ts_status ts_formula_parse_any(const char *text, ts_formula **out,
                               ts_error *err);
void ts_formula_free(ts_formula *formula);

/* Appends the expression as R would write it: "log(BASE)", "a:b". */
void ts_expr_write(const ts_expr *expr, ts_buffer *out);
/* Whether both say the same. */
bool ts_expr_equal(const ts_expr *a, const ts_expr *b);
/* Whether it is poly(), ns() or bs(): several columns made of one number. */
bool ts_expr_is_basis(const ts_expr *expr);

/*
 * The right side as a list of terms (Wilkinson and Rogers 1973, Appl Stat
 * 22:392, with R's order: by degree, then by appearance). A term is the set of
 * factors that it multiplies: bit j stands for factor[j]. strata(...) and
 * offset(...) are no terms: their arguments are listed apart.
 */
typedef struct {
    const ts_expr **factor; /* distinct: a name, or a call such as log(x) */
    size_t n_factor;
    uint64_t *term;
    size_t n_term;
    const ts_expr **stratum;
    size_t n_stratum;
    const ts_expr **offset;
    size_t n_offset;
    bool intercept;
} ts_terms;

/* The expressions stay those of the formula, which must outlive terms.
 * TS_EINVALID when the right side is no sum of terms; TS_ELIMIT for more than
 * 64 factors or 4096 terms. */
ts_status ts_terms_expand(const ts_formula *formula, ts_terms *terms,
                          ts_error *err);
void ts_terms_free(ts_terms *terms);
/* Appends the name of term i: "TRT01P:AVISIT". */
void ts_terms_write(const ts_terms *terms, size_t i, ts_buffer *out);

#endif
