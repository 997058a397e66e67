/*
 * Where a picture comes from, written into it: the description of an SVG, a
 * text chunk of a PNG, the Creator of a PDF. A PDF gets it as an update behind
 * its end (ISO 32000-1, 7.5.6), so that nothing within it moves.
 */
#include "ts/gnuplot.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

static void add_xml(ts_buffer *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '&')
            ts_buffer_puts(out, "&amp;");
        else if (*text == '<')
            ts_buffer_puts(out, "&lt;");
        else if (*text == '>')
            ts_buffer_puts(out, "&gt;");
        else
            ts_buffer_add(out, text, 1);
    }
}

/* gnuplot's own words between <desc> and </desc> make place. */
static bool to_svg(const ts_buffer *svg, const char *text, ts_buffer *out)
{
    static const char open[] = "<desc>", close[] = "</desc>";
    char *from = memmem(svg->data, svg->length, open, sizeof open - 1);
    if (!from)
        return false;
    from += sizeof open - 1;
    size_t before = (size_t)(from - svg->data);
    char *to = memmem(from, svg->length - before, close, sizeof close - 1);
    if (!to)
        return false;
    ts_buffer_add(out, svg->data, before);
    add_xml(out, text);
    ts_buffer_add(out, to, svg->length - (size_t)(to - svg->data));
    return true;
}

static void add32(ts_buffer *out, uint32_t x)
{
    char bytes[4];
    for (int i = 0; i < 4; i++)
        bytes[i] = (char)(x >> (24 - 8 * i));
    ts_buffer_add(out, bytes, 4);
}

/* The chunk iTXt, which is UTF-8, behind the head (PNG 1.2, 11.3.4.5). */
static bool to_png(const ts_buffer *png, const char *text, ts_buffer *out)
{
    enum { HEAD = 33 };
    static const char head[] = "iTXtSoftware\0\0\0\0"; /* and the last zero */
    ts_buffer chunk = {0};
    if (png->length < HEAD)
        return false;
    ts_buffer_add(&chunk, head, sizeof head);
    ts_buffer_puts(&chunk, text);
    ts_buffer_add(out, png->data, HEAD);
    add32(out, (uint32_t)(chunk.length - 4));
    ts_buffer_add(out, chunk.data, chunk.length);
    add32(out,
          (uint32_t)crc32(crc32(0, NULL, 0), (const unsigned char *)chunk.data,
                          (unsigned)chunk.length));
    ts_buffer_add(out, png->data + HEAD, png->length - HEAD);
    out->failed |= chunk.failed;
    ts_buffer_free(&chunk);
    return true;
}

/* A text string of UTF-16, in hexadecimal; what is beyond it becomes "?". */
static void add_utf16(ts_buffer *out, const char *text)
{
    ts_buffer_puts(out, "<FEFF");
    for (const unsigned char *p = (const unsigned char *)text; *p;) {
        unsigned c = *p++;
        int more = c >= 0xE0 ? c >= 0xF0 ? 3 : 2 : c >= 0xC0;
        c &= more ? 0x3Fu >> more : 0x7Fu;
        for (; more && (*p & 0xC0) == 0x80; more--)
            c = c << 6 | (*p++ & 0x3F);
        ts_buffer_printf(out, "%04X", c > 0xFFFF ? '?' : c);
    }
    ts_buffer_puts(out, ">");
}

static bool to_pdf(const ts_buffer *pdf, const char *text, ts_buffer *out)
{
    unsigned size, root, info;
    unsigned long table;
    const char *end = pdf->data + pdf->length, *trailer = NULL;
    for (const char *p = pdf->data;
         (p = memmem(p, (size_t)(end - p), "\ntrailer\n", 9)); p += 9)
        trailer = p + 9;
    if (!trailer ||
        sscanf(trailer,
               "<< /Size %u /Root %u 0 R /Info %u 0 R >> startxref %lu", &size,
               &root, &info, &table) != 4)
        return false; /* of another cairo; it goes without */
    ts_buffer_add(out, pdf->data, pdf->length);
    size_t object = out->length;
    ts_buffer_printf(out, "%u 0 obj\n<< /Creator ", info);
    add_utf16(out, text);
    ts_buffer_puts(out, " >>\nendobj\n");
    size_t update = out->length;
    ts_buffer_printf(out,
                     "xref\n%u 1\n%010zu 00000 n \ntrailer\n<< /Size %u\n"
                     "   /Root %u 0 R\n   /Info %u 0 R\n   /Prev %lu\n>>\n"
                     "startxref\n%zu\n%%%%EOF\n",
                     info, object, size, root, info, table, update);
    return true;
}

ts_status ts_picture_origin(ts_buffer *picture, ts_format format,
                            const char *text, ts_error *err)
{
    ts_buffer out = {0}, clean = {0};
    bool done = false;
    if (!text || !picture->length)
        return TS_OK;
    ts_gnuplot_plain(&clean, text, strlen(text));
    if (clean.data && format == TS_SVG)
        done = to_svg(picture, clean.data, &out);
    else if (clean.data && format == TS_PNG)
        done = to_png(picture, clean.data, &out);
    else if (clean.data && format == TS_PDF)
        done = to_pdf(picture, clean.data, &out);
    bool failed = clean.failed || out.failed;
    ts_buffer_free(&clean);
    if (failed || !done) {
        ts_buffer_free(&out);
        return failed ? ts_fail_memory(err) : TS_OK;
    }
    ts_buffer_free(picture);
    *picture = out;
    return TS_OK;
}
