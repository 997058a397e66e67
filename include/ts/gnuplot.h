/*
 * Runs gnuplot: commands in, a finished file out.
 *
 *     ts_buffer script = {0};
 *     ts_buffer_puts(&script, "set label 1 ");
 *     ts_gnuplot_text(&script, title, strlen(title));
 *     ts_buffer_puts(&script, " at screen 5*X, screen 40*Y font ',7'\n");
 *     ts_gnuplot job = {.format = TS_PDF, .width = 89, .height = 60};
 *     const char *path = "fig.pdf";
 *     ts_gnuplot_save(&job, 1, script.data, &path, &err);
 *
 * The program writes the first lines of every script: encoding, terminal and
 * the units. On the same script the formats differ in nothing else:
 *   X, Y   screen coordinates per mm from the lower left corner (for TS_DUMB
 *          per character cell from that of the corner)
 *   P      `pointsize d*P` draws a disc of d points across
 *   D(w)   factor for the dashes of a line of width w: `dt (6*D(0.5),4*D(0.5))`
 *   A(t,o) of two colours: the opaque one in EPS, which knows no transparency
 *   T(s,d) of two texts: the first in SVG, whose reader has fonts of his own
 *   fonts in points, line widths in points, dashes in half line widths.
 *
 * gnuplot is started without a shell from a file of mode 0600 in a folder of
 * its own, with -d, a clean environment, no standard input, limits on time,
 * memory and files, in a process group of its own, and behind a filter that
 * forbids it new processes. Only exit code 0 with nothing on stderr counts.
 */
#ifndef TS_GNUPLOT_H
#define TS_GNUPLOT_H

#include <stdbool.h>
#include <stddef.h>
#include "ts/error.h"
#include "ts/text.h"

typedef enum {
    TS_PDF = 1,
    TS_SVG,
    TS_PNG,
    TS_EPS,
    TS_TIFF,
    TS_DUMB
} ts_format;

typedef struct {
    ts_format format;
    double width, height; /* mm; columns and lines for TS_DUMB */
    double dpi;           /* of TS_PNG, TS_TIFF; 0: 600 */
    double seconds;       /* of wall clock before it is killed; 0: 30 */
    int mode;             /* of the file; 0: that of ts_file_mode */
    const char *origin;   /* what made it, for its metadata; NULL: nothing */
    bool unjailed;        /* out: the kernel refused the filter */
} ts_gnuplot;

/*
 * Appends text as one gnuplot string that no text can leave: bytes that are
 * not UTF-8 are dropped, control characters become spaces, "]]>" and "\U+" are
 * broken by a space (gnuplot writes the one into SVG as it is and expands the
 * other in any string), and at most 1,000 characters are taken. What is no
 * letter or space is written in octal. reliability.md 1.1, recipe (a).
 */
void ts_gnuplot_text(ts_buffer *out, const char *text, size_t length);
/* What ts_gnuplot_text makes gnuplot show: the text after all its changes. */
void ts_gnuplot_plain(ts_buffer *out, const char *text, size_t length);
/* Appends x with 17 digits in the C locale; NaN and infinities as NaN. */
void ts_gnuplot_number(ts_buffer *out, double x);

/* Whether some installed font has each of n characters; false when fontconfig
 * cannot say. Others must not reach a PDF or PNG: gnuplot draws a black page.
 */
void ts_font_has(const unsigned *character, size_t n, bool *some_font_has);

/* The whole script: the first lines for job, then the commands. */
ts_status ts_gnuplot_script(const ts_gnuplot *job, const char *commands,
                            ts_buffer *out, ts_error *err);

/*
 * What gnuplot makes of a whole script, as it comes from it, in out.
 * TS_EPROCESS when gnuplot is not installed, fails, complains, crashes or
 * takes longer than seconds; TS_EINTERRUPT when the user stopped it.
 */
ts_status ts_gnuplot_run(const char *script, double seconds, ts_buffer *out,
                         bool *unjailed, ts_error *err);

/*
 * Draws one figure in n formats by one process: the finished pictures in out. A
 * PDF or EPS has the exact size and no date; a PNG or TIFF knows its resolution;
 * an SVG has its size in mm and neither script, handler nor link. The same
 * commands give the same bytes, whatever other formats are drawn with them.
 */
ts_status ts_gnuplot_draw(ts_gnuplot *jobs, size_t n, const char *commands,
                          ts_buffer *out, ts_error *err);

/* Draws into n files; nothing is written until all are drawn, and each appears
 * whole or not at all: on failure an earlier file of that name stays. */
ts_status ts_gnuplot_save(ts_gnuplot *jobs, size_t n, const char *commands,
                          const char *const *paths, ts_error *err);

/* What ts_gnuplot_draw does to the kinds of picture, in place. TS_EFORMAT
 * when a picture is not as gnuplot and cairo write it. */
ts_status ts_pdf_finish(ts_buffer *pdf, double width, double height,
                        ts_error *err);
ts_status ts_svg_finish(ts_buffer *svg, double width, double height,
                        ts_error *err);
ts_status ts_png_finish(ts_buffer *png, double dpi, ts_error *err);
/* creator and software: what made it, one line, may be empty. A TIFF comes from
 * the PNG of the same picture. */
ts_status ts_eps_finish(ts_buffer *eps, double width, double height,
                        const char *creator, ts_error *err);
ts_status ts_tiff_finish(ts_buffer *png, double dpi, const char *software,
                         ts_error *err);
/* Whether a PNG as gnuplot writes it is whole: sums right, the last chunk is
 * IEND, no pHYs yet. */
bool ts_png_whole(const ts_buffer *png);
/* Writes what made it into a finished picture: SVG's description, PNG's iTXt
 * "Software", PDF's Creator. text: one line, as ts_gnuplot_plain leaves it. A
 * picture without the place for it stays as it is. */
ts_status ts_picture_origin(ts_buffer *picture, ts_format format,
                            const char *text, ts_error *err);

#endif
