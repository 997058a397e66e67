/*
 * What a column of a CSV file is, by all its cells: numbers, text, or numbers
 * with stray cells, which is an error that shows them unless lenient sets
 * them apart.
 */
#include "csv_private.h"

#include <string.h>
#include <strings.h>
#include "ts/memory.h"

bool csv_name_wrong(const char *const *names, size_t i, ts_buffer *message)
{
    if (!*names[i]) {
        ts_buffer_printf(message, "column %zu has no name", i + 1);
        return true;
    }
    for (size_t j = 0; j < i; j++) {
        /* SQL does not tell names apart by case */
        if (strcasecmp(names[i], names[j]) != 0)
            continue;
        bool same = strcmp(names[i], names[j]) == 0;
        ts_buffer_printf(message, "columns %zu and %zu are %s", j + 1, i + 1,
                         same ? "both named " : "named ");
        ts_text_escape(message, names[j], strlen(names[j]));
        if (!same) {
            ts_buffer_puts(message, " and ");
            ts_text_escape(message, names[i], strlen(names[i]));
            ts_buffer_puts(message, ", which differ only in case");
        }
        return true;
    }
    return false;
}

void csv_type_show(csv_column *c, const csv_rules *rules, const char *text,
                   size_t length, size_t line, size_t place)
{
    size_t i = c->n[CELL_OTHER] - 1, room = sizeof c->other[i].text - 4;
    size_t n = length < room ? length : room;
    while (n < length && n > 0 && (text[n] & 0xC0) == 0x80)
        n--;
    memcpy(c->other[i].text, text, n);
    strcpy(c->other[i].text + n, n < length ? "..." : "");
    c->other[i].line = line;
    c->other[i].column = place;
    c->other[i].why = csv_type_stray(c, rules, text, length);
}

/* Deciding --------------------------------------------------------------- */

static size_t n_value(const csv_column *c)
{
    return c->n[CELL_NUMBER] + c->n[CELL_BELOW] + c->n[CELL_ABOVE] +
           c->n[CELL_CODE];
}

/* Cells that do not fit what the column is: few enough that text would hide
 * them, or it was said what it is. */
static bool has_strays(const csv_column *c)
{
    if (c->n[CELL_OTHER] == 0)
        return false;
    if (c->codes || c->declared || c->limits == LIMITS_MUST)
        return c->codes || c->declared != TS_TEXT;
    return n_value(c) / 9 >= c->n[CELL_OTHER];
}

static ts_type type_of(const csv_column *c)
{
    if (c->codes)
        return TS_TEXT;
    if (c->declared)
        return c->declared;
    if (c->limits == LIMITS_MUST || has_strays(c))
        return TS_REAL;
    return c->n[CELL_OTHER] == 0 && (n_value(c) > 0 || c->n[CELL_QUOTED] == 0)
               ? TS_REAL
               : TS_TEXT;
}

bool csv_type_is_text(const csv_column *c)
{
    return type_of(c) == TS_TEXT;
}

static bool is_lua_name(const char *name)
{
    static const char *const words[] = {
        "and",      "break",  "do",   "else", "elseif", "end",  "false", "for",
        "function", "goto",   "if",   "in",   "local",  "nil",  "not",   "or",
        "repeat",   "return", "then", "true", "until",  "while"};
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
    if ((*name >= '0' && *name <= '9') || name[strspn(name, letters)])
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(name, words[i]) == 0)
            return false;
    return true;
}

/* text in quotes of Lua, to be copied from the message */
static void put_quoted(ts_buffer *out, const char *text)
{
    ts_buffer_puts(out, "\"");
    while (*text) {
        size_t n = 1 + strcspn(text + 1, "\"\\");
        if (*text == '"' || *text == '\\')
            ts_buffer_puts(out, "\\");
        ts_text_escape(out, text, n);
        text += n;
    }
    ts_buffer_puts(out, "\"");
}

/* types = { NAME = "text" } */
static void put_types(ts_buffer *out, const char *name)
{
    ts_buffer_puts(out, "types = { ");
    if (is_lua_name(name)) {
        ts_buffer_puts(out, name);
    } else {
        ts_buffer_puts(out, "[");
        put_quoted(out, name);
        ts_buffer_puts(out, "]");
    }
    ts_buffer_puts(out, " = \"text\" }");
}

const char *csv_type_stray(const csv_column *c, const csv_rules *rules,
                           const char *text, size_t length)
{
    static const char *const why[SPELLINGS] = {
        [SPELLED_OTHERWISE] = "is not a number",
        [SPELLED_ZEROS] = "is not a number (zeros lead it)",
        [SPELLED_INEXACT] = ("is not a number (whole, beyond 2^53, where not "
                             "each can be held)"),
        [SPELLED_DIGITS] = "is not a number (more than 17 digits)",
        [SPELLED_RANGE] = "is not a number (out of their range)",
        [SPELLED_THOUSANDS] = "is not a number (a comma between digits)",
        [SPELLED_COMMA] = "is not a number (a comma between digits)"};
    return c->codes ? "is none of the codes"
                    : why[csv_number_spelling(rules, text, length)];
}

/* What decides, as far as it is for the user to decide. */
static void put_remedy(ts_buffer *out, const csv_column *c)
{
    bool types = !c->declared && c->limits != LIMITS_MUST;
    if (c->codes) {
        ts_buffer_puts(out, "; the codes are ");
        for (size_t i = 0; i < c->codes->n && i < 8; i++) {
            const char *code = c->codes->code[i];
            ts_buffer_puts(out, i ? ", " : "");
            ts_text_escape(out, code, strlen(code));
        }
        ts_buffer_puts(out, c->codes->n > 8 ? ", ..." : "");
    } else if (c->declared) {
        ts_buffer_printf(out, ", but %s says real", c->declared_by);
        types = strcmp(c->declared_by, "types") != 0;
    } else if (c->limits == LIMITS_MUST) {
        ts_buffer_puts(out, ", but censored says numbers and limits");
    } else if (c->n_limit == c->n[CELL_OTHER]) {
        ts_buffer_puts(out, "; censored = { ");
        put_quoted(out, c->name);
        ts_buffer_puts(out, " } reads limits");
    }
    ts_buffer_puts(out, "; ");
    if (types) {
        put_types(out, c->name);
        ts_buffer_puts(out, ", ");
    }
    ts_buffer_puts(out, "na = { words } or lenient = true decides");
}

static void put_strays(ts_buffer *out, const csv_column *c, const char *path)
{
    for (size_t i = 0; i < c->n[CELL_OTHER] && i < CSV_SHOWN; i++) {
        const char *text = c->other[i].text;
        size_t length = strlen(text);
        if (i == 0)
            csv_place(out, path, c->other[i].line, c->other[i].column);
        else
            ts_buffer_printf(out, "%s%zu:%zu: ", i == 1 ? "; also " : ", ",
                             c->other[i].line, c->other[i].column);
        ts_buffer_puts(out, "'");
        ts_text_escape(out, text, length);
        ts_buffer_puts(out, "'");
        if (i == 0) {
            ts_buffer_printf(out, " %s in column ", c->other[i].why);
            ts_text_escape(out, c->name, strlen(c->name));
        }
    }
    size_t n = c->n[CELL_OTHER] + n_value(c);
    ts_buffer_printf(out, "; %zu of %zu value%s", c->n[CELL_OTHER], n,
                     n == 1 ? "" : "s");
    put_remedy(out, c);
}

/* The facts -------------------------------------------------------------- */

/* Numbers but for how they are written, where nothing else is in the way of
 * a column of numbers; zeros in front alone make identifiers. */
static void tell_spelling(const csv_column *c, ts_csv_column *f)
{
    size_t in_all = 0;
    for (int i = SPELLED_ZEROS; i < SPELLINGS; i++)
        in_all += c->n_spelled[i];
    if (c->declared || c->codes || in_all != c->n[CELL_OTHER])
        return;
    f->n_digits = (double)c->n_spelled[SPELLED_DIGITS];
    f->n_inexact = (double)c->n_spelled[SPELLED_INEXACT];
    f->n_thousands = (double)c->n_spelled[SPELLED_THOUSANDS];
    if (f->n_comma > 0)
        f->n_thousands -= (double)c->n_either;
}

static void tell(const csv_column *c, const ts_csv *csv, ts_csv_column *f)
{
    size_t missing = c->n[CELL_EMPTY] + c->n[CELL_DECLARED];
    bool real = c->type == TS_REAL;
    f->name = c->name;
    f->type = c->type;
    if (real || c->codes) {
        f->n_reject = (double)c->n[CELL_OTHER];
        missing += c->n[CELL_QUOTED] + c->n[CELL_WORD] + c->n[CELL_OTHER];
    }
    f->n_missing = (double)missing;
    f->n_na_word = (double)c->n[CELL_WORD];
    f->n_quoted = (double)c->n[CELL_QUOTED];
    f->n_declared = (double)c->n[CELL_DECLARED];
    f->n_number = (double)c->n[CELL_NUMBER];
    if (real) {
        f->n_below = (double)c->n[CELL_BELOW];
        f->n_above = (double)c->n[CELL_ABOVE];
    } else {
        f->n_limit = (double)(c->n_limit + c->n[CELL_BELOW] + c->n[CELL_ABOVE]);
        /* between commas quotes hold 1,000 as well as 1,5 */
        if (csv->facts.delimiter != ',' || c->n_comma > c->n_either)
            f->n_comma = (double)c->n_comma;
        tell_spelling(c, f);
        f->n_outer = c->codes ? 0 : (double)c->n_outer;
        if (c->limits && c->n[CELL_BELOW] + c->n[CELL_ABOVE] > 0) {
            f->n_stray = (double)c->n[CELL_OTHER];
            f->stray = c->other[0].text;
            f->stray_line = c->other[0].line;
        }
    }
    if (c->codes) {
        f->level = (const char *const *)c->codes->label;
        f->n_level = c->codes->n;
    }
}

/* BLQFL and the others behind a column that has limits. */
static ts_status tell_limits(csv_column *c, const ts_csv *csv, ts_csv_column *f,
                             ts_error *err)
{
    static const char *const names[] = {"BLQFL", "LLOQ", "ALQFL", "ULOQ"};
    bool aval = strcmp(c->name, "AVAL") == 0;
    for (int i = 0; i < (c->above ? 4 : 2); i++) {
        ts_buffer name = {0};
        if (!aval)
            ts_buffer_printf(&name, "%s_", c->name);
        ts_buffer_puts(&name, names[i]);
        c->made[i] = name.data;
        if (name.failed)
            return ts_fail_memory(err);
        double n_limit = i < 2 ? f->n_below : f->n_above;
        f[i + 1] = (ts_csv_column){
            .name = name.data,
            .type = i % 2 ? TS_REAL : TS_TEXT,
            .n_missing = i % 2 ? csv->facts.n_row - n_limit : f->n_missing};
    }
    return TS_OK;
}

/* The columns that censored makes are none that the file has. */
static ts_status check_made(const ts_csv *csv, ts_error *err)
{
    ts_buffer message = {0};
    const ts_csv_facts *f = &csv->facts;
    for (size_t i = 0; i < csv->n_field; i++)
        for (size_t k = 0; k < 4 && csv->column[i].made[k]; k++)
            for (size_t j = 0; j < f->n_column; j++) {
                const char *made = csv->column[i].made[k];
                if (f->column[j].name == made ||
                    strcasecmp(f->column[j].name, made) != 0)
                    continue;
                csv_place(&message, csv->path, 0, 0);
                ts_buffer_puts(&message, "censored: ");
                ts_text_escape(&message, csv->column[i].name,
                               strlen(csv->column[i].name));
                ts_buffer_puts(&message, " would get a column ");
                ts_text_escape(&message, made, strlen(made));
                ts_buffer_puts(&message, ", which is there already");
                return csv_fail(&message, TS_EEXISTS, err);
            }
    return TS_OK;
}

static ts_status room_for_facts(ts_csv *csv, size_t n, ts_error *err)
{
    if (n > CSV_MAX_COLUMN)
        return csv_fail_line(csv->path, 0, TS_ELIMIT,
                             "more than 2000 columns with those that censored "
                             "makes",
                             err);
    csv->facts.column = ts_alloc_array(n, sizeof *csv->facts.column);
    if (!csv->facts.column)
        return ts_fail_memory(err);
    csv->facts.n_column = n;
    return TS_OK;
}

void csv_type_strays(const ts_csv *csv, ts_buffer *out)
{
    for (size_t i = 0; i < csv->n_field && !csv->lenient; i++) {
        if (!has_strays(&csv->column[i]))
            continue;
        if (out->length)
            ts_buffer_puts(out, "; ");
        put_strays(out, &csv->column[i], csv->path);
    }
}

ts_status csv_type_decide(ts_csv *csv, ts_error *err)
{
    ts_buffer message = {0};
    ts_status status;
    size_t n = 0;
    for (size_t i = 0; i < csv->n_field; i++) {
        csv_column *c = &csv->column[i];
        c->type = type_of(c);
        c->flagged = c->type == TS_REAL && c->limits &&
                     (c->limits == LIMITS_MUST ||
                      c->n[CELL_BELOW] + c->n[CELL_ABOVE] > 0);
        c->above = c->flagged && c->n[CELL_ABOVE] > 0;
        c->out = n;
        n += 1 + (c->flagged ? 2 : 0) + (c->above ? 2 : 0);
    }
    csv_type_strays(csv, &message);
    if (message.length || message.failed)
        return csv_fail(&message, TS_ETYPE, err);
    status = room_for_facts(csv, n, err);
    for (size_t i = 0; i < csv->n_field && !status; i++) {
        csv_column *c = &csv->column[i];
        ts_csv_column *f = &csv->facts.column[c->out];
        tell(c, csv, f);
        if (c->flagged)
            status = tell_limits(c, csv, f, err);
    }
    return status ? status : check_made(csv, err);
}

ts_status csv_type_names(ts_csv *csv, ts_error *err)
{
    ts_status status = room_for_facts(csv, csv->n_field, err);
    for (size_t i = 0; i < csv->n_field && !status; i++)
        csv->facts.column[i].name = csv->column[i].name;
    return status;
}
