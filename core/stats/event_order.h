/* Rows of survival data in blocks (groups or strata), by time within each. */
#ifndef TS_EVENT_ORDER_H
#define TS_EVENT_ORDER_H

#include <stdint.h>
#include "ts/survival.h"

typedef struct ts_event_order {
    size_t n, n_block;
    size_t *start;    /* n_block + 1: block b is start[b] .. start[b+1]-1 */
    uint32_t *tag;    /* n: 2 * group + event, by block, then time */
    uint32_t *rank;   /* n: which time that row has, from 0 */
    uint32_t *row;    /* n: which row of the data it is */
    double *time;     /* the distinct times, in order */
    double same_time; /* times closer than this are one */
} ts_event_order;

/* Checks the data and sorts it once. block: codes 0 .. n_block-1, or NULL. */
ts_status ts_event_order_new(const ts_survival *data, const int *block,
                             size_t n_block, ts_event_order **out,
                             ts_error *err);
void ts_event_order_free(ts_event_order *order);

#endif
