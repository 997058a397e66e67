/*
 * What a data dictionary says of the values of one column.
 *
 *     ts_profile p;
 *     ts_column_profile(column, &p, &err);
 *     p.n, p.n_distinct, p.low, p.high ...
 */
#ifndef TS_PROFILE_H
#define TS_PROFILE_H

#include "ts/frame.h"

typedef struct {
    size_t n, n_missing, n_distinct; /* -0 and 0 are one */
    double low, high;                /* of numbers; NaN without any */
    bool whole;                      /* all numbers are whole, up to 2^53 */
    const char *first, *last;        /* of texts, in byte order; or NULL */
    size_t longest;                  /* bytes of a text */
} ts_profile;

/* Texts are the column's. TS_ENOMEM. */
ts_status ts_column_profile(const ts_column *column, ts_profile *out,
                            ts_error *err);

#endif
