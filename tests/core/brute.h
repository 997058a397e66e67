/* Small random samples, and exact tests by listing every allocation: the slow
 * and simple twin of what core/stats computes. */
#ifndef BRUTE_H
#define BRUTE_H

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "ts/random.h"

enum { MOST = 12 };

/* Sets that a property is tried on: more of them in check-long. */
static inline int brute_rounds(void)
{
    return getenv("TRIALSH_LONG") ? 10000 : 200;
}

/* Whole numbers from 0 to most, so that there are ties. */
static inline void brute_sample(ts_random *r, double *x, size_t n,
                                uint32_t most)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (double)ts_random_below(r, most + 1);
}

/* Twice the mid-rank of each of n values. */
static inline void brute_ranks(const double *x, size_t n, double *twice)
{
    for (size_t i = 0; i < n; i++) {
        twice[i] = 1;
        for (size_t j = 0; j < n; j++)
            twice[i] += x[j] < x[i] ? 2 : x[j] == x[i] ? 1 : 0;
    }
}

typedef struct {
    double lower, upper, absdev, all;
} brute_tails;

static inline void brute_add(brute_tails *t, double value, double observed,
                             double mean)
{
    t->all++;
    t->lower += value <= observed + 1e-9;
    t->upper += value >= observed - 1e-9;
    t->absdev += fabs(value - mean) >= fabs(observed - mean) - 1e-9;
}

static inline void brute_end(brute_tails *t)
{
    t->lower /= t->all;
    t->upper /= t->all;
    t->absdev /= t->all;
}

/* Rank sum of x - mu among x - mu and y, over all choices of n_1 units. */
static inline brute_tails brute_wilcoxon(const double *x, size_t n_1,
                                         const double *y, size_t n_2, double mu)
{
    double all[2 * MOST], rank[2 * MOST], observed = 0, total = 0;
    brute_tails t = {0};
    size_t n = n_1 + n_2;
    for (size_t i = 0; i < n_1; i++)
        all[i] = x[i] - mu;
    memcpy(all + n_1, y, n_2 * sizeof *y);
    brute_ranks(all, n, rank);
    for (size_t i = 0; i < n; i++) {
        observed += i < n_1 ? rank[i] : 0;
        total += rank[i];
    }
    for (unsigned set = 0; set < 1u << n; set++) {
        double sum = 0;
        if ((size_t)__builtin_popcount(set) != n_1)
            continue;
        for (size_t i = 0; i < n; i++)
            sum += set >> i & 1 ? rank[i] : 0;
        brute_add(&t, sum, observed, total * (double)n_1 / (double)n);
    }
    brute_end(&t);
    return t;
}

/* Sum of the ranks of positive x - mu over all signs; pratt: zeros ranked. */
static inline brute_tails brute_signed(const double *x, size_t n, double mu,
                                       bool pratt)
{
    double size[MOST], rank[MOST], kept[MOST], observed = 0, total = 0;
    int sign[MOST];
    size_t m = 0, k = 0;
    brute_tails t = {0};
    for (size_t i = 0; i < n; i++)
        if (x[i] != mu || pratt) {
            sign[m] = (x[i] > mu) - (x[i] < mu);
            size[m++] = fabs(x[i] - mu);
        }
    brute_ranks(size, m, rank);
    for (size_t i = 0; i < m; i++)
        if (sign[i]) {
            kept[k++] = rank[i];
            observed += sign[i] > 0 ? rank[i] : 0;
            total += rank[i];
        }
    for (unsigned set = 0; set < 1u << k; set++) {
        double sum = 0;
        for (size_t i = 0; i < k; i++)
            sum += set >> i & 1 ? kept[i] : 0;
        brute_add(&t, sum, observed, total / 2);
    }
    brute_end(&t);
    return t;
}

/* Calls f(context, group) for every way to deal n units to k groups of these
 * sizes. */
static inline void brute_deal(size_t n, size_t k, size_t *left, int *group,
                              size_t i, void (*f)(void *, const int *),
                              void *context)
{
    if (i == n) {
        f(context, group);
        return;
    }
    for (size_t g = 0; g < k; g++)
        if (left[g]) {
            left[g]--;
            group[i] = (int)g;
            brute_deal(n, k, left, group, i + 1, f, context);
            left[g]++;
        }
}

#endif
