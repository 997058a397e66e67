/*
 * What the child says of a file, as columns: text becomes UTF-8, values that
 * the file declares missing are counted, and nothing is believed that cannot
 * be: more columns or rows than were said, a name twice, text for a number.
 */
#include "readstat_private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "ts/memory.h"

void foreign_variable_free(foreign_variable *v)
{
    for (size_t i = 0; i < v->n_range; i++) {
        ts_free(v->range[i].first);
        ts_free(v->range[i].last);
    }
    ts_free(v->range);
    ts_free(v->name);
    ts_free(v->label);
    ts_free(v->format);
    ts_free(v->set);
    ts_builder_free(v->builder);
    *v = (foreign_variable){0};
}

void foreign_table_free(foreign_table *t)
{
    for (size_t j = 0; j < t->n_variable; j++)
        foreign_variable_free(&t->variable[j]);
    for (size_t i = 0; i < t->n_label; i++) {
        ts_free(t->labels[i].set);
        ts_free(t->labels[i].text);
        ts_free(t->labels[i].label);
    }
    xpt_encoding_close(&t->encoding);
    ts_free(t->variable);
    ts_free(t->labels);
    ts_free(t->label);
    *t = (foreign_table){0};
}

/* Text --------------------------------------------------------------------- */

/* How many bytes at the end begin a character of UTF-8 that does not end. */
static size_t cut_character(const char *text, size_t length)
{
    for (size_t back = 1; back <= 3 && back <= length; back++) {
        unsigned char c = (unsigned char)text[length - back];
        if (c < 0x80)
            return 0;
        if (c >= 0xC2 && c <= 0xF4) {
            size_t needs = c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
            return back < needs ? back : 0;
        }
    }
    return 0;
}

static ts_status bad_text(const foreign_table *t, const char *where,
                          unsigned char c, ts_error *err)
{
    bool converts = t->encoding.converts;
    if (converts && c >= 0x80)
        return ts_fail(err, TS_EFORMAT,
                       "%s: %s: a control character of %s in the text; "
                       "encoding = \"windows-1252\" has letters and quotes "
                       "there",
                       t->path, where, t->encoding.name);
    if (c >= 0x80)
        return ts_fail(err, TS_EFORMAT,
                       "%s: %s: byte 0x%02X is not valid UTF-8; encoding = "
                       "\"latin1\" or \"windows-1252\" reads older files",
                       t->path, where, c);
    return ts_fail(err, TS_EFORMAT, "%s: %s: control character 0x%02X in text",
                   t->path, where, c);
}

ts_status foreign_convert(foreign_table *t, const char *where, const char *text,
                          size_t length, const char **out, size_t *n, bool *cut,
                          ts_error *err)
{
    while (length && text[length - 1] == ' ')
        length--;
    *out = text;
    *n = length;
    if (t->encoding.converts && length) {
        size_t done = xpt_encoding_convert(&t->encoding, text, length);
        if (t->encoding.text.failed)
            return ts_fail_memory(err);
        if (done < length)
            return ts_fail(err, TS_EFORMAT,
                           "%s: %s: byte 0x%02X is not valid %s", t->path,
                           where, (unsigned char)text[done], t->encoding.name);
        *out = t->encoding.text.data ? t->encoding.text.data : "";
        t->converted = t->converted || *n != t->encoding.text.length ||
                       memcmp(text, *out, *n) != 0;
        *n = t->encoding.text.length;
    }
    size_t good = xpt_text_check(*out, *n, t->encoding.converts);
    if (good < *n && cut && !t->encoding.converts &&
        cut_character(*out, *n) == *n - good) {
        *cut = true;
        *n = good;
    }
    return good >= *n ? TS_OK
                      : bad_text(t, where, (unsigned char)(*out)[good], err);
}

/* *field, which is replaced, as UTF-8 without trailing blanks; NULL for
 * nothing. */
static ts_status settle(foreign_table *t, const char *where, char **field,
                        ts_error *err)
{
    const char *text;
    size_t n;
    if (!*field)
        return TS_OK;
    ts_status status =
        foreign_convert(t, where, *field, strlen(*field), &text, &n, NULL, err);
    if (status)
        return status;
    char *copy = n ? ts_strndup(text, n) : NULL;
    if (n && !copy)
        return ts_fail_memory(err);
    ts_free(*field);
    *field = copy;
    return TS_OK;
}

/* The file and its columns --------------------------------------------------
 */

ts_status foreign_add_file(foreign_table *t, double n_row, double n_column,
                           double version, const char *encoding,
                           const char *label, ts_error *err)
{
    if (t->kind == FOREIGN_POR) /* ReadStat makes UTF-8 of it */
        encoding = "UTF-8";
    else if (t->given)
        encoding = t->given;
    else if (!encoding && t->kind == FOREIGN_STATA && version < 118)
        encoding = "windows-1252";
    ts_status status = xpt_encoding_open(&t->encoding, encoding, false, err);
    if (status)
        return status;
    t->has_file = true;
    t->said_row = n_row;
    t->said_column = n_column;
    if (n_column > FOREIGN_MAX_COLUMN)
        return ts_fail(err, TS_ELIMIT, "%s: %.0f columns, %d are the most",
                       t->path, n_column, FOREIGN_MAX_COLUMN);
    t->label = label ? ts_strdup(label) : NULL;
    if (label && !t->label)
        return ts_fail_memory(err);
    return settle(t, "label of the file", &t->label, err);
}

static ts_status settle_variable(foreign_table *t, foreign_variable *v,
                                 ts_error *err)
{
    char where[60];
    snprintf(where, sizeof where, "column %zu", t->n_variable + 1);
    ts_status status = settle(t, where, &v->name, err);
    if (!status && !v->name)
        return ts_fail(err, TS_EFORMAT, "%s: %s has no name", t->path, where);
    if (!status)
        snprintf(where, sizeof where, "%.59s", v->name);
    if (!status)
        status = settle(t, where, &v->label, err);
    if (!status)
        status = settle(t, where, &v->format, err);
    for (size_t j = 0; j < t->n_variable && !status; j++)
        if (strcmp(t->variable[j].name, v->name) == 0)
            status = ts_fail(err, TS_EFORMAT, "%s: two columns are named %s",
                             t->path, v->name);
    for (size_t i = 0; i < v->n_range && !status; i++)
        if (!(status = settle(t, where, &v->range[i].first, err)))
            status = settle(t, where, &v->range[i].last, err);
    if (!status)
        status = ts_builder_new(v->name, &v->builder, err);
    if (!status)
        ts_builder_type(v->builder, v->text ? TS_TEXT : TS_REAL);
    return status;
}

ts_status foreign_add_variable(foreign_table *t, foreign_variable *variable,
                               ts_error *err)
{
    foreign_variable v = *variable;
    ts_status status = TS_OK;
    if ((double)t->n_variable >= t->said_column)
        status = ts_fail(err, TS_EFORMAT,
                         "%s: more columns than the %.0f that the file says",
                         t->path, t->said_column);
    if (!status)
        status = settle_variable(t, &v, err);
    if (!status) {
        foreign_variable *list =
            ts_realloc_array(t->variable, t->n_variable + 1, sizeof *list);
        if (list) {
            t->variable = list;
            list[t->n_variable++] = v;
            return TS_OK;
        }
        status = ts_fail_memory(err);
    }
    foreign_variable_free(&v);
    return status;
}

ts_status foreign_add_label(foreign_table *t, foreign_label *label,
                            ts_error *err)
{
    ts_status status = TS_OK;
    if (t->n_label >= FOREIGN_MAX_LABEL)
        status = ts_fail(err, TS_ELIMIT, "%s: more than %d value labels",
                         t->path, FOREIGN_MAX_LABEL);
    if (!status && t->n_label == t->label_room) {
        size_t room = t->label_room ? 2 * t->label_room : 64;
        foreign_label *list = ts_realloc_array(t->labels, room, sizeof *list);
        if (list) {
            t->labels = list;
            t->label_room = room;
        } else {
            status = ts_fail_memory(err);
        }
    }
    if (!status) {
        t->labels[t->n_label++] = *label;
        return TS_OK;
    }
    ts_free(label->set);
    ts_free(label->text);
    ts_free(label->label);
    return status;
}

/* Values ------------------------------------------------------------------- */

static foreign_variable *next_variable(foreign_table *t)
{
    return &t->variable[t->n_value++];
}

static ts_status wrong_type(const foreign_table *t, const foreign_variable *v,
                            ts_error *err)
{
    return ts_fail(err, TS_EPROCESS,
                   "%s: row %.0f of %s: the reader sent %s for %s", t->path,
                   t->n_row + 1, v->name, v->text ? "a number" : "text",
                   v->text ? "text" : "a number");
}

ts_status foreign_add_real(foreign_table *t, double x, ts_error *err)
{
    foreign_variable *v = next_variable(t);
    if (v->text)
        return wrong_type(t, v, err);
    for (size_t i = 0; i < v->n_range; i++)
        if (x >= v->range[i].low && x <= v->range[i].high) {
            v->n_declared++;
            return ts_builder_na(v->builder, err);
        }
    return isnan(x) ? ts_builder_na(v->builder, err)
                    : ts_builder_real(v->builder, x, err);
}

static bool is_declared(const foreign_variable *v, const char *text, size_t n)
{
    for (size_t i = 0; i < v->n_range; i++) {
        const char *first = v->range[i].first, *last = v->range[i].last;
        if (!first || !last || strcmp(first, last) != 0)
            continue; /* SPSS has no ranges of text */
        if (strlen(first) == n && memcmp(first, text, n) == 0)
            return true;
    }
    return false;
}

/* Letters, digits and punctuation of ASCII are the same in all encodings that
 * foreign_add_file() takes, but for those that ESC, '~' or '+' switch. */
static bool is_plain(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < ' ' || c > '}' || c == '+')
            return false;
    }
    return true;
}

static ts_status convert_value(foreign_table *t, foreign_variable *v,
                               const char **text, size_t *n, ts_error *err)
{
    char where[100];
    bool cut = false;
    while (*n && (*text)[*n - 1] == ' ')
        --*n;
    if (is_plain(*text, *n))
        return TS_OK;
    snprintf(where, sizeof where, "row %.0f of %.60s", t->n_row + 1, v->name);
    ts_status status = foreign_convert(t, where, *text, *n, text, n, &cut, err);
    if (!status && cut)
        v->n_cut++;
    return status;
}

ts_status foreign_add_text(foreign_table *t, const char *text, size_t n,
                           ts_error *err)
{
    foreign_variable *v = next_variable(t);
    if (!v->text)
        return wrong_type(t, v, err);
    ts_status status = convert_value(t, v, &text, &n, err);
    if (status)
        return status;
    if (!n)
        return ts_builder_na(v->builder, err);
    if (v->n_range && is_declared(v, text, n)) {
        v->n_declared++;
        return ts_builder_na(v->builder, err);
    }
    return ts_builder_text(v->builder, text, n, err);
}

ts_status foreign_add_na(foreign_table *t, char code, ts_error *err)
{
    foreign_variable *v = next_variable(t);
    if (v->text || code == '.')
        return ts_builder_na(v->builder, err);
    v->n_special++;
    return ts_builder_special(v->builder, code, err);
}

ts_status foreign_add_row(foreign_table *t, ts_error *err)
{
    t->n_value = 0;
    t->n_row++;
    if (t->n_row * (double)t->n_variable > FOREIGN_MAX_VALUE)
        return ts_fail(err, TS_ELIMIT, "%s: more than %.0f values", t->path,
                       FOREIGN_MAX_VALUE);
    if (t->said_row >= 0 && t->n_row > t->said_row)
        return ts_fail(err, TS_EFORMAT,
                       "%s: more rows than the %.0f that the file says",
                       t->path, t->said_row);
    return TS_OK;
}
