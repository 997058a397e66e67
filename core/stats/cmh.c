/*
 * Cochran-Mantel-Haenszel: deviations of a table from what its margins lead
 * to expect, summed over strata, in the metric of their covariance. The three
 * statistics differ in what they look at: a product of scores, mean scores of
 * rows, or all cells.
 */
#include "ts/counts.h"

#include <math.h>
#include <string.h>
#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include "cmh_private.h"
#include "counts_check.h"
#include "level.h"
#include "ts/interrupt.h"
#include "ts/memory.h"

static const ts_chi no_chi = {NAN, NAN, NAN};

/* x' V^- x by Cholesky with pivots; V, k x k, is destroyed. df: the rank. */
static ts_chi quadratic_form(double *x, double *v, size_t k)
{
    ts_chi out = {0, 0, NAN};
    double most = 0;
    for (size_t i = 0; i < k; i++)
        most = fmax(most, v[i * k + i]);
    for (size_t step = 0; step < k; step++) {
        size_t best = step;
        for (size_t i = step; i < k; i++)
            if (v[i * k + i] > v[best * k + best])
                best = i;
        double pivot = v[best * k + best];
        if (!(pivot > 1e-10 * most))
            break;
        for (size_t j = 0; j < k; j++) { /* rows, then columns change places */
            double t = v[step * k + j];
            v[step * k + j] = v[best * k + j];
            v[best * k + j] = t;
        }
        for (size_t i = 0; i < k; i++) {
            double t = v[i * k + step];
            v[i * k + step] = v[i * k + best];
            v[i * k + best] = t;
        }
        double t = x[step];
        x[step] = x[best];
        x[best] = t;
        out.statistic += x[step] * x[step] / pivot;
        out.df++;
        for (size_t i = step + 1; i < k; i++) {
            double factor = v[i * k + step] / pivot;
            x[i] -= factor * x[step];
            for (size_t j = step + 1; j < k; j++)
                v[i * k + j] -= factor * v[step * k + j];
        }
    }
    if (out.df > 0)
        out.p_value = pchisq(out.statistic, out.df, 0, 0);
    else
        out = no_chi;
    return out;
}

/* One stratum: its margins and scores. */
typedef struct {
    size_t r, c;
    const double *counts;
    double *row, *column, n;
    double *row_score, *column_score;
} stratum;

static void take_margins(stratum *s)
{
    memset(s->row, 0, s->r * sizeof *s->row);
    memset(s->column, 0, s->c * sizeof *s->column);
    s->n = 0;
    for (size_t i = 0; i < s->r; i++)
        for (size_t j = 0; j < s->c; j++) {
            s->row[i] += s->counts[i * s->c + j];
            s->column[j] += s->counts[i * s->c + j];
            s->n += s->counts[i * s->c + j];
        }
}

static void score(const double *margin, size_t k, double n, ts_scores scores,
                  const double *given, double *out)
{
    double below = 0;
    double unit = scores == TS_RIDIT_SCORES      ? n
                  : scores == TS_MODRIDIT_SCORES ? n + 1
                                                 : 1;
    for (size_t i = 0; i < k; i++) {
        out[i] = scores == TS_TABLE_SCORES
                     ? given[i]
                     : (below + (margin[i] + 1) / 2) / unit;
        below += margin[i];
    }
}

static double mean_score(const double *margin, const double *scores, size_t k,
                         double n)
{
    double sum = 0;
    for (size_t i = 0; i < k; i++)
        sum += margin[i] * scores[i];
    return sum / n;
}

static double squared_scores(const double *margin, const double *scores,
                             size_t k, double mean)
{
    double sum = 0;
    for (size_t i = 0; i < k; i++)
        sum += margin[i] * (scores[i] - mean) * (scores[i] - mean);
    return sum;
}

/* Sums over strata: x and covariance v of each of the three. */
typedef struct {
    double away, variance;
    double *row_x, *row_v;   /* r, r x r */
    double *cell_x, *cell_v; /* (r-1)(c-1), and its square */
} totals;

static void add_correlation(const stratum *s, double row_mean,
                            double column_mean, totals *t)
{
    double sum = 0;
    for (size_t i = 0; i < s->r; i++)
        for (size_t j = 0; j < s->c; j++)
            sum += s->counts[i * s->c + j] * (s->row_score[i] - row_mean) *
                   (s->column_score[j] - column_mean);
    t->away += sum;
    t->variance +=
        squared_scores(s->row, s->row_score, s->r, row_mean) *
        squared_scores(s->column, s->column_score, s->c, column_mean) /
        (s->n - 1);
}

static void add_row_means(const stratum *s, double column_mean, totals *t)
{
    double variance =
        squared_scores(s->column, s->column_score, s->c, column_mean) /
        (s->n - 1);
    for (size_t i = 0; i < s->r; i++) {
        for (size_t j = 0; j < s->c; j++)
            t->row_x[i] +=
                s->counts[i * s->c + j] * (s->column_score[j] - column_mean);
        for (size_t l = 0; l < s->r; l++)
            t->row_v[i * s->r + l] += variance * ((i == l ? s->row[i] : 0) -
                                                  s->row[i] * s->row[l] / s->n);
    }
}

static void add_cells(const stratum *s, totals *t)
{
    size_t r = s->r - 1, c = s->c - 1, k = r * c;
    double n = s->n;
    for (size_t a = 0; a < k; a++) {
        size_t i = a / c, j = a % c;
        t->cell_x[a] += s->counts[i * s->c + j] - s->row[i] * s->column[j] / n;
        for (size_t b = 0; b < k; b++) {
            size_t l = b / c, m = b % c;
            t->cell_v[a * k + b] += s->row[i] * ((i == l ? n : 0) - s->row[l]) /
                                    (n * n) * s->column[j] *
                                    ((j == m ? n : 0) - s->column[m]) / (n - 1);
        }
    }
}

static void add_stratum(stratum *s, ts_scores scores, const double *row_given,
                        const double *column_given, totals *t)
{
    score(s->row, s->r, s->n, scores, row_given, s->row_score);
    score(s->column, s->c, s->n, scores, column_given, s->column_score);
    double row_mean = mean_score(s->row, s->row_score, s->r, s->n);
    double column_mean = mean_score(s->column, s->column_score, s->c, s->n);
    add_correlation(s, row_mean, column_mean, t);
    add_row_means(s, column_mean, t);
    add_cells(s, t);
}

static ts_status check(const double *counts, size_t n, size_t r, size_t c,
                       double conf_level, ts_error *err)
{
    ts_status status = ts_check_level(conf_level, err);
    if (!status && (r < 2 || c < 2))
        status = ts_fail(err, TS_EDEGENERATE,
                         "two rows and two columns are needed, not %zu and %zu",
                         r, c);
    for (size_t i = 0; i < n * r * c && !status; i++)
        status = ts_check_count(counts[i], "a cell", err);
    if (!status && (r - 1) * (c - 1) > 400)
        status = ts_fail(err, TS_ELIMIT,
                         "%zu rows and %zu columns are too "
                         "many",
                         r, c);
    return status;
}

/* Room for one stratum and the totals, in one block. */
static double *reserve(stratum *s, totals *t)
{
    size_t r = s->r, c = s->c, k = (r - 1) * (c - 1);
    double *block =
        ts_alloc_array(2 * (r + c) + r + r * r + k + k * k, sizeof *block);
    if (!block)
        return NULL;
    s->row = block;
    s->row_score = s->row + r;
    s->column = s->row_score + r;
    s->column_score = s->column + c;
    t->row_x = s->column_score + c;
    t->row_v = t->row_x + r;
    t->cell_x = t->row_v + r * r;
    t->cell_v = t->cell_x + k;
    return block;
}

ts_status ts_cmh(const double *counts, size_t n, size_t r, size_t c,
                 const double *row_score, const double *column_score,
                 ts_scores scores, double conf_level, ts_cmh_result *out,
                 ts_error *err)
{
    ts_cmh_result x = {.odds_ratio = NAN,
                       .conf_low = NAN,
                       .conf_high = NAN,
                       .std_error_log = NAN,
                       .correlation = no_chi,
                       .row_means = no_chi,
                       .association = no_chi,
                       .breslow_day = no_chi,
                       .tarone = no_chi};
    stratum s = {.r = r, .c = c};
    totals t = {0};
    *out = x;
    ts_status status = check(counts, n, r, c, conf_level, err);
    if (status)
        return status;
    double *block = reserve(&s, &t);
    if (!block)
        return ts_fail_memory(err);
    for (size_t h = 0; h < n && !status; h++) {
        s.counts = counts + h * r * c;
        take_margins(&s);
        if (s.n < 2)
            continue;
        double before = t.variance;
        add_stratum(&s, scores, row_score, column_score, &t);
        x.n_used += t.variance > before;
        x.n += s.n;
        status = ts_interrupt_check(err);
    }
    if (!status) {
        x.correlation = quadratic_form(&t.away, &t.variance, 1);
        x.row_means = quadratic_form(t.row_x, t.row_v, r);
        x.association = quadratic_form(t.cell_x, t.cell_v, (r - 1) * (c - 1));
        if (isnan(x.association.p_value))
            status = ts_fail(err, TS_EDEGENERATE,
                             "no stratum has two rows and two columns with "
                             "counts");
    }
    if (!status && r == 2 && c == 2)
        ts_cmh_odds(counts, n, conf_level, &x);
    if (!status)
        *out = x;
    ts_free(block);
    return status;
}
