/*
 * Frames written as CSV and read again: what the text is, random frames that
 * come back bit for bit, what is refused, and the file that stays as it was.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ts/csv.h"
#include "ts/interrupt.h"
#include "ts/memory.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* doubtful: what ts_csv_written says, or NULL. */
static ts_status write_csv(const ts_frame *frame, const char *path, int mode,
                           ts_buffer *doubtful, ts_error *err)
{
    ts_csv_write_options options = {.mode = mode};
    ts_csv_written written;
    ts_status status = ts_csv_write(frame, path, &options, &written, err);
    if (doubtful) {
        ts_buffer_free(doubtful);
        *doubtful = written.doubtful;
        written.doubtful = (ts_buffer){0};
    }
    ts_csv_written_free(&written);
    return status;
}

static char folder[] = "/tmp/test_csv_write.XXXXXX";

static const char *in_folder(const char *name)
{
    static char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int make_folder(void **unused)
{
    (void)unused;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **unused)
{
    (void)unused;
    unlink(in_folder("a.csv"));
    unlink(in_folder("a.tsv"));
    return rmdir(folder); /* fails where a temporary file was left */
}

/* A column of cells: text, or NULL for NA; a number begins with '#'. */
static ts_column *column(const char *name, const char *const *cells, size_t n,
                         ts_type type)
{
    ts_builder *b;
    ts_column *c;
    assert_int_equal(ts_builder_new(name, &b, NULL), 0);
    ts_builder_type(b, type);
    for (size_t i = 0; i < n; i++)
        if (!cells[i])
            ts_builder_na(b, NULL);
        else if (type == TS_REAL)
            ts_builder_real(b, strtod(cells[i], NULL), NULL);
        else
            ts_builder_text(b, cells[i], strlen(cells[i]), NULL);
    assert_int_equal(ts_builder_end(b, &c, NULL), 0);
    return c;
}

static ts_frame *frame_of(size_t n, size_t n_column, ts_column *const *columns)
{
    ts_frame *f;
    assert_int_equal(ts_frame_new(n, &f, NULL), 0);
    for (size_t i = 0; i < n_column; i++)
        assert_int_equal(ts_frame_add(f, columns[i], NULL), 0);
    return f;
}

static void file_is(const char *path, const char *wanted)
{
    char text[4000];
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = '\0';
    assert_string_equal(text, wanted);
}

static const char *const numbers[] = {
    "0.30000000000000004", "1e-310", "-0", NULL, "9007199254740993", "5e-324"};
static const char *const texts[] = {"a,b", "", NULL, "x \"y\"", "1\r\n2", " "};
static const char *const codes[] = {"001", "NA", ".", "12", "\xC3\xA9", "a;b"};

static void what_is_written(void **unused)
{
    struct stat about;
    ts_buffer doubtful = {0};
    ts_column *c[] = {column("AVAL", numbers, 6, TS_REAL),
                      column("my \"var\"", texts, 6, TS_TEXT),
                      column("CODE", codes, 6, TS_TEXT)};
    ts_frame *f = frame_of(6, 3, c);
    (void)unused;
    assert_int_equal(write_csv(f, in_folder("a.csv"), 0640, &doubtful, NULL),
                     0);
    file_is(in_folder("a.csv"),
            "AVAL,\"my \"\"var\"\"\",CODE\n"
            "0.30000000000000004,\"a,b\",001\n1e-310,\"\",\"NA\"\n-0,,\".\"\n"
            ",\"x \"\"y\"\"\",\"12\"\n9007199254740992,\"1\r\n2\",\xC3\xA9\n"
            "5e-324,\" \",\"a;b\"\n");
    assert_int_equal(stat(in_folder("a.csv"), &about), 0);
    assert_int_equal(about.st_mode & 0777, 0640);
    assert_int_equal(doubtful.length, 0);
    assert_int_equal(write_csv(f, in_folder("a.tsv"), 0600, NULL, NULL), 0);
    file_is(in_folder("a.tsv"),
            "AVAL\t\"my \"\"var\"\"\"\tCODE\n"
            "0.30000000000000004\t\"a,b\"\t001\n1e-310\t\"\"\t\"NA\"\n"
            "-0\t\t\".\"\n\t\"x \"\"y\"\"\"\t\"12\"\n"
            "9007199254740992\t\"1\r\n2\"\t\xC3\xA9\n5e-324\t\" \"\t\"a;b\"\n");
    ts_buffer_free(&doubtful);
    ts_frame_free(f);
    assert_int_equal(ts_memory_live(), 0);
}

static bool same_cell(const ts_column *a, const ts_column *b, size_t i)
{
    if (a->type != b->type || ts_column_is_na(a, i) != ts_column_is_na(b, i))
        return false;
    if (ts_column_is_na(a, i))
        return true;
    return a->type == TS_REAL
               ? memcmp(&a->real[i], &b->real[i], sizeof(double)) == 0
               : strcmp(ts_column_text(a, i), ts_column_text(b, i)) == 0;
}

static void assert_same(const ts_frame *a, const ts_frame *b)
{
    assert_int_equal(a->n_row, b->n_row);
    assert_int_equal(a->n_column, b->n_column);
    for (size_t j = 0; j < a->n_column; j++) {
        assert_string_equal(a->column[j]->name, b->column[j]->name);
        for (size_t i = 0; i < a->n_row; i++)
            if (!same_cell(a->column[j], b->column[j], i))
                fail_msg("row %zu of %s", i, a->column[j]->name);
    }
}

static ts_frame *read_back(const char *path, const ts_csv_options *options)
{
    ts_csv *csv;
    ts_frame *f = NULL;
    ts_error err;
    if (ts_csv_open(path, options, &csv, &err) || ts_csv_frame(csv, &f, &err))
        fail_msg("%s", err.text);
    ts_csv_close(csv);
    return f;
}

static uint64_t state = 88172645463325252u;

static uint64_t random64(void) /* xorshift: the test only wants variety */
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static ts_column *random_column(const char *name, size_t n)
{
    static const char *const pieces[] = {"a",
                                         ",",
                                         "\"",
                                         "\n",
                                         "\r",
                                         "\r\n",
                                         " ",
                                         "\t",
                                         ";",
                                         "|",
                                         "\xC3\xA9",
                                         "\xEF\xBB\xBF",
                                         "\xF0\x9D\x94\xB8",
                                         "1",
                                         "007",
                                         "NA",
                                         ".",
                                         "e",
                                         "-",
                                         "'",
                                         "sep=;",
                                         "<html>",
                                         "\x0B",
                                         "\xE2\x80\xAE",
                                         "x",
                                         "y"};
    ts_builder *b;
    ts_column *c;
    bool real = random64() % 2;
    size_t longest = random64() % 4, missing = 2 + random64() % 9;
    assert_int_equal(ts_builder_new(name, &b, NULL), 0);
    ts_builder_type(b, real ? TS_REAL : TS_TEXT);
    for (size_t i = 0; i < n; i++) {
        ts_buffer text = {0};
        double x;
        uint64_t word = random64();
        memcpy(&x, &word, sizeof x);
        for (size_t k = random64() % (longest + 1) + (longest > 2); k; k--)
            ts_buffer_puts(&text, pieces[random64() % COUNT(pieces)]);
        if (random64() % missing == 0)
            ts_builder_na(b, NULL);
        else if (real)
            ts_builder_real(b, isfinite(x) ? x : (double)(word % 1000) / 10,
                            NULL);
        else
            ts_builder_text(b, text.data ? text.data : "", text.length, NULL);
        ts_buffer_free(&text);
    }
    assert_int_equal(ts_builder_end(b, &c, NULL), 0);
    return c;
}

/* Values always come back; so do types, but for the columns that the writer
 * doubts, which come back with types = text. */
static void round_trip(void **unused)
{
    static const char *const names[] = {"sep=;",
                                        "a,b",
                                        "NA",
                                        "x\ty",
                                        ("\xEF\xBB\xBF"
                                         "b"),
                                        "<html>",
                                        " ",
                                        "7"};
    (void)unused;
    for (int run = 0; run < 600; run++) {
        ts_column *c[8];
        ts_csv_type types[8];
        ts_buffer doubtful = {0};
        size_t n = random64() % 40, n_column = 1 + random64() % 8, n_type = 0;
        size_t first = random64() % 8;
        for (size_t j = 0; j < n_column; j++)
            c[j] = random_column(names[(first + j) % 8], n);
        ts_frame *f = frame_of(n, n_column, c);
        ts_error err;
        if (write_csv(f, in_folder("a.csv"), 0600, &doubtful, &err))
            fail_msg("%s", err.text);
        for (size_t j = 0; j < n_column; j++) {
            ts_buffer shown = {0};
            ts_text_escape(&shown, c[j]->name, strlen(c[j]->name));
            if (doubtful.length && strstr(doubtful.data, shown.data))
                types[n_type++] = (ts_csv_type){c[j]->name, c[j]->type, NULL};
            ts_buffer_free(&shown);
        }
        ts_csv_options options = {
            .types = types, .n_type = n_type, .block = run % 2 ? 7 : 0};
        ts_frame *again = read_back(in_folder("a.csv"), &options);
        assert_same(f, again);
        ts_frame_free(again);
        ts_frame_free(f);
        ts_buffer_free(&doubtful);
    }
    assert_int_equal(ts_memory_live(), 0);
}

/* Levels that no row has are not looked at. */
static void unused_levels(void **unused)
{
    static const char *const levels[] = {"A", "1", "bad\x01"};
    ts_builder *b;
    ts_column *c;
    ts_buffer doubtful = {0};
    (void)unused;
    assert_int_equal(ts_builder_new("a", &b, NULL), 0);
    assert_int_equal(ts_builder_levels(b, levels, 3, NULL), 0);
    ts_builder_text(b, "1", 1, NULL);
    assert_int_equal(ts_builder_end(b, &c, NULL), 0);
    ts_frame *f = frame_of(1, 1, &c);
    assert_int_equal(write_csv(f, in_folder("a.csv"), 0600, &doubtful, NULL),
                     0);
    assert_string_equal(doubtful.data, "a");
    ts_buffer_free(&doubtful);
    ts_frame_free(f);
}

static void doubts(void **unused)
{
    static const char *const like_numbers[] = {"1", "2", NULL};
    static const char *const nearly[] = {"1", "2", "3", "4", "5",
                                         "6", "7", "8", "9", "x"};
    static const char *const empty[] = {"", NULL, ""};
    static const char *const none[] = {NULL, NULL, NULL};
    static const char *const words[] = {"NA", ".", NULL};
    static const char *const zeros[] = {"01", "02", "03"};
    ts_buffer doubtful = {0};
    ts_column *c[] = {column("ONE", like_numbers, 3, TS_TEXT),
                      column("EMPTY", empty, 3, TS_TEXT),
                      column("NONE", none, 3, TS_TEXT),
                      column("WORDS", words, 3, TS_TEXT),
                      column("ZERO", zeros, 3, TS_TEXT),
                      column("REAL", like_numbers, 3, TS_REAL)};
    ts_column *d[] = {column("NEARLY", nearly, 10, TS_TEXT)};
    ts_frame *f = frame_of(3, 6, c), *g = frame_of(10, 1, d);
    (void)unused;
    assert_int_equal(write_csv(f, in_folder("a.csv"), 0600, &doubtful, NULL),
                     0);
    assert_string_equal(doubtful.data, "ONE, NONE, WORDS");
    ts_buffer_clear(&doubtful);
    assert_int_equal(write_csv(g, in_folder("a.csv"), 0600, &doubtful, NULL),
                     0);
    assert_string_equal(doubtful.data, "NEARLY");
    ts_buffer_free(&doubtful);
    ts_frame_free(f);
    ts_frame_free(g);
}

static void refuses(ts_frame *f, ts_status code, const char *why)
{
    ts_error err;
    assert_int_equal(write_csv(f, in_folder("a.csv"), 0600, NULL, &err), code);
    if (!strstr(err.text, why))
        fail_msg("%s\nis without\n%s", err.text, why);
    file_is(in_folder("a.csv"), "as it was\n");
    ts_frame_free(f);
}

static void refused(void **unused)
{
    static const char *const infinite[] = {"1", "-inf"};
    static const char *const control[] = {"x", "y\x01"};
    static const char *const bytes[] = {"x", "\xC3"};
    static const char *const one[] = {"1", "2"};
    ts_column *none = NULL, *c[2];
    FILE *file = fopen(in_folder("a.csv"), "w");
    (void)unused;
    fputs("as it was\n", file);
    fclose(file);
    refuses(frame_of(0, 0, &none), TS_EINVALID, "without columns");
    c[0] = column("AVAL", infinite, 2, TS_REAL);
    refuses(frame_of(2, 1, c), TS_EINVALID,
            "AVAL, row 2: CSV has no infinite numbers");
    c[0] = column("T", control, 2, TS_TEXT);
    refuses(frame_of(2, 1, c), TS_EINVALID, "T, row 2: text that is not");
    c[0] = column("T", bytes, 2, TS_TEXT);
    refuses(frame_of(2, 1, c), TS_EINVALID, "T, row 2: text that is not");
    c[0] = column("", one, 2, TS_REAL);
    refuses(frame_of(2, 1, c), TS_EINVALID, "column 1 has no name");
    c[0] = column("a", one, 2, TS_REAL);
    c[1] = column("A", one, 2, TS_REAL);
    refuses(frame_of(2, 2, c), TS_EINVALID, "differ only in case");
    char name[10002] = "";
    memset(name, 'x', sizeof name - 1);
    c[0] = column(name, one, 2, TS_REAL);
    refuses(frame_of(2, 1, c), TS_EINVALID, "more than 10000 bytes");
    ts_column *many[2001];
    for (int i = 0; i < 2001; i++) {
        snprintf(name, sizeof name, "v%d", i);
        many[i] = column(name, one, 2, TS_REAL);
    }
    refuses(frame_of(2, 2001, many), TS_ELIMIT, "2001 columns; a CSV file");
    c[0] = column("a\xFF", one, 2, TS_REAL);
    refuses(frame_of(2, 1, c), TS_EINVALID, "the name of column 1, a\\xFF");
}

/* A disk that is full: the file stays as it was, nothing is left beside. */
static void no_room(void **unused)
{
    struct rlimit old, small = {100000, 100000};
    ts_column *c;
    ts_error err;
    (void)unused;
    FILE *file = fopen(in_folder("a.csv"), "w");
    fputs("as it was\n", file);
    fclose(file);
    assert_int_equal(ts_column_new_real("x", 300000, &c, NULL), 0);
    for (size_t i = 0; i < c->n; i++)
        c->real[i] = (double)i;
    ts_frame *f = frame_of(c->n, 1, &c);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small.rlim_max = old.rlim_max;
    void (*before)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    ts_status status = write_csv(f, in_folder("a.csv"), 0600, NULL, &err);
    setrlimit(RLIMIT_FSIZE, &old);
    signal(SIGXFSZ, before);
    assert_int_equal(status, TS_EIO);
    assert_non_null(strstr(err.text, "cannot be written: File too large"));
    file_is(in_folder("a.csv"), "as it was\n");
    ts_frame_free(f);
    assert_int_equal(ts_memory_live(), 0);
}

static void interrupted_or_out_of_memory(void **unused)
{
    enum { N = 300000 }; /* more than one block of text */
    ts_column *c[2];
    ts_frame *f;
    ts_error err;
    (void)unused;
    assert_int_equal(ts_column_new_real("x", N, &c[0], NULL), 0);
    for (size_t i = 0; i < N; i++)
        c[0]->real[i] = (double)i;
    f = frame_of(N, 1, c);
    FILE *file = fopen(in_folder("a.csv"), "w");
    fputs("as it was\n", file);
    fclose(file);
    ts_interrupt_raise();
    assert_int_equal(write_csv(f, in_folder("a.csv"), 0600, NULL, &err),
                     TS_EINTERRUPT);
    ts_interrupt_clear();
    file_is(in_folder("a.csv"), "as it was\n");
    ts_frame_free(f);
    c[0] = column("a", texts, 6, TS_TEXT);
    c[1] = column("b", numbers, 6, TS_REAL);
    f = frame_of(6, 2, c);
    for (long n = 1;; n++) {
        ts_buffer doubtful = {0};
        ts_memory_fail_at(n, 0);
        ts_status status =
            write_csv(f, in_folder("a.csv"), 0600, &doubtful, &err);
        long used = ts_memory_count();
        ts_memory_fail_at(0, 0);
        ts_buffer_free(&doubtful);
        if (n > used)
            break;
        assert_int_equal(status, TS_ENOMEM);
        file_is(in_folder("a.csv"), "as it was\n");
    }
    ts_frame_free(f);
    assert_int_equal(ts_memory_live(), 0);
}

/* E8: text that a spreadsheet would run, in a cell or in a name. */
/* Dates of SAS as text; what text cannot hold exactly stays a number. */
static void dates_as_text(void **unused)
{
    static const char *const days[] = {"0",       "19725", "-1",      "0.5",
                                       "2936549", "-0",    "2936550", "0.3",
                                       NULL};
    static const char *const seconds[] = {
        "0",    "1704251045", "1704251045.25", "-0.5",
        "1e15", "-1",         "86399",         "0.0000000001",
        NULL};
    static const char *const clock[] = {"0",     "3661", "86399.999", "86400",
                                        "-3600", "-0",   "1.5",       "0.1",
                                        NULL};
    static const char *const kinds[] = {"date", "datetime", "time", NULL};
    enum { N = COUNT(days) };
    ts_column *c[] = {column("D", days, N, TS_REAL),
                      column("DT", seconds, N, TS_REAL),
                      column("T", clock, N, TS_REAL),
                      column("X", days, N, TS_REAL)};
    ts_frame *f = frame_of(N, 4, c);
    ts_csv_write_options options = {.mode = 0600, .dates = kinds};
    ts_csv_written written;
    ts_error err = {0};
    (void)unused;
    assert_int_equal(
        ts_csv_write(f, in_folder("a.csv"), &options, &written, &err), 0);
    assert_true(written.n_number[0] == 2);
    assert_true(written.n_number[1] == 2);
    assert_true(written.n_number[2] == 3);
    assert_true(written.n_number[3] == 0);
    ts_csv_written_free(&written);
    file_is(in_folder("a.csv"),
            "D,DT,T,X\n"
            "1960-01-01,1960-01-01T00:00:00,00:00:00,0\n"
            "2014-01-02,2014-01-02T03:04:05,01:01:01,19725\n"
            "1959-12-31,2014-01-02T03:04:05.25,23:59:59.999,-1\n"
            "1960-01-01T12:00:00,1959-12-31T23:59:59.5,86400,0.5\n"
            "9999-12-31,1e+15,-3600,2936549\n"
            "-0,1959-12-31T23:59:59,-0,-0\n"
            "2936550,1960-01-01T23:59:59,00:00:01.5,2936550\n"
            "1960-01-01T07:12:00,1e-10,00:00:00.1,0.3\n"
            ",,,\n");
    ts_frame_free(f);
}

static void formulas_are_guarded(void **unused)
{
    static const char *const cells[] = {"=1+1",   "+1",     "-x",     "@a",
                                        "\t=",    "\r=",    "\n",     "\uFF1D1",
                                        "\uFF0B", "\uFF0D", "\uFF20", "a=1",
                                        "'=1",    "1-1",    "",       "\uFF1Cb",
                                        NULL};
    static const char *const negative[] = {
        "-1.5", "+2", "-0", "1", "-1e300", "1", "1", "1", "1",
        "1",    "1",  "1",  "1", "1",      "1", "1", NULL};
    enum { N = COUNT(cells) };
    ts_column *c[] = {column("=A", cells, N, TS_TEXT),
                      column("X", negative, N, TS_REAL)};
    ts_frame *f = frame_of(N, 2, c);
    ts_csv_write_options options = {.mode = 0600};
    ts_csv_written written;
    ts_error err = {0};
    (void)unused;
    for (int guard = 0; guard < 2; guard++) {
        options.spreadsheet = guard;
        assert_int_equal(
            ts_csv_write(f, in_folder("a.csv"), &options, &written, &err), 0);
        assert_true(written.n_formula[0] == 12); /* 11 cells and the name */
        assert_true(written.n_formula[1] == 0);
        ts_csv_written_free(&written);
        file_is(in_folder("a.csv"),
                guard ? "\"'=A\",X\n'=1+1,-1.5\n\"'+1\",2\n'-x,-0\n'@a,1\n"
                        "\"'\t=\",-1e+300\n\"'\r=\",1\n\"'\n\",1\n"
                        "\"'\uFF1D1\",1\n\"'\uFF0B\",1\n\"'\uFF0D\",1\n"
                        "\"'\uFF20\",1\na=1,1\n'=1,1\n1-1,1\n\"\",1\n"
                        "\"\uFF1Cb\",1\n,\n"
                      : "\"=A\",X\n=1+1,-1.5\n\"+1\",2\n-x,-0\n@a,1\n"
                        "\"\t=\",-1e+300\n\"\r=\",1\n\"\n\",1\n"
                        "\"\uFF1D1\",1\n\"\uFF0B\",1\n\"\uFF0D\",1\n"
                        "\"\uFF20\",1\na=1,1\n'=1,1\n1-1,1\n\"\",1\n"
                        "\"\uFF1Cb\",1\n,\n");
    }
    ts_frame_free(f);
    assert_int_equal(ts_memory_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written),
        cmocka_unit_test(dates_as_text),
        cmocka_unit_test(round_trip),
        cmocka_unit_test(unused_levels),
        cmocka_unit_test(doubts),
        cmocka_unit_test(refused),
        cmocka_unit_test(no_room),
        cmocka_unit_test(interrupted_or_out_of_memory),
        cmocka_unit_test(formulas_are_guarded),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
