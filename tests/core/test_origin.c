/* What made a picture, in its metadata: any text, in each kind of picture,
 * which stays whole; pictures without a place for it stay as they are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include "ts/gnuplot.h"

static const char hostile[] =
    "a</desc><script>b & (c) \\ %n\n\x1b[2J \xC3\xA9 \xE6\x97\xA5 \xFF ]]>";
/* as ts_gnuplot_plain leaves it */
static const char plain[] =
    "a</desc><script>b & (c) \\ %n  [2J \xC3\xA9 \xE6\x97\xA5  ]] >";

static ts_buffer draw(ts_format format, const char *origin)
{
    ts_buffer out = {0};
    ts_error err = {0};
    ts_gnuplot job = {.format = format,
                      .width = 40,
                      .height = 30,
                      .dpi = 72,
                      .origin = origin};
    ts_status status = ts_gnuplot_draw(&job, 1, "plot x notitle\n", &out, &err);
    if (status)
        fail_msg("%s", err.text);
    return out;
}

static bool holds(const ts_buffer *b, const char *text)
{
    return memmem(b->data, b->length, text, strlen(text)) != NULL;
}

static void test_svg(void **state)
{
    ts_buffer svg = draw(TS_SVG, hostile);
    (void)state;
    assert_true(holds(&svg, "<desc>a&lt;/desc&gt;&lt;script&gt;b &amp; (c) \\ "
                            "%n  [2J \xC3\xA9 \xE6\x97\xA5  ]] &gt;</desc>"));
    assert_false(holds(&svg, "<script"));
    assert_false(holds(&svg, "GNUPLOT 5"));
    ts_buffer_free(&svg);
}

static uint32_t get32(const char *p)
{
    const unsigned char *b = (const unsigned char *)p;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 |
           b[3];
}

static void test_png(void **state)
{
    ts_buffer png = draw(TS_PNG, hostile);
    bool found = false;
    size_t at = 8;
    (void)state;
    while (at < png.length) {
        uint32_t n = get32(png.data + at);
        assert_true(at + 12 + n <= png.length);
        const char *name = png.data + at + 4;
        assert_int_equal(crc32(0, (const unsigned char *)name, n + 4),
                         get32(name + 4 + n));
        if (memcmp(name, "iTXt", 4) == 0) {
            found = n == 13 + strlen(plain) &&
                    memcmp(name + 4, "Software\0\0\0\0\0", 13) == 0 &&
                    memcmp(name + 17, plain, strlen(plain)) == 0;
        }
        at += 12 + n;
    }
    assert_int_equal(at, png.length);
    assert_true(found);
    ts_buffer_free(&png);
}

static void test_pdf(void **state)
{
    char path[] = "/tmp/ts-origin-XXXXXX", command[100], line[400] = "";
    ts_buffer pdf = draw(TS_PDF, hostile), bare = draw(TS_PDF, NULL);
    (void)state;
    /* an update: all that was there is there, and as it was */
    assert_true(pdf.length > bare.length);
    assert_memory_equal(pdf.data, bare.data, bare.length);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, pdf.data, pdf.length), pdf.length);
    close(fd);
    snprintf(command, sizeof command, "LC_ALL=C.UTF-8 pdfinfo %s 2>&1", path);
    FILE *pipe = popen(command, "r");
    bool creator = false, size = false;
    while (pipe && fgets(line, sizeof line, pipe)) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "Creator:", 8) == 0) {
            const char *text = line + 8;
            creator = strcmp(text + strspn(text, " "), plain) == 0;
        }
        size = size || strncmp(line, "Page size:", 10) == 0;
        if (strstr(line, "rror"))
            fail_msg("%s", line);
    }
    int code = pclose(pipe);
    unlink(path);
    ts_buffer_free(&pdf);
    ts_buffer_free(&bare);
    if (WEXITSTATUS(code) == 127)
        skip();
    assert_true(creator);
    assert_true(size);
}

static void test_same_bytes(void **state)
{
    (void)state;
    for (ts_format f = TS_PDF; f <= TS_PNG; f++) {
        ts_buffer a = draw(f, "trialsh"), b = draw(f, "trialsh");
        assert_int_equal(a.length, b.length);
        assert_memory_equal(a.data, b.data, a.length);
        ts_buffer_free(&a);
        ts_buffer_free(&b);
    }
}

static void test_other_pictures(void **state)
{
    static const struct {
        ts_format format;
        const char *picture;
    } cases[] = {
        {TS_SVG, "<svg></svg>"},
        {TS_SVG, "<svg><desc>never ends</svg>"},
        {TS_PNG, "\x89PNG"},
        {TS_PDF, "%PDF-1.5\n"},
        {TS_PDF, "%PDF-1.5\nx\ntrailer\n<< /Size 3 /Root 1 0 R >>\n%%EOF\n"},
        {TS_DUMB, "letters"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ts_buffer b = {0};
        ts_error err;
        ts_buffer_puts(&b, cases[i].picture);
        assert_int_equal(
            ts_picture_origin(&b, cases[i].format, "trialsh", &err), TS_OK);
        assert_string_equal(b.data, cases[i].picture);
        ts_buffer_free(&b);
    }
    ts_buffer none = {0};
    assert_int_equal(ts_picture_origin(&none, TS_SVG, "x", NULL), TS_OK);
    assert_null(none.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_svg),
        cmocka_unit_test(test_png),
        cmocka_unit_test(test_pdf),
        cmocka_unit_test(test_same_bytes),
        cmocka_unit_test(test_other_pictures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
