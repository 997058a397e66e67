/*
 * Jonckheere-Terpstra. The exact distribution deals tied values to the groups
 * block by block, from the smallest. A state is how many units each group but
 * the last has; with it goes the distribution of the pairs that rise so far
 * (twice their number where ties make halves).
 */
#include "ts/rank.h"

#include <math.h>
#include <string.h>
#include "group_ranks.h"
#include "ts/interrupt.h"
#include "ts/memory.h"

enum { MOST_GROUPS = 8, MOST_RISING = 256 };

typedef struct {
    size_t k; /* groups */
    const size_t *size;
    int64_t unit; /* of the statistic: 2 with ties, else 1 */
    size_t n_box; /* vectors of counts of the first k - 1 groups */
    size_t *offset, *next_offset;
    double *weight, *next;
    double steps;
    bool count_only;
} deal;

/* All k counts when u units are dealt; false where that cannot be. */
static bool counts_of(const deal *d, size_t box, size_t u, size_t *count)
{
    size_t total = 0;
    for (size_t j = d->k - 1; j-- > 0;) {
        count[j] = box % (d->size[j] + 1);
        box /= d->size[j] + 1;
        total += count[j];
    }
    count[d->k - 1] = u - total;
    return total <= u && u - total <= d->size[d->k - 1];
}

/* Numbers in the box of these counts: 0 to all pairs between groups. */
static size_t width(const deal *d, const size_t *count)
{
    size_t before = 0, pairs = 0;
    for (size_t j = 0; j < d->k; j++) {
        pairs += before * count[j];
        before += count[j];
    }
    return pairs * (size_t)d->unit + 1;
}

/* Offsets of all boxes after u units; returns the numbers in them. */
static size_t lay_out(const deal *d, size_t u, size_t *offset)
{
    size_t count[MOST_GROUPS], at = 0;
    for (size_t box = 0; box < d->n_box; box++) {
        if (offset)
            offset[box] = at;
        if (counts_of(d, box, u, count))
            at += width(d, count);
    }
    return at;
}

/* The rest of a block of tied units goes to group j and later ones. */
typedef struct {
    size_t count[MOST_GROUPS]; /* before the block */
    size_t length;             /* of the box before */
    const double *from;
    size_t below, tied; /* units in earlier groups, before and of the block */
    int64_t gain;       /* pairs that rise, in units of the statistic */
    size_t to;          /* number of the box, so far */
    double ways;
} hand;

static void deal_block(deal *d, const hand *h, size_t j, size_t left)
{
    size_t room = d->size[j] - h->count[j];
    if (j + 1 == d->k) {
        if (left > room)
            return;
        int64_t gain = h->gain + (int64_t)(left * h->below) * d->unit +
                       (int64_t)(left * h->tied) * d->unit / 2;
        d->steps += (double)h->length;
        if (d->count_only)
            return;
        double *to = d->next + d->next_offset[h->to] + gain;
        for (size_t i = 0; i < h->length; i++)
            to[i] += h->ways * h->from[i];
        return;
    }
    double ways = h->ways;
    for (size_t a = 0; a <= left && a <= room; a++) {
        hand next = *h;
        next.gain += (int64_t)(a * h->below) * d->unit +
                     (int64_t)(a * h->tied) * d->unit / 2;
        next.below += h->count[j];
        next.tied += a;
        next.to = h->to * (d->size[j] + 1) + h->count[j] + a;
        next.ways = ways;
        deal_block(d, &next, j + 1, left - a);
        ways *= (double)(left - a) / (double)(a + 1); /* left over a */
    }
}

static void deal_units(deal *d, size_t u, size_t block)
{
    hand h = {.ways = 1};
    for (size_t box = 0; box < d->n_box; box++) {
        if (!counts_of(d, box, u, h.count))
            continue;
        h.length = width(d, h.count);
        h.from = d->count_only ? NULL : d->weight + d->offset[box];
        deal_block(d, &h, 0, block);
    }
}

static size_t block_end(const ts_group_ranks *r, size_t i)
{
    size_t end = i;
    while (end < r->n && r->score[end] == r->score[i])
        end++;
    return end;
}

/* Whether the distribution can be had; sets steps. */
static bool feasible(deal *d, const ts_group_ranks *r)
{
    double states = 1, most = 0;
    for (size_t j = 0; j + 1 < d->k; j++)
        states *= (double)(d->size[j] + 1);
    d->steps = INFINITY;
    if (states * (double)r->n > TS_EXACT_STEPS)
        return false;
    d->n_box = (size_t)states;
    d->steps = 0;
    d->count_only = true;
    for (size_t i = 0, end; i < r->n; i = end) {
        end = block_end(r, i);
        most = fmax(most, (double)lay_out(d, end, NULL));
        if (most > TS_EXACT_NUMBERS / 2)
            return false;
        deal_units(d, i, end - i);
        if (d->steps > TS_EXACT_STEPS)
            return false;
    }
    d->count_only = false;
    return true;
}

static ts_status distribute(deal *d, const ts_group_ranks *r, ts_error *err)
{
    d->offset = ts_alloc_array(d->n_box, sizeof *d->offset);
    d->next_offset = ts_alloc_array(d->n_box, sizeof *d->next_offset);
    d->weight = ts_alloc_array(lay_out(d, 0, NULL), sizeof *d->weight);
    if (!d->offset || !d->next_offset || !d->weight)
        return ts_fail_memory(err);
    lay_out(d, 0, d->offset);
    d->weight[0] = 1;
    for (size_t i = 0, end; i < r->n; i = end) {
        end = block_end(r, i);
        size_t numbers = lay_out(d, end, d->next_offset);
        d->next = ts_alloc_array(numbers, sizeof *d->next);
        if (!d->next)
            return ts_fail_memory(err);
        deal_units(d, i, end - i);
        ts_free(d->weight);
        d->weight = d->next;
        d->next = NULL;
        size_t *swap = d->offset;
        d->offset = d->next_offset;
        d->next_offset = swap;
        ts_status status = ts_progress("units", (double)end, (double)r->n, err);
        if (status)
            return status;
    }
    return TS_OK;
}

static void deal_free(deal *d)
{
    ts_free(d->offset);
    ts_free(d->next_offset);
    ts_free(d->weight);
    ts_free(d->next);
}

/* Twice the pairs that rise from a group to a later one, ties half. */
static int64_t twice_rising(const ts_group_ranks *r)
{
    int64_t below[MOST_RISING] = {0}, twice = 0;
    for (size_t i = 0, end; i < r->n; i = end) {
        int64_t block[MOST_RISING] = {0};
        end = block_end(r, i);
        for (size_t j = i; j < end; j++)
            block[r->group[j]]++;
        int64_t earlier = 0, tied = 0;
        for (size_t g = 0; g < r->n_group; g++) {
            twice += block[g] * (2 * earlier + tied);
            earlier += below[g];
            tied += block[g];
        }
        for (size_t g = 0; g < r->n_group; g++)
            below[g] += block[g];
    }
    return twice;
}

/* Sums over groups or tied blocks that the variance is made of. */
typedef struct {
    double pairs, five, threes;
} moments;

static void add_moments(moments *m, double t)
{
    m->pairs += t * (t - 1);
    m->five += t * (t - 1) * (2 * t + 5);
    m->threes += t * (t - 1) * (t - 2);
}

static double variance_of(const ts_group_ranks *r)
{
    moments all = {0}, groups = {0}, ties = {0};
    add_moments(&all, (double)r->n);
    for (size_t g = 0; g < r->n_group; g++)
        add_moments(&groups, (double)r->size[g]);
    for (size_t i = 0, end; i < r->n; i = end) {
        end = block_end(r, i);
        add_moments(&ties, (double)(end - i));
    }
    double variance = (all.five - groups.five - ties.five) / 72 +
                      groups.pairs * ties.pairs / (8 * all.pairs);
    if (all.threes > 0)
        variance += groups.threes * ties.threes / (36 * all.threes);
    return variance;
}

/* Twice the mean of the statistic is mean / 2: (n^2 - sum of size^2) / 2. */
static int64_t four_means(const ts_group_ranks *r)
{
    int64_t sum = (int64_t)r->n * (int64_t)r->n;
    for (size_t g = 0; g < r->n_group; g++)
        sum -= (int64_t)r->size[g] * (int64_t)r->size[g];
    return sum;
}

static ts_status run(const ts_group_ranks *r, const ts_rank_options *opt,
                     ts_group_test *t, ts_error *err)
{
    deal d = {.k = r->n_group, .size = r->size, .unit = t->tied ? 2 : 1};
    ts_status status = TS_OK;
    int64_t twice = twice_rising(r), mean = four_means(r);
    ts_tails tails;
    t->steps = INFINITY;
    t->statistic = (double)twice / 2;
    double sd = sqrt(fmax(0, variance_of(r)));
    double away = ((double)twice - (double)mean / 2) / 2;
    bool try = opt->exact != TS_EXACT_NEVER && d.k <= MOST_GROUPS;
    if (try) {
        try = feasible(&d, r);
        t->steps = d.steps;
    }
    if (!try) {
        if ((status = ts_exact_refused(opt->exact, err)))
            return status;
        t->z = ts_normal_z(away, sd, 0, opt->alternative);
        tails = ts_normal_tails(away, sd, 0);
        t->p_value = ts_tails_p(&tails, opt);
        return TS_OK;
    }
    status = distribute(&d, r, err);
    if (!status) {
        size_t count[MOST_GROUPS], last = d.n_box - 1;
        counts_of(&d, last, r->n, count);
        ts_lattice l = {.weight = d.weight + d.offset[last],
                        .n = width(&d, count),
                        .step = 1};
        for (size_t i = 0; i < l.n; i++)
            l.total += l.weight[i];
        int64_t divisor = 4 / d.unit;
        tails = ts_lattice_tails(&l, twice * d.unit / 2, mean, divisor);
        ts_smallest smallest = ts_lattice_smallest(&l, mean, divisor);
        t->p_value = ts_tails_p(&tails, opt);
        t->p_smallest = ts_smallest_p(&smallest, opt);
        t->exact = true;
    }
    deal_free(&d);
    return status;
}

ts_status ts_jonckheere(const ts_groups *data, const ts_rank_options *opt,
                        ts_group_test *out, ts_error *err)
{
    ts_group_ranks r;
    ts_group_test t = ts_group_test_empty;
    *out = t;
    ts_status status = ts_group_ranks_new(data, 2, &r, err);
    if (status)
        return status;
    t.n_used = r.n;
    t.tied = r.ties > 0;
    if (r.n_group > MOST_RISING)
        status = ts_fail(err, TS_ELIMIT, "%zu groups; %d are the most",
                         r.n_group, MOST_RISING);
    else if (!(status = run(&r, opt, &t, err)))
        *out = t;
    ts_group_ranks_free(&r);
    return status;
}
