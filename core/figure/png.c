/*
 * A PNG that knows its resolution: gnuplot leaves out the chunk pHYs, without
 * which word processors and journals take 72 or 96 dpi.
 */
#include "ts/gnuplot.h"

#include <math.h>
#include <stdint.h>
#include <string.h>
#include <zlib.h>

#define HEAD 33 /* signature and the chunk IHDR */

static void put32(unsigned char *out, uint32_t x)
{
    for (int i = 0; i < 4; i++)
        out[i] = (unsigned char)(x >> (24 - 8 * i));
}

static uint32_t get32(const unsigned char *in)
{
    return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 |
           (uint32_t)in[2] << 8 | in[3];
}

/* Walks the chunks. */
bool ts_png_whole(const ts_buffer *png)
{
    const unsigned char *data = (const unsigned char *)png->data;
    size_t at = 8;
    if (png->length < HEAD || memcmp(data, "\x89PNG\r\n\x1a\n", 8) ||
        memcmp(data + 8, "\0\0\0\x0dIHDR", 8))
        return false;
    while (png->length - at >= 12) {
        uint32_t n = get32(data + at);
        if (n > png->length - at - 12)
            return false;
        const unsigned char *name = data + at + 4;
        if (crc32(crc32(0, NULL, 0), name, n + 4) != get32(name + 4 + n) ||
            memcmp(name, "pHYs", 4) == 0)
            return false;
        at += 12 + (size_t)n;
        if (memcmp(name, "IEND", 4) == 0)
            return at == png->length;
    }
    return false;
}

ts_status ts_png_finish(ts_buffer *png, double dpi, ts_error *err)
{
    unsigned char chunk[21] = {0, 0, 0, 9, 'p', 'H', 'Y', 's'};
    uint32_t per_metre = (uint32_t)lround(dpi / 0.0254);
    ts_buffer out = {0};
    if (!ts_png_whole(png))
        return ts_fail(err, TS_EFORMAT, "gnuplot did not write a whole PNG");
    put32(chunk + 8, per_metre);
    put32(chunk + 12, per_metre);
    chunk[16] = 1; /* the unit is the metre */
    put32(chunk + 17, (uint32_t)crc32(crc32(0, NULL, 0), chunk + 4, 13));
    ts_buffer_add(&out, png->data, HEAD);
    ts_buffer_add(&out, (const char *)chunk, sizeof chunk);
    ts_buffer_add(&out, png->data + HEAD, png->length - HEAD);
    if (out.failed) {
        ts_buffer_free(&out);
        return ts_fail_memory(err);
    }
    ts_buffer_free(png);
    *png = out;
    return TS_OK;
}
