/* The numbers of a design in rows: the model's, another frame's, or any. */
#include "ts/design.h"

#include <math.h>
#include <string.h>
#include "ts/interrupt.h"
#include "ts/memory.h"
#include "ts/sum.h"
#include "basis.h"

#define BASIS_MAX 128

/* Rows -------------------------------------------------------------------- */

static ts_status start(const ts_design *d, size_t n, ts_design_rows *out,
                       ts_error *err)
{
    *out = (ts_design_rows){.n = n};
    out->value = ts_alloc_array(d->n_variable, sizeof *out->value);
    out->code = ts_alloc_array(d->n_variable, sizeof *out->code);
    if (out->value && out->code)
        return TS_OK;
    ts_design_rows_free(out);
    return ts_fail_memory(err);
}

void ts_design_rows_free(ts_design_rows *rows)
{
    ts_free(rows->value);
    ts_free(rows->code);
    ts_free(rows->numbers);
    ts_free(rows->codes);
    *rows = (ts_design_rows){0};
}

ts_status ts_design_rows_new(const ts_design *d, size_t n, ts_design_rows *out,
                             ts_error *err)
{
    size_t n_category = 0, at[2] = {0, 0};
    ts_status status = start(d, n, out, err);
    if (status)
        return status;
    for (size_t j = 0; j < d->n_variable; j++)
        n_category += d->variable[j].n_level > 0;
    out->numbers =
        ts_alloc_array(n, (d->n_variable - n_category) * sizeof(double));
    out->codes = ts_alloc_array(n, n_category * sizeof(int));
    if (!out->numbers || !out->codes) {
        ts_design_rows_free(out);
        return ts_fail_memory(err);
    }
    for (size_t j = 0; j < d->n_variable; j++)
        if (d->variable[j].n_level)
            out->code[j] = out->codes + n * at[0]++;
        else
            out->value[j] = out->numbers + n * at[1]++;
    return TS_OK;
}

/* place[i]: the design's code for level i of x. */
static ts_status match(const ts_model_variable *own, const ts_model_variable *x,
                       int *place, ts_error *err)
{
    for (size_t i = 0; i < x->n_level; i++) {
        size_t k = 0;
        while (k < own->n_level &&
               strcmp(own->level[k].name, x->level[i].name) != 0)
            k++;
        if (k == own->n_level) {
            ts_buffer list = {0};
            for (k = 0; k < own->n_level && k < 8; k++)
                ts_buffer_printf(&list, "%s%.60s", k ? ", " : "",
                                 own->level[k].name);
            ts_status status =
                ts_fail(err, TS_ENOTFOUND,
                        "%s has '%.100s', which the model has not "
                        "seen; it knows %s%s",
                        own->name, x->level[i].name, list.data ? list.data : "",
                        own->n_level > 8 ? ", ..." : "");
            ts_buffer_free(&list);
            return status;
        }
        place[i] = (int)k;
    }
    return TS_OK;
}

static ts_status take_codes(const ts_design *d, const ts_model_frame *m,
                            ts_design_rows *out, ts_error *err)
{
    size_t most = 1;
    ts_status status = TS_OK;
    for (size_t j = 0; j < d->n_variable; j++)
        most = m->x[j].n_level > most ? m->x[j].n_level : most;
    out->codes = ts_alloc_array(m->n, d->n_variable * sizeof(int));
    int *place = ts_alloc_array(most, sizeof *place);
    if (!out->codes || !place)
        status = ts_fail_memory(err);
    for (size_t j = 0; j < d->n_variable && !status; j++) {
        if (!d->variable[j].n_level)
            continue;
        out->code[j] = out->codes + j * m->n;
        if ((status = match(&d->model->x[j], &m->x[j], place, err)))
            break;
        for (size_t i = 0; i < m->n; i++)
            out->code[j][i] = place[m->x[j].code[i]];
    }
    ts_free(place);
    return status;
}

ts_status ts_design_rows_of(const ts_design *d, const ts_model_frame *m,
                            ts_design_rows *out, ts_error *err)
{
    ts_status status = start(d, m->n, out, err);
    if (status)
        return status;
    for (size_t j = 0; j < d->n_variable && !status; j++) {
        bool category = d->variable[j].n_level > 0;
        if (category != (m->x[j].code != NULL))
            status =
                ts_fail(err, TS_ETYPE, "%s is %s here, %s in the model",
                        d->variable[j].name, category ? "a number" : "text",
                        category ? "text" : "a number");
        out->value[j] = m->x[j].value;
        out->code[j] = m->x[j].code;
    }
    if (!status && m != d->model)
        status = take_codes(d, m, out, err);
    if (status)
        ts_design_rows_free(out);
    return status;
}

/* Numbers ----------------------------------------------------------------- */

typedef struct {
    const double *value, *coding;
    const int *code;
    const struct ts_basis *basis;
    size_t n_code;
} source;

static source source_of(const ts_design *d, const ts_design_rows *rows,
                        size_t term, size_t j, size_t from)
{
    const ts_design_variable *v = &d->variable[j];
    int which = d->full[term * d->n_variable + j];
    return (source){.value = v->n_level ? NULL : rows->value[j] + from,
                    .coding = v->coding[which],
                    .code = v->n_level ? rows->code[j] + from : NULL,
                    .basis = v->basis,
                    .n_code = v->n_code[which]};
}

/* The columns of one variable. */
static void write_columns(const source *s, size_t m, double *x, size_t ld)
{
    if (s->basis) {
        double at[BASIS_MAX];
        for (size_t i = 0; i < m; i++) {
            ts_basis_at(s->basis, s->value[i], at);
            for (size_t c = 0; c < s->n_code; c++)
                x[c * ld + i] = at[c];
        }
    } else if (s->value) {
        memcpy(x, s->value, m * sizeof *x);
    } else {
        for (size_t c = 0; c < s->n_code; c++)
            for (size_t i = 0; i < m; i++)
                x[c * ld + i] = s->coding[(size_t)s->code[i] * s->n_code + c];
    }
}

/* The k columns that are there times each of one more variable, the last
 * first, so that the product with the first may stand in their place. */
static void multiply_columns(const source *s, size_t m, size_t k, double *x,
                             size_t ld)
{
    double at[BASIS_MAX];
    for (size_t i = 0; i < m; i++) {
        const double *factor = &s->value[i];
        if (s->basis) {
            ts_basis_at(s->basis, s->value[i], at);
            factor = at;
        } else if (s->code) {
            factor = s->coding + (size_t)s->code[i] * s->n_code;
        }
        for (size_t c = s->n_code; c-- > 0;)
            for (size_t b = 0; b < k; b++)
                x[(c * k + b) * ld + i] = x[b * ld + i] * factor[c];
    }
}

/* The columns of a term into x; their number. */
static size_t write_term(const ts_design *d, const ts_design_rows *rows,
                         size_t term, size_t from, size_t m, double *x,
                         size_t ld)
{
    size_t k = 0;
    for (size_t j = 0; j < d->n_variable; j++) {
        if (!(d->model->terms.term[term] >> j & 1))
            continue;
        source s = source_of(d, rows, term, j, from);
        if (k)
            multiply_columns(&s, m, k, x, ld);
        else
            write_columns(&s, m, x, ld);
        k = k ? k * s.n_code : s.n_code;
    }
    return k;
}

static void write_ones(size_t m, double *x)
{
    for (size_t i = 0; i < m; i++)
        x[i] = 1;
}

void ts_design_block(const ts_design *d, const ts_design_rows *rows,
                     size_t from, size_t m, double *x, size_t ld)
{
    if (d->intercept) {
        write_ones(m, x);
        x += ld;
    }
    for (size_t term = 0; term < d->model->terms.n_term; term++)
        x += write_term(d, rows, term, from, m, x, ld) * ld;
}

/* The numbers of a term that is one plain number, or NULL. */
static const double *plain(const ts_design *d, const ts_design_rows *rows,
                           size_t term)
{
    uint64_t bits = d->model->terms.term[term];
    size_t j = (size_t)__builtin_ctzll(bits);
    if ((bits & (bits - 1)) || d->variable[j].n_level || d->variable[j].basis)
        return NULL;
    return rows->value[j];
}

void ts_design_view(const ts_design *d, const ts_design_rows *rows, size_t from,
                    size_t m, double *x, size_t ld, const double **column)
{
    size_t c = 0;
    if (d->intercept) {
        write_ones(m, x);
        column[c++] = x;
    }
    for (size_t term = 0; term < d->model->terms.n_term; term++) {
        const double *numbers = plain(d, rows, term);
        size_t k = 1;
        if (numbers)
            column[c] = numbers + from;
        else
            k = write_term(d, rows, term, from, m, x + c * ld, ld);
        for (size_t i = 0; i < k && !numbers; i++)
            column[c + i] = x + (c + i) * ld;
        c += k;
    }
}

ts_status ts_design_average(const ts_design *d, const double *value,
                            const int *code, double *mean, ts_error *err)
{
    enum { BLOCK = 256 };
    ts_design_rows own = {0}, set = {0};
    size_t n = d->model->n, p = d->n_column;
    double *x = ts_alloc_array(BLOCK, p * sizeof *x);
    ts_sum *sum = ts_alloc_array(p, sizeof *sum);
    ts_status status = x && sum ? ts_design_rows_of(d, d->model, &own, err)
                                : ts_fail_memory(err);
    if (!status)
        status = ts_design_rows_new(d, BLOCK, &set, err);
    for (size_t from = 0; from < n && !status; from += BLOCK) {
        size_t m = n - from < BLOCK ? n - from : BLOCK;
        for (size_t j = 0; j < d->n_variable; j++)
            for (size_t i = 0; i < m; i++)
                if (d->variable[j].n_level)
                    set.code[j][i] =
                        code[j] >= 0 ? code[j] : own.code[j][from + i];
                else
                    set.value[j][i] =
                        isnan(value[j]) ? own.value[j][from + i] : value[j];
        ts_design_block(d, &set, 0, m, x, BLOCK);
        for (size_t j = 0; j < p; j++)
            for (size_t i = 0; i < m; i++)
                ts_sum_add(&sum[j], x[j * BLOCK + i]);
        status = ts_interrupt_check(err);
    }
    for (size_t j = 0; j < p && !status; j++)
        mean[j] = ts_sum_value(&sum[j]) / (double)n;
    ts_design_rows_free(&own);
    ts_design_rows_free(&set);
    ts_free(x);
    ts_free(sum);
    return status;
}
