/* Dataset-JSON: every allocation failing once leaves nothing behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "ts/dsjson.h"
#include "ts/interrupt.h"
#include "ts/memory.h"

static const char seed[] = "tests/fuzz/seeds/dsjson/small.ndjson";

static void failing_allocations(void **state)
{
    long before = ts_memory_live();
    (void)state;
    for (long n = 1;; n++) {
        ts_error err;
        ts_dsjson *d = NULL, *back = NULL;
        ts_dsjson_facts facts = {.name = "A", .label = "b"};
        const char *path = "/tmp/test_dsjson.dsjc";
        ts_memory_fail_at(n, 0);
        ts_status status = ts_dsjson_read(seed, &d, &err);
        if (!status)
            status = ts_dsjson_write(d->frame, &facts, path, 0600, &err);
        if (!status)
            status = ts_dsjson_read(path, &back, &err);
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
    assert_int_equal(ts_dsjson_read(seed, &d, &err), TS_EINTERRUPT);
    assert_null(d);
    ts_interrupt_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failing_allocations),
        cmocka_unit_test(an_interrupt_stops_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
