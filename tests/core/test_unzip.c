/* Archives that are read: what was written comes back; cut, changed and made-up
 * ones are errors, never a byte too far. */
#include "xpt_files.h"

#include "ts/unzip.h"
#include "ts/zip.h"
#include "faults.h"

static const char *const names[] = {"[Content_Types].xml", "empty",
                                    "word/a.xml"};
static char large[40000];
static file archive;

static void make_archive(void)
{
    ts_zip *zip;
    ts_error err;
    for (size_t i = 0; i < sizeof large; i++)
        large[i] = (char)("abcdefgh"[i % 8] + (i / 97) % 3);
    assert_int_equal(ts_zip_begin(in_folder("a.xpt"), 0600, &zip, &err), 0);
    assert_int_equal(ts_zip_entry(zip, names[0], &err), 0);
    assert_int_equal(ts_zip_add(zip, "<Types/>", 8, &err), 0);
    assert_int_equal(ts_zip_entry(zip, names[1], &err), 0);
    assert_int_equal(ts_zip_entry(zip, names[2], &err), 0);
    assert_int_equal(ts_zip_add(zip, large, sizeof large, &err), 0);
    assert_int_equal(ts_zip_end(zip, &err), 0);
    archive = read_file(in_folder("a.xpt"));
}

/* Reads all of it; how many parts there are, or minus the status. */
static int read_all(const unsigned char *data, size_t n)
{
    ts_unzip zip;
    ts_zip_part part;
    ts_error err;
    int found = 0;
    ts_status status = ts_unzip_begin(data, n, &zip, &err);
    while (!status && zip.n_left) {
        status = ts_unzip_next(&zip, &part, &err);
        if (status || part.size > 1u << 20)
            break;
        char *room = malloc(part.size + 1);
        status = ts_unzip_part(&part, room, &err);
        free(room);
        found++;
    }
    return status ? (int)status : found;
}

static void what_was_written(void **unused)
{
    static const char *const content[] = {"<Types/>", "", large};
    static const size_t size[] = {8, 0, sizeof large};
    ts_unzip zip;
    ts_zip_part part;
    ts_error err;
    (void)unused;
    make_archive();
    assert_int_equal(ts_unzip_begin(archive.bytes, archive.n, &zip, &err), 0);
    assert_int_equal(zip.n_left, 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ts_unzip_next(&zip, &part, &err), 0);
        assert_int_equal(part.name_length, strlen(names[i]));
        assert_memory_equal(part.name, names[i], part.name_length);
        assert_int_equal(part.size, size[i]);
        char *room = malloc(part.size + 1);
        assert_int_equal(ts_unzip_part(&part, room, &err), 0);
        assert_memory_equal(room, content[i], size[i]);
        free(room);
    }
}

/* Each in a block of its own, so that a byte too far is found. */
static void cut_anywhere(void **unused)
{
    (void)unused;
    for (size_t n = 0; n < archive.n; n++) {
        unsigned char *part = malloc(n + 1);
        memcpy(part, archive.bytes, n);
        assert_true(read_all(part, n) < 0);
        free(part);
    }
}

/* A changed byte is found, or it stands where nothing is read: times, versions
 * and the like. */
static void each_byte_changed(void **unused)
{
    size_t harmless = 0;
    (void)unused;
    unsigned char *copy = malloc(archive.n);
    for (size_t i = 0; i < archive.n; i++)
        for (int flip = 1; flip < 256; flip = flip * 3 + 4) {
            memcpy(copy, archive.bytes, archive.n);
            copy[i] ^= (unsigned char)flip;
            int got = read_all(copy, archive.n);
            assert_true(got < 0 || got <= 3);
            harmless += got == 3;
        }
    free(copy);
    assert_true(harmless < archive.n * 2);
}

static ts_status unpack_last(void)
{
    int got = read_all(archive.bytes, archive.n);
    return got < 0 ? (ts_status)got : TS_OK;
}

static void allocations_that_fail(void **unused)
{
    (void)unused;
    fail_each_allocation(unpack_last, 1);
    free(archive.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_was_written),
                                       cmocka_unit_test(cut_anywhere),
                                       cmocka_unit_test(each_byte_changed),
                                       cmocka_unit_test(allocations_that_fail)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
