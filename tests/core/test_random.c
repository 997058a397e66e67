/*
 * Philox streams: Random123's known answers for philox4x32-10 (its kat_vectors
 * file), streams that depend on seed, scenario and replicate alone, and the
 * shape of what is drawn. Bounds on counts are 6 standard deviations.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include "ts/random.h"

static void known_answers(void **state)
{
    static const struct {
        uint32_t counter[4], key[2], want[4];
    } answers[] = {
        {{0, 0, 0, 0},
         {0, 0},
         {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    (void)state;
    for (int k = 0; k < 3; k++) {
        uint64_t seed = (uint64_t)answers[k].key[1] << 32 | answers[k].key[0];
        uint64_t replicate =
            (uint64_t)answers[k].counter[2] << 32 | answers[k].counter[1];
        ts_random r;
        ts_random_start(&r, seed, answers[k].counter[3], replicate);
        r.counter[0] = answers[k].counter[0];
        for (int i = 0; i < 4; i++)
            assert_int_equal(ts_random_u32(&r), answers[k].want[i]);
    }
}

static void a_stream_is_its_own(void **state)
{
    ts_random a, b, other[3];
    (void)state;
    ts_random_start(&a, 7, 1, 42);
    for (int i = 0; i < 100; i++)
        ts_random_u32(&a);
    ts_random_start(&a, 7, 1, 42);
    ts_random_start(&b, 7, 1, 42);
    ts_random_start(&other[0], 8, 1, 42);
    ts_random_start(&other[1], 7, 2, 42);
    ts_random_start(&other[2], 7, 1, 43);
    int equal[3] = {0};
    for (int i = 0; i < 1000; i++) {
        uint32_t x = ts_random_u32(&a);
        assert_int_equal(x, ts_random_u32(&b));
        for (int k = 0; k < 3; k++)
            equal[k] += x == ts_random_u32(&other[k]);
    }
    for (int k = 0; k < 3; k++)
        assert_true(equal[k] < 2);
}

static void draws_have_their_shape(void **state)
{
    enum { N = 200000, CELLS = 7 };
    int count[CELLS] = {0};
    double sum = 0, squares = 0;
    ts_random r;
    (void)state;
    ts_random_start(&r, 20180308, 0, 0);
    for (int i = 0; i < N; i++) {
        double u = ts_random_uniform(&r), z = ts_random_normal(&r);
        uint32_t k = ts_random_below(&r, CELLS);
        assert_true(u > 0 && u < 1);
        assert_true(k < CELLS);
        assert_int_equal(ts_random_below(&r, 1), 0);
        count[k]++;
        sum += z;
        squares += z * z;
    }
    for (int k = 0; k < CELLS; k++) {
        double p = 1.0 / CELLS;
        assert_true(fabs(count[k] - N * p) < 6 * sqrt(N * p * (1 - p)));
    }
    assert_true(fabs(sum / N) < 6 / sqrt(N));
    assert_true(fabs(squares / N - 1) < 6 * sqrt(2.0 / N));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(a_stream_is_its_own),
        cmocka_unit_test(draws_have_their_shape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
