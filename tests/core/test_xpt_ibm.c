/* The numbers of IBM: bytes, the ends of the range, random doubles, rounding,
 * missing values. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>
#include "ts/xpt.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static uint64_t bits_of(const unsigned char *p)
{
    uint64_t bits = 0;
    for (int i = 0; i < 8; i++)
        bits = bits << 8 | p[i];
    return bits;
}

static void bytes_of(uint64_t bits, unsigned char *p)
{
    for (int i = 7; i >= 0; i--, bits >>= 8)
        p[i] = (unsigned char)bits;
}

static bool same_double(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

/* Values and bytes of tests/../sas/made/ibm_floats.csv, and the ends of the
 * range: (1 - 16^-14) 16^63 is the largest, 16^-65 the smallest normal. */
static void numbers_have_the_bytes_of_ibm(void **unused)
{
    static const struct {
        double x;
        uint64_t bits;
    } cases[] = {
        {0, 0},
        {-0.0, 0x8000000000000000},
        {1, 0x4110000000000000},
        {-1, 0xc110000000000000},
        {0.5, 0x4080000000000000},
        {0.1, 0x401999999999999a},
        {1.0 / 3, 0x4055555555555554},
        {100, 0x4264000000000000},
        {118.625, 0x4276a00000000000},
        {-118.625, 0xc276a00000000000},
        {1e-70, 0x06b0af48ec79ace8},
        {7.2e75, 0x7ffeb0e3ad978760},
        {123456789012345, 0x4c7048860ddf7900},
        {-0.15625, 0xc028000000000000},
        {21915, 0x44559b0000000000},
        {9007199254740992, 0x4e20000000000000},
        {0x1p-260, 0x0010000000000000},
        {0x1.fffffffffffffp251, 0x7ffffffffffffff8},
        {1.0 / 16, 0x4010000000000000},
        {15.999999999999998, 0x41fffffffffffff8},
        {16, 0x4210000000000000},
    };
    (void)unused;
    for (size_t i = 0; i < COUNT(cases); i++) {
        unsigned char bytes[8];
        double x = NAN;
        char code;
        assert_true(ts_ibm_encode(cases[i].x, bytes));
        assert_int_equal(bits_of(bytes), cases[i].bits);
        assert_int_equal(ts_ibm_decode(bytes, 8, &x, &code), TS_IBM_EXACT);
        assert_true(same_double(x, cases[i].x));
    }
}

static void numbers_beyond_the_range_are_refused(void **unused)
{
    static const double out[] = {0x1p252,   -0x1p252, 0x1.fffffffffffffp-261,
                                 5e-324,    1e300,    INFINITY,
                                 -INFINITY, NAN};
    unsigned char bytes[8];
    (void)unused;
    for (size_t i = 0; i < COUNT(out); i++)
        assert_false(ts_ibm_encode(out[i], bytes));
}

/* Any double within the range comes back, bit for bit. */
static void random_doubles_come_back(void **unused)
{
    uint64_t state = 88172645463325252u;
    (void)unused;
    for (int i = 0; i < 200000; i++) {
        unsigned char bytes[8];
        double x, y;
        char code;
        state ^= state << 13, state ^= state >> 7, state ^= state << 17;
        int e = (int)(state % 511) - 259; /* [2^-260, 2^252) */
        x = ldexp(1 + (double)(state >> 12) / 0x1p52, e - 1);
        x = state & 1 ? -x : x;
        assert_true(ts_ibm_encode(x, bytes));
        assert_int_equal(ts_ibm_decode(bytes, 8, &y, &code), TS_IBM_EXACT);
        assert_true(same_double(x, y));
    }
}

/* 56 bits: ties go to even, the sum carries, the exponent follows. */
static void more_than_53_bits_are_rounded(void **unused)
{
    static const struct {
        uint64_t bits;
        ts_ibm how;
        double x;
    } cases[] = {
        {0x41ffffffffffffff, TS_IBM_ROUNDED, 16},
        {0x4180000000000004, TS_IBM_ROUNDED, 8},
        {0x418000000000000c, TS_IBM_ROUNDED, 0x1.0000000000002p3},
        {0x4180000000000008, TS_IBM_EXACT, 0x1.0000000000001p3},
        {0x4180000000000005, TS_IBM_ROUNDED, 0x1.0000000000001p3},
        {0x4140000000000001, TS_IBM_ROUNDED, 4},
        {0x4120000000000001, TS_IBM_ROUNDED, 2},
        {0x4120000000000003, TS_IBM_ROUNDED, 0x1.0000000000002p1},
        {0x4110000000000001, TS_IBM_EXACT, 0x1.0000000000001p0},
        {0x4200000000000001, TS_IBM_EXACT, 0x1p-48}, /* not normalised */
        {0x0000000000000001, TS_IBM_EXACT, 0x1p-312},
    };
    (void)unused;
    for (size_t i = 0; i < COUNT(cases); i++) {
        unsigned char bytes[8];
        double x;
        char code;
        bytes_of(cases[i].bits, bytes);
        assert_int_equal(ts_ibm_decode(bytes, 8, &x, &code), cases[i].how);
        assert_true(same_double(x, cases[i].x));
    }
}

static void missing_values_have_codes(void **unused)
{
    unsigned char bytes[8];
    double x;
    char code;
    (void)unused;
    for (int c = 0; c < 256; c++) {
        memset(bytes, 0, 8);
        bytes[0] = (unsigned char)c;
        bool is_code = c == '.' || c == '_' || (c >= 'A' && c <= 'Z');
        ts_ibm how = ts_ibm_decode(bytes, 8, &x, &code);
        if (is_code) {
            unsigned char again[8];
            assert_int_equal(how, TS_IBM_MISSING);
            assert_int_equal(code, c);
            assert_true(isnan(x));
            ts_ibm_missing(code, again);
            assert_memory_equal(bytes, again, 8);
        } else {
            assert_int_equal(how, c & 0x7F ? TS_IBM_DAMAGED : TS_IBM_EXACT);
        }
        for (int length = 2; length < 8; length++)
            assert_int_equal(ts_ibm_decode(bytes, length, &x, &code), how);
    }
    /* what lies behind a short number is not looked at */
    memcpy(bytes, "\x41\x10\xFF\xFF\xFF\xFF\xFF\xFF", 8);
    assert_int_equal(ts_ibm_decode(bytes, 2, &x, &code), TS_IBM_EXACT);
    assert_true(x == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_have_the_bytes_of_ibm),
        cmocka_unit_test(numbers_beyond_the_range_are_refused),
        cmocka_unit_test(random_doubles_come_back),
        cmocka_unit_test(more_than_53_bits_are_rounded),
        cmocka_unit_test(missing_values_have_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
