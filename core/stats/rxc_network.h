/* The network behind Fisher's test of larger tables: what rows have left
 * before each column, and the pasts that lead there. */
#ifndef TS_RXC_NETWORK_H
#define TS_RXC_NETWORK_H

#include <stdint.h>
#include "ts/counts.h"
#include "ts/sum.h"

enum { MOST_ROWS = 32 };

typedef struct {
    double value; /* log of the product of 1 / x! */
    double mass;  /* of small tables the products of all that have it, of
                   * others their number */
    int64_t key;  /* of the value */
} ts_past;

typedef struct {
    double value, product; /* log of the product of 1 / x!, and itself */
} ts_completion;

/* Completions in classes of equal width by value: where each begins, and the
 * sum of the products before it. */
enum { TS_CLASSES = 256 };

typedef struct {
    double low, scale;
    size_t from[TS_CLASSES + 1];
    double before[TS_CLASSES + 1];
} ts_classes;

/* What rows have left, and the pasts that lead there: a hash by value once
 * there are some. */
typedef struct {
    double most, least; /* no completion's product is outside, logs */
    double all;         /* log of the sum of the products of all of them */
    ts_past *pasts;
    uint32_t *slot; /* number of a past from 1, or 0 */
    size_t n, room, n_slot;
} ts_node;

/* All nodes before one column; rest holds r numbers of each. */
typedef struct {
    uint32_t *rest;
    ts_node *nodes;
    size_t n, room;
    uint32_t *slot; /* number of a node from 1, or 0 */
    size_t n_slot;
} ts_stage;

typedef struct {
    size_t r, c; /* r <= c */
    uint32_t *row, *column;
    double *log_factorial;
    double *inverse;            /* 1 / x!, of small tables; else NULL */
    double *most_of, *least_of; /* by what a row has left: its part of the
                                 * bounds of nodes before the next column */
    double observed, all;       /* logs: of the table, of all tables */
    ts_stage now, next;
    ts_completion *list, *sorted; /* of two columns, and by class */
    size_t n_list, list_room;
    ts_classes classes;
    ts_sum p;
    double steps, next_look, n_past;
    ts_error *err;
} ts_network;

void ts_node_clear(ts_node *node);
void ts_stage_free(ts_stage *stage);
void ts_network_free(ts_network *w);

/* Log of the sum over all completions, from column `from` on, of the product
 * of 1 / x! of their cells. */
double ts_network_all(const ts_network *w, const uint32_t *rest, size_t from);
/* The node of a stage with that rest, which is sorted, before column `from`;
 * made where it is new. */
ts_status ts_node_find(ts_network *w, ts_stage *stage, const uint32_t *rest,
                       size_t from, ts_node **out);
/* Bounds of the product of completions, in logs: sums over rows of these, for
 * rows that have 0 to the largest row left before column `from`. */
void ts_network_bounds(ts_network *w, size_t from);
/* TS_ELIMIT when there are too many. */
ts_status ts_past_add(ts_network *w, ts_node *node, double value, double mass);

#endif
