/*
 * From a formula and a frame to the numbers that a statistic takes: the rows
 * that are complete, the response, the groups or covariates, the strata.
 *
 *     ts_model_frame *m;
 *     status = ts_model_frame_new(formula, frame, TS_MODEL_GROUPS, &m, err);
 *     time = m->response[0].value, event = m->response[1].value;   Surv()
 *     group = m->group.code, k = m->group.n_level;                 0 .. k-1
 *     stratum = m->stratum.code                   NULL without strata()
 *     ts_model_frame_free(m);
 *
 * All arrays have n values, one per row used, in the order of the frame.
 */
#ifndef TS_MODEL_H
#define TS_MODEL_H

#include "ts/formula.h"
#include "ts/frame.h"

/*
 * The value of an expression in every row, as a column that has the expression
 * for its name (that of the frame, shared, when it is no more than a name):
 * real, or text when it is the name of a text column. Comparisons give 1 and 0;
 * NA in, NA out (but NA | TRUE is TRUE and NA & FALSE is FALSE). What has no
 * finite value (log(0), 1/0) is NA and counted in *n_undefined, if that is not
 * NULL; *whole, if that is not: it is known that no number is missing.
 * TS_ENOTFOUND for an unknown column, or a text that a text column does not
 * hold; TS_ETYPE for arithmetic or < on text; TS_EINVALID for an infinite
 * number in the data.
 */
ts_status ts_expr_evaluate(const ts_expr *expr, const ts_frame *frame,
                           ts_column **out, size_t *n_undefined, bool *whole,
                           ts_error *err);

typedef struct {
    char *name;   /* "F", or of crossed variables "F, 65 and over" */
    char *parts;  /* the same with TS_PART_SEPARATOR between the variables */
    size_t place; /* in the order of all levels, used or not, from 0 */
    size_t n_row; /* rows of the frame that have it */
    size_t n;     /* those among them that are used */
} ts_level;

#define TS_PART_SEPARATOR '\x1f'

/* One variable of a model: numbers in value, or categories in code; what is
 * true or false on the right side has the categories FALSE and TRUE, as in R
 * (with TS_MODEL_GROUPS 0 and 1). Of poly(), ns() and bs() the numbers are
 * those of the first argument. */
typedef struct {
    char *name;    /* as in the formula: "log(BASE)" */
    double *value; /* n numbers, or NULL; not to be changed */
    int *code;     /* n codes 0 .. n_level-1, or NULL */
    ts_level *level;
    size_t n_level;     /* levels that are used, in order; behind them come */
    size_t n_level_all; /* those declared or present but without a used row */
    size_t n_missing;   /* rows of the frame where it is missing */
    size_t n_undefined; /* those among them that log, / and so on made so */
    ts_column *column;  /* NULL, or what value belongs to */
} ts_model_variable;

typedef struct {
    size_t n_row; /* of the frame */
    size_t n;     /* complete, so used */
    size_t *row;  /* their places in the frame, from 0 */
    size_t n_missing;
    bool survival;               /* the response is Surv() */
    ts_model_variable *response; /* 1; of Surv: time, event or start, stop,
                                    event */
    size_t n_response;           /* 0 for a one-sided formula */
    ts_model_variable *x;        /* of terms.factor[j], in that order */
    size_t n_x;
    ts_terms terms;
    ts_model_variable group;   /* all x crossed; name NULL without x */
    ts_model_variable stratum; /* all strata() crossed; name NULL without */
    ts_model_variable *offset; /* the arguments of offset() */
    size_t n_offset;
    ts_model_variable weight; /* name NULL without; all above 0 */
    size_t n_zero; /* rows that are complete but have the weight 0: not used */
} ts_model_frame;

/*
 * Flags. GROUPS: the right side names groups: numbers become categories in
 * increasing order, and group is filled, with levels "F, 65 and over" when
 * several variables are crossed (the first varies slowest). RIGHT: the
 * response is not looked at, as of rows that a model is to predict.
 */
enum { TS_MODEL_GROUPS = 1, TS_MODEL_RIGHT = 2 };

/*
 * Levels of a text column keep their order when it was declared, else stand in
 * byte order. The event of Surv() must be 0 or 1, times not negative, start
 * before stop. A response that is text is left as categories. The formula must
 * outlive the frame made of it. No complete row is no error: n is 0.
 */
ts_status ts_model_frame_new(const ts_formula *formula, const ts_frame *frame,
                             unsigned flags, ts_model_frame **out,
                             ts_error *err);
/* The same with a weight for each row (NULL: none), an expression that need
 * not outlive the frame. Rows without one are left out as incomplete.
 * TS_EINVALID for a weight below 0. */
ts_status ts_model_frame_new_weighted(const ts_formula *formula,
                                      const ts_expr *weight,
                                      const ts_frame *frame, unsigned flags,
                                      ts_model_frame **out, ts_error *err);
void ts_model_frame_free(ts_model_frame *model);

#endif
