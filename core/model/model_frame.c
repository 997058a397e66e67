/*
 * The model frame: every variable is evaluated in all rows first, then the
 * rows in which none is missing are kept.
 */
#include "ts/model.h"

#include <math.h>
#include <string.h>
#include "ts/memory.h"
#include "category.h"

/* What a variable is in all rows, before rows are chosen. */
typedef struct {
    ts_column *column;
    ts_category category; /* code NULL: a number */
    size_t n_undefined, n_missing;
    bool whole; /* it is known that no number is missing */
    char *name;
} part;

typedef struct {
    part *response, *x, *stratum, *offset, *weight;
    size_t n_response, n_x, n_stratum, n_offset, n_weight;
    part group, strata; /* crossed; column NULL */
    size_t n_row;
    ts_error *err;
} workshop;

static void part_free(part *p)
{
    ts_column_unref(p->column);
    ts_category_free(&p->category);
    ts_free(p->name);
    *p = (part){0};
}

static void parts_free(part *parts, size_t n)
{
    for (size_t i = 0; parts && i < n; i++)
        part_free(&parts[i]);
    ts_free(parts);
}

/* Evaluating -------------------------------------------------------------- */

static ts_status name_of(const ts_expr *expr, char **out, ts_error *err)
{
    ts_buffer text = {0};
    if (expr->kind == TS_EXPR_NAME)
        ts_buffer_puts(&text, expr->text);
    else
        ts_expr_write(expr, &text);
    *out = text.failed ? NULL : ts_strdup(text.data);
    ts_buffer_free(&text);
    return *out ? TS_OK : ts_fail_memory(err);
}

/* Whether its values are true and false. */
static bool is_logical(const ts_expr *expr)
{
    if (expr->op == TS_OP_I)
        return is_logical(expr->arg[0]);
    return expr->op >= TS_OP_OR && expr->op <= TS_OP_GE;
}

/* The categories of a logical are called as in R. */
static ts_status rename_logical(ts_category *c, ts_error *err)
{
    for (size_t i = 0; i < c->n_level; i++) {
        char *name =
            ts_strdup(strcmp(c->level[i], "0") == 0 ? "FALSE" : "TRUE");
        if (!name)
            return ts_fail_memory(err);
        ts_free(c->level[i]);
        c->level[i] = name;
    }
    return TS_OK;
}

/* category: 1 of any variable, -1 of none but text; else also of factor() and
 * of what is true or false. */
static ts_status make_part(const ts_expr *expr, const ts_frame *frame,
                           int category, part *out, ts_error *err)
{
    ts_status status = name_of(expr, &out->name, err);
    const ts_expr *value = ts_expr_is_basis(expr) ? expr->arg[0] : expr;
    bool logical = category == 0 && is_logical(expr);
    if (!status && value != expr && category == 1)
        return ts_fail(err, TS_ETYPE, "%s is no group", out->name);
    if (!status && value->op == TS_OP_ARG)
        return ts_fail(err, TS_EINVALID, "%s: the variable comes first",
                       out->name);
    if (!status)
        status = ts_expr_evaluate(value, frame, &out->column, &out->n_undefined,
                                  &out->whole, err);
    if (!status && value != expr && out->column->type == TS_TEXT)
        return ts_fail(err, TS_ETYPE, "%s: %s is text, a number is needed",
                       out->name, out->column->name);
    if (!status && (category == 1 || logical || out->column->type == TS_TEXT ||
                    expr->op == TS_OP_FACTOR))
        status = ts_category_of(out->column, &out->category, err);
    if (!status && logical)
        status = rename_logical(&out->category, err);
    return status;
}

static ts_status make_parts(const ts_expr *const *expr, size_t n,
                            const ts_frame *frame, int category, part **out,
                            size_t *count, ts_error *err)
{
    ts_status status = TS_OK;
    *out = ts_alloc_array(n, sizeof **out);
    if (!*out)
        return ts_fail_memory(err);
    *count = n;
    for (size_t i = 0; i < n && !status; i++)
        status = make_part(expr[i], frame, category, &(*out)[i], err);
    return status;
}

/* Several categories as one, named "a, b". */
static ts_status cross(const part *parts, size_t n, size_t n_row, part *out,
                       ts_error *err)
{
    ts_buffer name = {0};
    ts_status status = TS_OK;
    if (n == 0)
        return TS_OK;
    status = ts_category_of(parts[0].column, &out->category, err);
    ts_buffer_puts(&name, parts[0].name);
    for (size_t i = 1; i < n && !status; i++) {
        ts_buffer_printf(&name, ", %s", parts[i].name);
        status =
            ts_category_cross(&out->category, &parts[i].category, n_row, err);
    }
    if (!status && (name.failed || !(out->name = ts_strdup(name.data))))
        status = ts_fail_memory(err);
    ts_buffer_free(&name);
    return status;
}

/* Rows -------------------------------------------------------------------- */

/* Counts what is missing, and marks it. */
static void mark_missing(part *parts, size_t n_part, size_t n_row,
                         unsigned char *missing)
{
    for (size_t j = 0; j < n_part; j++) {
        part *p = &parts[j];
        const int *code = p->category.code;
        const double *real = p->column->real;
        if (!code && p->column->type == TS_TEXT)
            code = p->column->code;
        size_t n = 0;
        if (!code && p->whole)
            continue;
        for (size_t i = 0; i < n_row; i++) {
            unsigned char na = code ? code[i] < 0 : real[i] != real[i];
            missing[i] |= na;
            n += na;
        }
        p->n_missing = n;
    }
}

static size_t count_missing(const ts_category *c, size_t n_row)
{
    size_t n = 0;
    for (size_t i = 0; i < n_row; i++)
        n += c->code[i] < 0;
    return n;
}

static ts_status choose_rows(workshop *w, ts_model_frame *m)
{
    const double *weight = w->n_weight ? w->weight[0].column->real : NULL;
    unsigned char *missing = ts_alloc_array(w->n_row, 1);
    m->n_row = w->n_row;
    m->row = ts_alloc_array(w->n_row, sizeof *m->row);
    if (!m->row || !missing) {
        ts_free(missing);
        return ts_fail_memory(w->err);
    }
    mark_missing(w->response, w->n_response, w->n_row, missing);
    mark_missing(w->x, w->n_x, w->n_row, missing);
    mark_missing(w->stratum, w->n_stratum, w->n_row, missing);
    mark_missing(w->offset, w->n_offset, w->n_row, missing);
    mark_missing(w->weight, w->n_weight, w->n_row, missing);
    for (size_t i = 0; i < w->n_row; i++)
        if (!missing[i] && weight && weight[i] == 0)
            m->n_zero++;
        else if (!missing[i])
            m->row[m->n++] = i;
    m->n_missing = m->n_row - m->n - m->n_zero;
    if (w->group.name)
        w->group.n_missing = count_missing(&w->group.category, w->n_row);
    if (w->strata.name)
        w->strata.n_missing = count_missing(&w->strata.category, w->n_row);
    ts_free(missing);
    return TS_OK;
}

/* Variables --------------------------------------------------------------- */

static ts_status take_numbers(const part *p, const ts_model_frame *m,
                              ts_model_variable *v, ts_error *err)
{
    if (m->n == m->n_row) { /* the column as it is */
        v->column = ts_column_ref(p->column);
        v->value = p->column->real;
        return TS_OK;
    }
    v->value = ts_alloc_array(m->n, sizeof *v->value);
    if (!v->value)
        return ts_fail_memory(err);
    for (size_t i = 0; i < m->n; i++)
        v->value[i] = p->column->real[m->row[i]];
    return TS_OK;
}

/* "F\x1f65 and over" as people read it. */
static char *join_parts(const char *parts)
{
    ts_buffer name = {0};
    for (; *parts; parts++)
        if (*parts == TS_PART_SEPARATOR)
            ts_buffer_puts(&name, ", ");
        else
            ts_buffer_add(&name, parts, 1);
    char *copy = name.failed ? NULL : ts_strdup(name.data ? name.data : "");
    ts_buffer_free(&name);
    return copy;
}

/* Codes of the rows used, renumbered so that used levels come first. */
static ts_status take_codes(part *p, const ts_model_frame *m,
                            ts_model_variable *v, ts_error *err)
{
    ts_category *c = &p->category;
    size_t k = c->n_level, unused = 0;
    bool declared =
        p->column && p->column->type == TS_TEXT && p->column->ordered;
    v->code = ts_alloc_array(m->n, sizeof *v->code);
    v->level = ts_alloc_array(k, sizeof *v->level);
    ts_level *count = ts_alloc_array(k, sizeof *count);
    int *place = ts_alloc_array(k, sizeof *place);
    if (!v->code || !v->level || !count || !place) {
        ts_free(count);
        ts_free(place);
        return ts_fail_memory(err);
    }
    for (size_t i = 0; i < m->n_row; i++)
        if (c->code[i] >= 0)
            count[c->code[i]].n_row++;
    for (size_t i = 0; i < m->n; i++)
        count[c->code[m->row[i]]].n++;
    for (size_t j = 0; j < k; j++)
        v->n_level += count[j].n > 0;
    v->n_level_all = v->n_level;
    for (size_t j = 0, used = 0; j < k; j++) {
        if (!count[j].n && !count[j].n_row && !declared)
            continue; /* a text that no row has any more */
        size_t at = count[j].n ? used++ : v->n_level + unused++;
        place[j] = (int)at;
        v->level[at] = count[j];
        v->level[at].place = j;
        v->level[at].parts = c->level[j]; /* moved, not copied */
        c->level[j] = NULL;
    }
    v->n_level_all += unused;
    for (size_t i = 0; i < m->n; i++)
        v->code[i] = place[c->code[m->row[i]]];
    ts_free(count);
    ts_free(place);
    for (size_t j = 0; j < v->n_level_all; j++)
        if (!(v->level[j].name = join_parts(v->level[j].parts)))
            return ts_fail_memory(err);
    return TS_OK;
}

static ts_status take(part *p, const ts_model_frame *m, ts_model_variable *v,
                      ts_error *err)
{
    if (!p->name)
        return TS_OK;
    v->n_missing = p->n_missing;
    v->n_undefined = p->n_undefined;
    v->name = p->name;
    p->name = NULL;
    return p->category.code ? take_codes(p, m, v, err)
                            : take_numbers(p, m, v, err);
}

static ts_status take_all(part *parts, size_t n, const ts_model_frame *m,
                          ts_model_variable **out, size_t *count, ts_error *err)
{
    ts_status status = TS_OK;
    *out = ts_alloc_array(n, sizeof **out);
    if (!*out)
        return ts_fail_memory(err);
    *count = n;
    for (size_t i = 0; i < n && !status; i++)
        status = take(&parts[i], m, &(*out)[i], err);
    return status;
}

/* Survival ---------------------------------------------------------------- */

static ts_status check_event(const ts_model_variable *event, size_t n,
                             const size_t *row, ts_error *err)
{
    if (!event->value)
        return ts_fail(err, TS_ETYPE,
                       "Surv: %s is text; a comparison makes it an event, "
                       "such as %s == '%.60s'",
                       event->name, event->name,
                       event->n_level_all ? event->level[0].name : "Y");
    for (size_t i = 0; i < n; i++)
        if (event->value[i] != 0 && event->value[i] != 1) {
            char number[32];
            ts_number_format(event->value[i], number);
            return ts_fail(err, TS_EINVALID,
                           "Surv: %s is %s in row %zu; an event is 1, none "
                           "is 0 (a comparison such as %s == %s gives that)",
                           event->name, number, row[i] + 1, event->name,
                           number);
        }
    return TS_OK;
}

static ts_status check_survival(const ts_model_frame *m, ts_error *err)
{
    const ts_model_variable *first = &m->response[0], *stop = &m->response[1];
    bool interval = m->n_response == 3;
    for (int j = 0; j < 1 + interval; j++)
        if (!m->response[j].value)
            return ts_fail(err, TS_ETYPE, "Surv: %s is text, not a time",
                           m->response[j].name);
    for (size_t i = 0; i < m->n; i++) {
        if (first->value[i] < 0)
            return ts_fail(err, TS_EINVALID,
                           "Surv: %s is negative in row "
                           "%zu",
                           first->name, m->row[i] + 1);
        if (interval && !(first->value[i] < stop->value[i]))
            return ts_fail(err, TS_EINVALID,
                           "Surv: %s is not before %s in row %zu", first->name,
                           stop->name, m->row[i] + 1);
    }
    return check_event(&m->response[m->n_response - 1], m->n, m->row, err);
}

/* The whole --------------------------------------------------------------- */

/* Offsets and weights are numbers, and weights are not negative. */
static ts_status check_numbers(const workshop *w)
{
    for (size_t i = 0; i < w->n_offset + w->n_weight; i++) {
        const part *p =
            i < w->n_offset ? &w->offset[i] : &w->weight[i - w->n_offset];
        if (p->category.code)
            return ts_fail(w->err, TS_ETYPE, "the %s %s is text, no number",
                           i < w->n_offset ? "offset" : "weight", p->name);
    }
    for (size_t i = 0; w->n_weight && i < w->n_row; i++)
        if (w->weight[0].column->real[i] < 0)
            return ts_fail(w->err, TS_EINVALID,
                           "the weight %s is negative in row %zu",
                           w->weight[0].name, i + 1);
    return TS_OK;
}

static ts_status evaluate_all(const ts_formula *f, const ts_expr *weight,
                              const ts_frame *frame, unsigned flags,
                              workshop *w, ts_model_frame *m)
{
    ts_status status = ts_terms_expand(f, &m->terms, w->err);
    const ts_expr *whole[] = {f->response};
    const ts_expr *const *response = whole;
    size_t n_response = f->response && !(flags & TS_MODEL_RIGHT);
    bool groups = flags & TS_MODEL_GROUPS;
    if (status)
        return status;
    if (n_response && f->response->op == TS_OP_SURV) {
        m->survival = true;
        response = (const ts_expr *const *)f->response->arg;
        n_response = (size_t)f->response->n_arg;
    }
    if ((status = make_parts(response, n_response, frame, -1, &w->response,
                             &w->n_response, w->err)) ||
        (status = make_parts(m->terms.factor, m->terms.n_factor, frame, groups,
                             &w->x, &w->n_x, w->err)) ||
        (status = make_parts(m->terms.stratum, m->terms.n_stratum, frame, 1,
                             &w->stratum, &w->n_stratum, w->err)) ||
        (status = make_parts(m->terms.offset, m->terms.n_offset, frame, -1,
                             &w->offset, &w->n_offset, w->err)) ||
        (status = make_parts(&weight, weight != NULL, frame, -1, &w->weight,
                             &w->n_weight, w->err)) ||
        (status = check_numbers(w)))
        return status;
    if (groups && (status = cross(w->x, w->n_x, w->n_row, &w->group, w->err)))
        return status;
    return cross(w->stratum, w->n_stratum, w->n_row, &w->strata, w->err);
}

/* A declared order passes from a single variable to the group made of it, so
 * that declared levels without rows stay known. */
static void lend_column(part *crossed, const part *parts, size_t n)
{
    if (n == 1)
        crossed->column = ts_column_ref(parts[0].column);
}

ts_status ts_model_frame_new(const ts_formula *formula, const ts_frame *frame,
                             unsigned flags, ts_model_frame **out,
                             ts_error *err)
{
    return ts_model_frame_new_weighted(formula, NULL, frame, flags, out, err);
}

ts_status ts_model_frame_new_weighted(const ts_formula *formula,
                                      const ts_expr *weight,
                                      const ts_frame *frame, unsigned flags,
                                      ts_model_frame **out, ts_error *err)
{
    workshop w = {.n_row = frame->n_row, .err = err};
    ts_model_frame *m = ts_alloc_array(1, sizeof *m);
    *out = NULL;
    if (!m)
        return ts_fail_memory(err);
    ts_status status = evaluate_all(formula, weight, frame, flags, &w, m);
    if (status || (status = choose_rows(&w, m)))
        goto done;
    lend_column(&w.group, w.x, w.n_x * ((flags & TS_MODEL_GROUPS) != 0));
    lend_column(&w.strata, w.stratum, w.n_stratum);
    if ((status = take_all(w.response, w.n_response, m, &m->response,
                           &m->n_response, err)) ||
        (status = take_all(w.x, w.n_x, m, &m->x, &m->n_x, err)) ||
        (status = take(&w.group, m, &m->group, err)) ||
        (status = take(&w.strata, m, &m->stratum, err)) ||
        (status = take_all(w.offset, w.n_offset, m, &m->offset, &m->n_offset,
                           err)) ||
        (weight && (status = take(w.weight, m, &m->weight, err))))
        goto done;
    if (m->survival)
        status = check_survival(m, err);
done:
    parts_free(w.response, w.n_response);
    parts_free(w.x, w.n_x);
    parts_free(w.stratum, w.n_stratum);
    parts_free(w.offset, w.n_offset);
    parts_free(w.weight, w.n_weight);
    part_free(&w.group);
    part_free(&w.strata);
    if (status) {
        ts_model_frame_free(m);
        return status;
    }
    *out = m;
    return TS_OK;
}

static void variable_free(ts_model_variable *v)
{
    for (size_t i = 0; v->level && i < v->n_level_all; i++) {
        ts_free(v->level[i].name);
        ts_free(v->level[i].parts);
    }
    ts_free(v->level);
    ts_free(v->name);
    if (v->column)
        ts_column_unref(v->column);
    else
        ts_free(v->value);
    ts_free(v->code);
}

void ts_model_frame_free(ts_model_frame *m)
{
    if (!m)
        return;
    for (size_t i = 0; m->response && i < m->n_response; i++)
        variable_free(&m->response[i]);
    for (size_t i = 0; m->x && i < m->n_x; i++)
        variable_free(&m->x[i]);
    for (size_t i = 0; m->offset && i < m->n_offset; i++)
        variable_free(&m->offset[i]);
    variable_free(&m->group);
    variable_free(&m->stratum);
    variable_free(&m->weight);
    ts_free(m->offset);
    ts_free(m->response);
    ts_free(m->x);
    ts_free(m->row);
    ts_terms_free(&m->terms);
    ts_free(m);
}
