/* Nodes and pasts of the network, in hashes, and the bounds of a node. */
#include "rxc_network.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>
#include "ts/memory.h"

/* Pasts whose values round to the same multiple of 1 / this are kept as one. */
#define MERGED 1e9

void ts_node_clear(ts_node *h)
{
    ts_free(h->pasts);
    ts_free(h->slot);
    h->pasts = NULL;
    h->slot = NULL;
    h->n = h->room = h->n_slot = 0;
}

void ts_stage_free(ts_stage *s)
{
    for (size_t i = 0; i < s->n; i++)
        ts_node_clear(&s->nodes[i]);
    ts_free(s->rest);
    ts_free(s->nodes);
    ts_free(s->slot);
    *s = (ts_stage){0};
}

void ts_network_free(ts_network *w)
{
    ts_stage_free(&w->now);
    ts_stage_free(&w->next);
    ts_free(w->row);
    ts_free(w->column);
    ts_free(w->log_factorial);
    ts_free(w->inverse);
    ts_free(w->most_of);
    ts_free(w->least_of);
    ts_free(w->list);
    ts_free(w->sorted);
}

/* Bounds ------------------------------------------------------------------ */

/* Log of the sum over all completions of the product of 1 / x!. */
double ts_network_all(const ts_network *w, const uint32_t *rest, size_t from)
{
    uint32_t n = 0;
    double sum = 0;
    for (size_t i = 0; i < w->r; i++) {
        n += rest[i];
        sum -= w->log_factorial[rest[i]];
    }
    for (size_t j = from; j < w->c; j++)
        sum -= w->log_factorial[w->column[j]];
    return sum + w->log_factorial[n];
}

/* The largest sum of log x! of one line of cells that has n and these caps,
 * in increasing order: the largest caps are filled. */
static double packed(const ts_network *w, const uint32_t *cap, size_t k,
                     uint32_t n)
{
    double sum = 0;
    while (k-- > 0 && n > 0) {
        uint32_t x = cap[k] < n ? cap[k] : n;
        sum += w->log_factorial[x];
        n -= x;
    }
    return sum;
}

/*
 * Above: Lagrange's bound at multipliers that make cells their expected
 * counts e, where the most probable x of one cell is floor(e). Below: rows
 * that put all they can into the largest columns.
 */
void ts_network_bounds(ts_network *w, size_t from)
{
    double n = 0;
    for (size_t j = from; j < w->c; j++)
        n += w->column[j];
    for (uint32_t rest = 0; rest <= w->row[w->r - 1]; rest++) {
        double most = 0;
        for (size_t j = from; j < w->c && rest > 0; j++) {
            double e = rest * (double)w->column[j] / n, x = floor(e);
            most += (x - e) * log(e) - w->log_factorial[(size_t)x];
        }
        w->most_of[rest] = most;
        w->least_of[rest] = -packed(w, w->column + from, w->c - from, rest);
    }
}

/* The better of two bounds: rows packed, or columns packed. */
static double least_of(const ts_network *w, const uint32_t *rest, size_t from)
{
    double rows = 0, columns = 0;
    for (size_t i = 0; i < w->r; i++)
        rows += w->least_of[rest[i]];
    for (size_t j = from; j < w->c; j++)
        columns -= packed(w, rest, w->r, w->column[j]);
    return fmax(rows, columns) - 1e-9;
}

static double most_of(const ts_network *w, const uint32_t *rest)
{
    double sum = 0;
    for (size_t i = 0; i < w->r; i++)
        sum += w->most_of[rest[i]];
    return sum + 1e-9;
}

/* Nodes ------------------------------------------------------------------- */

static size_t hash_of(const uint32_t *rest, size_t r)
{
    uint64_t h = 0;
    for (size_t i = 0; i < r; i++)
        h = (h ^ rest[i]) * UINT64_C(0x9E3779B97F4A7C15);
    return (size_t)(h >> 20);
}

static bool same(const uint32_t *a, const uint32_t *b, size_t r)
{
    for (size_t i = 0; i < r; i++)
        if (a[i] != b[i])
            return false;
    return true;
}

static ts_status grow(ts_network *w, ts_stage *s)
{
    size_t room = s->room ? 2 * s->room : 64, n_slot = 4 * room;
    uint32_t *rest = ts_realloc_array(s->rest, room, w->r * sizeof *rest);
    if (rest)
        s->rest = rest;
    ts_node *nodes = ts_realloc_array(s->nodes, room, sizeof *nodes);
    if (nodes)
        s->nodes = nodes;
    uint32_t *slot = ts_alloc_array(n_slot, sizeof *slot);
    if (!rest || !nodes || !slot) {
        ts_free(slot);
        return ts_fail_memory(w->err);
    }
    ts_free(s->slot);
    s->slot = slot;
    s->n_slot = n_slot;
    s->room = room;
    for (size_t i = 0; i < s->n; i++) {
        size_t at = hash_of(s->rest + i * w->r, w->r) & (n_slot - 1);
        while (slot[at])
            at = (at + 1) & (n_slot - 1);
        slot[at] = (uint32_t)i + 1;
    }
    return TS_OK;
}

/* The node of s with that rest, which is sorted, before column `from`; made
 * where it is new. */
ts_status ts_node_find(ts_network *w, ts_stage *s, const uint32_t *rest,
                       size_t from, ts_node **out)
{
    if (s->n == s->room) {
        ts_status status = grow(w, s);
        if (status)
            return status;
    }
    size_t at = hash_of(rest, w->r) & (s->n_slot - 1);
    for (; s->slot[at]; at = (at + 1) & (s->n_slot - 1)) {
        size_t i = s->slot[at] - 1;
        if (same(s->rest + i * w->r, rest, w->r)) {
            *out = &s->nodes[i];
            return TS_OK;
        }
    }
    s->slot[at] = (uint32_t)s->n + 1;
    memcpy(s->rest + s->n * w->r, rest, w->r * sizeof *rest);
    *out = &s->nodes[s->n++];
    **out = (ts_node){.most = most_of(w, rest),
                      .least = least_of(w, rest, from),
                      .all = ts_network_all(w, rest, from)};
    return TS_OK;
}

static size_t slot_of(const ts_node *h, int64_t key)
{
    return (size_t)((uint64_t)key * UINT64_C(0x9E3779B97F4A7C15) >> 20) &
           (h->n_slot - 1);
}

static ts_status grow_pasts(ts_network *w, ts_node *h)
{
    size_t room = h->room ? 2 * h->room : 32, n_slot = 2 * room;
    ts_past *pasts = ts_realloc_array(h->pasts, room, sizeof *pasts);
    if (pasts)
        h->pasts = pasts;
    uint32_t *slot = ts_alloc_array(n_slot, sizeof *slot);
    if (!pasts || !slot) {
        ts_free(slot);
        return ts_fail_memory(w->err);
    }
    ts_free(h->slot);
    h->slot = slot;
    h->room = room;
    h->n_slot = n_slot;
    for (size_t i = 0; i < h->n; i++) {
        size_t at = slot_of(h, h->pasts[i].key);
        while (slot[at])
            at = (at + 1) & (n_slot - 1);
        slot[at] = (uint32_t)i + 1;
    }
    return TS_OK;
}

ts_status ts_past_add(ts_network *w, ts_node *h, double value, double mass)
{
    int64_t key = (int64_t)(value * MERGED);
    if (h->n == h->room) {
        ts_status status = grow_pasts(w, h);
        if (status)
            return status;
    }
    size_t at = slot_of(h, key);
    for (; h->slot[at]; at = (at + 1) & (h->n_slot - 1)) {
        ts_past *known = &h->pasts[h->slot[at] - 1];
        if (known->key == key) {
            known->mass += mass;
            return TS_OK;
        }
    }
    h->pasts[h->n++] = (ts_past){value, mass, key};
    h->slot[at] = (uint32_t)h->n;
    return ++w->n_past > TS_EXACT_NUMBERS ? TS_ELIMIT : TS_OK;
}
