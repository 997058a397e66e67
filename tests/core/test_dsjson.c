/* Dataset-JSON: allocations that fail, damage of every byte, bombs; dates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>
#include "../../core/data/sas_date.h"
#include "ts/dsjson.h"
#include "ts/interrupt.h"
#include "ts/memory.h"

static const char seed[] = "tests/fuzz/seeds/dsjson/small.ndjson";
static char path[60];

static int name_file(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "/tmp/test_dsjson.%ld.dsjc", (long)getpid());
    return 0;
}

static void failing_allocations(void **state)
{
    long before = ts_memory_live();
    (void)state;
    for (long n = 1;; n++) {
        ts_error err;
        ts_dsjson *d = NULL, *back = NULL;
        ts_dsjson_facts facts = {.name = "A", .label = "b"};
        ts_memory_fail_at(n, 0);
        ts_status status = ts_dsjson_read(seed, NULL, &d, &err);
        if (!status)
            status = ts_dsjson_write(d->frame, &facts, path, 0600, &err);
        if (!status)
            status = ts_dsjson_read(path, NULL, &back, &err);
        long used = ts_memory_count();
        ts_memory_fail_at(0, 0);
        ts_dsjson_free(d);
        ts_dsjson_free(back);
        unlink(path);
        assert_int_equal(ts_memory_live(), before);
        if (used < n) {
            assert_int_equal(status, TS_OK);
            break;
        }
        assert_int_not_equal(status, TS_OK);
    }
}

static void an_interrupt_stops_it(void **state)
{
    ts_error err;
    ts_dsjson *d;
    (void)state;
    ts_interrupt_raise();
    assert_int_equal(ts_dsjson_read(seed, NULL, &d, &err), TS_EINTERRUPT);
    assert_null(d);
    ts_interrupt_clear();
}

/* Any byte changed in several ways: read or refused with its place, never a
 * fault, and nothing stays behind. */
static void no_damage_is_a_fault(void **state)
{
    static const char to[] = {0, ' ', '"', '}', ',', '9', '\xFF'};
    static const char *const seeds[] = {"tests/fuzz/seeds/dsjson/small.json",
                                        "tests/fuzz/seeds/dsjson/small.ndjson",
                                        "tests/fuzz/seeds/dsjson/small.dsjc"};
    long before = ts_memory_live();
    (void)state;
    for (size_t k = 0; k < sizeof seeds / sizeof *seeds; k++) {
        static char bytes[20000];
        FILE *f = fopen(seeds[k], "rb");
        size_t n = fread(bytes, 1, sizeof bytes, f), read = 0;
        fclose(f);
        assert_true(n > 100 && n < sizeof bytes);
        f = fopen(path, "w+b");
        assert_int_equal(fwrite(bytes, 1, n, f), n);
        for (size_t i = 0; i < n; i++)
            for (size_t j = i % 3; j < sizeof to; j += 3) {
                ts_error err;
                ts_dsjson *d;
                rewind(f);
                fseek(f, (long)i, SEEK_SET);
                fputc(to[j], f);
                fflush(f);
                ts_status status = ts_dsjson_read(path, NULL, &d, &err);
                assert_true((status == TS_OK) == (d != NULL));
                if (status) {
                    assert_true(status == TS_EFORMAT);
                    assert_non_null(strstr(err.text, path));
                }
                read += status == TS_OK;
                ts_dsjson_free(d);
                assert_int_equal(ts_memory_live(), before);
                fseek(f, (long)i, SEEK_SET);
                fputc(bytes[i], f);
            }
        fclose(f);
        assert_true(read > 0 || k == 2); /* zlib sums its bytes */
        unlink(path);
    }
}

/* A compressed file that says head, then body a thousand times and more, with
 * next to nothing: body is packed once. */
static void put_bomb(const char *head, const char *body, int times)
{
    static unsigned char packed[1 << 20];
    static char text[1 << 20];
    z_stream z = {0};
    FILE *f = fopen(path, "wb");
    size_t n = 0, size = strlen(body);
    assert_int_equal(deflateInit(&z, 9), Z_OK);
    z.next_in = (unsigned char *)(uintptr_t)head;
    z.avail_in = (unsigned)strlen(head);
    z.next_out = packed;
    z.avail_out = sizeof packed;
    deflate(&z, Z_FULL_FLUSH);
    fwrite(packed, 1, sizeof packed - z.avail_out, f);
    for (; n + size <= sizeof text; n += size)
        memcpy(text + n, body, size);
    z.next_in = (unsigned char *)text;
    z.avail_in = (unsigned)n;
    z.next_out = packed;
    z.avail_out = sizeof packed;
    deflate(&z, Z_FULL_FLUSH);
    for (int i = 0; i < times; i++)
        fwrite(packed, 1, sizeof packed - z.avail_out, f);
    deflateEnd(&z);
    assert_int_equal(fclose(f), 0);
}

static void bombs_are_not_unpacked(void **state)
{
    static const char head[] =
        "{\"datasetJSONCreationDateTime\":\"2024-01-01T00:00:00\","
        "\"datasetJSONVersion\":\"1.1\",\"itemGroupOID\":\"I\","
        "\"records\":9000000000,\"name\":\"A\",\"label\":\"\","
        "\"columns\":[{\"itemOID\":\"I\",\"name\":\"X\",\"label\":\"\","
        "\"dataType\":\"float\"}]}\n";
    static const struct {
        const char *head, *body;
    } bombs[] = {
        {"", " "},
        {head, "\n"},
        {head, "[null]\n"},
        {"{\"name\":\"", "a"},
        {"{\"sourceSystem\":", "{"},
    };
    long before = ts_memory_live();
    (void)state;
    for (size_t i = 0; i < sizeof bombs / sizeof *bombs; i++) {
        ts_error err;
        ts_dsjson *d;
        clock_t began = clock();
        put_bomb(bombs[i].head, bombs[i].body, 1000); /* 1 GB */
        assert_int_not_equal(ts_dsjson_read(path, NULL, &d, &err), TS_OK);
        if (i < 3)
            assert_non_null(strstr(err.text, "as no table does: not unpacked"));
        assert_true((double)(clock() - began) / CLOCKS_PER_SEC < 20);
        assert_int_equal(ts_memory_live(), before);
        unlink(path);
    }
}

/* Every text that is written of a date is that date again. */
static void dates_come_back(void **state)
{
    static const char *const kinds[] = {"date", "time", "datetime"};
    char text[40];
    double back;
    (void)state;
    for (int i = -40000; i < 40000; i++)
        for (int k = 0; k < 3; k++) {
            double x = k == 0 ? i * 17.0 : i * 86399.0 + i / 1000.0;
            if (sas_date_format(x, kinds[k], text)) {
                assert_true(sas_date_parse(text, kinds[k], &back));
                assert_true(back == x);
            } else {
                assert_true(k == 1 && (x < 0 || x >= 86400));
            }
        }
    static const struct {
        double x;
        const char *kind, *text;
    } cases[] = {
        {0, "date", "1960-01-01"},
        {-1, "date", "1959-12-31"},
        {2936549, "date", "9999-12-31"},
        {2936550, "date", NULL},
        {0.5, "date", NULL},
        {-0.0, "date", NULL},
        {0.1, "time", "00:00:00.1"},
        {0.1 + 0.2, "time", NULL},
        {86399.999999999, "time", "23:59:59.999999999"},
        {86400, "time", NULL},
        {-0.25, "datetime", "1959-12-31T23:59:59.75"},
        {1893456000.123456, "datetime", "2020-01-01T00:00:00.123456"},
        {1e300, "datetime", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool good = sas_date_format(cases[i].x, cases[i].kind, text);
        assert_int_equal(good, cases[i].text != NULL);
        if (good)
            assert_string_equal(text, cases[i].text);
    }
    static const char *const bad[] = {"2020-01-01T00:00:00.",
                                      "2020-01-01T00:00:00.5e3",
                                      "2020-01-01T00:00:00.1234567891",
                                      "2020-01-01T24:00:00",
                                      "2020-01-01",
                                      "2020-02-30T00:00:00",
                                      "2020-01-01T00:00:00Z",
                                      "2020-01-01T00:00:00.5 ",
                                      "0000-01-01T00:00"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(sas_date_parse(bad[i], "datetime", &back));
    assert_true(sas_date_parse("12:00:00.25000000000000", "time", &back));
    assert_true(back == 43200.25);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failing_allocations),
        cmocka_unit_test(an_interrupt_stops_it),
        cmocka_unit_test(no_damage_is_a_fault),
        cmocka_unit_test(bombs_are_not_unpacked),
        cmocka_unit_test(dates_come_back),
    };
    return cmocka_run_group_tests(tests, name_file, NULL);
}
