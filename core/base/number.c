/*
 * Numbers to and from text. Reading takes the fast exact path (at most 19
 * digits held in 64 bits, a power of ten up to 22: Clinger 1990, PLDI 92)
 * and falls back to strtod, which rounds correctly; writing is the shortest
 * text that reads back. LC_NUMERIC stays "C", see main.
 */
#include "ts/text.h"

#include <math.h>
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
    for (int digits = 1; digits <= 17; digits++) {
        /* 15 digits always survive; try the short forms only if they do */
        if (digits == 1) {
            snprintf(out, 32, "%.15g", x);
            if (strtod(out, NULL) == x)
                return;
            digits = 16;
        }
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

double ts_number_round(double x, int decimals)
{
    char digits[40], text[64];
    int point;
    if (!isfinite(x))
        return x;
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
    return copysign(strtod(text, NULL), whole + up ? x : 1);
}

bool ts_number_parse(const char *text, size_t length, double *x)
{
    static const double ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,
                                 1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                 1e12, 1e13, 1e14, 1e15, 1e16, 1e17,
                                 1e18, 1e19, 1e20, 1e21, 1e22};
    const char *s = text, *end = text + length;
    bool negative = false;
    uint64_t digits = 0;
    int significant = 0, scale = 0;
    if (s < end && (*s == '-' || *s == '+'))
        negative = *s++ == '-';
    if (s == end || *s < '0' || *s > '9')
        return false;
    if (*s == '0' && s + 1 < end && s[1] >= '0' && s[1] <= '9')
        return false;
    for (; s < end && *s >= '0' && *s <= '9'; s++) {
        if (digits || *s != '0')
            significant++;
        if (significant > 17)
            return false;
        digits = digits * 10 + (uint64_t)(*s - '0');
    }
    if (s < end && *s == '.') {
        if (++s == end || *s < '0' || *s > '9')
            return false;
        for (; s < end && *s >= '0' && *s <= '9'; s++) {
            if (digits || *s != '0')
                significant++;
            if (significant > 17)
                return false;
            digits = digits * 10 + (uint64_t)(*s - '0');
            scale--;
        }
    }
    if (s < end && (*s == 'e' || *s == 'E')) {
        bool down = false;
        int exponent = 0;
        if (++s < end && (*s == '-' || *s == '+'))
            down = *s++ == '-';
        if (s == end)
            return false;
        for (; s < end; s++) {
            if (*s < '0' || *s > '9')
                return false;
            if (exponent < 100000)
                exponent = exponent * 10 + (*s - '0');
        }
        scale += down ? -exponent : exponent;
    }
    if (s != end)
        return false;
    double value;
    if (digits <= UINT64_C(1) << 53 && scale >= -22 && scale <= 22) {
        value = (double)digits;
        value = scale < 0 ? value / ten[-scale] : value * ten[scale];
        value = negative ? -value : value;
    } else {
        char copy[400];
        if (length >= sizeof copy)
            return false;
        memcpy(copy, text, length);
        copy[length] = '\0';
        value = strtod(copy, NULL);
        if (!isfinite(value) || (value == 0 && digits))
            return false;
    }
    *x = value;
    return true;
}
