/* Whether numbers are all finite, several at a time: most columns are whole. */
#ifndef TS_MODEL_FINITE_H
#define TS_MODEL_FINITE_H

#include <stdbool.h>
#include <stddef.h>

/* 0 x is 0 but for NaN and infinity. */
static inline bool ts_all_finite(const double *x, size_t n)
{
    double s[8] = {0};
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (size_t k = 0; k < 8; k++)
            s[k] += 0 * x[i + k];
    for (; i < n; i++)
        s[0] += 0 * x[i];
    return (s[0] + s[1]) + (s[2] + s[3]) + (s[4] + s[5]) + (s[6] + s[7]) == 0;
}

#endif
