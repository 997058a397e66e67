/*
 * SAS transport files read: cut and damaged at every byte, padding, members,
 * encodings, memory that runs out. Files are made by the writer, whose output
 * R's readers check in tests/lua/test_xpt.lua.
 */
#include "xpt_files.h"

#include <fcntl.h>
#include "ts/interrupt.h"

static void what_is_written_is_read(void **unused)
{
    static const char expected[] =
        "v%d 6 rows member=ADX label=a label\n"
        "USUBJID:text label=Unique Subject Identifier\n"
        "AVAL:real format=8.2\n"
        "ADT:real label=Analysis Date format=DATE9. informat=YYMMDD10.\n"
        "NOTE:text format=$10.\n"
        "'S-000'|-3|21915|'a note'\n'S-001'|-2|21915|\n"
        "'S-002'|-1.58579|21915|\n'S-003'|.|21915|'a note'\n"
        "'S-004'|-1|21915|\n'S-005'|.C|21915|\n";
    (void)unused;
    for (int version = 5; version <= 8; version += 3) {
        char text[1000];
        snprintf(text, sizeof text, expected, version);
        file f = written(sample(6), version, "ADX");
        file again = written(sample(6), version, "ADX");
        assert_int_equal(f.n % 80, 0);
        assert_int_equal(f.n, again.n);
        assert_memory_equal(f.bytes, again.bytes, f.n);
        assert_outcome(&f, -1, text);
        assert_outcome(&f, 6, text);
        free(f.bytes);
        free(again.bytes);
    }
}

/* A file of 3280 bytes, cut at every byte: an error that names a byte, or the
 * same rows and a word about the padding that is gone. In version 5 a cut
 * behind a row that ends a record leaves a whole file: the facts say that its
 * end is open, and the number of rows, if it is known, tells. */
static void no_cut_is_silent(void **unused)
{
    enum { ROWS = 74, WIDTH = 27, DATA = 1280 };
    (void)unused;
    for (int version = 5; version <= 8; version += 3) {
        file f = written(sample(ROWS), version, "CUT");
        ts_buffer whole = {0};
        assert_int_equal(f.n, 3280);
        assert_int_equal(outcome(&f, f.n, NULL, -1, 0, &whole), TS_OK);
        assert_null(strstr(whole.data, "open"));
        const char *rows = strchr(whole.data, '\n');
        for (size_t n = 0; n < f.n; n++) {
            ts_buffer got = {0}, known = {0};
            ts_status status = outcome(&f, n, NULL, -1, 0, &got);
            const char *line = strchr(got.data, '\n');
            size_t behind = n < DATA ? 1 : (n - DATA) % WIDTH;
            if (n > DATA + ROWS * WIDTH ||
                (version == 8 && n == DATA + ROWS * WIDTH)) {
                assert_int_equal(status, TS_OK);
                assert_string_equal(line, rows);
                assert_non_null(strstr(got.data, " lost="));
            } else if (version == 5 && behind == 0 && n % 80 == 0) {
                assert_int_equal(status, TS_OK);
                assert_non_null(strstr(got.data, " open"));
                assert_int_equal(outcome(&f, n, NULL, ROWS, 0, &known),
                                 TS_EINVALID);
            } else {
                assert_int_equal(status, TS_EFORMAT);
                char place[40];
                snprintf(place, sizeof place, ": byte %zu: ", n);
                if (n >= 240)
                    assert_non_null(strstr(got.data, ": byte "));
                if (version == 5 && behind == 0) {
                    assert_non_null(strstr(got.data, place));
                    assert_non_null(strstr(got.data, "so it was cut"));
                    outcome(&f, n, NULL, (double)((n - DATA) / WIDTH), 0,
                            &known);
                    assert_non_null(strstr(known.data, " lost="));
                }
            }
            ts_buffer_free(&got);
            ts_buffer_free(&known);
        }
        ts_buffer_free(&whole);
        free(f.bytes);
    }
}

/* Any byte changed in many ways: read or refused, never a fault, and the same
 * by blocks of one byte. */
static void no_damage_is_a_fault(void **unused)
{
    static const unsigned char to[] = {0x00, 0x20, 0x39, 0x7F, 0xFF};
    (void)unused;
    for (int version = 5; version <= 8; version += 3) {
        file f = written(sample(5), version, "DAMAGED");
        for (size_t i = 0; i < f.n; i++)
            for (size_t k = 0; k < COUNT(to); k++) {
                ts_buffer a = {0}, b = {0};
                unsigned char was = f.bytes[i];
                f.bytes[i] = to[k];
                ts_status status = outcome(&f, f.n, NULL, -1, 0, &a);
                outcome(&f, f.n, NULL, -1, 1, &b);
                assert_string_equal(a.data, b.data);
                if (status != TS_OK && status != TS_ELIMIT)
                    assert_non_null(strstr(a.data, ": byte "));
                f.bytes[i] = was;
                ts_buffer_free(&a);
                ts_buffer_free(&b);
                assert_int_equal(ts_memory_live(), 0);
            }
        free(f.bytes);
    }
}

static void damage_says_where(void **unused)
{
    /* offsets of version 5: variables from 640, each 140 bytes */
    static const struct {
        size_t at;
        const char *bytes;
        size_t n;
        const char *words;
    } cases[] = {
        {0, "X", 1, "byte 0: no LIBRARY header"},
        {0, "**COMPRESSED** **COMPRESSED**", 29, "PROC CPORT"},
        {20, "LIBV8   ", 8,
         "byte 240: a MEMBER header of version 5 in a file of version 8"},
        {80, "XYZ", 3, "byte 80: "},
        {240, "X", 1, "byte 240: no MEMBER header but"},
        {260, "MEMBV8  ", 8, "byte 240: a MEMBV8 header of version 8"},
        {314, "0141", 4, "byte 314: descriptions of variables"},
        {314, "    ", 4, "byte 314: "},
        {320, "\0", 1, "byte 320: no DSCRPTR header"},
        {408, "        ", 8, "byte 408: a member without name"},
        {416, "XXXXXXXX", 8, "byte 400: "},
        {560, "\0", 1, "byte 560: no NAMESTR header"},
        {614, "9999", 4, "byte 608: 9999 variables are announced"},
        {614, "0000", 4, "byte 608: '0000000000' is no number of variables"},
        {614, "00-4", 4, "byte 608: "},
        {614, "0005", 4, "byte 1200: type 18501"}, /* a header is no variable */
        {614, "0003", 4, "byte "},
        {640, "\0\3", 2, "byte 640: type 3 of a variable"},
        {640, "\0\0", 2, "byte 640: type 0"},
        {644, "\0\0", 2, "byte 644: text of 0 bytes"},
        {644, "\xFF\xFE", 2, "byte 644: text of -2 bytes"},
        {644, "\x7F\xFF", 2, "byte 864: AVAL begins at byte 5 of a row"},
        {644, "\0\4", 2,
         "byte 864: AVAL begins at byte 5 of a row, and byte "
         "4 is the next that is free"},
        /* the last one, so that the row becomes longer than the file */
        {1064, "\x7F\xFF", 2, "the file ends in row 1 of member ADX: "},
        {1064, "\x80\0", 2, "byte 1064: text of -32768 bytes"},
        {784, "\0\x09", 2, "byte 784: a number of 9 bytes"},
        {784, "\0\1", 2, "byte 784: a number of 1 bytes"},
        {784, "\xFF\xF8", 2, "byte 784: a number of -8 bytes"},
        {648, "        ", 8, "byte 648: a variable without name"},
        {788, "USUBJID ", 8, "byte 788: two variables are named USUBJID"},
        {788, "usubjid ", 8, "byte 788: two variables are named"},
        {648,
         "US\x01"
         "BJID",
         7, "byte 650: control character 0x01"},
        {656, "\xFF", 1, "byte 656: byte 0xFF is not valid UTF-8"},
        {844, "\xFF\xFF", 2, "byte 844: a format of width -1"},
        {864, "\0\0\0\0", 4, "byte 864: "},
        {864, "\x7F\xFF\xFF\xFF", 4,
         "byte 1004: ADT begins at byte 13 of a row, and byte 5 is"},
        {1200, "X", 1, "byte 1200: no OBS header but 'XEADER"},
        {1280, "\xFF\0\0\0\0\0\0\0\0", 9, "byte 1280: byte 0xFF is not valid"},
        {1281, "\0", 1, "byte 1281: a NUL byte in text (column USUBJID)"},
        {1285, "\x21\0\0\0\0\0\0\0", 8,
         "byte 1285: byte 0x21 and zeros in AVAL is neither"},
        {1280, "                           ", 27,
         "byte 1280: a row of blanks, where numbers must be"},
        {1280, "HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!", 48,
         "byte 1280: a LIBRARY header among the rows"},
        {1280, "HEADER RECORD*******MEMBER  HEADER RECORD!!!!!!!", 48, "byte "},
    };
    (void)unused;
    file f = written(sample(6), 5, "ADX");
    for (size_t i = 0; i < COUNT(cases); i++) {
        char was[64];
        memcpy(was, f.bytes + cases[i].at, cases[i].n);
        memcpy(f.bytes + cases[i].at, cases[i].bytes, cases[i].n);
        assert_refused(&f, f.n, cases[i].words);
        memcpy(f.bytes + cases[i].at, was, cases[i].n);
    }
    free(f.bytes);
}

static void damage_of_version_8_says_where(void **unused)
{
    const char *cells[] = {"#1", "#2"};
    ts_column *c[] = {column("a_name_of_more_than_8_letters", cells, 2)};
    char label[200];
    memset(label, 'x', 150);
    label[150] = '\0';
    ts_column_set(&c[0]->label, label, NULL);
    (void)unused;
    /* one variable from 640 to 780, filled to 800; LABELV8 to 880 and 1120;
     * OBSV8 to 1200 */
    file f = written(frame_of(2, 1, c), 8, "a_member_of_v8");
    static const struct {
        size_t at;
        const char *bytes, *words;
    } cases[] = {
        {20, "LIBRARY ",
         "byte 240: a MEMBV8 header of version 8 in a file of version 5"},
        {240 + 20, "MEMBER  ", "byte 240: a MEMBER header of version 5"},
        {560 + 54, "9999", "byte 608: 9999 variables are announced"},
        {560 + 54, "0000", "byte 608: '0000000000' is no number of variables"},
        {640, "\3\3", "byte 640: type 771 of a variable"},
        {644, "\xFF\xFF", "byte 644: a number of -1 bytes"},
        {644, "\x7F\xFF", "byte 644: a number of 32767 bytes"},
        {848, "2", "byte 848: '2"},
        {848, "x", "byte 848: 'x"},
        {881, "\2", "byte 880: a long label of variable 2; there are 1"},
        {880, "\1", "byte 880: a long label of variable 257"},
        {882, "\xFF", "byte 880: the file ends within a long label"},
        {886, "X", "byte 886: a long label of "},
        {1100, "!", "byte 1100: byte 0x21 where blanks"},
        {1120 + 48 + 14, "1", "behind the last one"},
        {1120 + 48 + 14, "x", "byte 1168: "},
        {1120 + 48, "9", "byte 1168: "},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        unsigned char *at = f.bytes + cases[i].at;
        char was[16];
        size_t n = strlen(cases[i].bytes);
        memcpy(was, at, n);
        memcpy(at, cases[i].bytes, n);
        assert_refused(&f, f.n, cases[i].words);
        memcpy(at, was, n);
    }
    ts_buffer got = {0};
    assert_int_equal(outcome(&f, f.n, NULL, -1, 0, &got), TS_OK);
    assert_non_null(strstr(got.data, "v8 2 rows member=a_member_of_v8"));
    assert_non_null(strstr(got.data, label));
    ts_buffer_free(&got);
    free(f.bytes);
}

static void a_file_of_nothing(void **unused)
{
    static unsigned char zeros[3280];
    file f = {zeros, sizeof zeros};
    (void)unused;
    assert_refused(&f, 0, "byte 0: the file is empty");
    assert_refused(&f, 1, "byte 1: the file ends within the header");
    assert_refused(&f, sizeof zeros, "byte 0: no LIBRARY header");
    memset(zeros, ' ', sizeof zeros);
    assert_refused(&f, sizeof zeros, "byte 0: no LIBRARY header");
}

/* Rows of text and nothing else, where blanks may be rows. */
static void blank_rows_may_be_padding(void **unused)
{
    const char *cells[30] = {"a", "b"};
    (void)unused;
    for (size_t i = 2; i < 30; i++)
        cells[i] = i == 29 ? "z" : NULL;
    /* 3 bytes a row: 26 rows and 2 bytes fill a record */
    cells[0] = "abc";
    file f = written(one_column("C", cells, 26), 8, "X");
    assert_int_equal(f.n, 880 + 80);
    free(f.bytes);
    ts_error err;
    ts_frame *frame = one_column("C", cells, 26);
    ts_xpt_write_options how = {.version = 5, .mode = 0600};
    assert_int_equal(ts_xpt_write(frame, in_folder("a.xpt"), &how, NULL, &err),
                     TS_EINVALID);
    assert_non_null(strstr(err.text, "row 26, the last one, is missing"));
    ts_frame_free(frame);
    /* two rows and padding for 24 more */
    f = written(one_column("C", cells, 2), 5, "X");
    assert_outcome(&f, -1,
                   "v5 2 rows member=X label=a label padding=24\n"
                   "C:text\n'abc'\n'b'\n");
    assert_outcome(&f, 3,
                   "v5 3 rows member=X label=a label\n"
                   "C:text\n'abc'\n'b'\n\n");
    assert_outcome(&f, 27,
                   "invalid: a.xpt: member X has 2 rows, not the 27 "
                   "that were announced\n");
    assert_outcome(&f, 1,
                   "invalid: a.xpt: member X has 2 rows, not the 1 "
                   "that were announced\n");
    free(f.bytes);
    /* blanks before a row with text are rows */
    f = written(one_column("C", cells, 30), 5, "X");
    ts_buffer got = {0};
    assert_int_equal(outcome(&f, f.n, NULL, -1, 0, &got), TS_OK);
    assert_non_null(strstr(got.data, "v5 30 rows"));
    ts_buffer_free(&got);
    free(f.bytes);
    /* rows of blanks that padding cannot be: 80 and more bytes of them */
    const char *wide[4] = {NULL};
    char text[101];
    memset(text, 'w', 100);
    text[100] = '\0';
    wide[0] = text;
    f = written(one_column("C", wide, 4), 5, "X");
    got = (ts_buffer){0};
    assert_int_equal(outcome(&f, f.n, NULL, -1, 0, &got), TS_OK);
    assert_non_null(strstr(got.data, "v5 4 rows"));
    ts_buffer_free(&got);
    free(f.bytes);
}

static void rows_of_zeros_are_told(void **unused)
{
    const char *cells[] = {"#1", "#0", "#0"};
    (void)unused;
    file f = written(one_column("X", cells, 3), 5, "Z");
    assert_outcome(&f, -1,
                   "v5 3 rows member=Z label=a label zero=2\nX:real\n"
                   "1\n0\n0\n");
    free(f.bytes);
}

static void a_file_without_rows(void **unused)
{
    (void)unused;
    for (int version = 5; version <= 8; version += 3) {
        file f = written(one_column("X", NULL, 0), version, "NONE");
        assert_outcome(&f, -1,
                       version == 5
                           ? "v5 0 rows member=NONE label=a label open\n"
                             "X:text\n"
                           : "v8 0 rows member=NONE label=a label\nX:text\n");
        assert_outcome(&f, 0,
                       version == 5
                           ? "v5 0 rows member=NONE label=a label\nX:text\n"
                           : "v8 0 rows member=NONE label=a label\nX:text\n");
        free(f.bytes);
    }
}

static void members_are_chosen_by_name(void **unused)
{
    const char *cells[] = {"#1", "#2", "#3"};
    (void)unused;
    for (int version = 5; version <= 8; version += 3) {
        file one = written(one_column("A", cells, 3), version, "ONE");
        file two = written(one_column("B", cells, 1), version, "TWO");
        file both = {malloc(one.n + two.n), one.n + two.n - 240};
        memcpy(both.bytes, one.bytes, one.n);
        memcpy(both.bytes + one.n, two.bytes + 240, two.n - 240);
        ts_buffer got = {0};
        assert_int_equal(outcome(&both, both.n, NULL, -1, 0, &got),
                         TS_EINVALID);
        assert_string_equal(got.data, "invalid: a.xpt: 2 members, and member "
                                      "= \"NAME\" says which; there are ONE, "
                                      "TWO\n");
        ts_buffer_clear(&got);
        assert_int_equal(outcome(&both, both.n, "two", 1, 0, &got), TS_OK);
        assert_non_null(strstr(got.data, "B:real\n1\n"));
        ts_buffer_clear(&got);
        assert_int_equal(outcome(&both, both.n, "ONE", 3, 7, &got), TS_OK);
        assert_non_null(strstr(got.data, "A:real\n1\n2\n3\n"));
        ts_buffer_clear(&got);
        assert_int_equal(outcome(&both, both.n, "THREE", -1, 0, &got),
                         TS_ENOTFOUND);
        /* a row that the next member interrupts */
        if (version == 5) {
            memmove(both.bytes + one.n - 80, both.bytes + one.n,
                    both.n - one.n);
            both.n -= 80;
            ts_buffer_clear(&got);
            assert_int_equal(outcome(&both, both.n, "ONE", -1, 0, &got), TS_OK);
            assert_non_null(strstr(got.data, "v5 0 rows"));
        }
        ts_buffer_free(&got);
        free(one.bytes);
        free(two.bytes);
        free(both.bytes);
    }
}

static void encodings_are_declared(void **unused)
{
    const char *cells[] = {"Universit\xC3\xA4t", "caf\xC3\xA9"};
    ts_error err;
    ts_buffer got = {0};
    ts_xpt_write_options how = {.version = 5, .mode = 0600};
    ts_frame *frame = one_column("TEXT", cells, 2);
    ts_column_set(&frame->column[0]->label,
                  "Gr\xC3\xB6\xC3\x9F"
                  "e",
                  NULL);
    (void)unused;
    assert_int_equal(ts_xpt_write(frame, in_folder("a.xpt"), &how, NULL, &err),
                     TS_EINVALID);
    assert_non_null(strstr(err.text, "TEXT: letters beyond ASCII"));
    how.encoding = "latin1";
    assert_int_equal(ts_xpt_write(frame, in_folder("a.xpt"), &how, NULL, &err),
                     TS_OK);
    ts_xpt_options options = {.n_row = -1};
    assert_int_equal(xpt_outcome(in_folder("a.xpt"), &options, &got),
                     TS_EFORMAT);
    assert_non_null(strstr(got.data, "is not valid UTF-8; encoding = "));
    ts_buffer_clear(&got);
    options.encoding = "latin1";
    assert_int_equal(xpt_outcome(in_folder("a.xpt"), &options, &got), TS_OK);
    assert_non_null(strstr(got.data, "label=Gr\xC3\xB6\xC3\x9F"
                                     "e\n"
                                     "'Universit\xC3\xA4t'\n"
                                     "'caf\xC3\xA9'\n"));
    ts_buffer_clear(&got);
    options.encoding = "ascii";
    assert_int_equal(xpt_outcome(in_folder("a.xpt"), &options, &got),
                     TS_EFORMAT);
    ts_buffer_clear(&got);
    options.encoding = "utf-16";
    assert_int_equal(xpt_outcome(in_folder("a.xpt"), &options, &got),
                     TS_EINVALID);
    ts_buffer_clear(&got);
    options.encoding = "no such";
    assert_int_equal(xpt_outcome(in_folder("a.xpt"), &options, &got),
                     TS_EINVALID);
    ts_buffer_free(&got);
    how.encoding = "ISO-8859-7"; /* Greek has no a umlaut */
    assert_int_equal(ts_xpt_write(frame, in_folder("a.xpt"), &how, NULL, &err),
                     TS_EINVALID);
    ts_frame_free(frame);
}

/* A label of UTF-8 that the field of 40 bytes cuts within a letter. */
static void long_labels_and_formats_come_back(void **unused)
{
    const char *cells[] = {"#1"};
    char label[260] = "a", expected[700];
    (void)unused;
    while (strlen(label) < 255)
        strcat(label, "\xC3\xA4");
    ts_column *c[] = {column("a_name_of_32_letters_which_it_is", cells, 1),
                      column("b", cells, 1)};
    ts_column_set(&c[0]->label, label, NULL);
    ts_column_set(&c[1]->format, "along_format_name12.3", NULL);
    ts_column_set(&c[1]->informat, "BEST8.", NULL);
    file f = written(frame_of(1, 2, c), 8, "M");
    snprintf(expected, sizeof expected,
             "v8 1 rows member=M label=a label\n"
             "a_name_of_32_letters_which_it_is:real label=%s\n"
             "b:real format=along_format_name12.3 informat=BEST8.\n1|1\n",
             label);
    assert_outcome(&f, -1, expected);
    free(f.bytes);
}

/* Memory, interrupts, changes ---------------------------------------------- */

static void failing_memory_is_an_error(void **unused)
{
    (void)unused;
    for (int version = 5; version <= 8; version += 3) {
        file f = written(sample(40), version, "MEMORY");
        long before = ts_memory_live();
        for (long n = 1;; n++) {
            ts_xpt *xpt = NULL;
            ts_frame *frame = NULL;
            ts_error err = {0};
            ts_memory_fail_at(n, 0);
            ts_xpt_options options = {
                .n_row = -1, .encoding = "latin1", .block = 100};
            ts_status status =
                ts_xpt_open(in_folder("a.xpt"), &options, &xpt, &err);
            if (!status)
                status = ts_xpt_frame(xpt, &frame, &err);
            long used = ts_memory_count();
            ts_memory_fail_at(0, 0);
            if (status)
                assert_int_equal(status, TS_ENOMEM);
            assert_true(!status == (frame != NULL));
            ts_frame_free(frame);
            ts_xpt_close(xpt);
            assert_int_equal(ts_memory_live(), before);
            if (n > used) {
                assert_int_equal(status, TS_OK);
                break;
            }
        }
        free(f.bytes);
        ts_frame *frame = sample(40);
        before = ts_memory_live();
        for (long n = 1;; n++) {
            ts_error err = {0};
            ts_xpt_write_options how = {.version = version,
                                        .mode = 0600,
                                        .label = "a",
                                        .encoding = "latin1"};
            ts_memory_fail_at(n, 0);
            ts_status status =
                ts_xpt_write(frame, in_folder("a.xpt"), &how, NULL, &err);
            long used = ts_memory_count();
            ts_memory_fail_at(0, 0);
            if (status)
                assert_int_equal(status, TS_ENOMEM);
            assert_int_equal(ts_memory_live(), before);
            if (n > used) {
                assert_int_equal(status, TS_OK);
                break;
            }
        }
        ts_frame_free(frame);
    }
}

static void interrupts_stop_it(void **unused)
{
    ts_xpt *xpt;
    ts_error err;
    (void)unused;
    free(written(sample(6), 5, "X").bytes);
    ts_interrupt_raise();
    ts_status status = ts_xpt_open(in_folder("a.xpt"), NULL, &xpt, &err);
    ts_interrupt_clear();
    assert_int_equal(status, TS_EINTERRUPT);
    assert_null(xpt);
}

static void a_change_while_reading_is_noticed(void **unused)
{
    ts_xpt *xpt;
    ts_frame *frame;
    ts_error err;
    (void)unused;
    file f = written(sample(6), 5, "X");
    assert_int_equal(ts_xpt_open(in_folder("a.xpt"), NULL, &xpt, &err), TS_OK);
    f.bytes[1280] = 'T';
    int fd = open(in_folder("a.xpt"), 1);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, f.bytes, f.n, 0), f.n);
    close(fd);
    assert_int_equal(ts_xpt_frame(xpt, &frame, &err), TS_EIO);
    assert_non_null(strstr(err.text, "changed while it was read"));
    assert_int_equal(truncate(in_folder("a.xpt"), 1300), 0);
    assert_int_equal(ts_xpt_frame(xpt, &frame, &err), TS_EIO);
    ts_xpt_close(xpt);
    assert_int_equal(ts_xpt_open(folder, NULL, &xpt, &err), TS_EIO);
    assert_int_equal(ts_xpt_open("no such.xpt", NULL, &xpt, &err), TS_EIO);
    free(f.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(no_cut_is_silent),
        cmocka_unit_test(no_damage_is_a_fault),
        cmocka_unit_test(damage_says_where),
        cmocka_unit_test(damage_of_version_8_says_where),
        cmocka_unit_test(a_file_of_nothing),
        cmocka_unit_test(blank_rows_may_be_padding),
        cmocka_unit_test(rows_of_zeros_are_told),
        cmocka_unit_test(a_file_without_rows),
        cmocka_unit_test(members_are_chosen_by_name),
        cmocka_unit_test(encodings_are_declared),
        cmocka_unit_test(long_labels_and_formats_come_back),
        cmocka_unit_test(failing_memory_is_an_error),
        cmocka_unit_test(interrupts_stop_it),
        cmocka_unit_test(a_change_while_reading_is_noticed),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
