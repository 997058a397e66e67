/*
 * Files of SAS, SPSS and Stata: what is in them, counted by three; deleted rows
 * and cut files, which are refused; memory that runs out.
 */
#include "readstat_files.h"

static const char *const kept[] = {
    "spss.sav",       "spss_plain.sav", "spss.zsav",   "pspp.sav",
    "spss_empty.sav", "stata8.dta",     "stata12.dta", "stata13.dta",
    "stata14.dta",    "stata15.dta"};
static const char *const supplied[] = {"haven_datetime.sas7bdat",
                                       "haven_hadley.sas7bdat",
                                       "iris.sas7bdat",
                                       "pyr_dates.sas7bdat",
                                       "pyr_missing_test.sas7bdat",
                                       "pyr_sample.sas7bdat"};

#define DATA "../shared/data/sas/good/"

static void every_kind_comes_back(void **state)
{
    static const struct {
        const char *name;
        bool compressed, special;
    } files[] = {{"a.sas7bdat", false, true}, {"b.sas7bdat", true, true},
                 {"a.sav", false, false},     {"b.sav", true, false},
                 {"a.por", false, false},     {"a.dta", false, true}};
    static const int rows[] = {1, 0, 2000};
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
            ts_readstat *r = must_read(
                make_file(files[i].name, rows[k], files[i].compressed));
            bool por = strstr(files[i].name, ".por") != NULL;
            /* base 30: ReadStat is wrong by a bit or two */
            check_frame(r->frame, rows[k], files[i].special, por ? 1e-15 : 0);
            assert_string_equal(r->frame->column[1]->label, "A number");
            assert_int_equal(r->counted, !por);
            assert_false(r->unjailed);
            ts_readstat_free(r);
        }
}

/* Numbers at p, which the test knows the order of. */
static uint64_t number(const content *c, size_t place, int n)
{
    uint64_t x = 0;
    bool big = c->bytes[37] == 0;
    for (int i = 0; i < n; i++)
        x = x << 8 | c->bytes[place + (size_t)(big ? i : n - 1 - i)];
    return x;
}

/* E1: bit 0x80 in the type of any page. */
static void refuse_deleted(const char *path)
{
    content c = load(path);
    bool wide = c.bytes[32] == '3';
    size_t sizes = c.bytes[35] == '3' ? 200 : 196;
    size_t header = number(&c, sizes, 4), page = number(&c, sizes + 4, 4);
    size_t n_page = number(&c, sizes + 8, wide ? 8 : 4);
    size_t type = wide ? 32 : 16;
    assert_true(n_page > 0 && header + n_page * page <= c.n);
    for (size_t i = 0; i < n_page; i++) {
        size_t at = header + i * page + type;
        size_t low = c.bytes[37] == 0 ? at + 1 : at;
        ts_readstat *r;
        ts_error err = {0};
        c.bytes[low] |= 0x80;
        assert_int_equal(
            reads(store("deleted.sas7bdat", c.bytes, c.n), &r, &err),
            TS_EFORMAT);
        assert_null(r);
        assert_non_null(strstr(err.text, "holds rows that were deleted"));
        assert_non_null(strstr(err.text, "set old;"));
        c.bytes[low] &= 0x7F;
    }
    ts_readstat_free(must_read(store("deleted.sas7bdat", c.bytes, c.n)));
    free(c.bytes);
}

static void deleted_rows_are_refused(void **state)
{
    (void)state;
    refuse_deleted(make_file("a.sas7bdat", 300, false));
    refuse_deleted(make_file("a.sas7bdat", 300, true));
    for (size_t i = 0; i < sizeof supplied / sizeof *supplied; i++) {
        char path[200];
        snprintf(path, sizeof path, DATA "%s", supplied[i]);
        if (access(path, R_OK)) {
            print_message("%s is not there\n", path);
            skip();
        }
        refuse_deleted(path);
    }
}

/* The number of rows that a page, or the header, says is another one. */
static void counts_that_differ_are_refused(void **state)
{
    (void)state;
    content c = load(make_file("a.sas7bdat", 300, false));
    size_t wrong = 0;
    ts_error err = {0};
    ts_readstat *r;
    for (size_t at = 0; at + 8 <= c.n; at++) /* wherever 300 stands */
        if (number(&c, at, 8) == 300) {
            c.bytes[at]++;
            if (reads(store("count.sas7bdat", c.bytes, c.n), &r, &err)) {
                assert_int_equal(err.code, TS_EFORMAT);
                wrong += strstr(err.text, "the header says 301 rows, the pages "
                                          "hold 300") != NULL;
            } else { /* it was no number of rows */
                check_frame(r->frame, 300, true, 0);
                ts_readstat_free(r);
            }
            c.bytes[at]--;
        }
    assert_int_equal(wrong, 1);
    free(c.bytes);
    ts_readstat_options options = ours();
    options.n_row = 299;
    assert_int_equal(
        ts_readstat_read(make_file("a.por", 300, false), &options, &r, &err),
        TS_EINVALID);
    assert_non_null(strstr(err.text, "has 300 rows, not the 299"));
}

/* Cuts --------------------------------------------------------------------- */

static bool same_column(const ts_column *a, const ts_column *b)
{
    if (a->type != b->type || a->n_level != b->n_level || a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++) {
        const char *x = ts_column_text(a, i), *y = ts_column_text(b, i);
        if (ts_column_is_na(a, i) != ts_column_is_na(b, i))
            return false;
        if (a->type == TS_REAL ? !isnan(a->real[i]) && a->real[i] != b->real[i]
                               : x && strcmp(x, y) != 0)
            return false;
    }
    return true;
}

/* A cut gives an error, or all that the whole file gave, value labels perhaps
 * excepted, which is told; returns how many gave an error. */
static size_t cut(const char *path, size_t n_cut)
{
    content c = load(path);
    const char *dot = strrchr(path, '.');
    char name[32];
    size_t refused = 0;
    ts_readstat *whole = must_read(path), *r;
    ts_error err;
    snprintf(name, sizeof name, "cut%s", dot);
    for (size_t i = 0; i < n_cut; i++) {
        /* more of them near the end, where rows and labels are */
        size_t at = i % 2 ? c.n - 1 - c.n * i / n_cut / 8 : c.n * i / n_cut;
        if (i + 1 == n_cut)
            at = c.n - 1;
        if (reads(store(name, c.bytes, at), &r, &err)) {
            assert_true(err.code < 0 && err.text[0]);
            assert_non_null(strstr(err.text, name));
            refused++;
            continue;
        }
        if (r->frame->n_row != whole->frame->n_row ||
            r->frame->n_column != whole->frame->n_column)
            fail_msg("%s cut at %zu: %zu rows, not %zu", path, at,
                     r->frame->n_row, whole->frame->n_row);
        for (size_t j = 0; j < r->frame->n_column; j++)
            if (!same_column(r->frame->column[j], whole->frame->column[j]) &&
                r->columns[j].labels != TS_LABELS_ABSENT)
                fail_msg("%s cut at %zu: %s differs", path, at,
                         r->frame->column[j]->name);
        ts_readstat_free(r);
    }
    ts_readstat_free(whole);
    free(c.bytes);
    return refused;
}

static void cuts_never_give_less(void **state)
{
    size_t n = getenv("TRIALSH_LONG") ? 1000 : 24;
    char path[200];
    (void)state;
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        snprintf(path, sizeof path, "tests/data/foreign/%s", kept[i]);
        size_t refused = cut(path, n);
        if (refused + 4 < n)
            fail_msg("%s: %zu of %zu cuts were read", kept[i], n - refused, n);
    }
    assert_int_equal(cut(make_file("whole.sas7bdat", 300, true), n), n);
    assert_int_equal(cut(make_file("whole.sas7bdat", 300, false), n), n);
    assert_in_range(cut(make_file("whole.por", 30, false), n), n / 2, n);
    if (access(DATA "pyr_missing_formats.sas7bcat", R_OK)) {
        print_message(DATA " is not there\n");
        skip();
    }
    assert_int_equal(cut(DATA "pyr_missing_formats.sas7bcat", n), n);
    for (size_t i = 0; i < sizeof supplied / sizeof *supplied; i++) {
        snprintf(path, sizeof path, DATA "%s", supplied[i]);
        assert_int_equal(cut(path, n), n);
    }
}

/* Memory ------------------------------------------------------------------- */

static void memory_may_run_out(void **state)
{
    static const char *const files[] = {"tests/data/foreign/pspp.sav",
                                        "tests/data/foreign/stata14.dta"};
    size_t n_file = getenv("TRIALSH_LONG") ? 2 : 1;
    (void)state;
    for (size_t i = 0; i < n_file; i++)
        for (long n = 1;; n++) {
            ts_readstat *r;
            ts_error err = {0};
            ts_memory_fail_at(n, 0);
            ts_status status = reads(files[i], &r, &err);
            long used = ts_memory_count();
            ts_memory_fail_at(0, 0);
            if (status)
                assert_int_equal(status, TS_ENOMEM);
            ts_readstat_free(r);
            assert_int_equal(ts_memory_live(), 0);
            if (n > used) {
                assert_int_equal(status, TS_OK);
                break;
            }
        }
}

/* E6: refused before anything is kept. */
static void too_many_columns_are_an_error(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        const char *path = in_folder(kind ? "wide.dta" : "wide.sav");
        FILE *f = fopen(path, "wb");
        readstat_writer_t *w = readstat_writer_init();
        ts_readstat *r;
        ts_error err;
        readstat_set_data_writer(w, write_bytes);
        for (int j = 0; j < 2001; j++) {
            char name[20];
            snprintf(name, sizeof name, "X%d", j);
            readstat_add_variable(w, name, READSTAT_TYPE_DOUBLE, 8);
        }
        assert_int_equal(kind ? readstat_begin_writing_dta(w, f, 0)
                              : readstat_begin_writing_sav(w, f, 0),
                         READSTAT_OK);
        readstat_end_writing(w);
        readstat_writer_free(w);
        fclose(f);
        assert_int_equal(reads(path, &r, &err), TS_ELIMIT);
        assert_non_null(strstr(err.text, "2001 columns, 2000 are the most"));
    }
}

static void the_wrong_kind_is_an_error(void **state)
{
    static const struct {
        const char *name, *says;
    } cases[] = {
        {"x.sas7bdat", "byte 0: no SAS data set begins like this"},
        {"x.sas7bcat", "byte 0: no SAS catalog begins like this"},
        {"x.sav", "byte 0: no SPSS file begins like this"},
        {"x.zsav", "byte 0: no SPSS file begins like this"},
        {"x.dta", "byte 0: no Stata file begins like this"},
        {"x.por", "cannot be read"},
        {"x.doc", ".sas7bdat, .sas7bcat, .sav, .zsav, .por and .dta files"}};
    char text[2000];
    ts_readstat *r;
    ts_error err;
    (void)state;
    memset(text, 'x', sizeof text);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *path = store(cases[i].name, text, sizeof text);
        assert_int_not_equal(reads(path, &r, &err), TS_OK);
        if (!strstr(err.text, cases[i].says))
            fail_msg("%s", err.text);
        path = store(cases[i].name, text, 0);
        assert_int_not_equal(reads(path, &r, &err), TS_OK);
    }
    assert_int_equal(reads(in_folder("none.sav"), &r, &err), TS_EIO);
    mkdir(in_folder("folder.sav"), 0700);
    assert_int_equal(reads(in_folder("folder.sav"), &r, &err), TS_EIO);
    assert_non_null(strstr(err.text, "is not a file"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_comes_back),
        cmocka_unit_test(deleted_rows_are_refused),
        cmocka_unit_test(counts_that_differ_are_refused),
        cmocka_unit_test(cuts_never_give_less),
        cmocka_unit_test(memory_may_run_out),
        cmocka_unit_test(too_many_columns_are_an_error),
        cmocka_unit_test(the_wrong_kind_is_an_error),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
