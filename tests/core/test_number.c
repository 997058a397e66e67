/*
 * Numbers as text: the grammar by a table; correct rounding against strtod
 * for random digits, halfway cases and the ends of the range; shortest text
 * that reads back.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ts/text.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static uint64_t bits(double x)
{
    uint64_t b;
    memcpy(&b, &x, sizeof b);
    return b;
}

static double from_bits(uint64_t b)
{
    double x;
    memcpy(&x, &b, sizeof x);
    return x;
}

static uint64_t state = 88172645463325252u;

static uint64_t random64(void) /* xorshift: the test only wants variety */
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static void good(const char *text)
{
    double x = -77, wanted = strtod(text, NULL);
    assert_true(ts_number_is(text, strlen(text)));
    if (!ts_number_parse(text, strlen(text), &x) || bits(x) != bits(wanted))
        fail_msg("%s: %.17g, not %.17g", text, x, wanted);
}

static void bad(const char *text, size_t length)
{
    double x = -77;
    if (ts_number_parse(text, length, &x) || ts_number_is(text, length))
        fail_msg("'%s' is taken as %.17g", text, x);
    assert_true(x == -77);
}

static void grammar(void **unused)
{
    static const char *const yes[] = {
        "0", "-0", "+5", "1", "42", "-1.5", "0.5", "0.0", "1e5", "1E5",
        "1e+05", "1e-5", "0e0", "0e999", "0.00000000000000000000000001",
        "12345678901234567", "0.12345678901234567", "9007199254740993",
        "9007199254740992", "1.7976931348623157e308", "5e-324", "1e-310",
        "2.2250738585072014e-308", "2.2250738585072011e-308", "1e22", "1e23",
        "123456789012345e-5", "99999999999999999e19", "1e-22", "-1e-23",
        "10000000000000000", "0.10000000000000001"};
    static const char *const no[] = {
        "", "+", "-", ".", "1.", ".5", "-.5", "007", "00", "01.5", "-01",
        "1e", "1e+", "1e-", "e5", "1.e5", "0x1F", "1_000", "1,250", "1 234",
        " 1", "1 ", "\t1", "1\n", "Infinity", "-inf", "NaN", "nan", "1e400",
        "-1e400", "1e-400", "1.2.3", "--5", "+-5", "5-", "(5)", "5%", "1f",
        "1d0", "123456789012345678", "1.23456789012345678",
        "12345678901234567890", "0.1000000000000000055511151231257827",
        "\xE2\x88\x92" "5", "\xD9\xA3", "1\xC2\xA0" "234", "NA", "1e99999999999"};
    (void)unused;
    for (size_t i = 0; i < COUNT(yes); i++)
        good(yes[i]);
    for (size_t i = 0; i < COUNT(no); i++)
        bad(no[i], strlen(no[i]));
    bad("1\0002", 3);
    char zeros[1200];
    memset(zeros, '0', sizeof zeros);
    zeros[1] = '.';
    bad(zeros, sizeof zeros); /* too long to be meant */
    zeros[900] = '\0';
    good(zeros);
}

/* every path: few digits, 17 digits, small and large scales */
static void rounding(void **unused)
{
    (void)unused;
    for (int i = 0; i < 400000; i++) {
        char text[64];
        int digits = 1 + (int)(random64() % 17), point, exponent;
        uint64_t value = random64() % UINT64_C(100000000000000000);
        for (int k = digits; k < 17; k++)
            value /= 10;
        switch (i % 4) {
        case 0: /* a decimal point somewhere */
            point = 1 + (int)(random64() % 17);
            snprintf(text, sizeof text, "%.*f", point % 5,
                     (double)(value % 1000000) / 7);
            break;
        case 1:
            exponent = (int)(random64() % 44) - 22;
            snprintf(text, sizeof text, "%llue%d", (unsigned long long)value,
                     exponent);
            break;
        case 2:
            exponent = (int)(random64() % 590) - 300;
            snprintf(text, sizeof text, "-%llue%d",
                     (unsigned long long)(value ? value : 1), exponent);
            break;
        default:
            snprintf(text, sizeof text, "0.%017llu",
                     (unsigned long long)value);
        }
        good(text);
    }
}

/* Numbers halfway between two doubles, and a last digit to either side. */
static void halfway(void **unused)
{
    (void)unused;
    for (uint64_t k = 0; k < 20000; k++) {
        char text[40];
        uint64_t odd = (UINT64_C(1) << 53) + 1 + 2 * (random64() % 9000000);
        snprintf(text, sizeof text, "%llu", (unsigned long long)odd);
        good(text);
        snprintf(text, sizeof text, "%llu.%d", (unsigned long long)odd,
                 (int)(k % 10));
        good(text);
    }
}

static void round_trip(void **unused)
{
    (void)unused;
    for (int i = 0; i < 200000; i++) {
        char text[32];
        double y, x = from_bits(random64());
        if (i % 3 == 0)
            x = (double)(random64() % 2000000) / 1000;
        else if (i % 3 == 1)
            x = exp((double)(random64() % 2000) / 100 - 10);
        if (!isfinite(x))
            continue;
        ts_number_format(x, text);
        if (!ts_number_parse(text, strlen(text), &y) || bits(x) != bits(y))
            fail_msg("%.17g is written %s", x, text);
    }
}

static void shortest(void **unused)
{
    static const struct {
        double x;
        const char *text;
    } cases[] = {
        {0, "0"}, {-0.0, "-0"}, {0.1, "0.1"}, {0.1 + 0.2, "0.30000000000000004"},
        {1e-310, "1e-310"}, {5e-324, "5e-324"}, {42, "42"}, {-1.5, "-1.5"},
        {1e15, "1e+15"}, {999999999999999, "999999999999999"},
        {1.0 / 3, "0.3333333333333333"}, {DBL_MAX, "1.7976931348623157e+308"},
        {DBL_MIN, "2.2250738585072014e-308"}, {NAN, "NaN"}, {INFINITY, "Inf"},
        {-INFINITY, "-Inf"}};
    (void)unused;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[32];
        ts_number_format(cases[i].x, text);
        assert_string_equal(text, cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grammar),    cmocka_unit_test(rounding),
        cmocka_unit_test(halfway),    cmocka_unit_test(round_trip),
        cmocka_unit_test(shortest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
