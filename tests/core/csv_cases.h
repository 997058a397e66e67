/* Cases of the CSV reader: a text, options, and what it comes to; whole, in
 * blocks of a few bytes, and with each allocation failing. */
#ifndef CSV_CASES_H
#define CSV_CASES_H

#include <string.h>
#include "csv_outcome.h"
#include "ts/memory.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define BYTES(s) s, sizeof(s) - 1

typedef struct {
    const char *text;
    size_t length; /* 0: strlen */
    const char *outcome;
    ts_csv_options options;
    const char *path; /* NULL: x.csv */
} csv_case;

static inline ts_status run_case(const csv_case *c, size_t block,
                                 ts_buffer *to)
{
    ts_csv_options options = c->options;
    options.data = c->text;
    options.n_data = c->length ? c->length : strlen(c->text);
    options.block = block;
    return csv_outcome(c->path ? c->path : "x.csv", &options, to);
}

static inline void check_case(const csv_case *c, size_t i, size_t block)
{
    ts_buffer got = {0};
    run_case(c, block, &got);
    if (strcmp(got.data, c->outcome) != 0)
        fail_msg("case %zu, block %zu:\n%s\nnot\n%s", i, block, got.data,
                 c->outcome);
    ts_buffer_free(&got);
}

static inline void check_cases(const csv_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++)
        check_case(&cases[i], i, 0);
    assert_int_equal(ts_memory_live(), 0);
}

/* Where a block ends must not matter. */
static inline void check_blocks(const csv_case *cases, size_t n)
{
    static const size_t blocks[] = {1, 2, 3, 4, 5, 7, 8, 11, 16, 31};
    for (size_t i = 0; i < n; i++)
        for (size_t b = 0; b < COUNT(blocks); b++)
            check_case(&cases[i], i, blocks[b]);
}

static inline void check_allocations(const csv_case *cases, size_t n_case)
{
    for (size_t i = 0; i < n_case; i++)
        for (long n = 1;; n++) {
            ts_buffer got = {0};
            ts_buffer_printf(&got, "%*s", 4000, ""); /* needs no more */
            ts_buffer_clear(&got);
            ts_memory_fail_at(n, 0);
            ts_status status = run_case(&cases[i], 3, &got);
            long used = ts_memory_count();
            ts_memory_fail_at(0, 0);
            if (n > used) {
                assert_string_equal(got.data, cases[i].outcome);
                ts_buffer_free(&got);
                break;
            }
            assert_true(status != TS_OK);
            ts_buffer_free(&got);
            assert_int_equal(ts_memory_live(), 0);
        }
}

#endif
