/*
 * What the parts of the CSV reader share: the text of a file in blocks
 * (csv_open.c, csv_gzip.c, csv_source.c), its records (csv_record.c), what a
 * cell is (csv_cell.c), what a column is (csv_type.c), the header and what
 * the options say of it (csv_header.c).
 */
#ifndef TS_CSV_PRIVATE_H
#define TS_CSV_PRIVATE_H

#include <iconv.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include "ts/csv.h"
#include "ts/error.h"
#include "ts/hash.h"
#include "ts/text.h"

#define CSV_MAX_RECORD 100000000
#define CSV_MAX_COLUMN 2000
#define CSV_MAX_NAME 10000

/* Text and messages ------------------------------------------------------- */

/* Why the text of a file ends before the file does. */
typedef enum { TEXT_GOOD, TEXT_NUL, TEXT_CONTROL, TEXT_ENCODING } csv_flaw;

typedef struct csv_gzip csv_gzip;

/*
 * The file as checked UTF-8, a window at a time: buffer[at, end) is read and
 * not yet used, buffer[end] is a line end that stops every scan.
 */
typedef struct {
    const char *path; /* borrowed */
    int fd;           /* -1 when data is read */
    const char *data; /* borrowed */
    size_t n_data, data_at;
    double size, done; /* bytes of the file, bytes read */
    size_t block;
    ts_hash *hash;
    csv_gzip *gzip; /* NULL: the bytes are text as they are */
    char *buffer;
    size_t at, end, room;
    size_t line; /* of buffer[at], from 1 */
    bool eof;    /* buffer[at, end) is all there is */
    bool ended;  /* the file has no more bytes */
    csv_flaw flaw;
    unsigned char flaw_byte;
    char encoding[40]; /* empty: UTF-8 */
    bool converts;
    iconv_t converter;
    unsigned char *raw; /* bytes to convert; n_raw are left from last time */
    size_t n_raw;
    unsigned char carry[4]; /* a character that the last block cut */
    size_t n_carry;
} csv_source;

/* Opens path (or options->data) and looks at the first bytes: other kinds of
 * file are refused by name. The source is valid for csv_source_close, also
 * after a failure. */
ts_status csv_source_open(csv_source *source, const char *path,
                          const ts_csv_options *options, ts_error *err);
/* What a file under the name of a CSV is instead, or NULL; *advice is what to
 * do then. head is its first n bytes, CSV_HEAD of them if it has as many. */
#define CSV_HEAD 512
const char *csv_other_kind(const unsigned char *head, size_t n,
                           const char **advice);
/* Back to the first character, behind any byte-order mark. */
ts_status csv_source_rewind(csv_source *source, ts_error *err);
/* More text into the window; buffer[at] moves to the front. Fails where the
 * text is flawed, at a record too long, and when interrupted. */
ts_status csv_source_fill(csv_source *source, ts_error *err);
/* Up to want bytes of the file as they are, summed; *got is 0 at its end. */
ts_status csv_source_take(csv_source *source, void *into, size_t want,
                          size_t *got, ts_error *err);
ts_status csv_source_too_long(const csv_source *source, ts_error *err);
/* The sum of the file, once it was read to its end. */
void csv_source_sum(csv_source *source, char hex[65]);
void csv_source_close(csv_source *source);

/* What gzip compressed. Reading takes bytes from the source and fails where
 * they are damaged, cut, or far too small for what they hold. */
ts_status csv_gzip_new(csv_gzip **out, ts_error *err);
ts_status csv_gzip_read(csv_gzip *gzip, csv_source *source, void *into,
                        size_t want, size_t *got, ts_error *err);
void csv_gzip_rewind(csv_gzip *gzip);
void csv_gzip_free(csv_gzip *gzip);

/* .tsv and .tab, compressed or not */
bool csv_is_tab_name(const char *path);

/* Line and column, in characters, of the place offset bytes behind at. */
void csv_source_place(const csv_source *source, size_t offset, size_t *line,
                      size_t *column);
/* Starts a message: "path:line:column: " with the path made printable. */
void csv_place(ts_buffer *out, const char *path, size_t line, size_t column);
/* Turns the message into an error, cut to what an error should be, and frees
 * the buffer. */
ts_status csv_fail(ts_buffer *message, ts_status code, ts_error *err);
/* "path:line: why", or "path: why" for line 0. */
ts_status csv_fail_line(const char *path, size_t line, ts_status code,
                        const char *why, ts_error *err);

/* Records ------------------------------------------------------------------ */

/* One cell of a record: where it is behind source->at, quotes taken off. */
typedef struct {
    uint32_t start, length;
    bool quoted, doubled;
} csv_cell;

typedef struct {
    size_t n;     /* cells in the record; the first 2000 are in cell[] */
    size_t bytes; /* with the line end */
    size_t lines; /* that the record takes */
    csv_cell *cell;
    size_t room;
    char delimiter;
    bool stop[256]; /* what ends a plain cell */
} csv_record;

void csv_record_delimiter(csv_record *record, char delimiter);
/* The record at source->at; *more is false when there is none. Call
 * csv_record_next to move behind it. */
ts_status csv_record_read(csv_source *source, csv_record *record, bool *more,
                          ts_error *err);
void csv_record_next(csv_source *source, const csv_record *record);
void csv_record_undouble(char *text, csv_cell *cell);
/* The text of a cell; takes the doubling off its quotes, in place. */
static inline const char *csv_record_text(const csv_source *source,
                                          csv_cell *cell)
{
    char *text = source->buffer + source->at + cell->start;
    if (cell->doubled)
        csv_record_undouble(text, cell);
    return text;
}
static inline bool csv_record_blank(const csv_record *record)
{
    return record->n == 1 && record->cell[0].length == 0 &&
           !record->cell[0].quoted;
}

/* Cells -------------------------------------------------------------------- */

/* Words that are missing because the user said so. */
typedef struct {
    char **word;
    size_t n;
    bool first[256]; /* first bytes of the words; [0]: the empty word */
} csv_words;

ts_status csv_words_copy(csv_words *words, const char *const *from, size_t n,
                         ts_error *err);
void csv_words_free(csv_words *words);
bool csv_words_find(const csv_words *words, const char *text, size_t n);
/* Whether text is one of them. */
static inline bool csv_words_have(const csv_words *words, const char *text,
                                  size_t n)
{
    return words->n > 0 && words->first[n ? (unsigned char)*text : 0] &&
           csv_words_find(words, text, n);
}

/* Codes and what they stand for. */
typedef struct {
    char **code, **label; /* n each */
    size_t *order;        /* of the codes, sorted */
    size_t n;
} csv_codes;

ts_status csv_codes_copy(csv_codes **out, const ts_csv_codes *from,
                         ts_error *err);
void csv_codes_free(csv_codes *codes);
/* Its place in the list, or -1. */
ptrdiff_t csv_codes_find(const csv_codes *codes, const char *text, size_t n);

/* How the cells of all columns are read. */
typedef struct {
    csv_words na;
    bool decimal_comma, empty_is_missing;
    bool point_too; /* 1,5 and 1.5 */
} csv_rules;

static inline bool csv_rules_comma(const csv_rules *rules, const char *text,
                                   size_t n)
{
    return rules->decimal_comma &&
           (!rules->point_too || memchr(text, ',', n) != NULL);
}

typedef enum {
    CELL_EMPTY,
    CELL_QUOTED,   /* quoted and empty */
    CELL_DECLARED, /* a word of the user's for missing */
    CELL_WORD,     /* NA or . */
    CELL_NUMBER,
    CELL_BELOW, /* "<50", where the column may have it */
    CELL_ABOVE,
    CELL_CODE,
    CELL_OTHER,
    CELL_KINDS
} csv_kind;

/* Whether text could be a number: most that are none begin otherwise. */
static inline bool csv_number_begins(const char *text, size_t n)
{
    return n > 0 &&
           ((*text >= '0' && *text <= '9') || *text == '-' || *text == '+');
}
/* Whole digits, but too many to be held exactly. */
bool csv_number_inexact(const char *text, size_t n);
/* What text is that would be a number, were it not written so. */
typedef enum {
    SPELLED_OTHERWISE, /* nothing of the kind */
    SPELLED_ZEROS,     /* 007 */
    SPELLED_INEXACT,   /* whole, beyond 2^53 */
    SPELLED_DIGITS,    /* more than 17 */
    SPELLED_RANGE,     /* 1e999 */
    SPELLED_THOUSANDS, /* 1,000 */
    SPELLED_COMMA,     /* 1,5 */
    SPELLINGS
} csv_spelling;
csv_spelling csv_number_spelling(const csv_rules *rules, const char *text,
                                 size_t n);
/* A number with a decimal comma. */
bool csv_number_comma(const char *text, size_t n, double *x);
/* The number that text is under these rules. */
static inline bool csv_number_parse(const csv_rules *rules, const char *text,
                                    size_t n, double *x)
{
    if (csv_rules_comma(rules, text, n))
        return csv_number_comma(text, n, x);
    return (n < 16 || !csv_number_inexact(text, n)) &&
           ts_number_parse(text, n, x);
}
static inline bool csv_number_is(const csv_rules *rules, const char *text,
                                 size_t n)
{
    double unused;
    if (!csv_number_begins(text, n))
        return false;
    if (csv_rules_comma(rules, text, n))
        return csv_number_comma(text, n, &unused);
    return ts_number_is(text, n) && (n < 16 || !csv_number_inexact(text, n));
}
/* CELL_BELOW for "<50", "< 50", "<=50", CELL_ABOVE for ">50"; else
 * CELL_OTHER. limit may be NULL. */
csv_kind csv_limit_parse(const csv_rules *rules, const char *text, size_t n,
                         double *limit);

/* Columns ------------------------------------------------------------------ */

#define CSV_SHOWN 5 /* stray cells that an error shows for a column */

typedef enum { LIMITS_NO, LIMITS_MAY, LIMITS_MUST } csv_limits;

/* One column of the file: what the options say of it, what the first pass
 * learns, and the first of its columns in the facts. */
typedef struct {
    char *name;
    ts_type declared; /* 0: not */
    /* who says so: borrowed while the file is opened */
    const char *declared_by;
    csv_limits limits;
    bool comma;       /* has decimal commas, whatever the others have */
    csv_codes *codes; /* NULL: none */
    size_t n[CELL_KINDS];
    /* of n[CELL_OTHER]; n_comma: decimal ones, of which n_either may be
     * between thousands too */
    size_t n_outer; /* with blanks around them */
    size_t n_comma, n_either, n_limit, n_spelled[SPELLINGS];
    struct {
        size_t line, column;
        const char *why;
        char text[48];
    } other[CSV_SHOWN];
    ts_type type;
    size_t out;
    bool flagged, above; /* has the columns of a limit; also of an upper one */
    char *made[4];       /* their names */
} csv_column;

/* Whether a text begins or ends with a blank, if only one that does not
 * break. */
bool csv_blank_outside(const char *text, size_t n);
/* What a cell is; a cell with a limit is CELL_OTHER in a column without. */
csv_kind csv_cell_kind(const csv_rules *rules, const csv_column *column,
                       const char *text, size_t length, bool quoted);
/* Counts one cell. True when it is neither value nor missing and one of the
 * first few, which csv_type_show keeps. */
bool csv_cell_count(csv_column *column, const csv_rules *rules,
                    const char *text, size_t length, bool quoted);
void csv_type_show(csv_column *column, const csv_rules *rules, const char *text,
                   size_t length, size_t line, size_t place);
/* Why a stray cell is one: "is not a number". */
const char *csv_type_stray(const csv_column *column, const csv_rules *rules,
                           const char *text, size_t length);
/* Whether a column with these cells is text to the reader. */
bool csv_type_is_text(const csv_column *column);

/* Why names[i] cannot stand beside those before it; false where it can. */
bool csv_name_wrong(const char *const *names, size_t i, ts_buffer *message);

/* The reader --------------------------------------------------------------- */

struct ts_csv {
    char *path;
    csv_source source;
    csv_record record;
    csv_rules rules, comma_rules; /* these share their words */
    size_t n_field;               /* cells of a good record */
    csv_column *column;
    size_t skip;
    bool lenient;
    ts_csv_facts facts;
    ts_builder *reject[4];
    ts_frame *rejects;
};

static inline const csv_rules *csv_rules_of(const ts_csv *csv, size_t field)
{
    return csv->column[field].comma ? &csv->comma_rules : &csv->rules;
}

/* To the header and over it: byte-order mark, "sep=;", lines to skip, names;
 * csv_header_pass does it in the second pass. */
ts_status csv_header_read(ts_csv *csv, const ts_csv_options *options,
                          ts_error *err);
ts_status csv_header_pass(ts_csv *csv, ts_error *err);
/* What the options say of single columns. */
ts_status csv_header_apply(ts_csv *csv, const ts_csv_options *options,
                           ts_error *err);
/* Where the cell of that field begins. */
void csv_cell_place(const ts_csv *csv, size_t field, size_t *line,
                    size_t *column);
/* Decides the types of all columns and fills facts->column, or says which
 * cells stand in the way. */
ts_status csv_type_decide(ts_csv *csv, ts_error *err);
/* Appends which those are, column by column; nothing where there are none. */
void csv_type_strays(const ts_csv *csv, ts_buffer *out);
/* csv_type_decide without types, for options->names_only. */
ts_status csv_type_names(ts_csv *csv, ts_error *err);

/* Sets a cell apart (column is its name), or a record (NULL). */
ts_status csv_reject_begin(ts_csv *csv, ts_error *err);
ts_status csv_reject_add(ts_csv *csv, double line, const char *column,
                         const char *text, size_t length, const char *reason,
                         ts_error *err);
ts_status csv_reject_end(ts_csv *csv, ts_error *err);
void csv_reject_free(ts_csv *csv);

#endif
