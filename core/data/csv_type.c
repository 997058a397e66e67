/*
 * What a column of a CSV file is, by all its cells: numbers, text, or numbers
 * with stray cells, which is an error that shows them.
 */
#include "csv_private.h"

#include <string.h>
#include <strings.h>
#include "ts/memory.h"

/* Words ------------------------------------------------------------------ */

ts_status csv_words_copy(csv_words *words, const char *const *from, size_t n,
                         ts_error *err)
{
    words->word = ts_alloc_array(n, sizeof *words->word);
    if (!words->word)
        return ts_fail_memory(err);
    for (; words->n < n; words->n++) {
        if (!(words->word[words->n] = ts_strdup(from[words->n])))
            return ts_fail_memory(err);
        words->first[(unsigned char)from[words->n][0]] = true;
    }
    return TS_OK;
}

void csv_words_free(csv_words *words)
{
    for (size_t i = 0; i < words->n; i++)
        ts_free(words->word[i]);
    ts_free(words->word);
}

bool csv_words_find(const csv_words *words, const char *text, size_t n)
{
    for (size_t i = 0; i < words->n; i++)
        if (strncmp(words->word[i], text, n) == 0 && words->word[i][n] == '\0')
            return true;
    return false;
}

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

/* Counting --------------------------------------------------------------- */

/* 1,5 and -12,25: what a spreadsheet writes in much of Europe. */
static bool has_decimal_comma(const char *text, size_t n)
{
    char copy[40];
    const char *comma = memchr(text, ',', n);
    if (!comma || n > sizeof copy)
        return false;
    memcpy(copy, text, n);
    copy[comma - text] = '.';
    return ts_number_is(copy, n);
}

bool csv_type_count(csv_column *c, const csv_words *words, const char *text,
                    size_t length, bool quoted)
{
    if (csv_words_have(words, text, length))
        c->n_declared++;
    else if (length == 0 && quoted)
        c->n_quoted_empty++;
    else if (length == 0)
        c->n_empty++;
    else if (csv_number_begins(text, length) && ts_number_is(text, length))
        c->n_number++;
    else if ((length == 2 && text[0] == 'N' && text[1] == 'A') ||
             (length == 1 && *text == '.'))
        c->n_word++;
    else {
        if (csv_number_begins(text, length))
            c->n_comma += has_decimal_comma(text, length);
        return c->n_other++ < CSV_SHOWN;
    }
    return false;
}

void csv_type_show(csv_column *c, const char *text, size_t length, size_t line,
                   size_t place)
{
    size_t i = c->n_other - 1, room = sizeof c->other[i].text - 4;
    size_t n = length < room ? length : room;
    while (n < length && n > 0 && (text[n] & 0xC0) == 0x80)
        n--;
    memcpy(c->other[i].text, text, n);
    strcpy(c->other[i].text + n, n < length ? "..." : "");
    c->other[i].line = line;
    c->other[i].column = place;
}

/* Deciding --------------------------------------------------------------- */

static ts_type type_of(const csv_column *c)
{
    if (c->declared)
        return c->declared;
    return c->n_other == 0 && (c->n_number > 0 || c->n_quoted_empty == 0)
               ? TS_REAL
               : TS_TEXT;
}

/* Stray cells in a column of numbers: few enough that text would hide them. */
static bool has_strays(const csv_column *c)
{
    if (c->n_other == 0 || c->declared == TS_TEXT)
        return false;
    return c->declared == TS_REAL || c->n_number / 9 >= c->n_other;
}

bool csv_type_is_text(const csv_column *c)
{
    return type_of(c) == TS_TEXT && !has_strays(c);
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

/* name as a key of a Lua table, to be copied from the message */
static void put_key(ts_buffer *out, const char *name)
{
    if (is_lua_name(name)) {
        ts_buffer_puts(out, name);
        return;
    }
    ts_buffer_puts(out, "[\"");
    for (; *name; name += 1 + strcspn(name + 1, "\"\\")) {
        if (*name == '"' || *name == '\\')
            ts_buffer_puts(out, "\\");
        ts_text_escape(out, name, 1 + strcspn(name + 1, "\"\\"));
    }
    ts_buffer_puts(out, "\"]");
}

static void put_strays(ts_buffer *out, const csv_column *c, const char *path)
{
    for (size_t i = 0; i < c->n_other && i < CSV_SHOWN; i++) {
        const char *text = c->other[i].text;
        if (i == 0)
            csv_place(out, path, c->other[i].line, c->other[i].column);
        else
            ts_buffer_printf(out, "%s%zu:%zu: ", i == 1 ? "; also " : ", ",
                             c->other[i].line, c->other[i].column);
        ts_buffer_puts(out, "'");
        ts_text_escape(out, text, strlen(text));
        ts_buffer_puts(out, "'");
        if (i == 0) {
            ts_buffer_puts(out, " is not a number in column ");
            ts_text_escape(out, c->name, strlen(c->name));
        }
    }
    ts_buffer_printf(out, "; %zu of %zu values", c->n_other,
                     c->n_other + c->n_number);
    if (c->declared == TS_REAL) {
        ts_buffer_puts(out, ", but types says real");
    } else {
        ts_buffer_puts(out, "; types = { ");
        put_key(out, c->name);
        ts_buffer_puts(out, " = \"text\" } or na = { words } decides");
    }
}

ts_status csv_type_decide(const csv_column *columns, const char *path,
                          ts_csv_facts *facts, ts_error *err)
{
    ts_buffer message = {0};
    for (size_t i = 0; i < facts->n_column; i++) {
        const csv_column *c = &columns[i];
        size_t missing = c->n_empty + c->n_declared;
        facts->types[i] = type_of(c);
        if (facts->types[i] == TS_REAL)
            missing += c->n_quoted_empty + c->n_word;
        facts->n_missing[i] = (double)missing;
        facts->n_na_word[i] = (double)c->n_word;
        facts->n_declared[i] = (double)c->n_declared;
        if (facts->delimiter != ',')
            facts->n_comma[i] = (double)c->n_comma;
        if (!has_strays(c))
            continue;
        if (message.length)
            ts_buffer_puts(&message, "; ");
        put_strays(&message, c, path);
    }
    if (message.length || message.failed)
        return csv_fail(&message, TS_ETYPE, err);
    return TS_OK;
}
