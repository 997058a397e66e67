/*
 * Stata files (.dta): whether they are whole. ReadStat leaves out, without a
 * word, labels that the end of the file cut away.
 *
 * Source: Stata's manual, file formats .dta (113 to 119).
 */
#include "readstat_private.h"

#include <string.h>

typedef struct {
    foreign_source *source;
    int version;
    uint64_t n_column, n_row, width; /* of a row */
    uint64_t place;
} dta;

/* Bytes of a value by the code of its type; 0: no such type. */
static uint64_t size_of(const dta *f, uint64_t code)
{
    if (f->version >= 117)
        return code <= 2045    ? code
               : code == 32768 ? 8 /* a long text, elsewhere */
               : code == 65526 ? 8
               : code <= 65526 ? 0
               : code <= 65528 ? 4
               : code == 65529 ? 2
               : code == 65530 ? 1
                               : 0;
    if (f->version >= 111)
        return code <= 244   ? code
               : code <= 250 ? 0
               : code <= 252 ? code - 250
               : code <= 254 ? 4
                             : 8;
    switch (code) {
    case 'b':
        return 1;
    case 'i':
        return 2;
    case 'l':
    case 'f':
        return 4;
    case 'd':
        return 8;
    default:
        return code > 0x7F ? code - 0x7F : 0;
    }
}

static ts_status add_widths(dta *f, uint64_t place, int bytes, ts_error *err)
{
    for (uint64_t j = 0; j < f->n_column; j++) {
        uint64_t code, size;
        ts_status status = foreign_at(f->source, place + j * (uint64_t)bytes,
                                      bytes, &code, err);
        if (status)
            return status;
        if (!(size = size_of(f, code)))
            return foreign_fail(f->source, place + j * (uint64_t)bytes, err,
                                "%llu is no type of a column",
                                (unsigned long long)code);
        f->width += size;
    }
    return TS_OK;
}

static ts_status too_many(const dta *f, ts_error *err)
{
    return f->n_column <= FOREIGN_MAX_COLUMN
               ? TS_OK
               : ts_fail(err, TS_ELIMIT, "%s: %llu columns, %d are the most",
                         f->source->path, (unsigned long long)f->n_column,
                         FOREIGN_MAX_COLUMN);
}

/* Where the rows would end; false beyond the end of the file. */
static bool rows_fit(const dta *f, uint64_t place)
{
    return place <= f->source->size &&
           (!f->width || f->n_row <= (f->source->size - place) / f->width);
}

/* Before version 117: one part behind the other -------------------------- */

static ts_status skip_extras(dta *f, ts_error *err)
{
    int bytes = f->version < 110 ? 2 : 4;
    uint64_t kind = 1, n = 1;
    ts_status status = TS_OK;
    while (!status && (kind || n)) {
        if ((status = foreign_at(f->source, f->place, 1, &kind, err)) ||
            (status = foreign_at(f->source, f->place + 1, bytes, &n, err)))
            return status;
        f->place += 1 + (uint64_t)bytes + n;
    }
    return status;
}

/* Tables of value labels up to the end of the file. */
static ts_status walk_labels(dta *f, ts_error *err)
{
    uint64_t n, end = f->source->size;
    while (f->place < end) {
        ts_status status = foreign_at(f->source, f->place, 4, &n, err);
        if (status)
            return status;
        if (end - f->place < 40 || n < 8 || n > end - f->place - 40)
            return foreign_fail(f->source, f->place, err,
                                "the value labels that begin here are cut or "
                                "damaged");
        f->place += 40 + n;
    }
    return TS_OK;
}

static ts_status check_old(dta *f, ts_error *err)
{
    unsigned char head[10];
    int v = f->version;
    ts_status status = foreign_bytes(f->source, 0, head, sizeof head, err);
    if (status)
        return status;
    if (head[1] != 1 && head[1] != 2)
        return foreign_fail(f->source, 1, err,
                            "%d is no order of bytes: 1 or 2 is", head[1]);
    f->source->big = head[1] == 1;
    f->n_column = foreign_number(f->source, head + 4, 2);
    f->n_row = foreign_number(f->source, head + 6, 4);
    uint64_t name = v < 110 ? 9 : 33, label = v < 108 ? 32 : 81;
    uint64_t format = v < 105 ? 7 : v < 114 ? 12 : 49;
    f->place = 10 + label + (v < 105 ? 0 : 18);
    if ((status = too_many(f, err)) ||
        (status = add_widths(f, f->place, 1, err)))
        return status;
    f->place += f->n_column * (1 + 2 + 2 * name + format + label) + 2;
    if (v >= 105 && (status = skip_extras(f, err)))
        return status;
    if (!rows_fit(f, f->place))
        return foreign_fail(f->source, f->source->size, err,
                            "the file ends here, cut: it should hold %llu rows",
                            (unsigned long long)f->n_row);
    f->place += f->n_row * f->width;
    return v < 110 ? TS_OK : walk_labels(f, err);
}

/* Since version 117: parts between tags, and a map of where they are ------- */

static ts_status tag(dta *f, const char *text, ts_error *err)
{
    char found[40];
    size_t n = strlen(text);
    ts_status status = foreign_bytes(f->source, f->place, found, n, err);
    if (!status && memcmp(found, text, n) != 0)
        status = foreign_fail(f->source, f->place, err, "%s should stand here",
                              text);
    f->place += n;
    return status;
}

static ts_status take(dta *f, const char *open, int bytes, uint64_t *out,
                      const char *shut, ts_error *err)
{
    ts_status status = tag(f, open, err);
    if (!status)
        status = foreign_at(f->source, f->place, bytes, out, err);
    f->place += (uint64_t)bytes;
    return status ? status : tag(f, shut, err);
}

/* A text behind its length. */
static ts_status skip_text(dta *f, const char *open, int bytes,
                           const char *shut, ts_error *err)
{
    uint64_t n = 0;
    ts_status status = tag(f, open, err);
    if (!status)
        status = foreign_at(f->source, f->place, bytes, &n, err);
    f->place += (uint64_t)bytes + n;
    return status ? status : tag(f, shut, err);
}

enum { TYPES = 2, ROWS = 9, LONG_TEXTS = 10, LAST_TAG = 12, N_MAP = 14 };

static ts_status read_map(dta *f, uint64_t *map, ts_error *err)
{
    ts_status status = tag(f, "<map>", err);
    for (int i = 0; i < N_MAP && !status; i++) {
        status = foreign_at(f->source, f->place, 8, &map[i], err);
        if (!status && map[i] > f->source->size)
            status = foreign_fail(f->source, f->source->size, err,
                                  "the file ends here, cut: a part of it "
                                  "should stand at byte %llu",
                                  (unsigned long long)map[i]);
        f->place += 8;
    }
    return status ? status : tag(f, "</map>", err);
}

static ts_status check_parts(dta *f, const uint64_t *map, ts_error *err)
{
    f->place = map[TYPES];
    ts_status status = tag(f, "<variable_types>", err);
    if (!status)
        status = add_widths(f, f->place, 2, err);
    f->place = map[ROWS];
    if (!status)
        status = tag(f, "<data>", err);
    if (!status && !rows_fit(f, f->place))
        status = foreign_fail(
            f->source, f->place, err, "%llu rows of %llu bytes do not fit here",
            (unsigned long long)f->n_row, (unsigned long long)f->width);
    if (status)
        return status;
    f->place += f->n_row * f->width;
    if ((status = tag(f, "</data>", err)))
        return status;
    f->place = map[LONG_TEXTS];
    if ((status = tag(f, "<strls>", err)))
        return status;
    f->place = map[LAST_TAG];
    return tag(f, "</stata_dta>", err);
}

static ts_status check_new(dta *f, ts_error *err)
{
    char release[3], order[3];
    uint64_t map[N_MAP];
    ts_status status = tag(f, "<stata_dta><header><release>", err);
    if (!status)
        status = foreign_bytes(f->source, f->place, release, 3, err);
    if (status)
        return status;
    for (int i = 0; i < 3; i++)
        f->version = 10 * f->version + (release[i] - '0');
    if (f->version < 117 || f->version > 119)
        return foreign_fail(f->source, f->place, err,
                            "version %.3s of the format is not known, 117 to "
                            "119 are",
                            release);
    f->place += 3;
    if ((status = tag(f, "</release><byteorder>", err)) ||
        (status = foreign_bytes(f->source, f->place, order, 3, err)))
        return status;
    f->source->big = memcmp(order, "MSF", 3) == 0;
    if (!f->source->big && memcmp(order, "LSF", 3) != 0)
        return foreign_fail(f->source, f->place, err,
                            "MSF or LSF should stand here");
    f->place += 3;
    bool wide = f->version >= 118;
    if ((status = tag(f, "</byteorder>", err)) ||
        (status = take(f, "<K>", f->version == 119 ? 4 : 2, &f->n_column,
                       "</K>", err)) ||
        (status = take(f, "<N>", wide ? 8 : 4, &f->n_row, "</N>", err)) ||
        (status = skip_text(f, "<label>", wide ? 2 : 1, "</label>", err)) ||
        (status =
             skip_text(f, "<timestamp>", 1, "</timestamp></header>", err)) ||
        (status = too_many(f, err)) || (status = read_map(f, map, err)))
        return status;
    return check_parts(f, map, err);
}

ts_status foreign_check_stata(foreign_source *s, double *n_row, ts_error *err)
{
    dta f = {.source = s};
    unsigned char first;
    *n_row = -1;
    ts_status status = foreign_bytes(s, 0, &first, 1, err);
    if (status)
        return status;
    if (first == '<') {
        status = check_new(&f, err);
    } else if (first >= 104 && first <= 115) {
        f.version = first;
        status = check_old(&f, err);
    } else {
        status = foreign_fail(s, 0, err, "no Stata file begins like this");
    }
    if (!status)
        *n_row = (double)f.n_row;
    return status;
}
