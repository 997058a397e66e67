/*
 * Allocations by blocks. What is dealt again is a list of groups of subjects,
 * each with the labels that are left for them: of a block that was broken off
 * there are more labels than subjects. Where sizes are not known a stratum is a
 * chain of blocks, cut anew in each draw; how likely the arms that are kept
 * make a cut is found from the end of the stratum.
 */
#include "ts/allocation.h"

#include <math.h>
#include <string.h>
#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include "ts/memory.h"

enum { LONGEST = 1000 }; /* a group beyond it is not counted */

typedef struct {
    size_t first, n;      /* subjects: places in member */
    size_t left[TS_ARMS]; /* labels for those that are not kept */
    double *back;         /* of a chain: n + 1 chances; else NULL */
    size_t n_free, n_order;
    unsigned char *order; /* n_order lists of n_free */
    double *weight;
} group;

struct ts_allocation {
    size_t n, n_arm, n_group, n_size, sum, n_odd, odd;
    unsigned char *arm;
    size_t *member, *ratio, *size, *digit;
    bool kept[TS_ARMS], all[TS_ARMS];
    group *group;
    double number;
    bool ended;
};

void ts_allocation_free(ts_allocation *a)
{
    if (!a)
        return;
    for (size_t g = 0; g < a->n_group; g++) {
        ts_free(a->group[g].back);
        ts_free(a->group[g].order);
        ts_free(a->group[g].weight);
    }
    ts_free(a->arm);
    ts_free(a->member);
    ts_free(a->ratio);
    ts_free(a->size);
    ts_free(a->digit);
    ts_free(a->group);
    ts_free(a);
}

static size_t places(const ts_allocation *a, size_t size, size_t arm)
{
    return size / a->sum * a->ratio[arm];
}

/* Chains ------------------------------------------------------------------ */

/* The chance that a block of that size, from subject i of a group on, has the
 * arms that are kept where they are. */
static double chance(const ts_allocation *a, const group *g, size_t i,
                     size_t size, const bool *kept)
{
    size_t used[TS_ARMS] = {0}, free = 0;
    double p = 1, total = 0;
    for (size_t k = 0; k < a->n_arm; k++)
        if (!kept[k])
            total += (double)places(a, size, k);
    for (size_t j = 0; j < size && i + j < g->n; j++) {
        size_t k = a->arm[a->member[g->first + i + j]];
        double left = kept[k] ? (double)places(a, size, k) - (double)used[k]++
                              : total - (double)free++;
        p *= fmax(left, 0) / (double)(size - j);
    }
    return p;
}

/* back[i]: the chance of what is kept from subject i on, where a block begins
 * there. */
static void look_back(const ts_allocation *a, const group *g, const bool *kept,
                      double *back)
{
    back[g->n] = 1;
    for (size_t i = g->n; i-- > 0;) {
        back[i] = 0;
        for (size_t s = 0; s < a->n_size; s++) {
            size_t to = i + a->size[s] < g->n ? i + a->size[s] : g->n;
            back[i] += chance(a, g, i, a->size[s], kept) * back[to] /
                       (double)a->n_size;
        }
    }
}

static size_t draw_size(const ts_allocation *a, const group *g, size_t i,
                        ts_random *stream)
{
    double u = ts_random_uniform(stream) * g->back[i];
    size_t found = 0;
    for (size_t s = 0; s < a->n_size; s++) {
        size_t to = i + a->size[s] < g->n ? i + a->size[s] : g->n;
        double p = chance(a, g, i, a->size[s], a->kept) * g->back[to] /
                   (double)a->n_size;
        if (p > 0)
            found = a->size[s];
        if (p > 0 && u < p)
            break;
        u -= p;
    }
    return found;
}

/* Groups ------------------------------------------------------------------ */

/* Orders of n labels out of what is left. */
static double orders(const size_t *left, size_t n_arm, size_t n)
{
    double ways[LONGEST + 1] = {1};
    size_t kinds = 0;
    for (size_t k = 0; k < n_arm; k++)
        kinds += left[k] > 0;
    if (kinds < 2 || n == 0)
        return 1;
    if (n > LONGEST)
        return INFINITY;
    for (size_t k = 0; k < n_arm; k++)
        for (size_t t = n; t > 0; t--)
            for (size_t j = 1; j <= left[k] && j <= t; j++)
                if (ways[t - j] > 0)
                    ways[t] += ways[t - j] * choose((double)t, (double)j);
    return ways[n];
}

static void mark_odd(ts_allocation *a, const group *g)
{
    if (a->n_odd++ == 0)
        a->odd = a->member[g->first];
}

/* Ends the group of the members from first on; size 0: as it is. */
static void end_group(ts_allocation *a, group *g, size_t end, size_t size)
{
    size_t there[TS_ARMS] = {0};
    bool possible = size > 0;
    g->n = end - g->first;
    for (size_t i = 0; i < g->n; i++) {
        size_t k = a->arm[a->member[g->first + i]];
        there[k]++;
        g->n_free += !a->kept[k];
    }
    for (size_t k = 0; k < a->n_arm && possible; k++)
        possible = there[k] <= places(a, size, k);
    if (a->n_size > 0 && !possible)
        mark_odd(a, g);
    for (size_t k = 0; k < a->n_arm; k++)
        g->left[k] = a->kept[k] ? 0 : possible ? places(a, size, k) : there[k];
    a->number *= orders(g->left, a->n_arm, g->n_free);
    a->n_group++;
}

/* The smallest size that holds them; 0: none. */
static size_t size_for(const ts_allocation *a, size_t n)
{
    size_t best = 0;
    for (size_t s = 0; s < a->n_size; s++)
        if (a->size[s] >= n && (best == 0 || a->size[s] < best))
            best = a->size[s];
    return best;
}

static ts_status add_chain(ts_allocation *a, size_t first, size_t end,
                           ts_error *err)
{
    group *g = &a->group[a->n_group];
    *g = (group){.first = first, .n = end - first};
    double *back = ts_alloc_array(g->n + 1, sizeof *back);
    if (!back)
        return ts_fail_memory(err);
    look_back(a, g, a->all, back);
    if (back[0] > 0) {
        look_back(a, g, a->kept, back);
        g->back = back;
        a->number = INFINITY;
        a->n_group++;
    } else {
        ts_free(back);
        end_group(a, g, end, 0);
    }
    return TS_OK;
}

/* The subjects of a stratum, members first .. end-1, in blocks. */
static ts_status add_stratum(ts_allocation *a, const ts_scheme *scheme,
                             size_t first, size_t end, ts_error *err)
{
    if (scheme->n_size > 1 && !scheme->block)
        return add_chain(a, first, end, err);
    while (first < end) {
        group *g = &a->group[a->n_group];
        *g = (group){.first = first};
        size_t to = scheme->n_size ? first + 1 : end;
        if (scheme->n_size && !scheme->block)
            to = first + a->size[0] < end ? first + a->size[0] : end;
        while (scheme->block && scheme->n_size && to < end &&
               scheme->block[a->member[to]] == scheme->block[a->member[first]])
            to++;
        end_group(a, g, to, scheme->n_size ? size_for(a, to - first) : 0);
        first = to;
    }
    return TS_OK;
}

/* Members by stratum and block, each in the order of the subjects. */
static void sort_members(ts_allocation *a, const ts_scheme *s)
{
    for (size_t i = 0; i < a->n; i++) {
        size_t j = i;
        for (; j > 0; j--) {
            size_t other = a->member[j - 1];
            size_t x = s->stratum ? s->stratum[other] : 0,
                   y = s->stratum ? s->stratum[i] : 0;
            bool later =
                x > y || (x == y && s->block && s->block[other] > s->block[i]);
            if (!later)
                break;
            a->member[j] = other;
        }
        a->member[j] = i;
    }
}

static ts_status fill(ts_allocation *a, const ts_scheme *s, ts_error *err)
{
    memcpy(a->arm, s->arm, a->n);
    memcpy(a->ratio, s->ratio, a->n_arm * sizeof *a->ratio);
    if (a->n_size)
        memcpy(a->size, s->size, a->n_size * sizeof *a->size);
    for (size_t k = 0; k < a->n_arm; k++)
        a->sum += a->ratio[k];
    sort_members(a, s);
    a->number = 1;
    for (size_t from = 0, to = 0; from < a->n; from = to) {
        size_t stratum = s->stratum ? s->stratum[a->member[from]] : 0;
        while (to < a->n &&
               (!s->stratum || s->stratum[a->member[to]] == stratum))
            to++;
        ts_status status = add_stratum(a, s, from, to, err);
        if (status)
            return status;
    }
    return TS_OK;
}

static ts_status check(const ts_scheme *s, ts_error *err)
{
    size_t sum = 0;
    if (s->n == 0)
        return ts_fail(err, TS_EDEGENERATE, "nobody was randomised");
    if (s->n_arm < 1 || s->n_arm > TS_ARMS)
        return ts_fail(err, TS_EINVALID, "%zu arms; there are 1 to %d",
                       s->n_arm, TS_ARMS);
    for (size_t i = 0; i < s->n; i++)
        if (s->arm[i] >= s->n_arm)
            return ts_fail(err, TS_EINVALID, "subject %zu has no arm", i + 1);
    for (size_t k = 0; k < s->n_arm; k++) {
        sum += s->ratio[k];
        if (s->ratio[k] == 0)
            return ts_fail(err, TS_EINVALID, "the ratio has a 0");
    }
    for (size_t j = 0; j < s->n_size; j++)
        if (s->size[j] == 0 || s->size[j] % sum != 0)
            return ts_fail(err, TS_EINVALID,
                           "a block of %zu does not hold the ratio, which sums "
                           "to %zu, a whole number of times",
                           s->size[j], sum);
    return TS_OK;
}

ts_status ts_allocation_new(const ts_scheme *s, const bool *kept,
                            ts_allocation **out, ts_error *err)
{
    *out = NULL;
    ts_status status = check(s, err);
    if (status)
        return status;
    ts_allocation *a = ts_alloc_array(1, sizeof *a);
    if (!a)
        return ts_fail_memory(err);
    a->n = s->n;
    a->n_arm = s->n_arm;
    a->n_size = s->n_size;
    for (size_t k = 0; k < s->n_arm; k++) {
        a->kept[k] = kept[k];
        a->all[k] = true;
    }
    a->arm = ts_alloc_array(a->n, sizeof *a->arm);
    a->member = ts_alloc_array(a->n, sizeof *a->member);
    a->ratio = ts_alloc_array(a->n_arm, sizeof *a->ratio);
    a->size = ts_alloc_array(a->n_size + 1, sizeof *a->size);
    a->group = ts_alloc_array(a->n, sizeof *a->group);
    if (a->arm && a->member && a->ratio && a->size && a->group)
        status = fill(a, s, err);
    else
        status = ts_fail_memory(err);
    if (status)
        ts_allocation_free(a);
    else
        *out = a;
    return status;
}

double ts_allocation_number(const ts_allocation *a)
{
    return a->number;
}

size_t ts_allocation_odd(const ts_allocation *a, size_t *first)
{
    if (first)
        *first = a->odd;
    return a->n_odd;
}

/* Draws ------------------------------------------------------------------- */

/* Deals what is left to the subjects i .. i+n-1 of a group that are not kept.
 */
static void deal(const ts_allocation *a, const group *g, size_t i, size_t n,
                 size_t *left, ts_random *stream, unsigned char *arm)
{
    size_t total = 0;
    for (size_t k = 0; k < a->n_arm; k++)
        total += left[k];
    for (size_t j = i; j < i + n && j < g->n; j++) {
        size_t subject = a->member[g->first + j], k = 0;
        if (a->kept[a->arm[subject]])
            continue;
        size_t u = ts_random_below(stream, (uint32_t)total--);
        while (u >= left[k])
            u -= left[k++];
        left[k]--;
        arm[subject] = (unsigned char)k;
    }
}

void ts_allocation_draw(const ts_allocation *a, ts_random *stream,
                        unsigned char *arm)
{
    size_t left[TS_ARMS];
    memcpy(arm, a->arm, a->n);
    for (size_t g = 0; g < a->n_group; g++) {
        const group *own = &a->group[g];
        if (!own->back) {
            memcpy(left, own->left, sizeof left);
            deal(a, own, 0, own->n, left, stream, arm);
        }
        for (size_t i = 0; own->back && i < own->n;) {
            size_t size = draw_size(a, own, i, stream);
            for (size_t k = 0; k < a->n_arm; k++)
                left[k] = a->kept[k] ? 0 : places(a, size, k);
            deal(a, own, i, size, left, stream, arm);
            i += size;
        }
    }
}

/* One after the other ----------------------------------------------------- */

/* How many orders the labels have that nobody took. */
static double rest(const size_t *left, size_t n_arm)
{
    double total = 0, ways = 1;
    for (size_t k = 0; k < n_arm; k++) {
        total += (double)left[k];
        ways *= choose(total, (double)left[k]);
    }
    return ways;
}

/* Writes the orders of the subjects from i on. */
static void list_orders(const ts_allocation *a, group *g, size_t i,
                        unsigned char *now, size_t *left)
{
    if (i == g->n_free) {
        memcpy(g->order + g->n_order * g->n_free, now, g->n_free);
        g->weight[g->n_order++] = rest(left, a->n_arm);
        return;
    }
    for (size_t k = 0; k < a->n_arm; k++)
        if (left[k] > 0) {
            left[k]--;
            now[i] = (unsigned char)k;
            list_orders(a, g, i + 1, now, left);
            left[k]++;
        }
}

ts_status ts_allocation_start(ts_allocation *a, double most, ts_error *err)
{
    unsigned char now[LONGEST + 1];
    size_t left[TS_ARMS];
    if (!(a->number <= most))
        return ts_fail(err, TS_ELIMIT, "%g allocations are more than %g",
                       a->number, most);
    if (!a->digit) {
        a->digit = ts_alloc_array(a->n_group, sizeof *a->digit);
        if (!a->digit)
            return ts_fail_memory(err);
    }
    memset(a->digit, 0, a->n_group * sizeof *a->digit);
    a->ended = false;
    for (size_t g = 0; g < a->n_group; g++) {
        group *own = &a->group[g];
        double n = orders(own->left, a->n_arm, own->n_free);
        if (own->order || n <= 1)
            continue;
        own->order = ts_alloc_array((size_t)n, own->n_free);
        own->weight = ts_alloc_array((size_t)n, sizeof *own->weight);
        if (!own->order || !own->weight)
            return ts_fail_memory(err);
        memcpy(left, own->left, sizeof left);
        list_orders(a, own, 0, now, left);
    }
    return TS_OK;
}

static void place(const ts_allocation *a, const group *g, size_t digit,
                  unsigned char *arm)
{
    size_t taken = 0;
    for (size_t j = 0; j < g->n; j++) {
        size_t subject = a->member[g->first + j];
        if (!a->kept[a->arm[subject]])
            arm[subject] = g->order[digit * g->n_free + taken++];
    }
}

bool ts_allocation_next(ts_allocation *a, unsigned char *arm, double *weight)
{
    if (a->ended)
        return false;
    memcpy(arm, a->arm, a->n);
    *weight = 1;
    for (size_t g = 0; g < a->n_group; g++)
        if (a->group[g].order) {
            place(a, &a->group[g], a->digit[g], arm);
            *weight *= a->group[g].weight[a->digit[g]];
        }
    size_t g = 0;
    while (g < a->n_group) {
        if (a->group[g].order && ++a->digit[g] < a->group[g].n_order)
            break;
        a->digit[g++] = 0;
    }
    a->ended = g == a->n_group;
    return true;
}
