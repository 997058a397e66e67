/*
 * Headers and pages of SAS data sets (.sas7bdat) and catalogs: whether they are
 * whole, how many rows they say and how many their pages hold, and whether some
 * are deleted, which ReadStat 1.1.8 returns as live ones.
 *
 * Sources: Shotwell, SAS7BDAT database binary format (2013); pages that hold
 * deleted rows have bit 0x80 set in their type.
 */
#include "readstat_private.h"

#include <string.h>
#include "ts/interrupt.h"
#include "ts/memory.h"

#define MOST_PAGE (1u << 24) /* bytes of a page, and pages; as in ReadStat */

enum { TYPE = 0x0F00, DATA = 0x0100, MIX = 0x0200, COMPRESSED = 0x9000 };
enum { DELETED = 0x0080 };
enum { WHOLE = 0, CUT = 1, RUN_LENGTH = 4 }; /* of a piece of a page */

typedef struct {
    foreign_source *source;
    int word;             /* bytes of a size: 4 or 8 */
    size_t head, pointer; /* bytes of a page's head, of a pointer in it */
    uint64_t header, page, n_page;
    unsigned char *bytes; /* of a page */
    bool have_size;
    uint64_t said, on_mix; /* rows in all, and at most on a mixed page */
    uint64_t counted;      /* rows on data pages, and compressed ones */
    uint64_t n_mix, n_data;
} sas;

static ts_status read_header(sas *f, bool catalog, ts_error *err)
{
    static const unsigned char magic[32] = {
        0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,
        0,    0xc2, 0xea, 0x81, 0x60, 0xb3, 0x14, 0x11, 0xcf, 0xbd, 0x92,
        0x08, 0,    0x09, 0xc7, 0x31, 0x8c, 0x18, 0x1f, 0x10, 0x11};
    unsigned char head[40];
    ts_status status = foreign_bytes(f->source, 0, head, sizeof head, err);
    if (status)
        return status;
    unsigned char kind = head[15];
    head[15] = magic[15];
    if (memcmp(head, magic, sizeof magic) != 0 ||
        kind != (catalog ? 0x63 : 0x60))
        return foreign_fail(f->source, 0, err, "no SAS %s begins like this",
                            catalog ? "catalog" : "data set");
    if (head[37] > 1)
        return foreign_fail(f->source, 37, err,
                            "%d is no order of bytes: 0 or 1 is", head[37]);
    f->source->big = head[37] == 0;
    f->word = head[32] == '3' ? 8 : 4;
    f->head = f->word == 8 ? 40 : 24;
    f->pointer = f->word == 8 ? 24 : 12;
    uint64_t sizes = head[35] == '3' ? 200 : 196;
    if ((status = foreign_at(f->source, sizes, 4, &f->header, err)) ||
        (status = foreign_at(f->source, sizes + 4, 4, &f->page, err)) ||
        (status = foreign_at(f->source, sizes + 8, f->word, &f->n_page, err)))
        return status;
    if (f->header < 1024 || f->header > MOST_PAGE || f->page < 1024 ||
        f->page > MOST_PAGE || f->n_page > MOST_PAGE)
        return foreign_fail(f->source, sizes, err,
                            "a header of %llu bytes and %llu pages of %llu "
                            "bytes cannot be",
                            (unsigned long long)f->header,
                            (unsigned long long)f->n_page,
                            (unsigned long long)f->page);
    uint64_t end = f->header + f->n_page * f->page;
    if (end > f->source->size)
        return foreign_fail(f->source, f->source->size, err,
                            "the file ends here, cut: its last page would "
                            "end at byte %llu",
                            (unsigned long long)end);
    return TS_OK;
}

/* The piece of a page that says how many rows there are. */
static ts_status row_size(sas *f, uint64_t place, const unsigned char *p,
                          uint64_t length, ts_error *err)
{
    if (f->have_size)
        return foreign_fail(f->source, place, err,
                            "the number of rows stands here a second time");
    if (length < 16u * (unsigned)f->word)
        return foreign_fail(f->source, place, err,
                            "the number of rows should stand here");
    f->have_size = true;
    f->said = foreign_number(f->source, p + 6 * f->word, f->word);
    f->on_mix = foreign_number(f->source, p + 15 * f->word, f->word);
    return TS_OK;
}

/* Whether a piece begins like one that describes columns or sizes. */
static bool is_described(const sas *f, const unsigned char *p)
{
    uint32_t mark = (uint32_t)foreign_number(f->source, p, 4);
    if (mark == 0xFFFFFFFFu && f->source->big && f->word == 8)
        mark = (uint32_t)foreign_number(f->source, p + 4, 4);
    return mark == 0xF7F7F7F7u || mark == 0xF6F6F6F6u || mark == 0xFFFFFC00u ||
           mark == 0xFFFFFBFEu || (mark & 0xFFFFFFF8u) == 0xFFFFFFF8u;
}

/* The pieces of a page that is not all data: rows that are compressed each
 * have one. */
static ts_status walk(sas *f, uint64_t place, ts_error *err)
{
    uint64_t n = foreign_number(f->source, f->bytes + f->head - 4, 2);
    if (f->head + n * f->pointer > f->page)
        return foreign_fail(f->source, place + f->head - 4, err,
                            "%llu pieces do not fit on a page",
                            (unsigned long long)n);
    for (uint64_t i = 0; i < n; i++) {
        const unsigned char *p = f->bytes + f->head + i * f->pointer;
        uint64_t start = foreign_number(f->source, p, f->word);
        uint64_t length = foreign_number(f->source, p + f->word, f->word);
        unsigned char how = p[2 * f->word], is_row = p[2 * f->word + 1];
        if (!length || how == CUT)
            continue;
        if (start > f->page || length > f->page - start)
            return foreign_fail(f->source, place + (uint64_t)(p - f->bytes),
                                err, "a piece lies beyond its page");
        if (how == RUN_LENGTH) {
            f->counted++;
        } else if (how == WHOLE && length >= 2u * (unsigned)f->word) {
            const unsigned char *piece = f->bytes + start;
            if (is_row && !is_described(f, piece)) {
                f->counted++;
            } else if (foreign_number(f->source, piece, 4) == 0xF7F7F7F7u) {
                ts_status status =
                    row_size(f, place + start, piece, length, err);
                if (status)
                    return status;
            }
        }
    }
    return TS_OK;
}

static ts_status read_page(sas *f, uint64_t i, ts_error *err)
{
    uint64_t place = f->header + i * f->page;
    ts_status status = foreign_bytes(f->source, place, f->bytes, f->head, err);
    if (status)
        return status;
    unsigned type =
        (unsigned)foreign_number(f->source, f->bytes + f->head - 8, 2);
    if (type & DELETED)
        return ts_fail(
            err, TS_EFORMAT,
            "%s: page %llu holds rows that were deleted in SAS, and nothing "
            "tells which with certainty; in SAS, data new; set old; run; "
            "makes a data set without them",
            f->source->path, (unsigned long long)i + 1);
    if ((type & TYPE) == DATA) {
        f->n_data++;
        f->counted += foreign_number(f->source, f->bytes + f->head - 6, 2);
        return TS_OK;
    }
    if (type & COMPRESSED)
        return TS_OK;
    f->n_mix += (type & TYPE) == MIX;
    status = foreign_bytes(f->source, place + f->head, f->bytes + f->head,
                           f->page - f->head, err);
    return status ? status : walk(f, place, err);
}

/* A mixed page is full when data pages follow it. */
static ts_status compare(sas *f, ts_error *err)
{
    if (!f->have_size)
        return foreign_fail(f->source, f->header, err,
                            "no page says how many rows there are");
    uint64_t counted = f->counted, mixed = 0;
    if (f->n_mix && f->on_mix > f->said)
        mixed = f->said;
    else if (f->n_mix)
        mixed = f->on_mix * f->n_mix;
    if (!f->n_data && mixed > f->said)
        mixed = f->said;
    counted += mixed;
    if (counted != f->said)
        return ts_fail(err, TS_EFORMAT,
                       "%s: the header says %llu rows, the pages hold %llu",
                       f->source->path, (unsigned long long)f->said,
                       (unsigned long long)counted);
    return TS_OK;
}

ts_status foreign_check_sas(foreign_source *s, bool catalog, double *n_row,
                            ts_error *err)
{
    sas f = {.source = s};
    *n_row = -1;
    ts_status status = read_header(&f, catalog, err);
    if (status || catalog)
        return status;
    f.bytes = ts_alloc(f.page);
    if (!f.bytes)
        return ts_fail_memory(err);
    for (uint64_t i = 0; i < f.n_page && !status; i++) {
        status = read_page(&f, i, err);
        if (!status && i % 256 == 255)
            status = ts_progress("pages", (double)i, (double)f.n_page, err);
    }
    if (!status)
        status = compare(&f, err);
    if (!status)
        *n_row = (double)f.said;
    ts_free(f.bytes);
    return status;
}
