/*
 * Fisher's test of larger tables. Columns are filled one after the other. A
 * node is what rows have left, in order of size, for tables that differ by a
 * permutation of rows are completed alike; a past is the product of 1 / x! of
 * the cells filled so far and how many ways have it. A past goes on only
 * while some completions are as improbable as the observed table and others
 * are not. With two columns left all completions are listed and sorted.
 */
#include "ts/counts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "counts_check.h"
#include "rxc_network.h"
#include "ts/interrupt.h"
#include "ts/memory.h"

/* Additions that one step here takes the time of. */
#define STEP 10
/* Values may be as improbable as another up to this, in logarithms. */
#define SAME 1e-7
/* Tables of at most so many have products of 1 / x! that doubles hold. */
#define SMALL 150

static inline ts_status count_steps(ts_network *w, double steps)
{
    w->steps += steps * STEP;
    if (w->steps < w->next_look)
        return TS_OK;
    w->next_look += 1e7;
    if (w->steps > TS_EXACT_STEPS)
        return TS_ELIMIT;
    return ts_progress("steps", w->steps, 0, w->err);
}

/* Filling a column -------------------------------------------------------- */

/* Sums over the rows that are filled, all logs. */
typedef struct {
    double value;       /* of 1 / x! of the cells */
    double factorials;  /* of 1 / x! of what is left */
    double most, least; /* of the bounds of what is left */
} partial;

/* p after x is taken from a row that has `rest`. */
static inline partial after(const ts_network *w, const partial *p,
                            uint32_t rest, uint32_t x)
{
    uint32_t left = rest - x;
    return (partial){p->value - w->log_factorial[x],
                     p->factorials - w->log_factorial[left],
                     p->most + w->most_of[left], p->least + w->least_of[left]};
}

static void sort_small(uint32_t *x, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        uint32_t v = x[i];
        size_t j = i;
        for (; j > 0 && x[j - 1] > v; j--)
            x[j] = x[j - 1];
        x[j] = v;
    }
}

typedef struct {
    const ts_node *from;
    const uint32_t *before; /* what its rows have */
    size_t next;            /* column after this one */
    double rarest, usual;   /* values of its pasts lie between */
    const double *weight; /* products of the pasts; of large tables these are */
    double mass;          /* relative to usual; their sum */
    double log_share;     /* of the pasts and all completions, but for the */
    double share;         /* column's own products; its exponential */
    double p;             /* of what goes on to any completion */
} expansion;

/* The product of 1 / x! of the column's cells. */
static double column_product(const ts_network *w, const expansion *e,
                             const uint32_t *left)
{
    double product = 1;
    for (size_t i = 0; i < w->r; i++)
        product *= w->inverse[e->before[i] - left[i]];
    return product;
}

/* The chance of the pasts that go on to `left` and to any completion. */
static double share_of(const ts_network *w, const expansion *e,
                       const uint32_t *left, const partial *q)
{
    if (!w->inverse)
        return exp(e->log_share + q->value + q->factorials);
    double share = e->share;
    for (size_t i = 0; i < w->r; i++)
        share *= w->inverse[e->before[i] - left[i]] * w->inverse[left[i]];
    return share;
}

/* One way to fill the column, for the pasts whose completions are neither all
 * more probable nor all as improbable. */
static ts_status go_on(ts_network *w, const expansion *e, const uint32_t *left,
                       const partial *q, double edge)
{
    uint32_t rest[MOST_ROWS];
    ts_node *to;
    double counted = 0;
    memcpy(rest, left, w->r * sizeof *rest);
    sort_small(rest, w->r);
    ts_status status = ts_node_find(w, &w->next, rest, e->next, &to);
    double product = w->inverse ? column_product(w, e, left) : 1;
    for (size_t i = 0; i < e->from->n && !status; i++) {
        const ts_past *p = &e->from->pasts[i];
        if (p->value + to->least > edge)
            continue;
        if (p->value + to->most <= edge)
            counted += e->weight[i];
        else
            status = ts_past_add(w, to, p->value + q->value, p->mass * product);
    }
    if (counted > 0)
        ts_sum_add(&w->p, w->inverse ? counted * product * exp(to->all - w->all)
                                     : counted * exp(e->usual + q->value +
                                                     to->all - w->all));
    return status ? status : count_steps(w, 2 + (double)e->from->n);
}

/* One way to fill the column: all pasts of the node take it. */
static inline ts_status expand(ts_network *w, expansion *e,
                               const uint32_t *left, const partial *q)
{
    double edge = w->observed + SAME - q->value;
    if (e->rarest + q->least - 1e-9 > edge)
        return count_steps(w, 1); /* all completions are more probable */
    if (e->usual + q->most + 1e-9 > edge)
        return go_on(w, e, left, q, edge);
    e->p += share_of(w, e, left, q);
    return count_steps(w, 1);
}

/* Expands every way to take `need` from the rows i .., of two rows or more;
 * left holds what is left of the rows before, behind what rows from i on have.
 */
static ts_status fill(ts_network *w, expansion *e, size_t i, uint32_t need,
                      uint32_t behind, uint32_t *left, const partial *p)
{
    uint32_t own = e->before[i], high = own < need ? own : need;
    behind -= own;
    ts_status status = TS_OK;
    for (uint32_t x = need > behind ? need - behind : 0; x <= high && !status;
         x++) {
        partial q = after(w, p, own, x);
        left[i] = own - x;
        if (i + 2 < w->r) {
            status = fill(w, e, i + 1, need - x, behind, left, &q);
        } else { /* the last row takes what it must */
            left[i + 1] = behind - (need - x);
            q = after(w, &q, behind, need - x);
            status = expand(w, e, left, &q);
        }
    }
    return status;
}

/* Fills column j of a node in every way. */
static ts_status expand_node(ts_network *w, const ts_node *h,
                             const uint32_t *rest, size_t j)
{
    uint32_t left[MOST_ROWS], n = 0;
    partial none = {0};
    expansion e = {.from = h,
                   .before = rest,
                   .next = j + 1,
                   .rarest = h->pasts[0].value,
                   .usual = h->pasts[0].value};
    for (size_t i = 1; i < h->n; i++) {
        e.rarest = fmin(e.rarest, h->pasts[i].value);
        e.usual = fmax(e.usual, h->pasts[i].value);
    }
    double *weight = ts_alloc_array(h->n, sizeof *weight);
    if (!weight)
        return ts_fail_memory(w->err);
    for (size_t i = 0; i < h->n; i++) {
        weight[i] = h->pasts[i].mass;
        if (!w->inverse)
            weight[i] *= exp(h->pasts[i].value - e.usual);
        e.mass += weight[i];
    }
    e.weight = weight;
    for (size_t i = 0; i < w->r; i++)
        n += rest[i];
    e.log_share = w->log_factorial[n - w->column[j]] - w->all;
    for (size_t k = j + 1; k < w->c; k++)
        e.log_share -= w->log_factorial[w->column[k]];
    if (w->inverse)
        e.share = exp(e.log_share) * e.mass;
    else
        e.log_share += e.usual + log(e.mass);
    ts_status status = fill(w, &e, 0, w->column[j], n, left, &none);
    ts_sum_add(&w->p, e.p);
    ts_free(weight);
    return status;
}

/* Two columns left -------------------------------------------------------- */

static inline size_t class_of(const ts_classes *k, double value)
{
    double at = (value - k->low) * k->scale;
    return at >= TS_CLASSES ? TS_CLASSES - 1 : at > 0 ? (size_t)at : 0;
}

/* Room for so many completions more. */
static ts_status reserve(ts_network *w, size_t more)
{
    if (w->list_room - w->n_list >= more)
        return TS_OK;
    size_t room = 2 * w->list_room + 1024 + more;
    ts_completion *list = ts_realloc_array(w->list, room, sizeof *list);
    if (!list)
        return ts_fail_memory(w->err);
    w->list = list;
    ts_completion *sorted = ts_realloc_array(w->sorted, room, sizeof *list);
    if (!sorted)
        return ts_fail_memory(w->err);
    w->sorted = sorted;
    w->list_room = room;
    return TS_OK;
}

/* The product of 1 / y! of x and of what a row of `rest` has left then; 1
 * where tables are too large for it. */
static inline double product_of(const ts_network *w, uint32_t rest, uint32_t x)
{
    return w->inverse ? w->inverse[x] * w->inverse[rest - x] : 1;
}

/* Its logarithm. */
static inline double value_of(const ts_network *w, uint32_t rest, uint32_t x)
{
    return -w->log_factorial[x] - w->log_factorial[rest - x];
}

/* Of two rows: lists a completion, for which there is room, unless it is more
 * probable than edge. */
static inline bool take_pair(ts_network *w, const uint32_t *rest, uint32_t x,
                             uint32_t y, const ts_completion *past, double edge)
{
    double value =
        past->value + value_of(w, rest[0], x) + value_of(w, rest[1], y);
    if (value > edge)
        return false;
    w->list[w->n_list++] =
        (ts_completion){value, past->product * product_of(w, rest[0], x) *
                                   product_of(w, rest[1], y)};
    w->classes.from[class_of(&w->classes, value) + 1]++;
    return true;
}

/* Lists the completions of rows rest[0 .. k - 1] with two columns left, of
 * which the first takes `need`, that are no more probable than edge: others
 * count for no past. Of the last two rows they are at both ends. */
static ts_status list_rare(ts_network *w, const uint32_t *rest, size_t k,
                           uint32_t need, uint32_t behind,
                           const ts_completion *past, double edge)
{
    uint32_t high = rest[0] < need ? rest[0] : need;
    behind -= rest[0];
    uint32_t x = need > behind ? need - behind : 0;
    ts_status status = TS_OK;
    if (k > 2) {
        for (; x <= high && !status; x++) {
            ts_completion own = {past->value + value_of(w, rest[0], x),
                                 past->product * product_of(w, rest[0], x)};
            status =
                list_rare(w, rest + 1, k - 1, need - x, behind, &own, edge);
        }
        return status;
    }
    if (x > high || (status = reserve(w, high - x + (size_t)1)))
        return status;
    while (x <= high && take_pair(w, rest, x, need - x, past, edge))
        x++;
    while (high > x && take_pair(w, rest, high, need - high, past, edge))
        high--;
    return TS_OK;
}

static uint32_t sum_of(const uint32_t *x, size_t n)
{
    uint32_t sum = 0;
    while (n-- > 0)
        sum += x[n];
    return sum;
}

/* Sorts the list by class. Products of large tables are relative to top. */
static void classify(ts_network *w, double top)
{
    ts_classes *k = &w->classes;
    size_t at[TS_CLASSES];
    for (size_t i = 0; i < TS_CLASSES; i++)
        k->from[i + 1] += k->from[i];
    memcpy(at, k->from, sizeof at);
    for (size_t i = 0; i < w->n_list; i++) {
        const ts_completion *x = &w->list[i];
        size_t class = class_of(k, x->value);
        double product = w->inverse ? x->product : exp(x->value - top);
        w->sorted[at[class]++] = (ts_completion){x->value, product};
        k->before[class + 1] += product;
    }
    for (size_t i = 0; i < TS_CLASSES; i++)
        k->before[i + 1] += k->before[i];
}

/* The sum of products of completions with value <= edge. */
static double up_to(const ts_network *w, double edge)
{
    const ts_classes *k = &w->classes;
    if (edge < k->low)
        return 0;
    size_t class = class_of(k, edge);
    double sum = k->before[class];
    for (size_t i = k->from[class]; i < k->from[class + 1]; i++)
        if (w->sorted[i].value <= edge)
            sum += w->sorted[i].product;
    return sum;
}

static ts_status complete(ts_network *w, const uint32_t *rest, const ts_node *h)
{
    double rarest = h->pasts[0].value, counted = 0;
    for (size_t i = 1; i < h->n; i++)
        rarest = h->pasts[i].value < rarest ? h->pasts[i].value : rarest;
    double edge = w->observed + SAME - rarest;
    double top = edge < h->most ? edge : h->most;
    const ts_completion none = {0, 1};
    memset(&w->classes, 0, sizeof w->classes);
    w->classes.low = h->least;
    w->classes.scale = top > h->least ? TS_CLASSES / (top - h->least) : 0;
    w->n_list = 0;
    ts_status status = list_rare(w, rest, w->r, w->column[w->c - 2],
                                 sum_of(rest, w->r), &none, edge);
    if (status || w->n_list == 0)
        return status;
    classify(w, top);
    double scale = exp(-w->all); /* of small tables */
    for (size_t i = 0; i < h->n; i++) {
        const ts_past *p = &h->pasts[i];
        double sum = up_to(w, w->observed + SAME - p->value);
        if (sum > 0)
            counted += p->mass * sum *
                       (w->inverse ? scale : exp(p->value + top - w->all));
    }
    ts_sum_add(&w->p, counted);
    return count_steps(w, (double)h->n + (double)w->n_list);
}

/* All of it --------------------------------------------------------------- */

static ts_status run(ts_network *w)
{
    ts_node *root;
    ts_network_bounds(w, 0);
    ts_status status = ts_node_find(w, &w->now, w->row, 0, &root);
    if (!status)
        status = ts_past_add(w, root, 0, 1);
    for (size_t j = 0; j + 2 < w->c && !status; j++) {
        ts_network_bounds(w, j + 1);
        for (size_t i = 0; i < w->now.n && !status; i++) {
            ts_node *h = &w->now.nodes[i];
            if (h->n > 0)
                status = expand_node(w, h, w->now.rest + i * w->r, j);
            w->n_past -= (double)h->n;
            ts_node_clear(h);
        }
        ts_stage_free(&w->now);
        w->now = w->next;
        w->next = (ts_stage){0};
    }
    for (size_t i = 0; i < w->now.n && !status; i++)
        if (w->now.nodes[i].n > 0)
            status = complete(w, w->now.rest + i * w->r, &w->now.nodes[i]);
    return status;
}

/* Logs of 0! to n!, and 1 / x! of small tables. */
static ts_status factorials(ts_network *w, size_t n, ts_error *err)
{
    ts_sum sum = {0};
    w->log_factorial = ts_alloc_array(n + 1, sizeof *w->log_factorial);
    if (!w->log_factorial)
        return ts_fail_memory(err);
    for (size_t i = 2; i <= n; i++) {
        ts_sum_add(&sum, log((double)i));
        w->log_factorial[i] = ts_sum_value(&sum);
    }
    if (n > SMALL)
        return TS_OK;
    w->inverse = ts_alloc_array(n + 1, sizeof *w->inverse);
    if (!w->inverse)
        return ts_fail_memory(err);
    w->inverse[0] = 1;
    for (size_t i = 1; i <= n; i++)
        w->inverse[i] = w->inverse[i - 1] / (double)i;
    return TS_OK;
}

/* Margins without zeros, sorted; the shorter side becomes the rows. */
static ts_status network_new(ts_network *w, const double *counts, size_t r,
                             size_t c, ts_error *err)
{
    double all = 0;
    ts_status status;
    w->err = err;
    w->row = ts_alloc_array(r, sizeof *w->row);
    w->column = ts_alloc_array(c, sizeof *w->column);
    if (!w->row || !w->column)
        return ts_fail_memory(err);
    for (size_t i = 0; i < r * c; i++) {
        if ((status = ts_check_count(counts[i], "a cell", err)))
            return status;
        all += counts[i];
    }
    if (all > TS_EXACT_NUMBERS)
        return TS_ELIMIT;
    for (size_t i = 0; i < r * c; i++) {
        w->row[i / c] += (uint32_t)counts[i];
        w->column[i % c] += (uint32_t)counts[i];
    }
    if ((status = factorials(w, (size_t)all, err)))
        return status;
    for (size_t i = 0; i < r * c; i++)
        w->observed -= w->log_factorial[(size_t)counts[i]];
    for (size_t i = 0; i < r; i++)
        if (w->row[i])
            w->row[w->r++] = w->row[i];
    for (size_t j = 0; j < c; j++)
        if (w->column[j])
            w->column[w->c++] = w->column[j];
    if (w->r > w->c) {
        uint32_t *swap = w->row;
        size_t n = w->r;
        w->row = w->column;
        w->column = swap;
        w->r = w->c;
        w->c = n;
    }
    sort_small(w->row, w->r);
    sort_small(w->column, w->c);
    size_t room = w->r ? w->row[w->r - 1] + (size_t)1 : 1;
    w->most_of = ts_alloc_array(room, sizeof *w->most_of);
    w->least_of = ts_alloc_array(room, sizeof *w->least_of);
    return w->most_of && w->least_of ? TS_OK : ts_fail_memory(err);
}

ts_status ts_fisher_rxc(const double *counts, size_t r, size_t c,
                        ts_exact exact, ts_table_test *out, ts_error *err)
{
    ts_network w = {0};
    ts_table_test t = {.p_value = NAN, .steps = INFINITY};
    *out = t;
    ts_status status = network_new(&w, counts, r, c, err);
    if (!status && (w.r < 2 || w.c < 2))
        status = ts_fail(err, TS_EDEGENERATE,
                         "two rows and two columns with counts are needed");
    if (!status && (w.r > MOST_ROWS || exact == TS_EXACT_NEVER))
        status = TS_ELIMIT;
    if (!status) {
        w.all = ts_network_all(&w, w.row, 0);
        status = run(&w);
    }
    if (!status) {
        double p = ts_sum_value(&w.p);
        t.p_value = p < 1 - 1e-12 ? p : 1;
        t.steps = w.steps;
        t.exact = true;
    }
    ts_network_free(&w);
    if (status == TS_ELIMIT && exact == TS_EXACT_ALWAYS)
        return ts_fail(err, TS_ELIMIT,
                       "the exact test of this table needs more than %.0e "
                       "steps or %.0e numbers",
                       TS_EXACT_STEPS, TS_EXACT_NUMBERS);
    if (status == TS_ELIMIT) {
        ts_chisq_result chi;
        status = ts_chisq(counts, r, c, TS_PLAIN, &chi, NULL, NULL, NULL, err);
        t.p_value = chi.p_value;
    }
    if (!status)
        *out = t;
    return status;
}
