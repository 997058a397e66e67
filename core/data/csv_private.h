/*
 * What the parts of the CSV reader share: the text of a file in blocks
 * (csv_source.c), its records (csv_record.c), and the list of complaints.
 */
#ifndef TS_CSV_PRIVATE_H
#define TS_CSV_PRIVATE_H

#include <iconv.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "ts/csv.h"
#include "ts/error.h"
#include "ts/hash.h"
#include "ts/text.h"

#define CSV_MAX_RECORD 100000000
#define CSV_MAX_COLUMN 2000
#define CSV_MAX_NAME 10000

/* Why the text of a file ends before the file does. */
typedef enum { TEXT_GOOD, TEXT_NUL, TEXT_CONTROL, TEXT_ENCODING } csv_flaw;

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
/* Back to the first character, behind any byte-order mark. */
ts_status csv_source_rewind(csv_source *source, ts_error *err);
/* More text into the window; buffer[at] moves to the front. Fails where the
 * text is flawed, at a record too long, and when interrupted. */
ts_status csv_source_fill(csv_source *source, ts_error *err);
ts_status csv_source_too_long(const csv_source *source, ts_error *err);
/* The sum of the file, once it was read to its end. */
void csv_source_sum(csv_source *source, char hex[65]);
void csv_source_close(csv_source *source);

/* .tsv and .tab */
bool csv_is_tab_name(const char *path);

/* Line and column, in characters, of the place offset bytes behind at. */
void csv_source_place(const csv_source *source, size_t offset, size_t *line,
                      size_t *column);
/* Starts a message: "path:line:column: " with the path made printable. */
void csv_place(ts_buffer *out, const char *path, size_t line, size_t column);
/* Turns the message into an error, cut to what an error should be, and frees
 * the buffer. */
ts_status csv_fail(ts_buffer *message, ts_status code, ts_error *err);

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

/* Typing (csv_type.c) ---------------------------------------------------- */

#define CSV_SHOWN 5 /* stray cells that an error shows for a column */

/* What the first pass learns about a column. */
typedef struct {
    const char *name;                 /* borrowed */
    ts_type declared;                 /* 0: not */
    size_t n_number, n_other, n_word; /* words: NA and . */
    size_t n_empty, n_quoted_empty, n_declared;
    size_t n_comma; /* of n_other: with a decimal comma */
    struct {
        size_t line, column;
        char text[48];
    } other[CSV_SHOWN];
} csv_column;

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

/* Whether text could be a number: most that are none begin otherwise. */
static inline bool csv_number_begins(const char *text, size_t n)
{
    return n > 0 &&
           ((*text >= '0' && *text <= '9') || *text == '-' || *text == '+');
}

/* Counts one cell. True when it is neither number nor missing and one of the
 * first few, which csv_type_show keeps. */
bool csv_type_count(csv_column *column, const csv_words *words,
                    const char *text, size_t length, bool quoted);
void csv_type_show(csv_column *column, const char *text, size_t length,
                   size_t line, size_t place);
/* Decides the types of all columns, or says which cells stand in the way. */
ts_status csv_type_decide(const csv_column *columns, const char *path,
                          ts_csv_facts *facts, ts_error *err);

/* Whether a column with these cells is text to the reader. */
bool csv_type_is_text(const csv_column *column);

/* Why names[i] cannot stand beside those before it; false where it can. */
bool csv_name_wrong(const char *const *names, size_t i, ts_buffer *message);

#endif
