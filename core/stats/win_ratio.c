/*
 * Win ratio, net benefit, win odds. Wins less losses of a group are the sum of
 * its subjects' scores, wins less losses against all of the stratum, since
 * those within the group cancel: hence the exact distribution.
 */
#include "ts/win_ratio.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include "group_ranks.h"
#include "lattice.h"
#include "level.h"
#include "rank_pairs.h"
#include "ts/interrupt.h"
#include "ts/memory.h"
#include "ts/sum.h"

#define MOST_SUBJECTS 50000

/* Pairs ---------------------------------------------------------------------
 */

/* A difference is whole where decimals say so: 0.3 - 0.2 counts as 0.1. */
static bool counts(double difference, double margin)
{
    return difference > 0 && difference >= margin * (1 - 1e-9);
}

/* Whether the one with time t is known to stay free of the event for longer
 * than until the event of the other at s. */
static bool outlives(double t, bool event, double s, double margin)
{
    if (t == s)
        return !event && margin == 0;
    return counts(t - s, margin);
}

/* 1 when i does better than j, -1 when worse, 0 when nobody can tell. */
static int compare_level(const ts_win_level *l, size_t i, size_t j)
{
    double x = l->value[i], y = l->value[j];
    int sign = l->lower ? -1 : 1;
    if (isnan(x) || isnan(y))
        return 0;
    if (!l->event) {
        if (counts(x - y, l->margin))
            return sign;
        return counts(y - x, l->margin) ? -sign : 0;
    }
    bool x_event = l->event[i] == 1 && x <= l->horizon;
    bool y_event = l->event[j] == 1 && y <= l->horizon;
    x = fmin(x, l->horizon);
    y = fmin(y, l->horizon);
    if (y_event && outlives(x, x_event, y, l->margin))
        return sign;
    return x_event && outlives(y, y_event, x, l->margin) ? -sign : 0;
}

static int compare(const ts_win_level *level, size_t n_level, size_t i,
                   size_t j, size_t *decided)
{
    int who = 0;
    for (*decided = 0; *decided < n_level; ++*decided)
        if ((who = compare_level(&level[*decided], i, j)))
            return who;
    return 0;
}

/* One stratum: its subjects, and of each the wins and losses against the other
 * group, and wins less losses against all. */
typedef struct {
    size_t n, n_1;
    const size_t *row;
    double *win, *loss;
    int64_t *score;
    double all_win, all_loss; /* of group 1 */
} arena;

static ts_status fight(arena *a, const ts_win_level *level, size_t n_level,
                       const int *group, ts_win_count *count, ts_error *err)
{
    for (size_t i = 0; i < a->n; i++)
        a->win[i] = a->loss[i] = 0, a->score[i] = 0;
    a->all_win = a->all_loss = 0;
    for (size_t i = 0; i < a->n; i++) {
        ts_status status = ts_interrupt_check(err);
        if (status)
            return status;
        for (size_t j = i + 1; j < a->n; j++) {
            size_t at;
            int who = compare(level, n_level, a->row[i], a->row[j], &at);
            if (who == 0)
                continue;
            a->score[i] += who;
            a->score[j] -= who;
            if (group[a->row[i]] == group[a->row[j]])
                continue;
            size_t winner = who > 0 ? i : j, loser = who > 0 ? j : i;
            a->win[winner]++;
            a->loss[loser]++;
            bool ours = group[a->row[winner]] == 1;
            *(ours ? &a->all_win : &a->all_loss) += 1;
            if (count)
                *(ours ? &count[at].win : &count[at].loss) += 1;
        }
    }
    return TS_OK;
}

/* Estimates -----------------------------------------------------------------
 */

typedef struct {
    ts_sum win, loss, pair; /* weighted by 1 / n */
    ts_sum v_win, v_loss, v_both;
    ts_sum away, variance; /* of wins less losses, under permutation */
} sums;

/* Variances of the shares of wins and losses, from what each subject of one
 * group has: the sample covariance over the group's size. */
static void add_side(const arena *a, const int *group, int side, double scale,
                     sums *s)
{
    double n = (double)(side ? a->n_1 : a->n - a->n_1);
    double mean_win = (side ? a->all_win : a->all_loss) / n;
    double mean_loss = (side ? a->all_loss : a->all_win) / n;
    double ww = 0, ll = 0, wl = 0;
    for (size_t i = 0; i < a->n; i++) {
        if (group[a->row[i]] != side)
            continue;
        double w = a->win[i] - mean_win, l = a->loss[i] - mean_loss;
        ww += w * w;
        ll += l * l;
        wl += w * l;
    }
    /* a sum of n values varies n times as much as one */
    double factor = scale * scale * n / (n - 1);
    ts_sum_add(&s->v_win, factor * (side ? ww : ll));
    ts_sum_add(&s->v_loss, factor * (side ? ll : ww));
    ts_sum_add(&s->v_both, factor * wl);
}

static void add_arena(const arena *a, const int *group, sums *s,
                      ts_win_result *r)
{
    double n = (double)a->n, n_1 = (double)a->n_1, n_2 = n - n_1;
    double squares = 0;
    ts_sum_add(&s->win, a->all_win / n);
    ts_sum_add(&s->loss, a->all_loss / n);
    ts_sum_add(&s->pair, n_1 * n_2 / n);
    for (int side = 0; side < 2; side++)
        add_side(a, group, side, 1 / n, s);
    for (size_t i = 0; i < a->n; i++)
        squares += (double)a->score[i] * (double)a->score[i];
    ts_sum_add(&s->away, (a->all_win - a->all_loss) / n);
    ts_sum_add(&s->variance, n_1 * n_2 / (n * (n - 1)) * squares / (n * n));
    r->n_pair += n_1 * n_2;
    r->win += a->all_win;
    r->loss += a->all_loss;
    r->n_stratum++;
    r->lone = r->lone || a->n_1 < 2 || a->n - a->n_1 < 2;
}

static void limits(double x, double se, double z, bool log_scale, double *low,
                   double *high)
{
    *low = log_scale ? x * exp(-z * se) : fmax(-1, x - z * se);
    *high = log_scale ? x * exp(z * se) : fmin(1, x + z * se);
}

static void estimate(const sums *s, const ts_rank_options *opt,
                     ts_win_result *r)
{
    double w = ts_sum_value(&s->win), l = ts_sum_value(&s->loss);
    double pair = ts_sum_value(&s->pair), tie = pair - w - l;
    double v_w = ts_sum_value(&s->v_win), v_l = ts_sum_value(&s->v_loss);
    double v_wl = ts_sum_value(&s->v_both);
    double up = w + tie / 2, down = l + tie / 2;
    double z = qnorm5(ts_level_alpha(opt->conf_level) / 2, 0, 1, 0, 0);
    r->tie = r->n_pair - r->win - r->loss;
    r->win_ratio = w / l; /* NaN without either */
    r->net_benefit = (w - l) / pair;
    r->win_odds = up / down;
    if (r->lone)
        return;
    double net = sqrt(fmax(0, v_w + v_l - 2 * v_wl));
    r->net_se = net / pair;
    limits(r->net_benefit, r->net_se, z, false, &r->net_low, &r->net_high);
    if (w > 0 && l > 0) {
        r->log_se =
            sqrt(fmax(0, v_w / (w * w) + v_l / (l * l) - 2 * v_wl / (w * l)));
        limits(r->win_ratio, r->log_se, z, true, &r->ratio_low, &r->ratio_high);
    }
    if (up > 0 && down > 0) {
        r->odds_log_se = net / 2 * pair / (up * down);
        limits(r->win_odds, r->odds_log_se, z, true, &r->odds_low,
               &r->odds_high);
    }
}

/* P -------------------------------------------------------------------------
 */

static int by_score(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The exact distribution so far: of sums of scores, each n more so that none
 * is negative. */
typedef struct {
    ts_lattice total;
    int64_t multiple, observed, mean;
    double steps;
    bool possible;
} exact_sum;

static void plan(exact_sum *e, const arena *a)
{
    int64_t *score = a->score;
    int64_t factor = e->multiple ? e->multiple / (int64_t)a->n : 0;
    double range = 0;
    for (size_t i = 0; i < a->n; i++)
        score[i] += (int64_t)a->n;
    qsort(score, a->n, sizeof *score, by_score);
    for (size_t i = 0; i < a->n_1; i++)
        range += (double)(score[a->n - 1 - i] - score[i]);
    e->steps +=
        ts_subset_steps(score, a->n, a->n_1) + (double)e->total.n * (range + 1);
    e->possible =
        e->possible && factor > 0 && e->steps <= TS_EXACT_STEPS &&
        (double)e->total.n + range * (double)factor <= TS_EXACT_NUMBERS;
    e->observed += factor * ((int64_t)(a->all_win - a->all_loss) +
                             (int64_t)(a->n_1 * a->n));
    e->mean += factor * (int64_t)(a->n_1 * a->n);
}

static ts_status add_exact(exact_sum *e, const arena *a, ts_error *err)
{
    ts_lattice part;
    plan(e, a);
    if (!e->possible)
        return TS_OK;
    ts_status status = ts_lattice_subset(a->score, a->n, a->n_1, &part, err);
    if (!status)
        status = ts_lattice_convolve(&e->total, &part,
                                     e->multiple / (int64_t)a->n, err);
    ts_lattice_free(&part);
    return status;
}

static ts_status test(const sums *s, const exact_sum *e,
                      const ts_rank_options *opt, ts_win_result *r,
                      ts_error *err)
{
    double away = ts_sum_value(&s->away);
    double sd = sqrt(ts_sum_value(&s->variance));
    r->z = ts_normal_z(away, sd, 0, opt->alternative);
    if (opt->exact != TS_EXACT_NEVER && e->possible) {
        ts_tails tails = ts_lattice_tails(&e->total, e->observed, e->mean, 1);
        ts_smallest smallest = ts_lattice_smallest(&e->total, e->mean, 1);
        r->p_value = ts_tails_p(&tails, opt);
        r->p_smallest = ts_smallest_p(&smallest, opt);
        r->exact = true;
        return TS_OK;
    }
    ts_status status = ts_exact_refused(opt->exact, err);
    if (status)
        return status;
    ts_tails tails = ts_normal_tails(away, sd, 0);
    r->p_value = ts_tails_p(&tails, opt);
    return TS_OK;
}

/* All -----------------------------------------------------------------------
 */

typedef struct {
    size_t n_stratum;
    size_t *start, *row; /* rows in strata: row[start[h]] .. */
    size_t *n_1;
} strata;

static ts_status check(const ts_win_level *level, size_t n_level,
                       const int *stratum, size_t n, const ts_rank_options *opt,
                       ts_error *err)
{
    if (n > MOST_SUBJECTS)
        return ts_fail(err, TS_ELIMIT,
                       "%zu subjects: pairs are compared of at "
                       "most %d",
                       n, MOST_SUBJECTS);
    if (n_level == 0)
        return ts_fail(err, TS_EINVALID, "no outcome to compare by");
    if (!(opt->conf_level > 0 && opt->conf_level < 1))
        return ts_fail(err, TS_EINVALID, "conf_level %g is not between 0 and 1",
                       opt->conf_level);
    for (size_t k = 0; k < n_level; k++)
        if (!(level[k].margin >= 0) || !(level[k].horizon > 0))
            return ts_fail(err, TS_EINVALID,
                           "outcome %zu: a margin is 0 or "
                           "more, a horizon above 0",
                           k + 1);
    for (size_t i = 0; stratum && i < n; i++)
        if (stratum[i] < 0)
            return ts_fail(err, TS_EINVALID, "row %zu has no stratum", i + 1);
    return TS_OK;
}

static ts_status strata_new(const int *group, const int *stratum, size_t n,
                            strata *s, ts_error *err)
{
    size_t at = 0;
    *s = (strata){.n_stratum = 1};
    for (size_t i = 0; stratum && i < n; i++)
        if ((size_t)stratum[i] >= s->n_stratum)
            s->n_stratum = (size_t)stratum[i] + 1;
    s->start = ts_alloc_array(s->n_stratum + 1, sizeof *s->start);
    s->n_1 = ts_alloc_array(s->n_stratum, sizeof *s->n_1);
    s->row = ts_alloc_array(n + 1, sizeof *s->row);
    if (!s->start || !s->n_1 || !s->row)
        return ts_fail_memory(err);
    for (size_t h = 0; h < s->n_stratum; h++) {
        s->start[h] = at;
        for (size_t i = 0; i < n; i++)
            if (group[i] >= 0 && (!stratum || (size_t)stratum[i] == h)) {
                s->row[at++] = i;
                s->n_1[h] += group[i] == 1;
            }
    }
    s->start[s->n_stratum] = at;
    return TS_OK;
}

static bool has_both(const strata *s, size_t h)
{
    size_t n = s->start[h + 1] - s->start[h];
    return s->n_1[h] > 0 && s->n_1[h] < n;
}

static ts_status run(const strata *st, const ts_win_level *level,
                     size_t n_level, const int *group, size_t n,
                     const ts_rank_options *opt, ts_win_count *counted,
                     ts_win_result *r, ts_error *err)
{
    sums s = {0};
    exact_sum e = {.multiple = 1, .possible = true};
    double *own = ts_alloc_array(2 * n + 1, sizeof *own);
    int64_t *score = ts_alloc_array(n + 1, sizeof *score);
    ts_status status =
        own && score ? ts_lattice_nothing(&e.total, err) : ts_fail_memory(err);
    for (size_t h = 0; h < st->n_stratum && e.multiple; h++)
        if (has_both(st, h))
            e.multiple = ts_common_multiple(
                e.multiple, (int64_t)(st->start[h + 1] - st->start[h]));
    for (size_t h = 0; h < st->n_stratum && !status; h++) {
        if (!has_both(st, h))
            continue;
        arena a = {.n = st->start[h + 1] - st->start[h],
                   .n_1 = st->n_1[h],
                   .row = st->row + st->start[h],
                   .win = own,
                   .loss = own + n,
                   .score = score};
        status = fight(&a, level, n_level, group, counted, err);
        if (status)
            break;
        add_arena(&a, group, &s, r);
        if (opt->exact != TS_EXACT_NEVER)
            status = add_exact(&e, &a, err);
    }
    if (!status && r->n_stratum == 0)
        status = ts_fail(err, TS_EDEGENERATE, "no stratum has both groups");
    if (!status) {
        estimate(&s, opt, r);
        status = test(&s, &e, opt, r, err);
    }
    ts_lattice_free(&e.total);
    ts_free(own);
    ts_free(score);
    return status;
}

ts_status ts_win_ratio(const ts_win_level *level, size_t n_level,
                       const int *group, const int *stratum, size_t n,
                       const ts_rank_options *opt, ts_win_count *counted,
                       ts_win_result *out, ts_error *err)
{
    const ts_win_result empty = {.log_se = NAN,
                                 .net_se = NAN,
                                 .odds_log_se = NAN,
                                 .ratio_low = NAN,
                                 .ratio_high = NAN,
                                 .net_low = NAN,
                                 .net_high = NAN,
                                 .odds_low = NAN,
                                 .odds_high = NAN,
                                 .p_smallest = NAN};
    ts_win_result r = empty;
    strata s = {0};
    *out = empty;
    for (size_t k = 0; counted && k < n_level; k++)
        counted[k] = (ts_win_count){0, 0};
    ts_status status = check(level, n_level, stratum, n, opt, err);
    if (!status)
        status = strata_new(group, stratum, n, &s, err);
    if (!status)
        status = run(&s, level, n_level, group, n, opt, counted, &r, err);
    if (!status)
        *out = r;
    ts_free(s.start);
    ts_free(s.n_1);
    ts_free(s.row);
    return status;
}
