/*
 * From commands to a finished file. The terminal lines were measured so that
 * points, line widths and dashes agree between the formats (gnuplot 5.4.4): a
 * font scale of 0.75 undoes pango's 96 dpi, a line width of 1 is half a point
 * in PDF and a pixel in PNG and SVG.
 */
#include "ts/gnuplot.h"

#include <math.h>
#include <string.h>
#include "ts/file.h"

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

static void add_units(ts_buffer *out, double x, double y, double p,
                      const char *d)
{
    add_unit(out, "X", x);
    add_unit(out, "Y", y);
    add_unit(out, "P", p);
    ts_buffer_printf(out, "D(w) = %s\n", d);
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
    add_units(out, 72 / MM / w, 72 / MM / h, 1 / 6.0,
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
    add_units(out, 72 / MM / w, 72 / MM / h, 1 / 5.25, "1");
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
    add_units(out, dpi / MM / w, dpi / MM / h, 1 / 6.0, "1");
}

static void first_lines_dumb(const ts_gnuplot *job, ts_buffer *out)
{
    ts_buffer_printf(out,
                     "set terminal dumb noenhanced mono size %.0f,%.0f "
                     "aspect 1\n",
                     job->width, job->height);
    add_units(out, 1 / (job->width - 1), 1 / (job->height - 1), 1, "1");
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

ts_status ts_gnuplot_draw(ts_gnuplot *job, const char *commands, ts_buffer *out,
                          ts_error *err)
{
    ts_buffer script = {0}, picture = {0};
    ts_status status = ts_gnuplot_script(job, commands, &script, err);
    if (!status)
        status = ts_gnuplot_run(script.data, job->seconds, &picture,
                                &job->unjailed, err);
    if (!status)
        status = finish(job, &picture, err);
    if (!status)
        status = ts_picture_origin(&picture, job->format, job->origin, err);
    if (!status) {
        *out = picture;
        picture = (ts_buffer){0};
    }
    ts_buffer_free(&picture);
    ts_buffer_free(&script);
    return status;
}

ts_status ts_gnuplot_save(ts_gnuplot *job, const char *commands,
                          const char *path, ts_error *err)
{
    ts_buffer picture = {0};
    ts_status status = ts_gnuplot_draw(job, commands, &picture, err);
    if (!status)
        status = ts_file_write(path, picture.data, picture.length,
                               job->mode ? job->mode : ts_file_mode(), err);
    ts_buffer_free(&picture);
    return status;
}
