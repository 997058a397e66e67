/* Workbooks: what is refused before a byte is written, and that a file which
 * cannot be finished leaves what was there. What is in them: test_xlsx.lua. */
#include "xpt_files.h"

#include <signal.h>
#include <sys/resource.h>
#include "ts/interrupt.h"
#include "ts/xlsx.h"

static ts_status write_one(const ts_frame *frame, const char *name,
                           ts_error *err)
{
    ts_xlsx_sheet sheet = {.name = name, .frame = frame};
    ts_xlsx_options options = {
        .mode = 0600, .title = "A title", .creator = "us", .keywords = "none"};
    return ts_xlsx_write(in_folder("a.xpt"), &sheet, 1, &options, err);
}

static void put_old(void)
{
    write_file(in_folder("a.xpt"), "as it was", 9);
}

static void old_is_there(void)
{
    file f = read_file(in_folder("a.xpt"));
    assert_int_equal(f.n, 9);
    assert_memory_equal(f.bytes, "as it was", 9);
    free(f.bytes);
}

static void refuses(const ts_frame *frame, const char *name, ts_status status,
                    const char *words)
{
    ts_error err = {0};
    put_old();
    assert_int_equal(write_one(frame, name, &err), status);
    if (!strstr(err.text, words))
        fail_msg("'%s' lacks '%s'", err.text, words);
    old_is_there();
}

static void names_of_sheets(void **unused)
{
    static const char *const cells[] = {"#1"};
    static const char *const bad[] = {
        "",        "a/b",
        "a\\b",    "a?b",
        "a*b",     "a:b",
        "[a",      "a]",
        "'a",      "a'",
        "History", "a\xFF",
        "a\nb",    "12345678901234567890123456789012"};
    ts_frame *f = one_column("X", cells, 1);
    ts_error err = {0};
    (void)unused;
    for (size_t i = 0; i < COUNT(bad); i++)
        refuses(f, bad[i], TS_EINVALID, "name");
    assert_int_equal(write_one(f, "1234567890123456789012345678901", &err), 0);
    /* a letter outside of the first plane counts twice */
    assert_int_equal(
        write_one(f, "\xF0\x9F\x98\x80 4567890123456789012345678901", &err), 0);
    refuses(f, "\xF0\x9F\x98\x80 4567890123456789012345678901\xC3\xA9",
            TS_EINVALID, "1 to 31 letters");
    ts_xlsx_sheet two[] = {{.name = "adsl", .frame = f},
                           {.name = "ADSL", .frame = f}};
    ts_xlsx_options options = {.mode = 0600};
    assert_int_equal(ts_xlsx_write(in_folder("a.xpt"), two, 2, &options, &err),
                     TS_EEXISTS);
    assert_non_null(strstr(err.text, "ADSL: two sheets have that name"));
    assert_int_equal(ts_xlsx_write(in_folder("a.xpt"), two, 0, &options, &err),
                     TS_EINVALID);
    options.created = "2026-11-24";
    assert_int_equal(ts_xlsx_write(in_folder("a.xpt"), two, 1, &options, &err),
                     TS_EINVALID);
    ts_frame_free(f);
}

static void limits(void **unused)
{
    ts_column *c;
    ts_error err = {0};
    (void)unused;
    /* one row more than there is room for below the names */
    assert_int_equal(ts_column_new_real("X", 1048576, &c, NULL), 0);
    ts_frame *f = frame_of(c->n, 1, &c);
    refuses(f, "x", TS_ELIMIT, "x: 1048576 rows; a sheet has at most 1048575");
    ts_frame_free(f);
    assert_int_equal(ts_column_new_real("X", 1048575, &c, NULL), 0);
    c->real[1048574] = 1;
    f = frame_of(c->n, 1, &c);
    assert_int_equal(write_one(f, "x", &err), 0);
    ts_frame_free(f);

    /* ts_frame_add compares all names: the list by hand */
    static const char *const cell[] = {"#1"};
    f = one_column("X", cell, 1);
    ts_column **many = calloc(16385, sizeof *many);
    for (size_t j = 0; j < 16385; j++)
        many[j] = f->column[0];
    ts_frame wide = {1, 16385, many};
    refuses(&wide, "x", TS_ELIMIT, "16385 columns; a sheet has at most 16384");
    wide.n_column = 16384;
    assert_int_equal(write_one(&wide, "x", &err), 0);
    wide.n_column = 0;
    refuses(&wide, "x", TS_EINVALID, "x: a frame without columns");
    free(many);
    ts_frame_free(f);

    /* 32,767 letters, of which those beyond the first plane count twice */
    char *text = malloc(70000);
    const char *cells[] = {"a", NULL};
    cells[1] = text;
    for (int wide_letters = 0; wide_letters < 2; wide_letters++)
        for (int more = 0; more < 2; more++) {
            size_t n = 0;
            memset(text, 'b', 70000);
            for (; wide_letters && n < 4 * 16000; n += 4)
                memcpy(text + n, "\xF0\x9F\x98\x80", 4);
            text[n + (wide_letters ? 767 : 32767) + (size_t)more] = '\0';
            f = one_column("T", cells, 2);
            if (more)
                refuses(f, "x", TS_ELIMIT,
                        "T, row 2: text of 32768 letters; a cell has at most "
                        "32767");
            else
                assert_int_equal(write_one(f, "x", &err), 0);
            ts_frame_free(f);
        }
    free(text);
}

static void values(void **unused)
{
    static const char *const infinite[] = {"#1", "#-inf"};
    static const char *const bytes[] = {"a text", NULL, "a\xFFz"};
    (void)unused;
    ts_frame *f = one_column("X", infinite, 2);
    refuses(f, "x", TS_EINVALID, "X, row 2: a workbook has no infinite");
    ts_frame_free(f);
    f = one_column("T", bytes, 3);
    refuses(f, "x", TS_EINVALID, "T, row 3: text that is not UTF-8");
    ts_frame_free(f);
    f = one_column("T\xFF", bytes, 1);
    refuses(f, "x", TS_EINVALID, "T\\xFF: text that is not UTF-8");
    ts_frame_free(f);
}

/* A disk that is full, at every size of a file up to the whole. */
static void no_room(void **unused)
{
    struct rlimit old, small;
    ts_frame *f = sample(60);
    ts_error err = {0};
    (void)unused;
    assert_int_equal(write_one(f, "x", &err), 0);
    file whole = read_file(in_folder("a.xpt"));
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    void (*before)(int) = signal(SIGXFSZ, SIG_IGN);
    for (size_t most = 0; most < whole.n; most += 97) {
        put_old();
        small = (struct rlimit){most, old.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        ts_status status = write_one(f, "x", &err);
        setrlimit(RLIMIT_FSIZE, &old);
        assert_int_equal(status, TS_EIO);
        assert_non_null(strstr(err.text, "cannot be written: File too large"));
        old_is_there();
    }
    signal(SIGXFSZ, before);
    free(whole.bytes);
    ts_frame_free(f);
    assert_int_equal(ts_memory_live(), 0);
}

static void out_of_memory_or_interrupted(void **unused)
{
    ts_frame *f = sample(60);
    ts_error err = {0};
    double early[4];
    const char *kinds[] = {NULL, NULL, "date", NULL};
    ts_xlsx_sheet sheets[] = {{"one", f, kinds, "SIMULATED DATA", early},
                              {.name = "two", .frame = f}};
    ts_xlsx_options options = {.mode = 0600};
    (void)unused;
    for (long n = 1;; n++) {
        put_old();
        ts_memory_fail_at(n, 0);
        ts_status status =
            ts_xlsx_write(in_folder("a.xpt"), sheets, 2, &options, &err);
        long used = ts_memory_count();
        ts_memory_fail_at(0, 0);
        if (n > used) {
            assert_int_equal(status, 0);
            assert_true(early[2] == 0);
            break;
        }
        assert_int_equal(status, TS_ENOMEM);
        old_is_there();
    }
    ts_frame_free(f);
    ts_column *c;
    assert_int_equal(ts_column_new_real("X", 100000, &c, NULL), 0);
    for (size_t i = 0; i < c->n; i++)
        c->real[i] = (double)i;
    f = frame_of(c->n, 1, &c);
    put_old();
    ts_interrupt_raise();
    assert_int_equal(write_one(f, "x", &err), TS_EINTERRUPT);
    ts_interrupt_clear();
    old_is_there();
    ts_frame_free(f);
    assert_int_equal(ts_memory_live(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_sheets),
        cmocka_unit_test(limits),
        cmocka_unit_test(values),
        cmocka_unit_test(no_room),
        cmocka_unit_test(out_of_memory_or_interrupted),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
