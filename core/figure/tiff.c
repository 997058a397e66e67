/*
 * A baseline TIFF from gnuplot's PNG, which has no terminal for it: RGB, a byte
 * each, LZW, in strips, with its resolution (TIFF 6.0). The PNG is
 * decoded a row at a time, so that no whole page stands in memory.
 */
#include "ts/gnuplot.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include "ts/memory.h"

enum { ROWS = 64, HEAD = 8 }; /* rows of a strip, bytes before the first */

typedef struct {
    z_stream stream;
    const unsigned char *at, *end; /* the chunks not yet read */
    uint32_t width, height;
    size_t pixel;               /* bytes of one in the PNG: 3 or 4 */
    unsigned char *row, *above; /* with the byte of the filter before them */
    unsigned char *rgb;         /* the row's pixels: in it, or in opaque */
    unsigned char *opaque;
} picture;

static uint32_t get32(const unsigned char *in)
{
    return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 |
           (uint32_t)in[2] << 8 | in[3];
}

/* Reading ------------------------------------------------------------------ */

/* The next IDAT becomes the input of the stream. */
static bool next_data(picture *p)
{
    while (p->end - p->at >= 12) {
        const unsigned char *chunk = p->at;
        uint32_t n = get32(chunk);
        p->at += 12 + (size_t)n;
        if (memcmp(chunk + 4, "IDAT", 4) == 0) {
            p->stream.next_in = (unsigned char *)chunk + 8;
            p->stream.avail_in = n;
            return true;
        }
    }
    return false;
}

static unsigned char paeth(int a, int b, int c)
{
    if (b == c) /* as nearly everywhere */
        return (unsigned char)a;
    int p = a + b - c, pa = abs(p - a), pb = abs(p - b), pc = abs(p - c);
    return (unsigned char)(pa <= pb && pa <= pc ? a : pb <= pc ? b : c);
}

/* x + y, byte by byte, eight at a time. */
static void add_bytes(unsigned char *x, const unsigned char *y, size_t n)
{
    const uint64_t high = 0x8080808080808080;
    size_t i = 0;
    for (uint64_t a, b; n - i >= 8; i += 8) {
        memcpy(&a, x + i, 8);
        memcpy(&b, y + i, 8);
        a = ((a & ~high) + (b & ~high)) ^ ((a ^ b) & high);
        memcpy(x + i, &a, 8);
    }
    for (; i < n; i++)
        x[i] = (unsigned char)(x[i] + y[i]);
}

/* Undoes the filter of a row (PNG 1.2, 6). */
static bool unfilter(const picture *p)
{
    unsigned char *x = p->row + 1, *b = p->above + 1;
    size_t n = p->width * p->pixel, back = p->pixel;
    switch (p->row[0]) { /* most rows of a figure are like those above */
    case 0:
        break;
    case 1:
        for (size_t i = back; i < n; i++)
            x[i] = (unsigned char)(x[i] + x[i - back]);
        break;
    case 2:
        add_bytes(x, b, n);
        break;
    case 3:
        for (size_t i = 0; i < n; i++)
            x[i] = (unsigned char)(x[i] +
                                   ((i < back ? 0 : x[i - back]) + b[i]) / 2);
        break;
    case 4:
        for (size_t i = 0; i < n; i++)
            x[i] =
                (unsigned char)(x[i] + paeth(i < back ? 0 : x[i - back], b[i],
                                             i < back ? 0 : b[i - back]));
        break;
    default:
        return false;
    }
    return true;
}

/* What is transparent shows white. */
static void lay_on_white(picture *p)
{
    for (size_t i = 0; i < p->width; i++) {
        const unsigned char *from = p->row + 1 + 4 * i;
        int alpha = from[3];
        for (int k = 0; k < 3; k++)
            p->opaque[3 * i + (size_t)k] =
                (unsigned char)((from[k] * alpha + 255 * (255 - alpha)) / 255);
    }
}

/* The next row, as RGB. */
static bool read_row(picture *p)
{
    unsigned char *other = p->above;
    p->above = p->row;
    p->row = other;
    p->stream.next_out = p->row;
    p->stream.avail_out = (uInt)(p->width * p->pixel + 1);
    while (p->stream.avail_out) {
        if (!p->stream.avail_in && !next_data(p))
            return false;
        int state = inflate(&p->stream, Z_NO_FLUSH);
        if (state != Z_OK && !(state == Z_STREAM_END && !p->stream.avail_out))
            return false;
    }
    if (!unfilter(p))
        return false;
    p->rgb = p->pixel == 3 ? p->row + 1 : p->opaque;
    if (p->pixel == 4)
        lay_on_white(p);
    return true;
}

/* Writing ------------------------------------------------------------------ */

static void add16(ts_buffer *out, unsigned x)
{
    char bytes[2] = {(char)x, (char)(x >> 8)};
    ts_buffer_add(out, bytes, 2);
}

static void add32(ts_buffer *out, uint32_t x)
{
    add16(out, x & 0xFFFF);
    add16(out, x >> 16);
}

/* LZW (TIFF 6.0, 13): codes of 9 to 12 bits, the first bit first, one longer a
 * code earlier than needed. Strings are found by hashing (prefix, byte); those
 * of white alone, of which most of a figure is, by their length. */
enum {
    WHITE = 255,
    CLEAR = 256,
    END = 257,
    FIRST = 258,
    LAST = 4093,
    SLOTS = 1 << 13
};

typedef struct {
    ts_buffer *out;
    uint32_t held; /* bits not yet written, and how many */
    int n_held, bits, next;
    int prefix;               /* the string so far; -1: none */
    size_t n_white;           /* its length when it is white, else 0 */
    uint32_t slot[SLOTS];     /* prefix, byte and code; 0: none */
    size_t longest;           /* white string that has a code */
    uint16_t white[LAST + 1]; /* codes by length */
} lzw;

static void put_code(lzw *z, int code)
{
    z->held = z->held << z->bits | (uint32_t)code;
    z->n_held += z->bits;
    while (z->n_held >= 8) {
        char byte = (char)(z->held >> (z->n_held - 8));
        ts_buffer_add(z->out, &byte, 1);
        z->n_held -= 8;
    }
}

static void clear(lzw *z)
{
    put_code(z, CLEAR);
    memset(z->slot, 0, sizeof z->slot);
    z->longest = 1;
    z->white[1] = WHITE;
    z->bits = 9;
    z->next = FIRST;
}

static void begin_strip(lzw *z, ts_buffer *out)
{
    z->out = out;
    z->held = 0;
    z->n_held = 0;
    z->bits = 9;
    z->prefix = -1;
    z->n_white = 0;
    clear(z);
}

static void end_strip(lzw *z)
{
    if (z->prefix >= 0) {
        put_code(z, z->prefix);
        z->next++;
        if (z->next == 1 << z->bits && z->bits < 12)
            z->bits++;
    }
    put_code(z, END);
    if (z->n_held) { /* the rest of the last byte is zero */
        char byte = (char)(z->held << (8 - z->n_held));
        ts_buffer_add(z->out, &byte, 1);
    }
}

/* The string so far got a code; the next begins with byte. */
static void restart(lzw *z, unsigned char byte)
{
    z->next++;
    z->prefix = byte;
    z->n_white = byte == WHITE;
    if (z->next > LAST)
        clear(z);
    else if (z->next == 1 << z->bits)
        z->bits++;
}

/* n white bytes behind a white string: a step for each code, not each byte */
static void pack_white(lzw *z, size_t n)
{
    while (n) {
        size_t known = z->longest - z->n_white;
        if (known) {
            z->n_white += known < n ? known : n;
            n -= known < n ? known : n;
            z->prefix = z->white[z->n_white];
        } else {
            put_code(z, z->prefix);
            z->white[++z->longest] = (uint16_t)z->next;
            restart(z, WHITE);
            n--;
        }
    }
}

static size_t white_bytes(const unsigned char *row, size_t n)
{
    size_t i = 0;
    for (uint64_t eight; n - i >= sizeof eight; i += sizeof eight) {
        memcpy(&eight, row + i, sizeof eight);
        if (eight != UINT64_MAX)
            break;
    }
    while (i < n && row[i] == WHITE)
        i++;
    return i;
}

/* Where a string is, or an empty slot for it. */
static uint32_t *find(lzw *z, uint32_t key)
{
    uint32_t i = key * 2654435761u >> 19;
    while (z->slot[i] && z->slot[i] >> 12 != key)
        i = (i + 1) % SLOTS;
    return &z->slot[i];
}

static void pack(lzw *z, const unsigned char *row, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (z->prefix < 0) {
            z->prefix = row[i];
            z->n_white = row[i] == WHITE;
            continue;
        }
        if (z->n_white && row[i] == WHITE) {
            size_t run = white_bytes(row + i, n - i);
            pack_white(z, run);
            i += run - 1;
            continue;
        }
        uint32_t key = (uint32_t)z->prefix << 8 | row[i];
        uint32_t *slot = find(z, key);
        if (*slot) {
            z->prefix = (int)(*slot & 0xFFF);
            z->n_white = 0;
            continue;
        }
        put_code(z, z->prefix);
        *slot = key << 12 | (uint32_t)z->next;
        restart(z, row[i]);
    }
}

enum { SHORT = 3, LONG = 4, ASCII = 2, RATIONAL = 5 };

static void add_tag(ts_buffer *out, unsigned tag, unsigned type, uint32_t count,
                    uint32_t value)
{
    add16(out, tag);
    add16(out, type);
    add32(out, count);
    add32(out, value);
}

/* Values that do not fit a tag, then the directory of tags. */
static void add_directory(ts_buffer *out, const picture *p, double dpi,
                          const uint32_t *offset, const uint32_t *bytes,
                          const char *software)
{
    uint32_t strips = (p->height + ROWS - 1) / ROWS;
    uint32_t bits = (uint32_t)out->length;
    for (int i = 0; i < 3; i++)
        add16(out, 8);
    uint32_t resolution = (uint32_t)out->length;
    add32(out, (uint32_t)lround(dpi * 1000));
    add32(out, 1000);
    uint32_t offsets = (uint32_t)out->length;
    for (uint32_t i = 0; i < strips; i++)
        add32(out, offset[i]);
    uint32_t counts = (uint32_t)out->length;
    for (uint32_t i = 0; i < strips; i++)
        add32(out, bytes[i]);
    uint32_t text = (uint32_t)out->length;
    ts_buffer_add(out, software, strlen(software) + 1);
    if (out->length % 2)
        ts_buffer_add(out, "", 1);
    if (out->failed)
        return;
    uint32_t directory = (uint32_t)out->length;
    for (int i = 0; i < 4; i++)
        out->data[4 + i] = (char)(directory >> (8 * i));
    add16(out, 13);
    add_tag(out, 256, LONG, 1, p->width);
    add_tag(out, 257, LONG, 1, p->height);
    add_tag(out, 258, SHORT, 3, bits);
    add_tag(out, 259, SHORT, 1, 5); /* LZW */
    add_tag(out, 262, SHORT, 1, 2); /* RGB */
    add_tag(out, 273, LONG, strips, strips == 1 ? offset[0] : offsets);
    add_tag(out, 277, SHORT, 1, 3);
    add_tag(out, 278, LONG, 1, ROWS);
    add_tag(out, 279, LONG, strips, strips == 1 ? bytes[0] : counts);
    add_tag(out, 282, RATIONAL, 1, resolution);
    add_tag(out, 283, RATIONAL, 1, resolution);
    add_tag(out, 296, SHORT, 1, 2); /* dots per inch */
    add_tag(out, 305, ASCII, (uint32_t)strlen(software) + 1, text);
    add32(out, 0);
}

static ts_status write_strips(picture *p, lzw *z, ts_buffer *out,
                              uint32_t *offset, uint32_t *bytes, ts_error *err)
{
    ts_buffer_add(out, "II*\0\0\0\0\0", HEAD);
    for (uint32_t i = 0; i < p->height; i++) {
        if (!read_row(p))
            return ts_fail(err, TS_EFORMAT, "gnuplot's PNG is damaged");
        if (i % ROWS == 0) {
            if (out->length % 2)
                ts_buffer_add(out, "", 1);
            offset[i / ROWS] = (uint32_t)out->length;
            begin_strip(z, out);
        }
        pack(z, p->rgb, 3 * (size_t)p->width);
        if (i % ROWS == ROWS - 1 || i + 1 == p->height)
            end_strip(z);
        bytes[i / ROWS] = (uint32_t)out->length - offset[i / ROWS];
        if (out->failed)
            return ts_fail_memory(err);
    }
    return TS_OK;
}

ts_status ts_tiff_finish(ts_buffer *png, double dpi, const char *software,
                         ts_error *err)
{
    picture p = {0};
    ts_buffer out = {0};
    ts_status status = TS_OK;
    if (!ts_png_whole(png))
        return ts_fail(err, TS_EFORMAT, "gnuplot did not write a whole PNG");
    const unsigned char *head = (const unsigned char *)png->data + 16;
    p.width = get32(head);
    p.height = get32(head + 4);
    p.pixel = head[9] == 2 ? 3 : 4;
    if (head[8] != 8 || (head[9] != 2 && head[9] != 6) || head[12] ||
        !p.width || p.width > 40000 || !p.height || p.height > 40000)
        return ts_fail(err, TS_EFORMAT, "gnuplot's PNG is not RGB of 8 bits");
    p.at = head + 17;
    p.end = (const unsigned char *)png->data + png->length;
    size_t strips = (p.height + ROWS - 1) / ROWS;
    uint32_t *offset = ts_alloc_array(2 * strips, sizeof *offset);
    p.row = ts_alloc_array(p.width + 1, p.pixel);
    p.above = ts_alloc_array(p.width + 1, p.pixel);
    p.opaque = ts_alloc_array(p.width, 3);
    lzw *z = ts_alloc(sizeof *z);
    if (!offset || !p.row || !p.above || !p.opaque || !z ||
        inflateInit(&p.stream) != Z_OK) {
        status = ts_fail_memory(err);
    } else {
        inflateValidate(&p.stream, 0); /* the chunks have sums of their own */
        status = write_strips(&p, z, &out, offset, offset + strips, err);
        inflateEnd(&p.stream);
    }
    if (!status) {
        add_directory(&out, &p, dpi, offset, offset + strips, software);
        if (out.failed)
            status = ts_fail_memory(err);
    }
    ts_free(offset);
    ts_free(p.row);
    ts_free(p.above);
    ts_free(p.opaque);
    ts_free(z);
    if (status) {
        ts_buffer_free(&out);
        return status;
    }
    ts_buffer_free(png);
    *png = out;
    return TS_OK;
}
