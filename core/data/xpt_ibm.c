/*
 * IBM System/360 double precision, as SAS transport files hold it: a sign bit,
 * an exponent of 7 bits to base 16, offset 64, and a fraction of 56 bits below
 * one. Since the exponent counts by 16, the fraction of a normal number may
 * begin with up to three zero bits; 53 bits always fit.
 */
#include "ts/xpt.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

static bool is_code(unsigned char c)
{
    return c == '.' || c == '_' || (c >= 'A' && c <= 'Z');
}

ts_ibm ts_ibm_decode(const unsigned char *bytes, int length, double *x,
                     char *code)
{
    uint64_t fraction = 0;
    for (int i = 1; i < 8; i++)
        fraction = fraction << 8 | (i < length ? bytes[i] : 0);
    bool negative = bytes[0] & 0x80;
    *code = 0;
    if (fraction == 0) {
        if (is_code(bytes[0])) {
            *x = NAN;
            *code = (char)bytes[0];
            return TS_IBM_MISSING;
        }
        *x = negative ? -0.0 : 0.0;
        return bytes[0] & 0x7F ? TS_IBM_DAMAGED : TS_IBM_EXACT;
    }
    bool exact = true;
    if (fraction >> 53) {
        int drop = 0;
        while (fraction >> (53 + drop))
            drop++;
        uint64_t rest = fraction & ((UINT64_C(1) << drop) - 1);
        uint64_t half = UINT64_C(1) << (drop - 1);
        exact = rest == 0;
        fraction -= rest;
        if (rest > half || (rest == half && fraction >> drop & 1))
            fraction += UINT64_C(1) << drop;
    }
    int exponent = 4 * ((bytes[0] & 0x7F) - 64) - 56;
    *x = ldexp((double)fraction, exponent); /* at most 53 bits: exact */
    if (negative)
        *x = -*x;
    return exact ? TS_IBM_EXACT : TS_IBM_ROUNDED;
}

bool ts_ibm_encode(double x, unsigned char bytes[8])
{
    memset(bytes, 0, 8);
    if (!isfinite(x))
        return false;
    unsigned char sign = signbit(x) ? 0x80 : 0;
    if (x == 0) {
        bytes[0] = sign;
        return true;
    }
    int e;
    double m = frexp(fabs(x), &e); /* |x| = m 2^e, m in [1/2, 1) */
    /* 16^k with |x| / 16^k in [1/16, 1) */
    int k = e > 0 ? (e + 3) / 4 : -(-e / 4);
    if (k < -64 || k > 63)
        return false;
    uint64_t fraction = (uint64_t)ldexp(m, 56 + e - 4 * k);
    bytes[0] = (unsigned char)(sign | (k + 64));
    for (int i = 7; i >= 1; i--, fraction >>= 8)
        bytes[i] = (unsigned char)fraction;
    return true;
}

void ts_ibm_missing(char code, unsigned char bytes[8])
{
    memset(bytes, 0, 8);
    bytes[0] = (unsigned char)code;
}
