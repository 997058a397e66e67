/* Contrasts of categories: treatment, sum, Helmert, or a matrix. */
#include "coding.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include "ts/memory.h"

static ts_status make_room(ts_design_variable *v, int which, size_t n_code,
                           ts_error *err)
{
    v->n_code[which] = n_code;
    v->coding[which] = ts_alloc_array(v->n_level * n_code, sizeof(double));
    v->code_name[which] = ts_alloc_array(n_code, sizeof(char *));
    if (!v->coding[which] || !v->code_name[which])
        return ts_fail_memory(err);
    return TS_OK;
}

static ts_status name_code(ts_design_variable *v, int which, size_t j,
                           const char *name, ts_error *err)
{
    v->code_name[which][j] = ts_strdup(name);
    return v->code_name[which][j] ? TS_OK : ts_fail_memory(err);
}

static ts_status make_full(ts_design_variable *v, const ts_model_variable *x,
                           ts_error *err)
{
    ts_status status = make_room(v, 1, v->n_level, err);
    for (size_t j = 0; j < v->n_level && !status; j++) {
        v->coding[1][j * v->n_level + j] = 1;
        status = name_code(v, 1, j, x->level[j].name, err);
    }
    return status;
}

static ts_status find_base(const ts_model_variable *x, const char *name,
                           size_t *out, ts_error *err)
{
    *out = 0;
    if (!name)
        return TS_OK;
    for (size_t i = 0; i < x->n_level; i++)
        if (strcmp(x->level[i].name, name) == 0) {
            *out = i;
            return TS_OK;
        }
    for (size_t i = x->n_level; i < x->n_level_all; i++)
        if (strcmp(x->level[i].name, name) == 0)
            return ts_fail(err, TS_EDEGENERATE,
                           "%s: the reference %.100s has no row that is used",
                           x->name, name);
    return ts_fail(err, TS_ENOTFOUND,
                   "%s: the reference %.100s is none of its "
                   "levels",
                   x->name, name);
}

static ts_status make_treatment(ts_design_variable *v,
                                const ts_model_variable *x, const char *base,
                                ts_error *err)
{
    size_t at, j = 0, k = v->n_level - 1;
    ts_status status = find_base(x, base, &at, err);
    for (size_t i = 0; i < v->n_level && !status; i++) {
        if (i == at)
            continue;
        v->coding[0][i * k + j] = 1;
        status = name_code(v, 0, j++, x->level[i].name, err);
    }
    return status;
}

/* By their formulas: column j of the row of level i. */
static double contrast_of(ts_contrast_kind kind, size_t i, size_t j, size_t k)
{
    if (kind == TS_CONTRAST_SUM)
        return i == k ? -1 : i == j;
    return i <= j ? -1 : i == j + 1 ? (double)i : 0;
}

static ts_status check_matrix(const ts_design_variable *v, const ts_contrast *c,
                              ts_error *err)
{
    if (c->n_level != v->n_level || c->n_column + 1 != v->n_level)
        return ts_fail(err, TS_EINVALID,
                       "%s: a contrast matrix of %zu rows and %zu columns; "
                       "its %zu levels need %zu rows and %zu column%s",
                       v->name, c->n_level, c->n_column, v->n_level, v->n_level,
                       v->n_level - 1, v->n_level == 2 ? "" : "s");
    for (size_t i = 0; i < c->n_level * c->n_column; i++)
        if (!isfinite(c->matrix[i]))
            return ts_fail(err, TS_EINVALID,
                           "%s: the contrast matrix holds numbers only",
                           v->name);
    return TS_OK;
}

/* Whether the columns and a constant are independent: elimination with row
 * pivots on a copy. */
static ts_status check_independent(const ts_design_variable *v, ts_error *err)
{
    size_t n = v->n_level, k = n - 1;
    double *a = ts_alloc_array(n * n, sizeof *a), largest = 1;
    bool good = true;
    if (!a)
        return ts_fail_memory(err);
    for (size_t i = 0; i < n; i++) {
        a[i * n] = 1;
        for (size_t j = 0; j < k; j++) {
            a[i * n + j + 1] = v->coding[0][i * k + j];
            largest = fmax(largest, fabs(a[i * n + j + 1]));
        }
    }
    for (size_t c = 0; c < n && good; c++) {
        size_t best = c;
        for (size_t i = c + 1; i < n; i++)
            if (fabs(a[i * n + c]) > fabs(a[best * n + c]))
                best = i;
        good = fabs(a[best * n + c]) > 1e-10 * largest;
        for (size_t j = 0; j < n && good; j++) {
            double swapped = a[best * n + j];
            a[best * n + j] = a[c * n + j];
            a[c * n + j] = swapped;
        }
        for (size_t i = c + 1; i < n && good; i++) {
            double factor = a[i * n + c] / a[c * n + c];
            for (size_t j = c; j < n; j++)
                a[i * n + j] -= factor * a[c * n + j];
        }
    }
    ts_free(a);
    return good ? TS_OK
                : ts_fail(err, TS_EINVALID,
                          "%s: the columns of the contrast matrix, with a "
                          "constant, are not independent",
                          v->name);
}

static ts_status make_contrasts(ts_design_variable *v,
                                const ts_model_variable *x,
                                const ts_contrast *c, ts_error *err)
{
    size_t k = v->n_level - 1;
    ts_status status = make_room(v, 0, k, err);
    if (status)
        return status;
    if (!c || c->kind == TS_CONTRAST_TREATMENT)
        return make_treatment(v, x, c ? c->base : NULL, err);
    if (c->kind == TS_CONTRAST_USER && (status = check_matrix(v, c, err)))
        return status;
    for (size_t j = 0; j < k && !status; j++) {
        char name[24];
        snprintf(name, sizeof name, "%zu", j + 1);
        status = name_code(v, 0, j, name, err);
        for (size_t i = 0; i <= k; i++)
            v->coding[0][i * k + j] = c->kind == TS_CONTRAST_USER
                                          ? c->matrix[i * k + j]
                                          : contrast_of(c->kind, i, j, k);
    }
    if (!status && c->kind == TS_CONTRAST_USER)
        status = check_independent(v, err);
    return status;
}

ts_status ts_coding_new(ts_design_variable *v, const ts_model_variable *x,
                        const ts_contrast *contrast, ts_error *err)
{
    v->n_level = x->n_level;
    if (x->n_level < 2)
        return ts_fail(err, TS_EDEGENERATE,
                       "%s has only one level, %.100s, in the rows used; "
                       "leave it out",
                       x->name, x->n_level ? x->level[0].name : "none");
    ts_status status = make_full(v, x, err);
    return status ? status : make_contrasts(v, x, contrast, err);
}

void ts_coding_free(ts_design_variable *v)
{
    for (int which = 0; which < 2; which++) {
        for (size_t j = 0; v->code_name[which] && j < v->n_code[which]; j++)
            ts_free(v->code_name[which][j]);
        ts_free(v->code_name[which]);
        ts_free(v->coding[which]);
    }
}
