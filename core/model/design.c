/*
 * Which columns the terms of a formula have. The rule for categories is that
 * of R: a category in a term is coded by contrasts when the term without it is
 * contained in an earlier term (or is nothing, and there is an intercept), else
 * in full; without an intercept the first category of all is in full.
 */
#include "ts/design.h"

#include <stdio.h>
#include <string.h>
#include "ts/memory.h"
#include "basis.h"
#include "coding.h"

#define COLUMN_MAX 2000

/* Variables --------------------------------------------------------------- */

static const ts_contrast *contrast_for(const ts_contrast *list, size_t n,
                                       const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i].variable, name) == 0)
            return &list[i];
    return NULL;
}

static ts_status no_variable(const ts_model_frame *m, const ts_contrast *c,
                             ts_error *err)
{
    const char *names[64];
    size_t n = 0;
    for (size_t j = 0; j < m->n_x; j++)
        if (m->x[j].code)
            names[n++] = m->x[j].name;
    const char *near = ts_text_nearest(c->variable, names, n);
    return ts_fail(err, TS_ENOTFOUND,
                   "contrasts: %.100s is no category of the model%s%s",
                   c->variable, near ? "; nearest: " : "", near ? near : "");
}

static ts_status check_contrasts(const ts_model_frame *m, const ts_contrast *c,
                                 size_t n, ts_error *err)
{
    for (size_t i = 0; i < n; i++) {
        bool found = false;
        for (size_t j = 0; j < m->n_x && !found; j++)
            found = m->x[j].code && strcmp(m->x[j].name, c[i].variable) == 0;
        if (!found)
            return no_variable(m, &c[i], err);
    }
    return TS_OK;
}

/* A number, or the columns of a basis: both codings are the same. */
static ts_status name_numbers(ts_design_variable *v, ts_error *err)
{
    size_t n = v->basis ? ts_basis_size(v->basis) : 1;
    for (int which = 0; which < 2; which++) {
        v->n_code[which] = n;
        if (!(v->code_name[which] = ts_alloc_array(n, sizeof(char *))))
            return ts_fail_memory(err);
        for (size_t j = 0; j < n; j++) {
            char name[24] = "";
            if (v->basis && n > 1)
                snprintf(name, sizeof name, "%zu", j + 1);
            if (!(v->code_name[which][j] = ts_strdup(name)))
                return ts_fail_memory(err);
        }
    }
    return TS_OK;
}

static ts_status make_variable(ts_design *d, size_t j,
                               const ts_contrast *contrast, ts_error *err)
{
    const ts_model_frame *m = d->model;
    ts_design_variable *v = &d->variable[j];
    ts_status status = TS_OK;
    v->name = m->x[j].name;
    if (m->x[j].code)
        return ts_coding_new(v, &m->x[j], contrast, err);
    if (ts_expr_is_basis(m->terms.factor[j]))
        status = ts_basis_new(m->terms.factor[j], m->x[j].value, m->n,
                              &v->basis, err);
    return status ? status : name_numbers(v, err);
}

/* Terms ------------------------------------------------------------------- */

static bool by_contrasts(const ts_terms *t, size_t term, size_t j)
{
    uint64_t rest = t->term[term] & ~(UINT64_C(1) << j);
    if (!rest)
        return true; /* settled below when there is no intercept */
    for (size_t i = 0; i < term; i++)
        if (!(rest & ~t->term[i]))
            return true;
    return false;
}

static void choose_codings(ts_design *d, bool all_full)
{
    const ts_terms *t = &d->model->terms;
    bool first = !d->intercept;
    for (size_t i = 0; i < t->n_term; i++)
        for (size_t j = 0; j < d->n_variable; j++) {
            if (!(t->term[i] >> j & 1) || !d->variable[j].n_level)
                continue;
            d->full[i * d->n_variable + j] =
                all_full || first || !by_contrasts(t, i, j);
            first = false;
        }
}

static size_t columns_of(const ts_design *d, size_t term)
{
    size_t n = 1;
    for (size_t j = 0; j < d->n_variable; j++)
        if (d->model->terms.term[term] >> j & 1) {
            n *= d->variable[j].n_code[d->full[term * d->n_variable + j]];
            if (n > COLUMN_MAX)
                return n;
        }
    return n;
}

/* The name of column k of a term: the first variable varies fastest. */
static ts_status name_column(const ts_design *d, size_t term, size_t k,
                             char **out, ts_error *err)
{
    ts_buffer name = {0};
    for (size_t j = 0; j < d->n_variable; j++) {
        if (!(d->model->terms.term[term] >> j & 1))
            continue;
        const ts_design_variable *v = &d->variable[j];
        int which = d->full[term * d->n_variable + j];
        ts_buffer_printf(&name, "%s%s%s", name.length ? ":" : "", v->name,
                         v->code_name[which][k % v->n_code[which]]);
        k /= v->n_code[which];
    }
    *out = name.failed ? NULL : ts_strdup(name.data);
    ts_buffer_free(&name);
    return *out ? TS_OK : ts_fail_memory(err);
}

static ts_status make_columns(ts_design *d, ts_error *err)
{
    size_t n = d->intercept, n_term = d->model->terms.n_term;
    for (size_t i = 0; i < n_term && n <= COLUMN_MAX; i++)
        n += columns_of(d, i);
    if (n > COLUMN_MAX)
        return ts_fail(err, TS_ELIMIT,
                       "the model has more than %d columns; a category of "
                       "many levels, such as a patient, is no term",
                       COLUMN_MAX);
    d->column = ts_alloc_array(n, sizeof *d->column);
    if (!d->column)
        return ts_fail_memory(err);
    ts_status status = TS_OK;
    if (d->intercept) {
        d->n_column = 1;
        if (!(d->column[0].name = ts_strdup("(Intercept)")))
            return ts_fail_memory(err);
    }
    for (size_t i = 0; i < n_term; i++) {
        size_t k = columns_of(d, i);
        for (size_t c = 0; c < k && !status; c++) {
            ts_design_column *column = &d->column[d->n_column++];
            column->term = i + 1;
            status = name_column(d, i, c, &column->name, err);
        }
    }
    return status;
}

/* The whole --------------------------------------------------------------- */

ts_status ts_design_new(const ts_model_frame *model,
                        const ts_contrast *contrasts, size_t n_contrast,
                        unsigned flags, ts_design **out, ts_error *err)
{
    ts_design *d = ts_alloc_array(1, sizeof *d);
    size_t n_term = model->terms.n_term;
    ts_status status = TS_OK;
    *out = NULL;
    if (!d)
        return ts_fail_memory(err);
    d->model = model;
    d->intercept = model->terms.intercept;
    d->n_variable = model->n_x;
    d->variable = ts_alloc_array(model->n_x, sizeof *d->variable);
    d->full = ts_alloc_array(n_term * model->n_x, sizeof *d->full);
    if (!d->variable || !d->full)
        status = ts_fail_memory(err);
    if (!status)
        status = check_contrasts(model, contrasts, n_contrast, err);
    for (size_t j = 0; j < model->n_x && !status; j++)
        status = make_variable(
            d, j, contrast_for(contrasts, n_contrast, model->x[j].name), err);
    if (!status) {
        choose_codings(d, flags & TS_DESIGN_FULL);
        status = make_columns(d, err);
    }
    if (status) {
        ts_design_free(d);
        return status;
    }
    *out = d;
    return TS_OK;
}

void ts_design_free(ts_design *d)
{
    if (!d)
        return;
    for (size_t j = 0; d->variable && j < d->n_variable; j++) {
        ts_coding_free(&d->variable[j]);
        ts_basis_free(d->variable[j].basis);
    }
    for (size_t c = 0; d->column && c < d->n_column; c++)
        ts_free(d->column[c].name);
    ts_free(d->variable);
    ts_free(d->column);
    ts_free(d->full);
    ts_free(d);
}
