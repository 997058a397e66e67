/* SAS transport files written: what a version cannot hold, random frames that
 * come back bit for bit, full disks. */
#include "xpt_files.h"

#include <signal.h>
#include <sys/resource.h>

static void assert_unwritable(ts_frame *frame, int version, const char *words)
{
    ts_error err = {0};
    ts_xpt_write_options how = {.version = version, .mode = 0600};
    write_file(in_folder("a.xpt"), "as it was", 9);
    ts_status status =
        ts_xpt_write(frame, in_folder("a.xpt"), &how, NULL, &err);
    if (!status || !strstr(err.text, words))
        fail_msg("'%s' lacks '%s'", status ? err.text : "written", words);
    ts_frame_free(frame);
    file f = read_file(in_folder("a.xpt"));
    assert_int_equal(f.n, 9);
    free(f.bytes);
}

static ts_frame *with(ts_frame *frame, const char *label, const char *format)
{
    ts_column_set(&frame->column[0]->label, label, NULL);
    ts_column_set(&frame->column[0]->format, format, NULL);
    return frame;
}

static void what_a_version_cannot_hold_is_refused(void **unused)
{
    static char text[32769], label[258];
    const char *one[] = {"#1"}, *huge[] = {"#1", "#1e80"};
    const char *tiny[] = {"#1e-80"}, *infinite[] = {"#inf"};
    const char *longest[] = {"x", text + 32768 - 201};
    const char *too_long[] = {"x", text}, *control[] = {"a\x01"};
    const char *header[] = {"see HEADER RECORD******* here"};
    (void)unused;
    memset(text, 'x', 32768);
    memset(label, 'l', 257);
    assert_unwritable(one_column("AVERYLONGNAME", one, 1), 5,
                      "AVERYLONGNAME: a name of 13 bytes; version 5 has at "
                      "most 8, version = 8 has 32");
    assert_unwritable(one_column("a_name_of_more_than_thirty_two_le", one, 1),
                      8, "a name of 33 bytes; version 8 has at most 32");
    assert_unwritable(one_column("1X", one, 1), 8, "1X: a name");
    assert_unwritable(one_column("A B", one, 1), 5, "A B: a name");
    assert_unwritable(one_column("\xC3\xA4", one, 1), 8, "a name");
    assert_unwritable(with(one_column("X", one, 1), label + 257 - 41, NULL), 5,
                      "X: a label of 41 bytes; version 5 has at most 40, "
                      "version = 8 has 256");
    assert_unwritable(with(one_column("X", one, 1), label, NULL), 8,
                      "X: a label of 257 bytes; version 8 has at most 256");
    assert_unwritable(with(one_column("X", one, 1), NULL, "NOTAFORMAT8.2"), 5,
                      "X: 'NOTAFORMAT8.2' is no format");
    assert_unwritable(with(one_column("X", one, 1), NULL, "%d"), 8,
                      "X: '%d' is no format");
    assert_unwritable(with(one_column("X", one, 1), NULL, "0."), 5,
                      "X: '0.' is no format");
    assert_unwritable(with(one_column("X", one, 1), NULL, "8.02"), 5,
                      "X: '8.02' is no format");
    assert_unwritable(one_column("X", huge, 2), 5,
                      "X, row 2: 1e+80 is beyond 7.2e75");
    assert_unwritable(one_column("X", tiny, 1), 5,
                      "X, row 1: 1e-80 is below 5.4e-79");
    assert_unwritable(one_column("X", infinite, 1), 5, "X, row 1: ");
    assert_unwritable(one_column("X", longest, 2), 5,
                      "X, row 2: text of 201 bytes; version 5 has at most "
                      "200");
    assert_unwritable(one_column("X", too_long, 2), 8,
                      "X, row 2: text of 32768 bytes");
    assert_unwritable(one_column("X", control, 1), 5,
                      "X, row 1: byte 0x01 is a control character");
    assert_unwritable(one_column("X", header, 1), 5,
                      "X, row 1: text that "
                      "looks like a header");
    assert_unwritable(one_column("X", one, 1), 6, "version 6");
    assert_unwritable(frame_of(0, 0, NULL), 5, "without columns");
    ts_column *twice[] = {column("a", one, 1), column("A", one, 1)};
    assert_unwritable(frame_of(1, 2, twice), 8, "A: two columns");
}

/* R's readers take the bytes of -0 for a missing value. */
static void minus_zero_is_written_as_zero(void **unused)
{
    const char *cells[] = {"#-0", "#1", "#-0"};
    ts_xpt_written counts;
    ts_xpt_write_options how = {.version = 8, .mode = 0600};
    ts_frame *frame = one_column("X", cells, 3);
    (void)unused;
    assert_int_equal(
        ts_xpt_write(frame, in_folder("a.xpt"), &how, &counts, NULL), TS_OK);
    ts_frame_free(frame);
    assert_true(counts.n_minus_zero == 2);
    file f = read_file(in_folder("a.xpt"));
    assert_memory_equal(f.bytes + f.n - 80,
                        "\0\0\0\0\0\0\0\0\x41\x10\0\0\0\0\0\0"
                        "\0\0\0\0\0\0\0\0 ",
                        25);
    free(f.bytes);
}

static void what_sas_has_not_is_counted(void **unused)
{
    const char *cells[] = {"", "a  ", "  ", "b", "a  "};
    ts_error err;
    ts_xpt_written counts;
    ts_xpt_write_options how = {
        .version = 8, .mode = 0644, .created = "2026-11-24T03:12:43"};
    ts_frame *frame = one_column("C", cells, 5);
    struct stat about;
    (void)unused;
    assert_int_equal(
        ts_xpt_write(frame, in_folder("a.xpt"), &how, &counts, &err), TS_OK);
    assert_true(counts.n_empty == 2 && counts.n_trimmed == 2);
    assert_true(counts.n_minus_zero == 0);
    assert_int_equal(stat(in_folder("a.xpt"), &about), 0);
    assert_int_equal(about.st_mode & 0777, 0644);
    file f = read_file(in_folder("a.xpt"));
    assert_memory_equal(f.bytes + 144, "24NOV26:03:12:43", 16);
    free(f.bytes);
    how.created = "yesterday";
    assert_int_equal(ts_xpt_write(frame, in_folder("a.xpt"), &how, NULL, &err),
                     TS_EINVALID);
    how.created = NULL;
    assert_int_equal(
        ts_xpt_write(frame, "/no/such/folder/a.xpt", &how, NULL, &err), TS_EIO);
    ts_frame_free(frame);
}

/* Random frames ------------------------------------------------------------ */

static uint64_t random_state = 2463534242u;

static unsigned below(unsigned n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)(random_state >> 33) % n;
}

static void word(ts_builder *b, const char *text)
{
    ts_builder_text(b, text, strlen(text), NULL);
}

static ts_frame *random_frame(void)
{
    static const char *const words[] = {"a",         "bb", " lead",
                                        "x y",       "-1", ".",
                                        "tab\there", "NA", "long long long"};
    size_t n = below(40), k = 1 + below(6);
    ts_frame *f;
    assert_int_equal(ts_frame_new(n, &f, NULL), 0);
    for (size_t j = 0; j < k; j++) {
        char name[32];
        ts_builder *b;
        ts_column *c;
        snprintf(name, sizeof name, "V%zu", j);
        ts_builder_new(name, &b, NULL);
        bool real = below(2) || j == 0; /* no row of blanks alone */
        ts_builder_type(b, real ? TS_REAL : TS_TEXT);
        for (size_t i = 0; i < n; i++) {
            unsigned kind = below(8);
            if (kind == 0)
                ts_builder_na(b, NULL);
            else if (kind == 1 && real)
                ts_builder_special(b, (char)('A' + below(26)), NULL);
            else if (real)
                ts_builder_real(b,
                                ldexp((double)below(1u << 30) - 5e8 +
                                          1.0 / (1 + below(1000)),
                                      (int)below(400) - 200),
                                NULL);
            else
                word(b, words[below(COUNT(words))]);
        }
        assert_int_equal(ts_builder_end(b, &c, NULL), 0);
        assert_int_equal(ts_frame_add(f, c, NULL), 0);
    }
    return f;
}

static void random_frames_come_back(void **unused)
{
    (void)unused;
    for (int i = 0; i < 500; i++) {
        ts_frame *f = random_frame(), *g = NULL;
        ts_xpt *xpt;
        ts_error err = {0};
        ts_xpt_write_options how = {.version = i % 2 ? 5 : 8, .mode = 0600};
        if (ts_xpt_write(f, in_folder("a.xpt"), &how, NULL, &err))
            fail_msg("%s", err.text);
        ts_xpt_options options = {.n_row = (double)f->n_row,
                                  .block = 1 + below(300)};
        if (ts_xpt_open(in_folder("a.xpt"), &options, &xpt, &err) ||
            ts_xpt_frame(xpt, &g, &err))
            fail_msg("%s", err.text);
        ts_xpt_close(xpt);
        assert_int_equal(f->n_row, g->n_row);
        assert_int_equal(f->n_column, g->n_column);
        for (size_t j = 0; j < f->n_column; j++)
            for (size_t r = 0; r < f->n_row; r++) {
                const ts_column *a = f->column[j], *b = g->column[j];
                assert_int_equal(a->type, b->type);
                assert_int_equal(ts_column_is_na(a, r), ts_column_is_na(b, r));
                if (ts_column_is_na(a, r))
                    assert_int_equal(a->special ? a->special[r] : 0,
                                     b->special ? b->special[r] : 0);
                else if (a->type == TS_REAL)
                    assert_memory_equal(&a->real[r], &b->real[r],
                                        sizeof(double));
                else
                    assert_string_equal(ts_column_text(a, r),
                                        ts_column_text(b, r));
            }
        ts_frame_free(f);
        ts_frame_free(g);
    }
}

/* A disk that is full after so many bytes: the old file stays. */
static void failing_writes_are_an_error(void **unused)
{
    struct rlimit old, small;
    size_t whole = 0;
    (void)unused;
    free(written(sample(60), 5, "A").bytes);
    file before = read_file(in_folder("a.xpt"));
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    for (rlim_t n = 0; !whole; n += 97) {
        ts_error err = {0};
        ts_xpt_write_options how = {.version = 8, .mode = 0600};
        ts_frame *frame = sample(60);
        small = (struct rlimit){n, old.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        ts_status status =
            ts_xpt_write(frame, in_folder("a.xpt"), &how, NULL, &err);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
        ts_frame_free(frame);
        file after = read_file(in_folder("a.xpt"));
        if (status) {
            assert_int_equal(status, TS_EIO);
            assert_int_equal(after.n, before.n);
            assert_memory_equal(after.bytes, before.bytes, after.n);
        } else {
            whole = after.n;
            assert_true(n >= whole);
        }
        free(after.bytes);
    }
    signal(SIGXFSZ, SIG_DFL);
    free(before.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_version_cannot_hold_is_refused),
        cmocka_unit_test(what_sas_has_not_is_counted),
        cmocka_unit_test(minus_zero_is_written_as_zero),
        cmocka_unit_test(failing_writes_are_an_error),
        cmocka_unit_test(random_frames_come_back),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
