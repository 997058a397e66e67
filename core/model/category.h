/*
 * Categories of all rows of a frame: what groups, factors and strata are made
 * of before the rows that are used are known. Private to core/model.
 */
#ifndef TS_CATEGORY_H
#define TS_CATEGORY_H

#include "ts/frame.h"

typedef struct {
    int *code; /* n_row codes 0 .. n_level-1 in order, -1 for missing */
    char **level;
    size_t n_level;
} ts_category;

/* Text: its levels, in declared or byte order; numbers: their values,
 * increasing. TS_ELIMIT for more than 2^31 - 1 levels. */
ts_status ts_category_of(const ts_column *column, ts_category *out,
                         ts_error *err);
/* a becomes a crossed with b: the pairs that some row has, a slowest, written
 * with TS_PART_SEPARATOR between them. */
ts_status ts_category_cross(ts_category *a, const ts_category *b, size_t n_row,
                            ts_error *err);
void ts_category_free(ts_category *category);

#endif
