/*
 * The TIFF writer against a decoder of the test's own: pixels of a PNG with all
 * filters, long runs, noise that fills the table of codes; damaged PNGs.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include "ts/gnuplot.h"
#include "ts/memory.h"

static void put32(unsigned char *out, uint32_t x)
{
    for (int i = 0; i < 4; i++)
        out[i] = (unsigned char)(x >> (24 - 8 * i));
}

static void add_chunk(ts_buffer *png, const char *name,
                      const unsigned char *data, size_t n)
{
    unsigned char four[4];
    put32(four, (uint32_t)n);
    ts_buffer_add(png, (char *)four, 4);
    size_t from = png->length;
    ts_buffer_add(png, name, 4);
    if (n)
        ts_buffer_add(png, (const char *)data, n);
    put32(four, (uint32_t)crc32(0, (unsigned char *)png->data + from,
                                (unsigned)n + 4));
    ts_buffer_add(png, (char *)four, 4);
}

static unsigned char predicted(int filter, int a, int b, int c)
{
    int p = a + b - c, pa = abs(p - a), pb = abs(p - b), pc = abs(p - c);
    int paeth = pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
    int all[] = {0, a, b, (a + b) / 2, paeth};
    return (unsigned char)all[filter];
}

/* A PNG of rgb pixels, row i with filter i % 5, its data in pieces. */
static ts_buffer png_of(const unsigned char *pixels, uint32_t w, uint32_t h,
                        size_t depth)
{
    ts_buffer png = {0};
    size_t line = w * depth;
    unsigned char *raw = malloc(h * (line + 1));
    for (uint32_t y = 0; y < h; y++) {
        int filter = (int)(y % 5);
        unsigned char *out = raw + y * (line + 1);
        *out++ = (unsigned char)filter;
        for (size_t i = 0; i < line; i++) {
            int a = i < depth ? 0 : pixels[y * line + i - depth];
            int b = y ? pixels[(y - 1) * line + i] : 0;
            int c = i < depth || !y ? 0 : pixels[(y - 1) * line + i - depth];
            out[i] = (unsigned char)(pixels[y * line + i] -
                                     predicted(filter, a, b, c));
        }
    }
    uLongf n = compressBound(h * (line + 1));
    unsigned char *packed = malloc(n), head[13] = {0};
    compress(packed, &n, raw, h * (line + 1));
    ts_buffer_add(&png, "\x89PNG\r\n\x1a\n", 8);
    put32(head, w);
    put32(head + 4, h);
    head[8] = 8;
    head[9] = depth == 3 ? 2 : 6;
    add_chunk(&png, "IHDR", head, 13);
    for (size_t at = 0; at < n; at += 1000)
        add_chunk(&png, "IDAT", packed + at, n - at < 1000 ? n - at : 1000);
    add_chunk(&png, "IEND", NULL, 0);
    free(packed);
    free(raw);
    return png;
}

static uint32_t le(const ts_buffer *b, size_t at, int n)
{
    uint32_t x = 0;
    for (int i = 0; i < n; i++)
        x |= (uint32_t)(unsigned char)b->data[at + (size_t)i] << (8 * i);
    return x;
}

/* The value of a tag, or where its values are. */
static uint32_t tag(const ts_buffer *tiff, unsigned name, uint32_t *count)
{
    size_t at = le(tiff, 4, 4);
    unsigned n = le(tiff, at, 2);
    for (at += 2; n--; at += 12)
        if (le(tiff, at, 2) == name) {
            if (count)
                *count = le(tiff, at + 4, 4);
            return le(tiff, at + 8, le(tiff, at + 2, 2) == 3 &&
                                            le(tiff, at + 4, 4) == 1
                                        ? 2
                                        : 4);
        }
    fail_msg("no tag %u", name);
    return 0;
}

/* LZW as TIFF 6.0, section 13, tells to read it. */
static size_t unpack(const unsigned char *in, size_t n, unsigned char *out)
{
    static struct {
        int prefix;
        unsigned char last;
        int length;
    } string[4096];
    int bits = 9, next = 258, old = -1;
    size_t bit = 0, made = 0;
    for (;;) {
        int code = 0;
        for (int i = 0; i < bits; i++, bit++) {
            assert_true(bit / 8 < n);
            code = code << 1 | ((in[bit / 8] >> (7 - bit % 8)) & 1);
        }
        if (code == 257)
            return made;
        if (code == 256) {
            for (int i = 0; i < 256; i++) {
                string[i].prefix = -1;
                string[i].last = (unsigned char)i;
                string[i].length = 1;
            }
            bits = 9, next = 258, old = -1;
            continue;
        }
        assert_true(code < next || (code == next && old >= 0));
        int from = code < next ? code : old;
        int length = string[from].length, s = from;
        for (int i = length; i--; s = string[s].prefix)
            out[made + (size_t)i] = string[s].last;
        unsigned char first = out[made];
        made += (size_t)length;
        if (code == next)
            out[made++] = first;
        if (old >= 0) {
            assert_true(next < 4096);
            string[next].prefix = old;
            string[next].last = first;
            string[next++].length = string[old].length + 1;
        }
        old = code;
        bits = next >= 2047 ? 12 : next >= 1023 ? 11 : next >= 511 ? 10 : 9;
    }
}

enum { RUNS, NOISE, SPOTS }; /* spots on white, as most figures are */

static void check(uint32_t w, uint32_t h, size_t depth, int what)
{
    ts_error err;
    size_t n = (size_t)w * h * depth, m = (size_t)w * h * 3;
    unsigned char *pixels = malloc(n), *want = malloc(m), *got = malloc(m);
    uint32_t state = 1;
    for (size_t i = 0; i < n; i++) {
        state = state * 1664525u + 1013904223u;
        pixels[i] = what == NOISE  ? (unsigned char)(state >> 24)
                    : what == RUNS ? (unsigned char)((i / 400) % 3 * 100)
                    : state >> 26  ? 255
                                   : (unsigned char)(state >> 16);
    }
    for (size_t i = 0; i < m; i++) {
        size_t at = i / 3 * depth;
        int alpha = depth == 4 ? pixels[at + 3] : 255;
        want[i] = (unsigned char)((pixels[at + i % 3] * alpha +
                                   255 * (255 - alpha)) /
                                  255);
    }
    ts_buffer file = png_of(pixels, w, h, depth);
    assert_int_equal(ts_tiff_finish(&file, 600, "what made it", &err), TS_OK);
    assert_memory_equal(file.data, "II*\0", 4);
    assert_int_equal(tag(&file, 256, NULL), w);
    assert_int_equal(tag(&file, 257, NULL), h);
    assert_int_equal(tag(&file, 259, NULL), 5);
    size_t at = tag(&file, 282, NULL);
    assert_int_equal(le(&file, at, 4) / le(&file, at + 4, 4), 600);
    assert_string_equal(file.data + tag(&file, 305, NULL), "what made it");
    uint32_t strips;
    size_t offsets = tag(&file, 273, &strips), counts = tag(&file, 279, NULL);
    size_t made = 0;
    for (uint32_t i = 0; i < strips; i++) {
        size_t from = strips == 1 ? offsets : le(&file, offsets + 4 * i, 4);
        size_t long_ = strips == 1 ? counts : le(&file, counts + 4 * i, 4);
        made += unpack((unsigned char *)file.data + from, long_, got + made);
    }
    assert_int_equal(made, m);
    assert_memory_equal(got, want, m);
    ts_buffer_free(&file);
    free(pixels);
    free(want);
    free(got);
}

static void test_pixels_come_back(void **state)
{
    (void)state;
    check(1, 1, 3, RUNS);
    check(7, 5, 3, NOISE);
    check(500, 130, 3, RUNS);
    check(300, 200, 3, NOISE);
    check(60, 64, 4, NOISE);
    check(2000, 65, 3, RUNS);
    check(2000, 130, 3, SPOTS);
    assert_int_equal(ts_memory_live(), 0);
}

static void test_damage_is_told(void **state)
{
    (void)state;
    ts_error err;
    unsigned char pixels[300] = {0};
    ts_buffer file = png_of(pixels, 10, 10, 3);
    file.data[40] ^= 1;
    assert_int_equal(ts_tiff_finish(&file, 600, "", &err), TS_EFORMAT);
    ts_buffer_free(&file);
    file = png_of(pixels, 10, 10, 3); /* rows are missing, sums are right */
    ts_buffer low = png_of(pixels, 10, 10, 3), out = {0};
    put32((unsigned char *)low.data + 20, 11);
    put32((unsigned char *)low.data + 29,
          (uint32_t)crc32(0, (unsigned char *)low.data + 12, 17));
    assert_int_equal(ts_tiff_finish(&low, 600, "", &err), TS_EFORMAT);
    ts_buffer_free(&low);
    for (long n = 1;; n++) { /* no memory, at any place */
        ts_buffer again = {0};
        ts_buffer_add(&again, file.data, file.length);
        ts_memory_fail_at(n, 0);
        ts_status status = ts_tiff_finish(&again, 600, "", &err);
        bool all = ts_memory_count() < n;
        ts_memory_fail_at(0, 0);
        ts_buffer_free(&again);
        if (!status && all)
            break;
        assert_int_equal(status, TS_ENOMEM);
    }
    ts_buffer_free(&file);
    ts_buffer_free(&out);
    assert_int_equal(ts_memory_live(), 0);
}

static void test_eps_is_exact_and_undated(void **state)
{
    (void)state;
    ts_error err;
    ts_buffer eps = {0};
    static const char made[] =
        "%!PS-Adobe-3.0 EPSF-3.0\n%%Creator: cairo 1.16.0\n"
        "%%CreationDate: Fri Nov 27 07:47:05 2026\n%%Pages: 1\n"
        "%%BoundingBox: 5 7 240 140\n%%EndComments\n%%BeginProlog\n"
        "%%CreationDate: not a comment\nshowpage\n%%Trailer\n%%EOF\n";
    ts_buffer_puts(&eps, made);
    assert_int_equal(ts_eps_finish(&eps, 89, 60, "tr\xC3\xA4", &err), TS_OK);
    assert_string_equal(
        eps.data, "%!PS-Adobe-3.0 EPSF-3.0\n%%Creator: tr??\n%%Pages: 1\n"
                  "%%BoundingBox: 0 0 253 171\n"
                  "%%HiResBoundingBox: 0 0 252.2835 170.0787\n"
                  "%%EndComments\n%%BeginProlog\n"
                  "%%CreationDate: not a comment\nshowpage\n%%Trailer\n"
                  "%%EOF\n");
    assert_int_equal(ts_eps_finish(&eps, 89, 60, "", &err), TS_EFORMAT);
    ts_buffer_free(&eps);
    ts_buffer_puts(&eps, "%!PS-Adobe-3.0 EPSF-3.0\n");
    assert_int_equal(ts_eps_finish(&eps, 89, 60, "", &err), TS_EFORMAT);
    ts_buffer_free(&eps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pixels_come_back),
        cmocka_unit_test(test_damage_is_told),
        cmocka_unit_test(test_eps_is_exact_and_undated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
