/* Columns and frames without a study: rows of a column, whatever memory fails.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "ts/frame.h"

#include "faults.h"

static ts_column *text_column(bool declared)
{
    ts_error err;
    ts_builder *b;
    ts_column *column;
    const char *const levels[] = {"high", "low", "none"};
    assert_int_equal(ts_builder_new("GRADE", &b, &err), TS_OK);
    if (declared)
        assert_int_equal(ts_builder_levels(b, levels, 3, &err), TS_OK);
    assert_int_equal(ts_builder_text(b, "low", 3, &err), TS_OK);
    assert_int_equal(ts_builder_na(b, &err), TS_OK);
    assert_int_equal(ts_builder_text(b, "none", 4, &err), TS_OK);
    assert_int_equal(ts_builder_text(b, "high", 4, &err), TS_OK);
    assert_int_equal(ts_builder_end(b, &column, &err), TS_OK);
    assert_int_equal(ts_column_set(&column->label, "Grade", &err), TS_OK);
    return column;
}

static void assert_rows(const ts_column *column, const char *const *expected)
{
    for (size_t i = 0; i < column->n; i++) {
        const char *text = ts_column_text(column, i);
        if (expected[i])
            assert_string_equal(text, expected[i]);
        else
            assert_null(text);
    }
}

static void test_levels_that_were_found_are_those_of_the_rows(void **state)
{
    ts_error err;
    ts_column *all = text_column(false), *some;
    const size_t place[] = {3, 1, 0, 3};
    const char *const expected[] = {"high", NULL, "low", "high"};
    (void)state;
    assert_int_equal(ts_column_pick(all, place, 4, &some, &err), TS_OK);
    assert_rows(some, expected);
    assert_int_equal(some->n_level, 2);
    assert_string_equal(some->level[0], "high");
    assert_string_equal(some->level[1], "low");
    assert_string_equal(some->label, "Grade");
    ts_column_unref(some);
    ts_column_unref(all);
}

static void test_declared_levels_stay(void **state)
{
    ts_error err;
    ts_column *all = text_column(true), *some;
    const size_t place[] = {2, 0};
    const char *const expected[] = {"none", "low"};
    (void)state;
    assert_int_equal(ts_column_pick(all, place, 2, &some, &err), TS_OK);
    assert_rows(some, expected);
    assert_true(some->ordered);
    assert_int_equal(some->n_level, 3);
    assert_string_equal(some->level[0], "high");
    ts_column_unref(some);
    assert_int_equal(ts_column_pick(all, NULL, 0, &some, &err), TS_OK);
    assert_int_equal(some->n, 0);
    assert_int_equal(some->n_level, 3);
    ts_column_unref(some);
    ts_column_unref(all);
}

static void test_missing_values_of_sas_go_with_their_rows(void **state)
{
    ts_error err;
    ts_column *all, *some;
    const size_t place[] = {2, 0, 1};
    (void)state;
    assert_int_equal(ts_column_new_real("AVAL", 3, &all, &err), TS_OK);
    all->real[0] = 1.5;
    assert_int_equal(ts_column_set_special(all, 1, 'B', &err), TS_OK);
    assert_int_equal(ts_column_pick(all, place, 3, &some, &err), TS_OK);
    assert_true(ts_column_is_na(some, 0));
    assert_true(some->real[1] == 1.5);
    assert_true(ts_column_is_na(some, 2));
    assert_int_equal(some->special[0], 0);
    assert_int_equal(some->special[2], 'B');
    ts_column_unref(some);
    ts_column_unref(all);
}

static ts_column *whole;

static ts_status pick_some(void)
{
    ts_error err;
    ts_column *some;
    const size_t place[] = {0, 1, 2};
    ts_status status = ts_column_pick(whole, place, 3, &some, &err);
    if (!status)
        ts_column_unref(some);
    return status;
}

static void test_no_memory(void **state)
{
    (void)state;
    whole = text_column(false);
    fail_each_allocation(pick_some, 5);
    ts_column_unref(whole);
    whole = text_column(true);
    fail_each_allocation(pick_some, 5);
    ts_column_unref(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels_that_were_found_are_those_of_the_rows),
        cmocka_unit_test(test_declared_levels_stay),
        cmocka_unit_test(test_missing_values_of_sas_go_with_their_rows),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
