/*
 * The gnuplot layer: what the encoder may emit, a clean environment, a process
 * that hangs, crashes or complains, files that appear whole, exact sizes.
 * Fake gnuplots are shell scripts in a PATH of the test's own.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "ts/file.h"
#include "ts/gnuplot.h"
#include "ts/hash.h"
#include "ts/interrupt.h"
#include "ts/memory.h"

#define PICTURE                                                                \
    "set lmargin at screen 10*X\nset rmargin at screen 80*X\n"                 \
    "set bmargin at screen 10*Y\nset tmargin at screen 50*Y\n"                 \
    "plot [0:1][0:1] x with lines lc rgb '#0072B2' notitle\n"

static char folder[64], path_before[4096];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/trialsh-test-XXXXXX");
    snprintf(path_before, sizeof path_before, "%s", getenv("PATH"));
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    char command[128];
    (void)state;
    setenv("PATH", path_before, 1);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static bool have_gnuplot(void)
{
    return system("command -v gnuplot >/dev/null 2>&1") == 0;
}

static const char *in_folder(const char *name)
{
    static char file[4][128];
    static int i;
    i = (i + 1) % 4;
    snprintf(file[i], sizeof file[i], "%s/%s", folder, name);
    return file[i];
}

static void write_text(const char *path, const char *text, int mode)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    assert_int_equal(chmod(path, (mode_t)mode), 0);
}

static void fake_gnuplot(const char *body)
{
    char script[2000];
    snprintf(script, sizeof script, "#!/bin/sh\n%s\n", body);
    write_text(in_folder("gnuplot"), script, 0700);
    setenv("PATH", folder, 1);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static char *encode(const char *text, size_t length, bool plain)
{
    ts_buffer out = {0};
    if (plain)
        ts_gnuplot_plain(&out, text, length);
    else
        ts_gnuplot_text(&out, text, length);
    return out.data ? out.data : ts_strdup("");
}

/* The encoder ------------------------------------------------------------- */

static void assert_shows(const char *text, size_t length, const char *shown)
{
    char *plain = encode(text, length, true);
    assert_string_equal(plain, shown);
    ts_free(plain);
}

static void shows(void **state)
{
    (void)state;
    assert_shows("it's \"5%\"", 9, "it's \"5%\"");
    assert_shows("\xC2\xB5 \xE6\x97\xA5", 6, "\xC2\xB5 \xE6\x97\xA5");
    assert_shows("a\nb\rc\0d\x1b[2J\x7f", 12, "a b c d [2J ");
    assert_shows("\xC2\x9B"
                 "2J",
                 4, " 2J"); /* C1 */
    assert_shows("a\xff\xc3(\xed\xa0\x80"
                 "b",
                 8, "a(b"); /* no UTF-8 */
    assert_shows("\xEF\xBF\xBF"
                 "x",
                 4, "x"); /* U+FFFF */
    assert_shows("a]]>b", 5, "a]] >b");
    assert_shows("a]\xff]>b", 6, "a]] >b"); /* joined by what is dropped */
    assert_shows("\\U+0022", 7, "\\U +0022");
    assert_shows("\\\xffU+22", 6, "\\U +22");
    assert_shows("", 0, "");
}

static void encodes(void **state)
{
    char *text = encode("Aa 1\"'`$\n", 9, false);
    (void)state;
    assert_string_equal(text, "\"Aa \\061\\042\\047\\140\\044 \"");
    ts_free(text);
}

static void emits_nothing_else(void **state)
{
    char every[512];
    (void)state;
    for (int i = 0; i < 512; i++)
        every[i] = (char)i;
    char *text = encode(every, sizeof every, false);
    size_t n = strlen(text);
    assert_true(n > 256 && text[0] == '"' && text[n - 1] == '"');
    for (size_t i = 1; i + 1 < n; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '\\') {
            for (int k = 1; k <= 3; k++)
                assert_true(text[i + k] >= '0' && text[i + k] <= '7');
            i += 3;
        } else {
            assert_true(c == ' ' || (c >= 'A' && c <= 'Z') ||
                        (c >= 'a' && c <= 'z'));
        }
    }
    ts_free(text);
}

static void caps_length(void **state)
{
    size_t n = 1000000;
    char *carets = malloc(n);
    (void)state;
    memset(carets, '^', n);
    char *text = encode(carets, n, true);
    assert_int_equal(strlen(text), 999 + 3);
    assert_string_equal(text + 999, "\xE2\x80\xA6");
    ts_free(text);
    text = encode(carets, 999, true);
    assert_int_equal(strlen(text), 999);
    ts_free(text);
    free(carets);
}

static void writes_numbers(void **state)
{
    ts_buffer out = {0};
    (void)state;
    ts_gnuplot_number(&out, 0.1);
    ts_buffer_puts(&out, " ");
    ts_gnuplot_number(&out, NAN);
    ts_buffer_puts(&out, " ");
    ts_gnuplot_number(&out, -INFINITY);
    assert_string_equal(out.data, "0.10000000000000001 NaN NaN");
    ts_buffer_free(&out);
}

/* Pictures ---------------------------------------------------------------- */

static ts_status draw(ts_format format, const char *commands, ts_buffer *out,
                      ts_error *err)
{
    ts_gnuplot job = {.format = format, .width = 89, .height = 60, .dpi = 300};
    return ts_gnuplot_draw(&job, 1, commands, out, err);
}

/* A4: the strings that broke other encoders, in every format */
static void draws_every_title(void **state)
{
    static const char *const titles[] = {
        "'tis",
        "a''b",
        "''",
        "\\U+0022",
        "]]>",
        "`touch PWN`",
        "%s%n %d",
        "{/Arial'><script>alert(4)</script> x}",
        "\"; system('touch PWN') #",
        "a\n!touch PWN\n",
        "@foo",
        "EOD",
        "\\",
        "\"",
        "",
        " ",
        "^"};
    ts_error err;
    (void)state;
    if (!have_gnuplot())
        skip();
    for (ts_format format = TS_PDF; format <= TS_DUMB; format++) {
        ts_buffer script = {0}, out = {0};
        char carets[5000];
        for (size_t i = 0; i < sizeof titles / sizeof *titles; i++) {
            ts_buffer_printf(&script, "set label %zu ", i + 1);
            ts_gnuplot_text(&script, titles[i], strlen(titles[i]));
            ts_buffer_puts(&script, " at screen 0.5, screen 0.5\n");
        }
        memset(carets, '^', sizeof carets);
        ts_buffer_puts(&script, "set title ");
        ts_gnuplot_text(&script, carets, sizeof carets);
        ts_buffer_puts(&script, "\n" PICTURE);
        if (draw(format, script.data, &out, &err))
            fail_msg("%s", err.text);
        assert_true(out.length > 200);
        if (format == TS_SVG)
            assert_non_null(strstr(out.data, "&lt;script"));
        ts_buffer_free(&out);
        ts_buffer_free(&script);
    }
    assert_int_not_equal(access("PWN", F_OK), 0);
}

static void repeats(void **state)
{
    ts_error err;
    (void)state;
    if (!have_gnuplot())
        skip();
    for (ts_format format = TS_PDF; format <= TS_PNG; format++) {
        ts_buffer one = {0}, two = {0};
        assert_int_equal(draw(format, PICTURE, &one, &err), TS_OK);
        if (format == TS_PDF) /* cairo's date has seconds */
            nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
        assert_int_equal(draw(format, PICTURE, &two, &err), TS_OK);
        assert_int_equal(one.length, two.length);
        assert_memory_equal(one.data, two.data, one.length);
        ts_buffer_free(&one);
        ts_buffer_free(&two);
    }
}

static void has_its_size(void **state)
{
    ts_error err;
    ts_buffer out = {0};
    const unsigned char *png;
    (void)state;
    if (!have_gnuplot())
        skip();
    assert_int_equal(draw(TS_PDF, PICTURE, &out, &err), TS_OK);
    assert_non_null(memmem(out.data, out.length,
                           "/MediaBox [ 0 0 252.2835 170.0787 ]", 35));
    assert_null(memmem(out.data, out.length, "CreationDate", 12));
    char *start = strstr(out.data + out.length - 40, "startxref\n");
    long table = strtol(start + 10, NULL, 10);
    assert_memory_equal(out.data + table, "xref\n0 ", 7);
    /* each offset leads to its object */
    char *line = strchr(out.data + table + 5, '\n') + 1;
    for (int i = 0; line[0] != 't'; i++, line += 20) {
        char object[20];
        snprintf(object, sizeof object, "%d 0 obj", i);
        if (line[17] == 'n')
            assert_memory_equal(out.data + strtol(line, NULL, 10), object,
                                strlen(object));
    }
    ts_buffer_free(&out);
    out = (ts_buffer){0};
    assert_int_equal(draw(TS_SVG, PICTURE, &out, &err), TS_OK);
    assert_non_null(strstr(out.data, "width=\"89mm\" height=\"60mm\""));
    ts_buffer_free(&out);
    out = (ts_buffer){0};
    assert_int_equal(draw(TS_PNG, PICTURE, &out, &err), TS_OK);
    png = (const unsigned char *)out.data;
    assert_int_equal(png[18] << 8 | png[19], 1051); /* 89 mm at 300 dpi */
    assert_int_equal(png[22] << 8 | png[23], 709);
    assert_memory_equal(png + 33, "\0\0\0\x09pHYs\0\0\x2e\x23\0\0\x2e\x23\1",
                        17); /* 11811 pixels per metre */
    ts_buffer_free(&out);
}

/* A6: raw commands stay in the jail; what complains draws nothing */
static void jails(void **state)
{
    ts_error err;
    ts_buffer out = {0};
    char script[300];
    (void)state;
    if (!have_gnuplot())
        skip();
    ts_gnuplot job = {.format = TS_SVG, .width = 89, .height = 60};
    if (ts_gnuplot_draw(&job, 1, PICTURE, &out, &err) || job.unjailed)
        skip(); /* this kernel has no filter */
    ts_buffer_free(&out);
    out = (ts_buffer){0};
    snprintf(script, sizeof script, "x = system('touch %s')\n" PICTURE,
             in_folder("PWN"));
    assert_int_equal(draw(TS_SVG, script, &out, &err), TS_EPROCESS);
    snprintf(script, sizeof script, "x = `touch %s`\n" PICTURE,
             in_folder("PWN"));
    assert_int_equal(draw(TS_SVG, script, &out, &err), TS_EPROCESS);
    snprintf(script, sizeof script, "set print '|touch %s'\n" PICTURE,
             in_folder("PWN"));
    assert_int_equal(draw(TS_SVG, script, &out, &err), TS_EPROCESS);
    assert_int_not_equal(access(in_folder("PWN"), F_OK), 0);
    assert_null(out.data);
}

/* A7: nothing of the user's environment reaches gnuplot */
static void has_clean_environment(void **state)
{
    static const char *const hostile[][2] = {{"GNUPLOT_LUA_DIR", "."},
                                             {"GNUTERM", "tikz"},
                                             {"HOME", NULL},
                                             {"GNUPLOT_LIB", "."},
                                             {"FIT_SCRIPT", "touch PWN"},
                                             {"GNUPLOT_FONTPATH", "."},
                                             {"LC_ALL", "de_DE.UTF-8"}};
    enum { N = sizeof hostile / sizeof *hostile };
    char before[N][300], dot[200];
    ts_error err;
    ts_buffer one = {0}, two = {0};
    (void)state;
    if (!have_gnuplot())
        skip();
    assert_int_equal(draw(TS_SVG, PICTURE, &one, &err), TS_OK);
    snprintf(dot, sizeof dot, "set title 'evil'\nsystem 'touch %s'\n",
             in_folder("PWN"));
    write_text(in_folder(".gnuplot"), dot, 0600);
    for (int i = 0; i < N; i++) {
        const char *old = getenv(hostile[i][0]);
        snprintf(before[i], sizeof before[i], "%s", old ? old : "");
        setenv(hostile[i][0], hostile[i][1] ? hostile[i][1] : folder, 1);
    }
    ts_status status = draw(TS_SVG, PICTURE, &two, &err);
    for (int i = 0; i < N; i++)
        before[i][0] ? setenv(hostile[i][0], before[i], 1)
                     : unsetenv(hostile[i][0]);
    assert_int_equal(status, TS_OK);
    assert_string_equal(one.data, two.data);
    assert_int_not_equal(access(in_folder("PWN"), F_OK), 0);
    ts_buffer_free(&one);
    ts_buffer_free(&two);

    fake_gnuplot("/usr/bin/env; echo \"args $*\"");
    assert_int_equal(ts_gnuplot_run("x", 0, &one, NULL, &err), TS_EPROCESS);
    fake_gnuplot("while read -r line; do :; done; exec /usr/bin/env");
    assert_int_equal(ts_gnuplot_run("x", 5, &one, NULL, &err), TS_OK);
    for (char *line = strtok(one.data, "\n"); line; line = strtok(NULL, "\n"))
        assert_true(strncmp(line, "PATH=/usr/bin:/bin", 18) == 0 ||
                    strcmp(line, "LC_ALL=C.UTF-8") == 0 ||
                    strcmp(line, "TZ=UTC") == 0 ||
                    strcmp(line, "SOURCE_DATE_EPOCH=0") == 0 ||
                    strncmp(line, "HOME=/tmp/trialsh-", 18) == 0 ||
                    strncmp(line, "PWD=/tmp/trialsh-", 17) == 0 ||
                    strcmp(line, "_=/usr/bin/env") == 0 ||
                    strcmp(line, "OLDPWD=") == 0);
    ts_buffer_free(&one);
}

/* Processes --------------------------------------------------------------- */

static void alarm_raises(int number)
{
    (void)number;
    ts_interrupt_raise();
}

static void assert_no_child_left(void)
{
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

/* A8 */
static void stops_what_hangs(void **state)
{
    ts_error err;
    ts_buffer out = {0};
    (void)state;
    fake_gnuplot("exec /bin/sleep 1000");
    double began = now();
    assert_int_equal(ts_gnuplot_run("x", 0.3, &out, NULL, &err), TS_EPROCESS);
    assert_non_null(strstr(err.text, "stopped after 0.3 seconds"));
    assert_true(now() - began < 5);
    assert_no_child_left();
    /* closes its pipes and lives on */
    fake_gnuplot("exec /bin/sleep 1000 >&- 2>&-");
    began = now();
    assert_int_equal(ts_gnuplot_run("x", 0.3, &out, NULL, &err), TS_EPROCESS);
    assert_true(now() - began < 5);
    assert_no_child_left();
    /* floods its pipes and never ends */
    fake_gnuplot("while :; do echo flood; echo flood >&2; done");
    assert_int_equal(ts_gnuplot_run("x", 0.3, &out, NULL, &err), TS_EPROCESS);
    assert_no_child_left();
    assert_null(out.data);
}

static void stops_when_interrupted(void **state)
{
    ts_error err;
    ts_buffer out = {0};
    (void)state;
    fake_gnuplot("exec /bin/sleep 1000");
    signal(SIGALRM, alarm_raises);
    ualarm(200000, 0);
    double began = now();
    assert_int_equal(ts_gnuplot_run("x", 30, &out, NULL, &err), TS_EINTERRUPT);
    assert_true(now() - began < 5);
    assert_no_child_left();
    ts_interrupt_clear();
    signal(SIGALRM, SIG_DFL);
}

/* A9 */
static void survives_crashes(void **state)
{
    static const char *const body[][2] = {
        {"kill -SEGV $$", "crashed (Segmentation fault)"},
        {"echo half; kill -KILL $$", "crashed (Killed)"},
        {"echo half; exit 3", "failed: it did not say why"},
        {"echo half; printf '\\nline 7: bad \\033[2Joption\\n\\n' >&2",
         "failed: line 7: bad \\x1B[2Joption"},
        {"exit 127", "cannot be started"}};
    ts_error err;
    ts_buffer out = {0};
    (void)state;
    for (size_t i = 0; i < sizeof body / sizeof *body; i++) {
        fake_gnuplot(body[i][0]);
        assert_int_equal(ts_gnuplot_run("x", 5, &out, NULL, &err), TS_EPROCESS);
        if (!strstr(err.text, body[i][1]))
            fail_msg("%s", err.text);
        assert_null(out.data);
        assert_no_child_left();
    }
    setenv("PATH", "/nowhere", 1);
    assert_int_equal(ts_gnuplot_run("x", 5, &out, NULL, &err), TS_EPROCESS);
    assert_string_equal(err.text, "gnuplot is not installed: apt-get install "
                                  "gnuplot-nox");
}

/* Files ------------------------------------------------------------------- */

static void assert_holds(const char *path, const char *text)
{
    char got[200] = "";
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    got[fread(got, 1, sizeof got - 1, f)] = '\0';
    fclose(f);
    assert_string_equal(got, text);
}

static int names_in_folder(void)
{
    char command[128];
    int n = -1;
    setenv("PATH", path_before, 1);
    snprintf(command, sizeof command, "ls -A %s | wc -l", folder);
    FILE *f = popen(command, "r");
    assert_int_equal(fscanf(f, "%d", &n), 1);
    pclose(f);
    return n;
}

static void appears_whole_or_not(void **state)
{
    ts_error err;
    const char *path = in_folder("fig.pdf");
    struct stat info;
    ts_gnuplot job = {.format = TS_PDF, .width = 89, .height = 60};
    (void)state;
    write_text(path, "an earlier figure", 0644);
    fake_gnuplot("echo '%PDF-1.5 half'");
    assert_int_equal(ts_gnuplot_save(&job, 1, PICTURE, &path, &err),
                     TS_EFORMAT);
    assert_holds(path, "an earlier figure");
    assert_int_equal(unlink(in_folder("gnuplot")), 0);
    assert_int_equal(names_in_folder(), 1);
    if (!have_gnuplot())
        skip();
    assert_int_equal(ts_gnuplot_save(&job, 1, "plot 'none'\n", &path, &err),
                     TS_EPROCESS);
    assert_holds(path, "an earlier figure");
    job.mode = 0640;
    assert_int_equal(ts_gnuplot_save(&job, 1, PICTURE, &path, &err), TS_OK);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0640);
    assert_true(info.st_size > 1000);
    assert_int_equal(names_in_folder(), 1);
}

static void writes_files(void **state)
{
    ts_error err;
    struct stat info;
    (void)state;
    assert_int_equal(ts_file_write(in_folder("a"), "one", 3, 0644, &err),
                     TS_OK);
    assert_int_equal(symlink("a", in_folder("link")), 0);
    assert_int_equal(ts_file_write(in_folder("link"), "two", 3, 0600, &err),
                     TS_OK);
    assert_holds(in_folder("a"), "two");
    assert_int_equal(lstat(in_folder("link"), &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    assert_int_equal(ts_file_write("/dev/null", "x", 1, 0600, &err), TS_EIO);
    assert_int_equal(stat("/dev/null", &info), 0);
    assert_true(S_ISCHR(info.st_mode));
    assert_int_equal(ts_file_write(folder, "x", 1, 0600, &err), TS_EIO);
    assert_int_equal(ts_file_write(in_folder("no/such"), "x", 1, 0600, &err),
                     TS_EIO);
    assert_int_equal(names_in_folder(), 2);
}

/* A diamond is smooth, boxes and steps keep their hard edges, words are words.
 */
static void slopes_are_smooth(void **state)
{
    static const char head[] =
        "<?xml version=\"1.0\"?>\n<svg width=\"3\" "
        "height=\"4\" viewBox=\"0 0 3 4\"\n xmlns=\"x\">";
    static const char open[] = "<g stroke='none' shape-rendering='crispEdges'>";
    static const struct {
        const char *inside;
        bool smooth;
    } cases[] = {{"<polygon points = '1.5,1 2,2.5 1,2 '/></g>", true},
                 {"<polygon points = '1,1 2,1 2,3.01 1,3 '/></g>", false},
                 {"<polygon points = '1,1 '/></g>", false},
                 {"<polygon points = '1,1 2'/></g>", false},
                 {"<path d='M1,1 L2,2'/></g>", false},
                 {"</g><g><polygon points = '1,1 2,2 '/></g>", false}};
    ts_error err;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ts_buffer svg = {0};
        ts_buffer_printf(
            &svg, "%s%s%s<text>shape-rendering='crispEdges'</text></svg>", head,
            open, cases[i].inside);
        assert_int_equal(ts_svg_finish(&svg, 3, 4, &err), TS_OK);
        assert_int_equal(strstr(svg.data, "='auto'") != NULL, cases[i].smooth);
        assert_non_null(
            strstr(svg.data, "<text>shape-rendering='crispEdges'<"));
        ts_buffer_free(&svg);
    }
}

/* An SVG that acts, or is cut, is refused. */
static void refuses_bad_pictures(void **state)
{
    static const char head[] = "<?xml version=\"1.0\"?>\n<svg width=\"3\" "
                               "height=\"4\" viewBox=\"0 0 3 4\" xmlns=\"x\" "
                               "data-pad=\"..............................\">";
    static const struct {
        const char *inside;
        ts_status status;
    } cases[] = {{"<g><text x='1'>a</text></g></svg>", TS_OK},
                 {"<use xlink:href='#a'/></svg>", TS_OK},
                 {"<script>alert(1)</script></svg>", TS_EFORMAT},
                 {"<g onload=\"alert(1)\"></g></svg>", TS_EFORMAT},
                 {"<g\nonload = 'alert(1)'></g></svg>", TS_EFORMAT},
                 {"<use xlink:href='http://x'/></svg>", TS_EFORMAT},
                 {"<use href=\"http://x\"/></svg>", TS_EFORMAT},
                 {"<image/></svg>", TS_EFORMAT},
                 {"<g></svg>", TS_EFORMAT},
                 {"<g", TS_EFORMAT}};
    ts_error err;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ts_buffer svg = {0};
        ts_buffer_puts(&svg, head);
        ts_buffer_puts(&svg, cases[i].inside);
        if (ts_svg_finish(&svg, 3, 4, &err) != cases[i].status)
            fail_msg("%s", cases[i].inside);
        ts_buffer_free(&svg);
    }
}

/* Every cut of a picture, and every flipped byte of its frame, is an error or
 * a picture, never a crash. */
static void refuses_cut_pictures(void **state)
{
    ts_error err;
    (void)state;
    if (!have_gnuplot())
        skip();
    for (ts_format format = TS_PDF; format <= TS_PNG; format++) {
        ts_buffer raw = {0}, script = {0};
        ts_gnuplot job = {
            .format = format, .width = 89, .height = 60, .dpi = 72};
        assert_int_equal(ts_gnuplot_script(&job, PICTURE, &script, &err),
                         TS_OK);
        assert_int_equal(ts_gnuplot_run(script.data, 0, &raw, NULL, &err),
                         TS_OK);
        for (size_t n = 0; n < raw.length; n += 7) {
            ts_buffer cut = {0};
            ts_buffer_add(&cut, raw.data, n);
            ts_status status =
                format == TS_PDF   ? ts_pdf_finish(&cut, 89, 60, &err)
                : format == TS_SVG ? ts_svg_finish(&cut, 89, 60, &err)
                                   : ts_png_finish(&cut, 72, &err);
            assert_int_not_equal(status, TS_OK);
            ts_buffer_free(&cut);
        }
        ts_buffer_free(&raw);
        ts_buffer_free(&script);
    }
}

static void refuses_sizes(void **state)
{
    ts_error err;
    ts_buffer out = {0};
    ts_gnuplot job = {.format = TS_PDF, .width = 5, .height = 60};
    (void)state;
    assert_int_equal(ts_gnuplot_draw(&job, 1, "", &out, &err), TS_EINVALID);
    job = (ts_gnuplot){.format = TS_PNG, .width = 183, .height = NAN};
    assert_int_equal(ts_gnuplot_draw(&job, 1, "", &out, &err), TS_EINVALID);
    job = (ts_gnuplot){
        .format = TS_PNG, .width = 1000, .height = 1000, .dpi = 1200};
    assert_int_equal(ts_gnuplot_draw(&job, 1, "", &out, &err), TS_ELIMIT);
    job = (ts_gnuplot){.format = TS_PNG, .width = 89, .height = 60, .dpi = 10};
    assert_int_equal(ts_gnuplot_draw(&job, 1, "", &out, &err), TS_EINVALID);
}

/* All formats from one process are those of a process each; a TIFF shares the
 * PNG's picture where it has its size. A text that looks like a mark is text. */
static void draws_all_at_once(void **state)
{
    static const char commands[] =
        "set label 1 T(\"seen\", \"drawn\") at screen 0.3, screen 0.3\n"
        "print_me = \"set print '-'\"\nset label 2 \"END\" at screen 0.5, "
        "screen 0.5 textcolor rgb A(\"#80FF0000\", \"#123456\")\n"
        "set multiplot\n" PICTURE "unset label\n" PICTURE "unset multiplot\n";
    ts_error err;
    (void)state;
    if (!have_gnuplot())
        skip();
    ts_gnuplot jobs[] = {{.format = TS_TIFF, .dpi = 100},
                         {.format = TS_PDF},
                         {.format = TS_PNG, .dpi = 100},
                         {.format = TS_SVG},
                         {.format = TS_PNG, .dpi = 72},
                         {.format = TS_EPS},
                         {.format = TS_TIFF, .dpi = 72}};
    enum { N = sizeof jobs / sizeof *jobs };
    ts_buffer all[N] = {{0}}, one = {0};
    for (int i = 0; i < N; i++) {
        jobs[i].width = 60;
        jobs[i].height = 40;
        jobs[i].origin = "made by a test";
    }
    assert_int_equal(ts_gnuplot_draw(jobs, N, commands, all, &err), TS_OK);
    for (int i = 0; i < N; i++) {
        assert_int_equal(ts_gnuplot_draw(&jobs[i], 1, commands, &one, &err),
                         TS_OK);
        assert_int_equal(one.length, all[i].length);
        assert_memory_equal(one.data, all[i].data, one.length);
        ts_buffer_free(&one);
    }
    assert_non_null(strstr(all[3].data, "seen"));
    assert_null(strstr(all[3].data, "drawn"));
    assert_null(strstr(all[3].data, "18,  52,  86")); /* #123456 */
    for (int i = 0; i < N; i++)
        ts_buffer_free(&all[i]);
    /* one that cannot be drawn: none is */
    jobs[6].dpi = 1;
    assert_int_equal(ts_gnuplot_draw(jobs, N, commands, all, &err),
                     TS_EINVALID);
    for (int i = 0; i < N; i++)
        assert_null(all[i].data);
}

/* The n-th allocation fails: a clean error, nothing left behind. */
static void survives_want_of_memory(void **state)
{
    ts_error err;
    (void)state;
    if (!have_gnuplot())
        skip();
    long live = ts_memory_live();
    for (long n = 1;; n++) {
        ts_buffer out[3];
        ts_gnuplot jobs[] = {
            {.format = TS_SVG, .width = 30, .height = 20},
            {.format = TS_PNG, .width = 30, .height = 20, .dpi = 36},
            {.format = TS_TIFF, .width = 30, .height = 20, .dpi = 36}};
        ts_memory_fail_at(n, 0);
        ts_status status = ts_gnuplot_draw(jobs, 3, PICTURE, out, &err);
        bool reached = ts_memory_count() >= n;
        ts_memory_fail_at(0, 0);
        for (int i = 0; i < 3; i++)
            ts_buffer_free(&out[i]);
        assert_int_equal(ts_memory_live(), live);
        if (!reached) {
            assert_int_equal(status, TS_OK);
            break;
        }
        assert_int_equal(status, TS_ENOMEM);
    }
    assert_no_child_left();
}

static void knows_fonts(void **state)
{
    (void)state;
    if (!have_gnuplot())
        skip();
    unsigned character[] = {'A', 0x10F123, 'z'}; /* the second: private use */
    bool has[3];
    ts_font_has(character, 3, has);
    assert_true(has[0] && !has[1] && has[2]);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {CASE(shows),
                                       CASE(encodes),
                                       CASE(emits_nothing_else),
                                       CASE(caps_length),
                                       CASE(writes_numbers),
                                       CASE(draws_every_title),
                                       CASE(repeats),
                                       CASE(has_its_size),
                                       CASE(draws_all_at_once),
                                       CASE(jails),
                                       CASE(has_clean_environment),
                                       CASE(stops_what_hangs),
                                       CASE(stops_when_interrupted),
                                       CASE(survives_crashes),
                                       CASE(appears_whole_or_not),
                                       CASE(writes_files),
                                       CASE(slopes_are_smooth),
                                       CASE(refuses_bad_pictures),
                                       CASE(refuses_cut_pictures),
                                       CASE(refuses_sizes),
                                       CASE(survives_want_of_memory),
                                       CASE(knows_fonts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
