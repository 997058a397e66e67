/*
 * Philox streams. Counter words: 0 the draw block, 1-2 the replicate, 3 the
 * scenario; the key is the seed. Normals come by inversion, so one normal is
 * one uniform and a replicate never draws an unknown number of words.
 */
#include "ts/random.h"

#include <Random123/philox.h>

#define MATHLIB_STANDALONE 1
#include <Rmath.h>

void ts_random_start(ts_random *stream, uint64_t seed, uint32_t scenario,
                     uint64_t replicate)
{
    stream->key[0] = (uint32_t)seed;
    stream->key[1] = (uint32_t)(seed >> 32);
    stream->counter[0] = 0;
    stream->counter[1] = (uint32_t)replicate;
    stream->counter[2] = (uint32_t)(replicate >> 32);
    stream->counter[3] = scenario;
    stream->used = 4;
}

uint32_t ts_random_u32(ts_random *stream)
{
    if (stream->used == 4) {
        philox4x32_ctr_t counter;
        philox4x32_key_t key;
        for (int i = 0; i < 4; i++)
            counter.v[i] = stream->counter[i];
        key.v[0] = stream->key[0];
        key.v[1] = stream->key[1];
        counter = philox4x32(counter, key);
        for (int i = 0; i < 4; i++)
            stream->block[i] = counter.v[i];
        stream->counter[0]++;
        stream->used = 0;
    }
    return stream->block[stream->used++];
}

double ts_random_uniform(ts_random *stream)
{
    uint64_t high = ts_random_u32(stream) >> 6;
    uint64_t low = ts_random_u32(stream) >> 5;
    /* 53 bits, shifted by half a step: never 0, never 1 */
    return ((double)(high << 27 | low) + 0.5) * 0x1p-53;
}

uint32_t ts_random_below(ts_random *stream, uint32_t n)
{
    uint64_t product = (uint64_t)ts_random_u32(stream) * n;
    uint32_t low = (uint32_t)product;
    if (low < n) {
        uint32_t floor = (uint32_t)-n % n;
        while (low < floor) {
            product = (uint64_t)ts_random_u32(stream) * n;
            low = (uint32_t)product;
        }
    }
    return (uint32_t)(product >> 32);
}

double ts_random_normal(ts_random *stream)
{
    return qnorm5(ts_random_uniform(stream), 0, 1, 1, 0);
}
