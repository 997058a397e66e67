/*
 * From commands to a finished file. The terminal lines were measured so that
 * points, line widths and dashes agree between the formats (gnuplot 5.4.4): a
 * font scale of 0.75 undoes pango's 96 dpi, a line width of 1 is half a point
 * in PDF and a pixel in PNG and SVG. One process draws all formats of a figure,
 * one after another into its pipe: a start takes longer than an SVG.
 */
#include "ts/gnuplot.h"

#include <math.h>
#include <string.h>
#include "ts/file.h"
#include "ts/hash.h"
#include "ts/memory.h"

#define MM 25.4 /* per inch */
#define FONT "font \"Liberation Sans,7\""

static double dpi_of(const ts_gnuplot *job)
{
    return job->dpi > 0 ? job->dpi : 600;
}

static ts_status check_size(const ts_gnuplot *job, ts_error *err)
{
    if (job->format == TS_DUMB) {
        if (!(job->width >= 20 && job->width <= 500 && job->height >= 5 &&
              job->height <= 300))
            return ts_fail(err, TS_EINVALID,
                           "%g x %g characters is no size for a preview: 20 "
                           "to 500 columns, 5 to 300 lines",
                           job->width, job->height);
        return TS_OK;
    }
    if (!(job->width >= 10 && job->width <= 2000 && job->height >= 10 &&
          job->height <= 2000))
        return ts_fail(err, TS_EINVALID,
                       "%g x %g mm is no size for a figure: 10 to 2000 mm",
                       job->width, job->height);
    if (job->format == TS_PNG || job->format == TS_TIFF) {
        double dpi = dpi_of(job);
        if (!(dpi >= 36 && dpi <= 2400))
            return ts_fail(err, TS_EINVALID,
                           "dpi = %g is out of its range, 36 to 2400", dpi);
        if (job->width * job->height * dpi * dpi / (MM * MM) > 100e6 ||
            fmax(job->width, job->height) * dpi / MM > 32000)
            return ts_fail(err, TS_ELIMIT,
                           "%g x %g mm at %g dpi is more than 100 million "
                           "pixels",
                           job->width, job->height, dpi);
    }
    return TS_OK;
}

static void add_unit(ts_buffer *out, const char *name, double value)
{
    ts_buffer_puts(out, name);
    ts_buffer_puts(out, " = ");
    ts_gnuplot_number(out, value);
    ts_buffer_puts(out, "\n");
}

static void add_units(const ts_gnuplot *job, ts_buffer *out, double x, double y,
                      double p, const char *d)
{
    add_unit(out, "X", x);
    add_unit(out, "Y", y);
    add_unit(out, "P", p);
    ts_buffer_printf(out, "D(w) = %s\nA(t,o) = %s\nT(s,d) = %s\n", d,
                     job->format == TS_EPS ? "o" : "t",
                     job->format == TS_SVG ? "s" : "d");
}

/* pdfcairo and epscairo: points */
static void first_lines_points(const ts_gnuplot *job, const char *terminal,
                               ts_buffer *out)
{
    double w = ceil(job->width * 72 / MM - 1e-9);
    double h = ceil(job->height * 72 / MM - 1e-9);
    /* a little more, for the terminal cuts off what is behind the point */
    ts_buffer_printf(out,
                     "set terminal %s noenhanced color size "
                     "%.10fin,%.10fin " FONT " fontscale 0.75 linewidth 2 "
                     "pointscale 1 dashlength 1.82 butt\n",
                     terminal, (w + 0.01) / 72, (h + 0.01) / 72);
    add_units(job, out, 72 / MM / w, 72 / MM / h, 1 / 6.0,
              "w < 1 ? w : 1"); /* it scales dashes by 1 point at least */
}

static void first_lines_svg(const ts_gnuplot *job, ts_buffer *out)
{
    double w = ceil(job->width * 72 / MM - 1e-9);
    double h = ceil(job->height * 72 / MM - 1e-9);
    ts_buffer_printf(out,
                     "set terminal svg noenhanced size %.0f,%.0f " FONT
                     " fontscale 1 linewidth 1 butt\n",
                     w, h);
    add_units(job, out, 72 / MM / w, 72 / MM / h, 1 / 5.25, "1");
}

static void first_lines_png(const ts_gnuplot *job, ts_buffer *out)
{
    double dpi = dpi_of(job), k = dpi / 72;
    double w = round(job->width * dpi / MM), h = round(job->height * dpi / MM);
    ts_buffer_printf(out,
                     "set terminal pngcairo noenhanced size %.0f,%.0f " FONT
                     " fontscale %.10f linewidth %.10f pointscale %.10f "
                     "dashlength 2 butt\n",
                     w, h, 0.75 * k, k, k);
    add_units(job, out, dpi / MM / w, dpi / MM / h, 1 / 6.0, "1");
}

static void first_lines_dumb(const ts_gnuplot *job, ts_buffer *out)
{
    ts_buffer_printf(out,
                     "set terminal dumb noenhanced mono size %.0f,%.0f "
                     "aspect 1\n",
                     job->width, job->height);
    add_units(job, out, 1 / (job->width - 1), 1 / (job->height - 1), 1, "1");
}

ts_status ts_gnuplot_script(const ts_gnuplot *job, const char *commands,
                            ts_buffer *out, ts_error *err)
{
    ts_status status = check_size(job, err);
    if (status)
        return status;
    ts_buffer_puts(out, "set encoding utf8\n");
    switch (job->format) {
    case TS_PDF:
        first_lines_points(job, "pdfcairo", out);
        break;
    case TS_EPS:
        first_lines_points(job, "epscairo", out);
        break;
    case TS_SVG:
        first_lines_svg(job, out);
        break;
    case TS_PNG:
    case TS_TIFF:
        first_lines_png(job, out);
        break;
    case TS_DUMB:
        first_lines_dumb(job, out);
        break;
    default:
        return ts_fail(err, TS_EINVALID, "no format of a figure");
    }
    ts_buffer_puts(out, commands);
    return out->failed ? ts_fail_memory(err) : TS_OK;
}

static ts_status finish(const ts_gnuplot *job, ts_buffer *out, ts_error *err)
{
    const char *origin = job->origin ? job->origin : "";
    if (!out->length)
        return ts_fail(err, TS_EPROCESS, "gnuplot drew nothing");
    switch (job->format) {
    case TS_PDF:
        return ts_pdf_finish(out, job->width, job->height, err);
    case TS_SVG:
        return ts_svg_finish(out, job->width, job->height, err);
    case TS_PNG:
        return ts_png_finish(out, dpi_of(job), err);
    case TS_EPS:
        return ts_eps_finish(out, job->width, job->height, origin, err);
    case TS_TIFF:
        return ts_tiff_finish(out, dpi_of(job), origin, err);
    default:
        return TS_OK;
    }
}

/* The first job of the same picture: a TIFF is a PNG until it is finished. */
static size_t drawn_by(const ts_gnuplot *jobs, size_t i)
{
    if (jobs[i].format != TS_PNG && jobs[i].format != TS_TIFF)
        return i;
    for (size_t k = 0; k < i; k++)
        if ((jobs[k].format == TS_PNG || jobs[k].format == TS_TIFF) &&
            jobs[k].width == jobs[i].width &&
            jobs[k].height == jobs[i].height &&
            dpi_of(&jobs[k]) == dpi_of(&jobs[i]))
            return k;
    return i;
}

/* One picture after another, mark behind each: the hash of the commands, which
 * no text within can foresee. */
static ts_status draw_raw(const ts_gnuplot *jobs, size_t n,
                          const char *commands, char *mark, ts_buffer *raw,
                          bool *unjailed, ts_error *err)
{
    ts_buffer script = {0};
    ts_status status = TS_OK;
    double seconds = 0;
    ts_hash_text(commands, strlen(commands), mark);
    for (size_t i = 0; i < n && !status; i++) {
        seconds += jobs[i].seconds > 0 ? jobs[i].seconds : 30;
        if (drawn_by(jobs, i) != i)
            continue;
        status = ts_gnuplot_script(&jobs[i], commands, &script, err);
        ts_buffer_printf(&script,
                         "set terminal unknown\nset print '-'\n"
                         "print '%s'\nreset\n",
                         mark);
    }
    if (!status && script.failed)
        status = ts_fail_memory(err);
    if (!status)
        status = ts_gnuplot_run(script.data, seconds, raw, unjailed, err);
    ts_buffer_free(&script);
    return status;
}

/* What stands before each mark and its newline; the last may lack them. */
static ts_status part(const ts_gnuplot *jobs, size_t n, const char *mark,
                      const ts_buffer *raw, ts_buffer *out, ts_error *err)
{
    size_t from = 0, length = strlen(mark);
    for (size_t i = 0; i < n; i++) {
        size_t k = drawn_by(jobs, i);
        if (k != i) {
            ts_buffer_add(&out[i], out[k].data, out[k].length);
        } else if (from < raw->length) {
            const char *start = raw->data + from;
            const char *stop = memmem(start, raw->length - from, mark, length);
            size_t size = stop ? (size_t)(stop - start) : raw->length - from;
            ts_buffer_add(&out[i], start, size);
            from += size + length + 1;
        }
        if (out[i].failed)
            return ts_fail_memory(err);
    }
    return TS_OK;
}

ts_status ts_gnuplot_draw(ts_gnuplot *jobs, size_t n, const char *commands,
                          ts_buffer *out, ts_error *err)
{
    ts_buffer raw = {0};
    char mark[65];
    bool unjailed = false;
    for (size_t i = 0; i < n; i++)
        out[i] = (ts_buffer){0};
    ts_status status = draw_raw(jobs, n, commands, mark, &raw, &unjailed, err);
    if (!status)
        status = part(jobs, n, mark, &raw, out, err);
    ts_buffer_free(&raw);
    for (size_t i = 0; i < n; i++) {
        jobs[i].unjailed = unjailed;
        if (!status)
            status = finish(&jobs[i], &out[i], err);
        if (!status)
            status =
                ts_picture_origin(&out[i], jobs[i].format, jobs[i].origin, err);
    }
    for (size_t i = 0; status && i < n; i++) {
        ts_buffer_free(&out[i]);
        out[i] = (ts_buffer){0};
    }
    return status;
}

ts_status ts_gnuplot_save(ts_gnuplot *jobs, size_t n, const char *commands,
                          const char *const *paths, ts_error *err)
{
    ts_buffer *pictures = ts_alloc_array(n, sizeof *pictures);
    if (!pictures)
        return ts_fail_memory(err);
    ts_status status = ts_gnuplot_draw(jobs, n, commands, pictures, err);
    for (size_t i = 0; i < n && !status; i++)
        status =
            ts_file_write(paths[i], pictures[i].data, pictures[i].length,
                          jobs[i].mode ? jobs[i].mode : ts_file_mode(), err);
    for (size_t i = 0; i < n; i++)
        ts_buffer_free(&pictures[i]);
    ts_free(pictures);
    return status;
}
