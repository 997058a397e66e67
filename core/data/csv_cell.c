/*
 * What one cell is: missing, a number, a number beside a limit, a code, or
 * something else. Both passes ask here, so that they agree.
 */
#include "csv_private.h"

#include <string.h>
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

/* Codes ------------------------------------------------------------------ */

/* The order of text (n bytes) and a code. */
static int compare(const char *text, size_t n, const char *code)
{
    size_t m = strlen(code);
    int order = memcmp(text, code, n < m ? n : m);
    return order ? order : (n > m) - (n < m);
}

/* By insertion: a field has a dozen choices, not thousands. */
static void sort(csv_codes *codes)
{
    for (size_t i = 0; i < codes->n; i++) {
        const char *code = codes->code[i];
        size_t at = i;
        for (; at > 0 && compare(code, strlen(code),
                                 codes->code[codes->order[at - 1]]) < 0;
             at--)
            codes->order[at] = codes->order[at - 1];
        codes->order[at] = i;
    }
}

ts_status csv_codes_copy(csv_codes **out, const ts_csv_codes *from,
                         ts_error *err)
{
    csv_codes *codes = ts_alloc_array(1, sizeof *codes);
    *out = codes;
    if (!codes)
        return ts_fail_memory(err);
    codes->code = ts_alloc_array(from->n, sizeof *codes->code);
    codes->label = ts_alloc_array(from->n, sizeof *codes->label);
    codes->order = ts_alloc_array(from->n, sizeof *codes->order);
    if (!codes->code || !codes->label || !codes->order)
        return ts_fail_memory(err);
    for (; codes->n < from->n; codes->n++) {
        size_t i = codes->n;
        codes->code[i] = ts_strdup(from->code[i]);
        codes->label[i] = codes->code[i] ? ts_strdup(from->label[i]) : NULL;
        if (!codes->label[i]) {
            ts_free(codes->code[i]);
            return ts_fail_memory(err);
        }
    }
    sort(codes);
    return TS_OK;
}

void csv_codes_free(csv_codes *codes)
{
    if (!codes)
        return;
    for (size_t i = 0; i < codes->n; i++) {
        ts_free(codes->code[i]);
        ts_free(codes->label[i]);
    }
    ts_free(codes->code);
    ts_free(codes->label);
    ts_free(codes->order);
    ts_free(codes);
}

ptrdiff_t csv_codes_find(const csv_codes *codes, const char *text, size_t n)
{
    size_t low = 0, high = codes->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2, i = codes->order[middle];
        int order = compare(text, n, codes->code[i]);
        if (order == 0)
            return (ptrdiff_t)i;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return -1;
}

/* Numbers ---------------------------------------------------------------- */

bool csv_number_inexact(const char *text, size_t n)
{
    uint64_t value = 0;
    size_t first = n > 0 && (*text == '-' || *text == '+');
    if (n - first < 16) /* 2^53 has 16 digits */
        return false;
    for (size_t i = first; i < n; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(text[i] - '0');
    }
    return n - first > 17 || (uint64_t)(double)value != value;
}

bool csv_number_comma(const char *text, size_t n, double *x)
{
    char copy[1000];
    if (n > sizeof copy || memchr(text, '.', n) || csv_number_inexact(text, n))
        return false;
    memcpy(copy, text, n);
    char *comma = memchr(copy, ',', n);
    if (comma)
        *comma = '.';
    return ts_number_parse(copy, n, x);
}

/* Digits at *p, in all and from the first that is not 0. */
static size_t skip_digits(const char **p, const char *end, size_t *significant)
{
    const char *from = *p;
    for (; *p < end && **p >= '0' && **p <= '9'; ++*p)
        *significant += *significant > 0 || **p != '0';
    return (size_t)(*p - from);
}

/* Digits, perhaps with a fraction and an exponent: why they are no number. */
static csv_spelling spelling_of_digits(const csv_rules *rules, const char *text,
                                       size_t n)
{
    const char *end = text + n, *p = text + (*text == '-' || *text == '+');
    const char *first = p;
    size_t significant = 0, unused = 0;
    size_t whole = skip_digits(&p, end, &significant);
    if (whole == 0)
        return SPELLED_OTHERWISE;
    bool zeros = *first == '0' && whole > 1, plain = p == end;
    if (p < end && *p == (csv_rules_comma(rules, text, n) ? ',' : '.')) {
        p++;
        if (skip_digits(&p, end, &significant) == 0)
            return SPELLED_OTHERWISE;
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        p += p < end && (*p == '-' || *p == '+');
        if (skip_digits(&p, end, &unused) == 0)
            return SPELLED_OTHERWISE;
    }
    if (p < end)
        return SPELLED_OTHERWISE;
    return zeros              ? SPELLED_ZEROS
           : plain            ? SPELLED_INEXACT
           : significant > 17 ? SPELLED_DIGITS
                              : SPELLED_RANGE;
}

/* 1,000 and -12,345,678.9 */
static bool has_thousands(const char *text, size_t n)
{
    const char *end = text + n, *p = text + (*text == '-' || *text == '+');
    size_t unused = 0, groups = 0, digits = skip_digits(&p, end, &unused);
    if (digits < 1 || digits > 3)
        return false;
    for (; p < end && *p == ','; groups++) {
        p++;
        if (skip_digits(&p, end, &unused) != 3)
            return false;
    }
    if (p < end && *p == '.') {
        p++;
        skip_digits(&p, end, &unused);
    }
    return groups > 0 && p == end;
}

csv_spelling csv_number_spelling(const csv_rules *rules, const char *text,
                                 size_t n)
{
    double unused;
    if (!csv_number_begins(text, n))
        return SPELLED_OTHERWISE;
    csv_spelling is = spelling_of_digits(rules, text, n);
    if (is || rules->decimal_comma || !memchr(text, ',', n))
        return is;
    return has_thousands(text, n)               ? SPELLED_THOUSANDS
           : csv_number_comma(text, n, &unused) ? SPELLED_COMMA
                                                : SPELLED_OTHERWISE;
}

csv_kind csv_limit_parse(const csv_rules *rules, const char *text, size_t n,
                         double *limit)
{
    const char *end = text + n;
    csv_kind kind;
    double x;
    if (n < 2)
        return CELL_OTHER;
    if (*text == '<' || *text == '>') {
        kind = *text == '<' ? CELL_BELOW : CELL_ABOVE;
        text += text[1] == '=' ? 2 : 1;
    } else if (n > 3 && (memcmp(text, "\xE2\x89\xA4", 3) == 0 ||
                         memcmp(text, "\xE2\x89\xA5", 3) == 0)) {
        kind = text[2] == '\xA4' ? CELL_BELOW : CELL_ABOVE;
        text += 3;
    } else {
        return CELL_OTHER;
    }
    while (text < end && *text == ' ')
        text++;
    if (!csv_number_parse(rules, text, (size_t)(end - text), &x))
        return CELL_OTHER;
    if (limit)
        *limit = x;
    return kind;
}

/* Cells ------------------------------------------------------------------ */

csv_kind csv_cell_kind(const csv_rules *rules, const csv_column *c,
                       const char *text, size_t length, bool quoted)
{
    if (csv_words_have(&rules->na, text, length))
        return CELL_DECLARED;
    if (length == 0)
        return quoted && !rules->empty_is_missing ? CELL_QUOTED : CELL_EMPTY;
    if (c->codes)
        return csv_codes_find(c->codes, text, length) < 0 ? CELL_OTHER
                                                          : CELL_CODE;
    if (csv_number_is(rules, text, length))
        return CELL_NUMBER;
    if ((length == 2 && text[0] == 'N' && text[1] == 'A') ||
        (length == 1 && *text == '.'))
        return CELL_WORD;
    return c->limits ? csv_limit_parse(rules, text, length, NULL) : CELL_OTHER;
}

/* Commas may be between thousands or, as a spreadsheet writes them in much of
 * Europe, decimal ones; 1,000 may be either. */
static void count_spelling(csv_column *c, const csv_rules *rules,
                           const char *text, size_t n)
{
    double unused;
    csv_spelling is = csv_number_spelling(rules, text, n);
    c->n_spelled[is]++;
    bool either = is == SPELLED_THOUSANDS && csv_number_comma(text, n, &unused);
    c->n_either += either;
    c->n_comma += either || is == SPELLED_COMMA;
}

bool csv_blank_outside(const char *text, size_t n)
{
    const char *end = text + n;
    return n > 0 && (*text == ' ' || *text == '\t' || end[-1] == ' ' ||
                     end[-1] == '\t' ||
                     (n > 1 && (memcmp(text, "\xC2\xA0", 2) == 0 ||
                                memcmp(end - 2, "\xC2\xA0", 2) == 0)));
}

bool csv_cell_count(csv_column *c, const csv_rules *rules, const char *text,
                    size_t length, bool quoted)
{
    csv_kind kind = csv_cell_kind(rules, c, text, length, quoted);
    size_t n = c->n[kind]++;
    if (kind != CELL_OTHER)
        return false;
    c->n_outer += csv_blank_outside(text, length);
    if (*text == '<' || *text == '>' || *text == '\xE2')
        c->n_limit += csv_limit_parse(rules, text, length, NULL) != CELL_OTHER;
    else
        count_spelling(c, rules, text, length);
    return n < CSV_SHOWN;
}
