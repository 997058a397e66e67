/*
 * An SVG with its size in mm, fonts that the reader's computer has, and nothing
 * that acts. gnuplot's is read tag by tag, so that one it has never written
 * before, a script, a handler or a link is found, not trusted.
 */
#include "ts/gnuplot.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define POINTS_PER_MM (72 / 25.4)
#define FONT "font-family=\"Liberation Sans"
/* of the same metrics; the first that is installed is taken */
#define FONTS "font-family=\"Arial, Liberation Sans, Helvetica, sans-serif\""
#define BOLD ":Bold" /* gnuplot takes it for a part of the name */

static const char *const allowed[] = {
    "circle", "defs",  "desc",    "feComposite", "feFlood",  "filter", "g",
    "line",   "path",  "pattern", "polygon",     "polyline", "rect",   "svg",
    "text",   "title", "tspan",   "use",         NULL};

static bool is_name(char c)
{
    return isalnum((unsigned char)c) || strchr(":_-.", c);
}

static const char *skip_space(const char *p)
{
    while (*p && strchr(" \t\r\n", *p))
        p++;
    return p;
}

static bool is_allowed(const char *name, size_t length)
{
    for (int i = 0; allowed[i]; i++)
        if (strlen(allowed[i]) == length &&
            memcmp(allowed[i], name, length) == 0)
            return true;
    return false;
}

/* One attribute, name="value"; NULL when it must not be there. */
static const char *attribute(const char *p)
{
    const char *name = p;
    while (*p && is_name(*p))
        p++;
    size_t length = (size_t)(p - name);
    if (!length || (length > 2 && strncasecmp(name, "on", 2) == 0))
        return NULL;
    p = skip_space(p);
    if (*p++ != '=')
        return NULL;
    p = skip_space(p);
    char quote = *p++;
    if (quote != '"' && quote != '\'')
        return NULL;
    bool link = (length == 4 && memcmp(name, "href", 4) == 0) ||
                (length > 5 && memcmp(name + length - 5, ":href", 5) == 0);
    if (link && *p != '#')
        return NULL;
    while (*p && *p != quote && *p != '<')
        p++;
    return *p == quote ? p + 1 : NULL;
}

/* One tag from behind its '<'; changes depth; NULL when it must not be. */
static const char *tag(const char *p, int *depth)
{
    bool closing = *p == '/';
    p += closing;
    const char *name = p;
    while (*p && is_name(*p))
        p++;
    if (!is_allowed(name, (size_t)(p - name)))
        return NULL;
    for (p = skip_space(p); *p && *p != '>' && *p != '/'; p = skip_space(p))
        if (closing || !(p = attribute(p)))
            return NULL;
    if (closing)
        --*depth;
    else if (*p == '/')
        p++;
    else
        ++*depth;
    return *p == '>' && *depth >= 0 ? p + 1 : NULL;
}

static bool harmless(const ts_buffer *svg)
{
    const char *p = svg->data;
    int depth = 0;
    if (strlen(p) != svg->length || strncmp(p, "<?xml ", 6) ||
        !(p = strstr(p, "?>")))
        return false;
    for (p += 2; (p = strchr(p, '<'));)
        if (!(p = tag(p + 1, &depth)))
            return false;
    return depth == 0;
}

/* Whether p is within a tag; in a text the same words are only words. */
static bool in_tag(const char *p, const char *start)
{
    while (p > start && *p != '<' && *p != '>')
        p--;
    return *p == '<';
}

static void add_with_fonts(ts_buffer *out, const char *p)
{
    const char *start = p;
    for (const char *font; (font = strstr(p, FONT));) {
        ts_buffer_add(out, p, (size_t)(font - p));
        p = font + strlen(FONT);
        bool bold = strncmp(p, BOLD, strlen(BOLD)) == 0;
        if (bold)
            p += strlen(BOLD);
        if (*p != '"' || !in_tag(font, start)) {
            ts_buffer_add(out, font, (size_t)(p - font));
            continue;
        }
        p++;
        ts_buffer_puts(out, FONTS);
        if (bold)
            ts_buffer_puts(out, " font-weight=\"bold\"");
    }
    ts_buffer_puts(out, p);
}

/* Whether a side of the polygon is neither level nor upright. */
static bool has_slope(const char *points)
{
    double x, y, last_x = 0, last_y = 0;
    char *end;
    for (int n = 0;; n++) {
        x = strtod(points, &end);
        if (end == points || *end != ',')
            return false;
        points = end + 1;
        y = strtod(points, &end);
        if (end == points)
            return false;
        if (n > 0 && fabs(x - last_x) > 0.02 && fabs(y - last_y) > 0.02)
            return true;
        last_x = x;
        last_y = y;
        points = end;
    }
}

/* Areas have hard edges, so that no seam shows where two meet; the slopes of
 * small symbols, a diamond's, become steps by it and are drawn smooth. */
static void add_smooth(ts_buffer *out, const char *p)
{
    static const char hard[] = "shape-rendering='crispEdges'";
    static const char corners[] = "points = '";
    const char *start = p;
    for (const char *here; (here = strstr(p, hard));) {
        const char *points = strstr(here, corners), *end = strstr(here, "</g>");
        ts_buffer_add(out, p, (size_t)(here - p));
        p = here + strlen(hard);
        if (in_tag(here, start) && points && end && points < end &&
            has_slope(points + strlen(corners)))
            ts_buffer_puts(out, "shape-rendering='auto'");
        else
            ts_buffer_puts(out, hard);
    }
    ts_buffer_puts(out, p);
}

ts_status ts_svg_finish(ts_buffer *svg, double width, double height,
                        ts_error *err)
{
    double w = width * POINTS_PER_MM, h = height * POINTS_PER_MM;
    ts_buffer named = {0}, out = {0};
    if (svg->length < 100 || !harmless(svg))
        return ts_fail(err, TS_EFORMAT,
                       "gnuplot's SVG is damaged or holds what it must not");
    char *size = strstr(svg->data, "width=\""), *tag_end;
    if (!size || !(tag_end = strstr(size, "xmlns=")) || tag_end - size > 200)
        return ts_fail(err, TS_EFORMAT, "gnuplot's SVG has no size");
    ts_buffer_add(&out, svg->data, (size_t)(size - svg->data));
    ts_buffer_printf(&out,
                     "width=\"%.10gmm\" height=\"%.10gmm\"\n"
                     " viewBox=\"0 %.4f %.4f %.4f\"\n ",
                     width, height, ceil(h - 1e-9) - h, w, h);
    add_with_fonts(&named, tag_end);
    if (!named.failed)
        add_smooth(&out, named.data);
    bool failed = named.failed || out.failed;
    ts_buffer_free(&named);
    if (failed) {
        ts_buffer_free(&out);
        return ts_fail_memory(err);
    }
    ts_buffer_free(svg);
    *svg = out;
    return TS_OK;
}
