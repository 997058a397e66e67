/*
 * Columns, frames and the builder that makes a column value by value. Text is
 * kept once per distinct value: a builder finds the code of a text in a hash
 * table of levels.
 */
#include "ts/frame.h"

#include <limits.h>
#include <math.h>
#include <string.h>
#include "ts/memory.h"
#include "ts/text.h"

ts_column *ts_column_ref(ts_column *column)
{
    column->references++;
    return column;
}

void ts_column_unref(ts_column *column)
{
    if (!column || --column->references > 0)
        return;
    for (size_t i = 0; i < column->n_level; i++)
        ts_free(column->level[i]);
    ts_free(column->level);
    ts_free(column->real);
    ts_free(column->code);
    ts_free(column->name);
    ts_free(column->label);
    ts_free(column->unit);
    ts_free(column->format);
    ts_free(column->informat);
    ts_free(column->special);
    ts_free(column);
}

static ts_status column_new(const char *name, ts_type type, ts_column **out,
                            ts_error *err)
{
    ts_column *column = ts_alloc_array(1, sizeof *column);
    *out = NULL;
    if (!column)
        return ts_fail_memory(err);
    column->references = 1;
    column->type = type;
    column->name = ts_strdup(name);
    if (!column->name) {
        ts_column_unref(column);
        return ts_fail_memory(err);
    }
    *out = column;
    return TS_OK;
}

ts_status ts_column_new_real(const char *name, size_t n, ts_column **out,
                             ts_error *err)
{
    ts_status status = column_new(name, TS_REAL, out, err);
    if (status)
        return status;
    (*out)->real = ts_alloc_array(n, sizeof(double));
    if (!(*out)->real) {
        ts_column_unref(*out);
        *out = NULL;
        return ts_fail_memory(err);
    }
    (*out)->n = n;
    for (size_t i = 0; i < n; i++)
        (*out)->real[i] = NAN;
    return TS_OK;
}

ts_status ts_column_set(char **field, const char *value, ts_error *err)
{
    char *copy = value ? ts_strdup(value) : NULL;
    if (value && !copy)
        return ts_fail_memory(err);
    ts_free(*field);
    *field = copy;
    return TS_OK;
}

/* Names are not part of it. */
static ts_status copy_facts(const ts_column *from, ts_column *to, ts_error *err)
{
    ts_status status;
    if ((status = ts_column_set(&to->label, from->label, err)) ||
        (status = ts_column_set(&to->unit, from->unit, err)) ||
        (status = ts_column_set(&to->format, from->format, err)))
        return status;
    return ts_column_set(&to->informat, from->informat, err);
}

/* Room for n values of that type, with codes of missing values where from has
 * them; false: no memory. */
static bool make_room(const ts_column *from, size_t n, ts_column *to)
{
    to->n = n;
    if (from->real && !(to->real = ts_alloc_array(n, sizeof(double))))
        return false;
    if (from->code && !(to->code = ts_alloc_array(n, sizeof(int32_t))))
        return false;
    return !from->special || (to->special = ts_alloc_array(n, 1));
}

static bool add_level(ts_column *column, const char *level)
{
    return (column->level[column->n_level] = ts_strdup(level)) &&
           ++column->n_level;
}

ts_status ts_column_copy(const ts_column *from, const char *name,
                         ts_column **out, ts_error *err)
{
    ts_column *to;
    ts_status status = column_new(name ? name : from->name, from->type, &to,
                                  err);
    *out = NULL;
    if (status)
        return status;
    if (!make_room(from, from->n, to))
        goto memory;
    if (from->real)
        memcpy(to->real, from->real, from->n * sizeof(double));
    if (from->code)
        memcpy(to->code, from->code, from->n * sizeof(int32_t));
    if (from->special)
        memcpy(to->special, from->special, from->n);
    to->ordered = from->ordered;
    if (from->n_level) {
        to->level = ts_alloc_array(from->n_level, sizeof(char *));
        if (!to->level)
            goto memory;
        while (to->n_level < from->n_level)
            if (!add_level(to, from->level[to->n_level]))
                goto memory;
    }
    if ((status = copy_facts(from, to, err))) {
        ts_column_unref(to);
        return status;
    }
    *out = to;
    return TS_OK;
memory:
    ts_column_unref(to);
    return ts_fail_memory(err);
}

/* The codes of the rows; those of levels that were found are given anew. */
static bool pick_codes(const ts_column *from, const size_t *place, size_t n,
                       ts_column *to)
{
    int32_t *code = ts_alloc_array(from->n_level + 1, sizeof *code);
    to->level = ts_alloc_array(from->n_level + 1, sizeof(char *));
    bool good = code && to->level;
    for (size_t k = 0; good && k < from->n_level; k++) {
        code[k] = from->ordered ? (int32_t)k : -1;
        if (from->ordered)
            good = add_level(to, from->level[k]);
    }
    for (size_t i = 0; good && i < n; i++) {
        int32_t old = from->code[place[i]];
        if (old >= 0 && code[old] < 0) {
            code[old] = (int32_t)to->n_level;
            good = add_level(to, from->level[old]);
        }
        to->code[i] = good && old >= 0 ? code[old] : -1;
    }
    ts_free(code);
    return good;
}

ts_status ts_column_pick(const ts_column *from, const size_t *place, size_t n,
                         ts_column **out, ts_error *err)
{
    ts_column *to;
    ts_status status = column_new(from->name, from->type, &to, err);
    *out = NULL;
    if (status)
        return status;
    to->ordered = from->ordered;
    if (!make_room(from, n, to) ||
        (from->code && !pick_codes(from, place, n, to))) {
        status = ts_fail_memory(err);
    } else {
        for (size_t i = 0; from->real && i < n; i++)
            to->real[i] = from->real[place[i]];
        for (size_t i = 0; from->special && i < n; i++)
            to->special[i] = from->special[place[i]];
        status = copy_facts(from, to, err);
    }
    if (status)
        ts_column_unref(to);
    else
        *out = to;
    return status;
}

const char *ts_column_text(const ts_column *column, size_t i)
{
    if (column->type != TS_TEXT || column->code[i] < 0)
        return NULL;
    return column->level[column->code[i]];
}

bool ts_column_is_na(const ts_column *column, size_t i)
{
    return column->type == TS_REAL ? isnan(column->real[i])
                                   : column->code[i] < 0;
}

ts_status ts_column_set_special(ts_column *column, size_t i, char code,
                                ts_error *err)
{
    if (!column->special && !(column->special = ts_alloc_array(column->n, 1)))
        return ts_fail_memory(err);
    column->special[i] = code;
    return TS_OK;
}

ts_status ts_column_fail(const char *name, size_t row, ts_status code,
                         const char *why, ts_error *err)
{
    ts_buffer message = {0};
    ts_text_escape(&message, name, strlen(name));
    if (row)
        ts_buffer_printf(&message, ", row %zu", row);
    ts_buffer_printf(&message, ": %s", why);
    if (message.failed)
        code = ts_fail_memory(err);
    else
        ts_fail(err, code, "%s", message.data);
    ts_buffer_free(&message);
    return code;
}

ts_status ts_frame_new(size_t n_row, ts_frame **out, ts_error *err)
{
    *out = ts_alloc_array(1, sizeof **out);
    if (!*out)
        return ts_fail_memory(err);
    (*out)->n_row = n_row;
    return TS_OK;
}

void ts_frame_free(ts_frame *frame)
{
    if (!frame)
        return;
    for (size_t i = 0; i < frame->n_column; i++)
        ts_column_unref(frame->column[i]);
    ts_free(frame->column);
    ts_free(frame);
}

ts_status ts_frame_add(ts_frame *frame, ts_column *column, ts_error *err)
{
    ts_status status = TS_OK;
    for (size_t i = 0; i < frame->n_column && !status; i++)
        if (strcmp(frame->column[i]->name, column->name) == 0)
            status = ts_fail(err, TS_EEXISTS, "two columns are named %s",
                             column->name);
    if (!status && column->n != frame->n_row)
        status = ts_fail(err, TS_EINVALID, "%s has %zu values, not %zu",
                         column->name, column->n, frame->n_row);
    if (!status) {
        ts_column **list = ts_realloc_array(
            frame->column, frame->n_column + 1, sizeof *list);
        if (list) {
            frame->column = list;
            list[frame->n_column++] = column;
            return TS_OK;
        }
        status = ts_fail_memory(err);
    }
    ts_column_unref(column);
    return status;
}

ts_status ts_frame_column(const ts_frame *frame, const char *name,
                          ts_column **out, ts_error *err)
{
    *out = NULL;
    for (size_t i = 0; i < frame->n_column; i++)
        if (strcmp(frame->column[i]->name, name) == 0) {
            *out = frame->column[i];
            return TS_OK;
        }
    const char *near = NULL;
    const char **names = ts_alloc_array(frame->n_column, sizeof *names);
    if (names) {
        for (size_t i = 0; i < frame->n_column; i++)
            names[i] = frame->column[i]->name;
        near = ts_text_nearest(name, names, frame->n_column);
        ts_free(names);
    }
    return ts_fail(err, TS_ENOTFOUND,
                   near ? "no column %s; nearest: %s" : "no column %s", name,
                   near);
}

/* The builder ------------------------------------------------------------ */

struct ts_builder {
    ts_column *column;
    size_t room, n_na_first; /* NA before the type was known */
    bool typed;
    size_t level_room;
    int32_t *slot; /* hash table of codes, -1 is empty; size a power of 2 */
    size_t n_slot;
};

ts_status ts_builder_new(const char *name, ts_builder **out, ts_error *err)
{
    ts_builder *b = ts_alloc_array(1, sizeof *b);
    *out = NULL;
    if (!b)
        return ts_fail_memory(err);
    ts_status status = column_new(name, TS_REAL, &b->column, err);
    if (status) {
        ts_free(b);
        return status;
    }
    *out = b;
    return TS_OK;
}

void ts_builder_free(ts_builder *b)
{
    if (!b)
        return;
    ts_column_unref(b->column);
    ts_free(b->slot);
    ts_free(b);
}

void ts_builder_type(ts_builder *b, ts_type type)
{
    b->column->type = type;
    b->typed = true;
}

static uint32_t hash_of(const char *s, size_t n)
{
    uint32_t h = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)s[i]) * 16777619u;
    return h ^ h >> 15;
}

static bool rehash(ts_builder *b)
{
    size_t n = b->n_slot ? b->n_slot * 4 : 64;
    int32_t *slot = ts_alloc_array(n, sizeof *slot);
    if (!slot)
        return false;
    memset(slot, -1, n * sizeof *slot);
    for (size_t i = 0; i < b->column->n_level; i++) {
        const char *text = b->column->level[i];
        size_t at = hash_of(text, strlen(text)) & (n - 1);
        while (slot[at] >= 0)
            at = (at + 1) & (n - 1);
        slot[at] = (int32_t)i;
    }
    ts_free(b->slot);
    b->slot = slot;
    b->n_slot = n;
    return true;
}

/* The code of a text, new or known; -1 when memory ran out. */
static int32_t code_of(ts_builder *b, const char *text, size_t length)
{
    ts_column *c = b->column;
    if (c->n_level * 2 >= b->n_slot && !rehash(b))
        return -1;
    size_t at = hash_of(text, length) & (b->n_slot - 1);
    for (; b->slot[at] >= 0; at = (at + 1) & (b->n_slot - 1)) {
        const char *known = c->level[b->slot[at]];
        if (strncmp(known, text, length) == 0 && known[length] == '\0')
            return b->slot[at];
    }
    if (c->n_level == b->level_room) {
        size_t room = b->level_room ? b->level_room * 2 : 16;
        char **level = ts_realloc_array(c->level, room, sizeof *level);
        if (!level)
            return -1;
        c->level = level;
        b->level_room = room;
    }
    if (c->n_level >= INT32_MAX ||
        !(c->level[c->n_level] = ts_strndup(text, length)))
        return -1;
    b->slot[at] = (int32_t)c->n_level;
    return (int32_t)c->n_level++;
}

ts_status ts_builder_levels(ts_builder *b, const char *const *levels,
                            size_t n, ts_error *err)
{
    ts_builder_type(b, TS_TEXT);
    for (size_t i = 0; i < n; i++)
        if (code_of(b, levels[i], strlen(levels[i])) < 0)
            return ts_fail_memory(err);
    b->column->ordered = true;
    return TS_OK;
}

static ts_status grow(ts_builder *b, ts_error *err)
{
    ts_column *c = b->column;
    if (c->n < b->room)
        return TS_OK;
    size_t room = b->room ? b->room * 2 : 256;
    if (c->type == TS_REAL) {
        double *real = ts_realloc_array(c->real, room, sizeof *real);
        if (!real)
            return ts_fail_memory(err);
        c->real = real;
        if (c->special) {
            char *special = ts_realloc_array(c->special, room, 1);
            if (!special)
                return ts_fail_memory(err);
            memset(special + b->room, 0, room - b->room);
            c->special = special;
        }
    } else {
        int32_t *code = ts_realloc_array(c->code, room, sizeof *code);
        if (!code)
            return ts_fail_memory(err);
        c->code = code;
    }
    b->room = room;
    return TS_OK;
}

/* NA that came before the first value, written once the type is known. */
static ts_status settle(ts_builder *b, ts_type type, ts_error *err)
{
    if (!b->typed)
        ts_builder_type(b, type);
    for (; b->n_na_first > 0; b->n_na_first--) {
        ts_status status = grow(b, err);
        if (status)
            return status;
        if (b->column->type == TS_REAL)
            b->column->real[b->column->n++] = NAN;
        else
            b->column->code[b->column->n++] = -1;
    }
    return grow(b, err);
}

size_t ts_builder_count(const ts_builder *b)
{
    return b->column->n + b->n_na_first;
}

ts_status ts_builder_real(ts_builder *b, double x, ts_error *err)
{
    ts_status status = settle(b, TS_REAL, err);
    if (status)
        return status;
    if (b->column->type != TS_REAL)
        return ts_fail(err, TS_ETYPE,
                       "%s: row %zu is a number, the rows before are text",
                       b->column->name, b->column->n + 1);
    b->column->real[b->column->n++] = x;
    return TS_OK;
}

ts_status ts_builder_text(ts_builder *b, const char *text, size_t length,
                          ts_error *err)
{
    ts_status status = settle(b, TS_TEXT, err);
    if (status)
        return status;
    if (b->column->type != TS_TEXT)
        return ts_fail(err, TS_ETYPE,
                       "%s: row %zu is text ('%.*s'), the rows before are "
                       "numbers",
                       b->column->name, b->column->n + 1,
                       (int)(length < 40 ? length : 40), text);
    if (memchr(text, '\0', length))
        return ts_fail(err, TS_EINVALID, "%s: row %zu holds a zero byte",
                       b->column->name, b->column->n + 1);
    int32_t code = code_of(b, text, length);
    if (code < 0)
        return ts_fail_memory(err);
    b->column->code[b->column->n++] = code;
    return TS_OK;
}

ts_status ts_builder_na(ts_builder *b, ts_error *err)
{
    if (!b->typed) {
        b->n_na_first++;
        return TS_OK;
    }
    ts_status status = settle(b, b->column->type, err);
    if (status)
        return status;
    if (b->column->type == TS_REAL)
        b->column->real[b->column->n++] = NAN;
    else
        b->column->code[b->column->n++] = -1;
    return TS_OK;
}

ts_status ts_builder_special(ts_builder *b, char code, ts_error *err)
{
    ts_column *c = b->column;
    ts_status status = ts_builder_na(b, err);
    if (status)
        return status;
    if (!c->special && !(c->special = ts_alloc_array(b->room, 1)))
        return ts_fail_memory(err);
    c->special[c->n - 1] = code;
    return TS_OK;
}

ts_status ts_builder_end(ts_builder *b, ts_column **out, ts_error *err)
{
    ts_status status = settle(b, TS_REAL, err);
    *out = NULL;
    if (!status) {
        *out = b->column;
        b->column = NULL;
    }
    ts_builder_free(b);
    return status;
}
