/*
 * Numbers to and from text. Reading takes the fast exact path (digits below
 * 2^53, a power of ten up to 22: Clinger 1990, PLDI 92), exact 128-bit
 * integers where there are 17 digits, and strtod for the rest: each rounds
 * correctly. Writing is the shortest text that reads back. LC_NUMERIC stays
 * "C", see main.
 */
#include "ts/text.h"

#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void ts_number_format(double x, char *out)
{
    if (isnan(x)) {
        strcpy(out, "NaN");
        return;
    }
    if (isinf(x)) {
        strcpy(out, x > 0 ? "Inf" : "-Inf");
        return;
    }
    if (x == floor(x) && fabs(x) < 1e15) {
        snprintf(out, 32, "%.0f", x);
        return;
    }
    /* 15 digits always survive, so that %.15g is the shortest where it reads
     * back; below the normal numbers fewer may do */
    for (int digits = fabs(x) < DBL_MIN ? 1 : 15; digits <= 17; digits++) {
        snprintf(out, 32, "%.*g", digits, x);
        if (strtod(out, NULL) == x)
            return;
    }
}

/* The digits of x without zeros in front, and the place of the point: x is
 * 0.digits times ten to *point. */
static size_t digits_of(double x, char digits[40], int *point)
{
    char text[32];
    size_t n = 0;
    bool behind = false;
    ts_number_format(fabs(x), text);
    *point = 0;
    for (const char *s = text; *s; s++) {
        if (*s == '.') {
            behind = true;
        } else if (*s == 'e') {
            *point += atoi(s + 1);
            break;
        } else if (n || *s != '0') {
            digits[n++] = *s;
            *point += !behind;
        } else {
            *point -= behind;
        }
    }
    return n;
}

/* Without the text where that cannot matter: the number is not near half of
 * the last decimal. *y is correctly rounded, as both parts of it are exact. */
static bool round_plainly(double x, int decimals, double *y)
{
    static const double ten[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8};
    if (decimals < 0 || decimals > 8)
        return false;
    double scaled = fabs(x) * ten[decimals], whole = floor(scaled + 0.5);
    if (!(scaled < 0x1p30) || fabs(fabs(scaled - whole) - 0.5) < 1e-5)
        return false;
    *y = whole == 0 ? 0 : copysign(whole / ten[decimals], x);
    return true;
}

double ts_number_round(double x, int decimals)
{
    char digits[40], text[64];
    int point;
    double y;
    if (!isfinite(x))
        return x;
    if (round_plainly(x, decimals, &y))
        return y;
    size_t n = digits_of(x, digits, &point);
    long keep = (long)point + decimals;
    if (keep >= (long)n)
        return x;
    if (keep < 0)
        return 0;
    bool up = digits[keep] >= '5';
    digits[keep] = '\0';
    /* as an integer of at most 17 digits, so the carry is exact */
    long long whole = keep ? atoll(digits) : 0;
    snprintf(text, sizeof text, "%lldE%d", whole + up, -decimals);
    return copysign(strtod(text, NULL), whole + up > 0 ? x : 1);
}

/* What a text says: digits * 10^scale, negative or not. */
typedef struct {
    uint64_t digits;
    int scale, significant;
    bool negative;
} decimal;

static unsigned digit(char c)
{
    return (unsigned)(unsigned char)c - '0';
}

/* The e[+-]digits that ends a number; its value, held within bounds. */
static bool scan_exponent(const char *s, const char *end, int *exponent)
{
    bool down = false;
    *exponent = 0;
    if (s < end && (*s == '-' || *s == '+'))
        down = *s++ == '-';
    if (s == end)
        return false;
    for (; s < end; s++) {
        if (digit(*s) > 9)
            return false;
        if (*exponent < 100000)
            *exponent = *exponent * 10 + (int)digit(*s);
    }
    if (down)
        *exponent = -*exponent;
    return true;
}

static bool scan(const char *s, size_t length, decimal *out)
{
    enum { LONGEST = 1000 }; /* scale stays an int */
    const char *end = s + length, *from;
    uint64_t digits = 0;
    ptrdiff_t significant = 0;
    int exponent = 0;
    out->negative = false;
    out->scale = 0;
    if (length > LONGEST)
        return false;
    if (s < end && (*s == '-' || *s == '+'))
        out->negative = *s++ == '-';
    if (s == end || digit(*s) > 9)
        return false;
    from = s;
    if (*s == '0') {
        s++; /* leads no other digit */
    } else {
        /* more digits than 64 bits hold make no number below */
        for (; s < end && digit(*s) <= 9; s++)
            digits = digits * 10 + digit(*s);
        significant = s - from;
    }
    if (s < end && *s == '.') {
        from = ++s;
        if (s == end || digit(*s) > 9)
            return false;
        if (!significant)
            while (s < end && *s == '0')
                s++;
        const char *first = s;
        for (; s < end && digit(*s) <= 9; s++)
            digits = digits * 10 + digit(*s);
        significant += s - first;
        out->scale = -(int)(s - from);
    }
    if (significant > 17)
        return false;
    if (s < end) {
        if ((*s != 'e' && *s != 'E') || !scan_exponent(s + 1, end, &exponent))
            return false;
        out->scale += exponent;
    }
    out->digits = digits;
    out->significant = (int)significant;
    return true;
}

#define TEN_MAX 19 /* the last power of ten in 64 bits */

/* digits * 10^scale rounded once, |scale| <= TEN_MAX, digits > 0: the product
 * or quotient is exact in 128 bits but for one bit that says "and more". */
static double round_exact(uint64_t digits, int scale)
{
    static const uint64_t ten[] = {
        1u, 10u, 100u, 1000u, 10000u, 100000u, 1000000u, 10000000u,
        100000000u, 1000000000u, UINT64_C(10000000000),
        UINT64_C(100000000000), UINT64_C(1000000000000),
        UINT64_C(10000000000000), UINT64_C(100000000000000),
        UINT64_C(1000000000000000), UINT64_C(10000000000000000),
        UINT64_C(100000000000000000), UINT64_C(1000000000000000000),
        UINT64_C(10000000000000000000)};
    unsigned __int128 wide = digits;
    bool more = false;
    int shift = 0;
    if (scale >= 0) {
        wide *= ten[scale];
    } else {
        shift = 63 + __builtin_clzll(digits);
        wide <<= shift;
        more = wide % ten[-scale] != 0;
        wide /= ten[-scale]; /* at least 62 bits */
    }
    uint64_t high = (uint64_t)(wide >> 64);
    if (high) {
        int down = 64 - __builtin_clzll(high);
        more = more || (wide & (((unsigned __int128)1 << down) - 1)) != 0;
        wide >>= down;
        shift -= down;
    }
    /* 62 bits or more round to 53 as if all the others were there */
    return ldexp((double)((uint64_t)wide | more), -shift);
}

static double power_product(double digits, int scale)
{
    static const double ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,
                                 1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                 1e12, 1e13, 1e14, 1e15, 1e16, 1e17,
                                 1e18, 1e19, 1e20, 1e21, 1e22};
    return scale < 0 ? digits / ten[-scale] : digits * ten[scale];
}

static bool convert(const char *text, size_t length, const decimal *d,
                    double *x)
{
    double value;
    if (d->digits <= UINT64_C(1) << 53 && d->scale >= -22 && d->scale <= 22) {
        value = power_product((double)d->digits, d->scale);
    } else if (d->digits && d->scale >= -TEN_MAX && d->scale <= TEN_MAX) {
        value = round_exact(d->digits, d->scale);
    } else {
        char copy[1024];
        memcpy(copy, text, length);
        copy[length] = '\0';
        *x = strtod(copy, NULL);
        return isfinite(*x) && (*x != 0 || d->digits == 0);
    }
    *x = d->negative ? -value : value;
    return true;
}

bool ts_number_parse(const char *text, size_t length, double *x)
{
    decimal d;
    double value;
    if (!scan(text, length, &d) || !convert(text, length, &d, &value))
        return false;
    *x = value;
    return true;
}

bool ts_number_is(const char *text, size_t length)
{
    decimal d;
    double unused;
    if (!scan(text, length, &d))
        return false;
    /* far from the ends of the range nothing needs to be computed */
    if (d.scale >= -290 && d.scale <= 290)
        return true;
    return convert(text, length, &d, &unused);
}
