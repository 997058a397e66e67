/* From what the child said to a frame: formats, dates, value labels. */
#include "readstat_private.h"

#include <string.h>
#include "ts/memory.h"

static ts_status set_text(char **field, const char *text, ts_error *err)
{
    *field = text ? ts_strdup(text) : NULL;
    return text && !*field ? ts_fail_memory(err) : TS_OK;
}

static ts_status begin(const foreign_table *t, size_t n_column, double n_row,
                       ts_readstat *out, ts_error *err)
{
    out->n_row = n_row;
    out->columns = ts_alloc_array(n_column, sizeof *out->columns);
    if (!out->columns)
        return ts_fail_memory(err);
    out->n_column = n_column;
    ts_status status = set_text(
        &out->encoding, t->encoding.converts ? t->encoding.name : "utf-8", err);
    if (!status)
        status = set_text(&out->label, t->label, err);
    return status ? status : ts_frame_new((size_t)n_row, &out->frame, err);
}

static bool wants_labels(const ts_readstat_options *options, const char *name)
{
    if (options->no_labels)
        return false;
    if (!options->labels)
        return true;
    for (size_t i = 0; i < options->n_label; i++)
        if (strcmp(options->labels[i], name) == 0)
            return true;
    return false;
}

static ts_status finish_column(foreign_table *t, foreign_variable *v,
                               foreign_table *labels,
                               const ts_readstat_options *options,
                               ts_readstat_column *facts, ts_column **out,
                               ts_error *err)
{
    ts_column *c;
    ts_status status = ts_builder_end(v->builder, &c, err);
    v->builder = NULL;
    if (status)
        return status;
    facts->n_special = v->n_special;
    facts->n_declared = v->n_declared;
    facts->n_cut = v->n_cut;
    if (labels && v->set && wants_labels(options, v->name))
        status = foreign_apply_labels(labels, v, &c, facts, err);
    if (!status && facts->labels != TS_LABELS_LEVELS)
        status = foreign_format(t->kind, v->format, c, &facts->counts, err);
    if (!status)
        status = ts_column_set(&c->label, v->label, err);
    if (status)
        ts_column_unref(c);
    else
        *out = c;
    return status;
}

/* Names among options->labels that no column has. */
static ts_status check_labels(const foreign_table *t,
                              const ts_readstat_options *options, ts_error *err)
{
    const char *names[FOREIGN_MAX_COLUMN];
    for (size_t j = 0; j < t->n_variable; j++)
        names[j] = t->variable[j].name;
    for (size_t i = 0; options->labels && i < options->n_label; i++) {
        const char *name = options->labels[i];
        bool there = false;
        for (size_t j = 0; j < t->n_variable && !there; j++)
            there = strcmp(names[j], name) == 0;
        if (there)
            continue;
        const char *near = ts_text_nearest(name, names, t->n_variable);
        return ts_fail(err, TS_ENOTFOUND,
                       near ? "%s: labels: no column %s; nearest: %s"
                            : "%s: labels: no column %s",
                       t->path, name, near);
    }
    return TS_OK;
}

static ts_status check_counts(const foreign_table *t, ts_error *err)
{
    if (!t->has_file)
        return ts_fail(err, TS_EPROCESS, "%s: the reader sent no header",
                       t->path);
    if (!t->n_variable)
        return ts_fail(err, TS_EFORMAT, "%s: there are no columns", t->path);
    if ((double)t->n_variable != t->said_column)
        return ts_fail(err, TS_EFORMAT,
                       "%s: the file says %.0f columns, %zu were read", t->path,
                       t->said_column, t->n_variable);
    if (t->said_row >= 0 && t->n_row != t->said_row)
        return ts_fail(err, TS_EFORMAT,
                       "%s: the file says %.0f rows, %.0f were read", t->path,
                       t->said_row, t->n_row);
    return TS_OK;
}

ts_status foreign_finish(foreign_table *t, foreign_table *catalog,
                         const ts_readstat_options *options, ts_readstat *out,
                         ts_error *err)
{
    foreign_table *labels = t->kind == FOREIGN_SAS ? catalog : t;
    ts_status status = check_counts(t, err);
    if (!status)
        status = check_labels(t, options, err);
    if (!status)
        status = begin(t, t->n_variable, t->n_row, out, err);
    out->counted = t->said_row >= 0;
    for (size_t j = 0; j < t->n_variable && !status; j++) {
        ts_column *c;
        status = finish_column(t, &t->variable[j], labels, options,
                               &out->columns[j], &c, err);
        if (!status)
            status = ts_frame_add(out->frame, c, err);
    }
    return status;
}

/* A catalog --------------------------------------------------------------- */

static const char *code_text(const foreign_label *l, char room[32])
{
    if (l->what == FOREIGN_TEXT)
        return l->text ? l->text : "";
    if (l->what == FOREIGN_REAL) {
        ts_number_format(l->x, room);
    } else {
        room[0] = '.';
        room[1] = (char)(l->what == FOREIGN_NA ? '\0' : l->what);
        room[2] = '\0';
    }
    return room;
}

static ts_status add_text(foreign_table *t, ts_builder *b, const char *text,
                          ts_error *err)
{
    const char *utf8;
    size_t n;
    ts_status status =
        foreign_convert(t, "value labels", text ? text : "",
                        text ? strlen(text) : 0, &utf8, &n, NULL, err);
    if (status)
        return status;
    return n ? ts_builder_text(b, utf8, n, err) : ts_builder_na(b, err);
}

ts_status foreign_finish_catalog(foreign_table *t, ts_readstat *out,
                                 ts_error *err)
{
    static const char *const names[3] = {"FORMAT", "CODE", "LABEL"};
    ts_builder *b[3] = {NULL};
    char room[32];
    ts_status status = begin(t, 3, (double)t->n_label, out, err);
    for (int j = 0; j < 3 && !status; j++)
        if (!(status = ts_builder_new(names[j], &b[j], err)))
            ts_builder_type(b[j], TS_TEXT);
    for (size_t i = 0; i < t->n_label && !status; i++) {
        const foreign_label *l = &t->labels[i];
        if (!(status = add_text(t, b[0], l->set, err)) &&
            !(status = add_text(t, b[1], code_text(l, room), err)))
            status = add_text(t, b[2], l->label, err);
    }
    for (int j = 0; j < 3; j++) {
        ts_column *c;
        if (status)
            ts_builder_free(b[j]);
        else if (!(status = ts_builder_end(b[j], &c, err)))
            status = ts_frame_add(out->frame, c, err);
    }
    out->counted = true;
    return status;
}
