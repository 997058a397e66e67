/*
 * The design matrix of a formula, as R's model.matrix makes it: which columns
 * each term has, and the numbers of any rows in them.
 *
 *     ts_design_new(model, NULL, 0, 0, &d, err);
 *     ts_design_rows_of(d, model, &rows, err);
 *     ts_design_block(d, &rows, 0, 256, x, 256);    rows 0 .. 255, by columns
 *     ts_design_rows_free(&rows), ts_design_free(d);
 *
 * Nothing of n rows times p columns is kept: whoever needs the matrix asks for
 * it in blocks, again and again.
 */
#ifndef TS_DESIGN_H
#define TS_DESIGN_H

#include "ts/model.h"

typedef enum {
    TS_CONTRAST_TREATMENT, /* each level against the base: R's default */
    TS_CONTRAST_SUM,       /* each level but the last against the mean */
    TS_CONTRAST_HELMERT,   /* each level against the mean of those before */
    TS_CONTRAST_USER       /* a matrix */
} ts_contrast_kind;

/* How the categories of one variable are coded. */
typedef struct {
    const char *variable; /* its name in the formula */
    ts_contrast_kind kind;
    const char *base;         /* of treatment: a level, or NULL: the first */
    const double *matrix;     /* of user: n_level x n_column, by rows */
    size_t n_level, n_column; /* of the matrix; columns: one less than levels */
} ts_contrast;

typedef struct {
    char *name;  /* "TRT01PActive:AGE" */
    size_t term; /* 0: the intercept, i + 1: terms.term[i] */
} ts_design_column;

/* Of every variable two codings: [0] by contrasts and [1] in full. Those of a
 * number are the same, one column, or as many as a basis has. */
typedef struct {
    const char *name;       /* as in the formula, borrowed from the model */
    size_t n_level;         /* of categories, those that are used; else 0 */
    double *coding[2];      /* of categories: n_level x n_code, by rows */
    size_t n_code[2];       /* columns */
    char **code_name[2];    /* of each column: "Active", "2", "" */
    struct ts_basis *basis; /* of poly(), ns(), bs(); else NULL */
} ts_design_variable;

typedef struct {
    const ts_model_frame *model;  /* borrowed, must outlive the design */
    ts_design_variable *variable; /* those of model->x */
    size_t n_variable;
    ts_design_column *column;
    size_t n_column;
    bool intercept;
    bool *full; /* of variable j in term i, at [i * n_variable + j] */
} ts_design;

/* Flags: FULL codes all categories in full, a column for each level, so that
 * the columns are those of the model before any coding (as SAS has them). */
enum { TS_DESIGN_FULL = 1 };

/*
 * TS_EDEGENERATE when a category has one level only; TS_ENOTFOUND when a
 * contrast names no variable or level of the model; TS_EINVALID for a matrix
 * that does not fit; TS_ELIMIT for more than 2000 columns.
 */
ts_status ts_design_new(const ts_model_frame *model,
                        const ts_contrast *contrasts, size_t n_contrast,
                        unsigned flags, ts_design **out, ts_error *err);
void ts_design_free(ts_design *design);

/* Values of the variables in n rows: numbers or codes of the design's levels.
 */
typedef struct {
    size_t n;
    double **value; /* by variable; NULL for categories */
    int **code;     /* by variable; NULL for numbers */
    double *numbers;
    int *codes; /* what is owned */
} ts_design_rows;

/* The rows of the design's own model frame, or of another one of the same right
 * side, whose levels are matched by name; the frame must outlive them.
 * TS_ENOTFOUND for a level that the design does not know. */
ts_status ts_design_rows_of(const ts_design *design,
                            const ts_model_frame *model, ts_design_rows *out,
                            ts_error *err);
/* Room for n rows to be written: values 0, codes 0. */
ts_status ts_design_rows_new(const ts_design *design, size_t n,
                             ts_design_rows *out, ts_error *err);
void ts_design_rows_free(ts_design_rows *rows);

/* Rows from .. from + m - 1 into x, by columns, ld apart. */
void ts_design_block(const ts_design *design, const ts_design_rows *rows,
                     size_t from, size_t m, double *x, size_t ld);

/* The same without copying: column[j] points to the m numbers of column j, in x
 * (room for n_column times ld) or, of a plain number, in rows. */
void ts_design_view(const ts_design *design, const ts_design_rows *rows,
                    size_t from, size_t m, double *x, size_t ld,
                    const double **column);

/* The mean of the model's rows when variables are set: value[j], or code[j] of
 * categories, in all of them (NaN, -1: as they are). mean: n_column. */
ts_status ts_design_average(const ts_design *design, const double *value,
                            const int *code, double *mean, ts_error *err);

#endif
