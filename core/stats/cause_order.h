/* Rows of competing risks in blocks, by time within each. */
#ifndef TS_CAUSE_ORDER_H
#define TS_CAUSE_ORDER_H

#include <stdbool.h>
#include "event_order.h"

/* As ts_event_order_new, which keeps two codes in a tag: the kind of event
 * goes with the group. */
ts_status ts_cause_order_new(const ts_survival *data, const double *competing,
                             const int *block, size_t n_block,
                             ts_event_order **out, ts_error *err);

static inline size_t ts_tag_group(uint32_t tag)
{
    return tag >> 2;
}
static inline bool ts_tag_competing(uint32_t tag)
{
    return tag >> 1 & 1;
}
static inline bool ts_tag_event(uint32_t tag)
{
    return tag & 1;
}

/* How much less d events of n at once vary than d at d times. */
static inline double ts_tie_factor(double d, double n)
{
    return d > 1 ? 1 - (d - 1) / (n - 1) : 1;
}

#endif
