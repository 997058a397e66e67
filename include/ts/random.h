/*
 * Random streams that belong to a replicate, never to a worker.
 *
 * Philox4x32-10 (Salmon et al. 2011, SC'11) keyed by the seed, counted by
 * scenario, replicate and draw: stream i is the same on any number of workers.
 */
#ifndef TS_RANDOM_H
#define TS_RANDOM_H

#include <stdint.h>

typedef struct {
    uint32_t key[2], counter[4], block[4];
    int used; /* words of block already given out */
} ts_random;

void ts_random_start(ts_random *stream, uint64_t seed, uint32_t scenario,
                     uint64_t replicate);
uint32_t ts_random_u32(ts_random *stream);
/* Uniform on (0, 1), 53 bits, never 0 or 1. */
double ts_random_uniform(ts_random *stream);
/* Uniform on 0 .. n-1 without bias (Lemire 2019); n >= 1. */
uint32_t ts_random_below(ts_random *stream, uint32_t n);
/* Standard normal by inversion. */
double ts_random_normal(ts_random *stream);

#endif
