/*
 * An EPS of exact size and without a date. cairo takes whole points and stamps
 * the time; PostScript has no offsets, so its comments are simply replaced.
 */
#include "ts/gnuplot.h"

#include <math.h>
#include <string.h>

#define POINTS_PER_MM (72 / 25.4)

/* Where the line begins that starts with key, up to %%EndComments; its length
 * with the line end. */
static const char *comment(const ts_buffer *eps, const char *key, size_t *length)
{
    const char *head = strstr(eps->data, "\n%%EndComments\n");
    const char *line = strstr(eps->data, key);
    if (!head || !line || line > head || line[-1] != '\n')
        return NULL;
    *length = (size_t)(strchr(line, '\n') + 1 - line);
    return line;
}

static bool replace(ts_buffer *eps, const char *key, const char *by)
{
    size_t length;
    ts_buffer out = {0};
    const char *line = comment(eps, key, &length);
    if (!line)
        return false;
    size_t before = (size_t)(line - eps->data);
    ts_buffer_add(&out, eps->data, before);
    ts_buffer_puts(&out, by);
    ts_buffer_add(&out, line + length, eps->length - before - length);
    ts_buffer_free(eps);
    *eps = out;
    return true;
}

ts_status ts_eps_finish(ts_buffer *eps, double width, double height,
                        const char *creator, ts_error *err)
{
    double w = width * POINTS_PER_MM, h = height * POINTS_PER_MM;
    ts_buffer box = {0}, made = {0};
    bool whole = eps->length > 100 && strlen(eps->data) == eps->length &&
                 strncmp(eps->data, "%!PS-Adobe-3.0 EPSF-3.0\n", 24) == 0 &&
                 strcmp(eps->data + eps->length - 6, "%%EOF\n") == 0;
    ts_buffer_printf(&box,
                     "%%%%BoundingBox: 0 0 %.0f %.0f\n"
                     "%%%%HiResBoundingBox: 0 0 %.4f %.4f\n",
                     ceil(w - 1e-9), ceil(h - 1e-9), w, h);
    ts_buffer_puts(&made, "%%Creator: ");
    for (const char *p = creator; *p && made.length < 250; p++) {
        char c = *p >= ' ' && *p <= '~' ? *p : '?';
        ts_buffer_add(&made, &c, 1);
    }
    ts_buffer_puts(&made, "\n");
    bool done = whole && !box.failed && !made.failed &&
                replace(eps, "%%CreationDate:", "") &&
                replace(eps, "%%BoundingBox:", box.data) &&
                (!*creator || replace(eps, "%%Creator:", made.data));
    bool failed = eps->failed || box.failed || made.failed;
    ts_buffer_free(&box);
    ts_buffer_free(&made);
    if (failed)
        return ts_fail_memory(err);
    return done ? TS_OK
                : ts_fail(err, TS_EFORMAT, "gnuplot did not write a whole EPS");
}
