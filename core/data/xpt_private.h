/* What the files of the XPT reader and writer share. */
#ifndef TS_XPT_PRIVATE_H
#define TS_XPT_PRIVATE_H

#include <iconv.h>
#include <stdint.h>
#include <sys/types.h>
#include "ts/file.h"
#include "ts/xpt.h"

#define XPT_RECORD 80
#define XPT_MAX_COLUMN 2000
#define XPT_MAX_MEMBER 1000
#define XPT_MAX_TEXT 32767

/* Text in an encoding of one byte per ASCII character, to or from UTF-8. */
typedef struct {
    iconv_t converter;
    bool converts;
    char name[64];
    ts_buffer text; /* of the last conversion */
} xpt_encoding;

/* encoding NULL or UTF-8: nothing to convert. */
ts_status xpt_encoding_open(xpt_encoding *e, const char *encoding, bool write,
                            ts_error *err);
void xpt_encoding_close(xpt_encoding *e);
/* e->text becomes the converted text; length of what could be converted. */
size_t xpt_encoding_convert(xpt_encoding *e, const char *text, size_t length);
/* The first byte that is no text: not UTF-8, NUL, another control character
 * (tab and line ends are text); length if there is none. */
size_t xpt_text_check(const char *text, size_t length, bool converted);

/* The bytes of a file: any place of it, through a window. */
typedef struct {
    const char *path;
    int fd;
    const char *data; /* instead of fd */
    size_t size;
    size_t block, room, start, length; /* of the window */
    unsigned char *window;
} xpt_source;

ts_status xpt_source_open(xpt_source *s, const char *path,
                          const ts_xpt_options *options, ts_error *err);
void xpt_source_close(xpt_source *s);
/* n bytes at that place, all of them within s->size; valid until the next
 * call. */
ts_status xpt_source_at(xpt_source *s, size_t place, size_t n,
                        const unsigned char **out, ts_error *err);
ts_status xpt_source_sum(xpt_source *s, char sha256[65], ts_error *err);

/* "file: byte N: " and what is wrong there; frees message. */
ts_status xpt_fail(const xpt_source *s, size_t place, ts_status code,
                   ts_error *err, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* Bytes of the file at that place as UTF-8, checked; valid until the next
 * conversion. */
ts_status xpt_text_read(xpt_source *s, xpt_encoding *e, size_t place,
                        const char *bytes, size_t length, const char **out,
                        size_t *n, ts_error *err);

/* One member as the headers describe it. */
typedef struct {
    char *name;
    size_t start;      /* of its first header */
    size_t descriptor; /* the two records about it */
    size_t namestr;    /* descriptions of variables */
    size_t n_variable, namestr_size;
    size_t labels, n_label; /* 0: none */
    int label_form;         /* 8: labels; 9: formats, too */
    size_t width;           /* of a row */
    bool all_text;          /* no variable is a number */
    size_t data, end;       /* rows and padding; end may be within a record */
    double said;            /* rows in the header of version 8; < 0: none */
} xpt_member;

typedef struct {
    int version;
    size_t n_member, room;
    xpt_member *member;
} xpt_library;

/* Where the members are. */
ts_status xpt_header_read(xpt_source *s, xpt_encoding *e, xpt_library *library,
                          ts_error *err);
void xpt_library_free(xpt_library *library);
/* The variables of one member into facts. */
ts_status xpt_variables_read(xpt_source *s, xpt_encoding *e, int version,
                             const xpt_member *m, ts_xpt_facts *facts,
                             ts_error *err);
void xpt_variables_free(ts_xpt_facts *facts);
/* Labels and formats that are longer than their fields: calls `each` for
 * every entry; *end is where the padded section ends. */
typedef struct {
    unsigned variable;                    /* from 1 */
    size_t name, label, format, informat; /* places; lengths follow */
    unsigned n_name, n_label, n_format, n_informat;
} xpt_label;
ts_status xpt_labels_read(xpt_source *s, const xpt_member *m,
                          ts_status (*each)(void *, const xpt_label *,
                                            ts_error *),
                          void *context, size_t *end, ts_error *err);
static inline int xpt_short(const unsigned char *p)
{
    return (int16_t)(p[0] << 8 | p[1]);
}
/* Text of a header: no trailing blanks and NULs; NULL: none. */
ts_status xpt_header_text(xpt_source *s, xpt_encoding *e, size_t place,
                          size_t length, char **out, ts_error *err);

/* Writing ------------------------------------------------------------------ */

typedef struct {
    char name[33]; /* with $, without width */
    int width, decimals;
} xpt_format;

typedef struct {
    const ts_column *column;
    size_t length; /* of a value */
    char **text;   /* by level, converted and trimmed */
    size_t *n_text;
    char *label; /* converted */
    xpt_format format, informat;
} xpt_field;

typedef struct {
    const ts_frame *frame;
    ts_xpt_write_options options;
    bool eight;
    char time[17];
    char *label;
    xpt_field *field;
    size_t width;
    bool all_text;
    xpt_encoding encoding;
    ts_buffer out;
    ts_file_out *file;
    ts_xpt_written written;
} xpt_writer;

/* Everything before the rows, into w->out. */
void xpt_add_header(xpt_writer *w);
/* Text of that width, cut or filled with blanks. */
void xpt_add_padded(ts_buffer *out, const char *text, size_t width);

#endif
