/*
 * The limits of an interval by inversion. The upper tail never falls as the
 * shift under the null hypothesis grows and the lower tail never rises, so
 * each limit is one change from "rejected" to "not": found by doubling steps
 * from a guess and halving, over listed shifts, or over all doubles.
 */
#include "rank_pairs.h"

#include <math.h>
#include <string.h>
#define MATHLIB_STANDALONE 1
#include <Rmath.h>
#include "level.h"
#include "ts/interrupt.h"

ts_status ts_rank_check_options(const ts_rank_options *opt, ts_error *err)
{
    if (!(opt->conf_level > 0 && opt->conf_level < 1))
        return ts_fail(err, TS_EINVALID,
                       "conf_level = %g is not between 0 and 1",
                       opt->conf_level);
    if (!isfinite(opt->mu))
        return ts_fail(err, TS_EINVALID, "mu = %g is not finite", opt->mu);
    return TS_OK;
}

double ts_tails_p(const ts_tails *tails, const ts_rank_options *opt)
{
    if (opt->alternative == TS_LESS)
        return tails->lower;
    if (opt->alternative == TS_GREATER)
        return tails->upper;
    double p = opt->two_sided == TS_ABSDEV
                   ? tails->absdev
                   : 2 * fmin(tails->lower, tails->upper);
    return p < 1 - 1e-12 ? p : 1; /* two halves are whole */
}

double ts_smallest_p(const ts_smallest *s, const ts_rank_options *opt)
{
    if (opt->alternative == TS_LESS)
        return s->lower;
    if (opt->alternative == TS_GREATER)
        return s->upper;
    return opt->two_sided == TS_ABSDEV ? s->absdev : s->central;
}

ts_tails ts_normal_tails(double deviation, double sd, double correction)
{
    if (!(sd > 0))
        return (ts_tails){1, 1, 1};
    double lower = pnorm5((deviation + correction) / sd, 0, 1, 1, 0);
    double upper = pnorm5((deviation - correction) / sd, 0, 1, 0, 0);
    return (ts_tails){lower, upper, fmin(1, 2 * fmin(lower, upper))};
}

double ts_normal_z(double deviation, double sd, double correction,
                   ts_alternative alternative)
{
    if (!(sd > 0))
        return 0;
    if (alternative == TS_TWO_SIDED)
        correction = deviation == 0 ? 0 : copysign(correction, -deviation);
    else if (alternative == TS_GREATER)
        correction = -correction;
    return (deviation + correction) / sd;
}

void ts_rank_consistent(const ts_rank_options *opt, ts_rank_test *t)
{
    bool inside =
        (t->low_open ? opt->mu > t->conf_low : opt->mu >= t->conf_low) &&
        (t->high_open ? opt->mu < t->conf_high : opt->mu <= t->conf_high);
    bool kept = ts_above_level(t->p_value, ts_level_alpha(opt->conf_level));
    t->inconsistent = inside != kept;
}

/* Listed shifts ----------------------------------------------------------- */

/* Both limits are searched alike: from the left for the lower one, where the
 * upper tail rises; from the right, with places counted from there, for the
 * upper one. */
typedef struct {
    const ts_inversion *in;
    bool from_right, absdev;
    double alpha;
} search;

static ts_status kept_at(const search *s, size_t place, bool *kept,
                         ts_error *err)
{
    ts_tails tails;
    size_t position = s->from_right ? 2 * s->in->n - place : place;
    ts_status status = s->in->tails(s->in->context, position, &tails, err);
    if (!status)
        status = ts_interrupt_check(err);
    if (status)
        return status;
    double p = s->from_right ? tails.lower : tails.upper;
    *kept = ts_above_level(s->absdev ? tails.absdev : p, s->alpha);
    return TS_OK;
}

/* The first place that is kept; one behind the last if none is. */
static ts_status first_kept(const search *s, size_t guess, size_t *place,
                            ts_error *err)
{
    size_t last = 2 * s->in->n, low = 0, high = last + 1; /* kept from high */
    size_t at = guess < last ? guess : last;
    for (size_t step = 1; low < high; step *= 2) {
        bool kept;
        ts_status status = kept_at(s, at, &kept, err);
        if (status)
            return status;
        if (kept)
            high = at;
        else
            low = at + 1;
        /* away from the guess in doubling steps, then by halves */
        if (low == 0)
            at = high > step ? high - step : 0;
        else if (high > last)
            at = low + step - 1 < last ? low + step - 1 : last;
        else
            at = low + (high - low) / 2;
    }
    *place = low;
    return TS_OK;
}

/* From the first place that a one-sided test at the whole alpha keeps, which
 * any two-sided test keeps too, outwards as long as absdev keeps. */
static ts_status walk_out(search *s, size_t *place, ts_error *err)
{
    bool kept = true;
    s->absdev = true;
    while (*place > 0) {
        ts_status status = kept_at(s, *place - 1, &kept, err);
        if (status)
            return status;
        if (!kept)
            break;
        --*place;
    }
    return TS_OK;
}

static void set_limit(const search *s, size_t place, double *limit, bool *open)
{
    size_t n = s->in->n;
    double infinite = s->from_right ? INFINITY : -INFINITY;
    *open = place % 2 == 0;
    if (place == 0)
        *limit = infinite;
    else if (place > 2 * n)
        *limit = -infinite; /* nothing is kept */
    else {
        /* place 2k + 1 is the k-th shift, 2k the gap behind shift k - 1 */
        size_t k = *open ? place / 2 - 1 : place / 2;
        *limit = s->in->shift[s->from_right ? n - 1 - k : k];
    }
}

static ts_status find_limit(const ts_inversion *in, const ts_rank_options *opt,
                            bool from_right, double *limit, bool *open,
                            ts_error *err)
{
    bool two = opt->alternative == TS_TWO_SIDED;
    bool walk = two && opt->two_sided == TS_ABSDEV;
    double alpha = ts_level_alpha(opt->conf_level);
    search s = {.in = in, .from_right = from_right};
    size_t place,
        guess = from_right ? 2 * in->n - in->guess_high : in->guess_low;
    s.alpha = two && !walk ? alpha / 2 : alpha;
    ts_status status = first_kept(&s, guess, &place, err);
    if (!status && walk)
        status = walk_out(&s, &place, err);
    if (!status)
        set_limit(&s, place, limit, open);
    return status;
}

ts_status ts_invert(const ts_inversion *in, const ts_rank_options *opt,
                    ts_rank_test *out, ts_error *err)
{
    ts_status status = TS_OK;
    out->conf_low = -INFINITY;
    out->conf_high = INFINITY;
    if (opt->alternative != TS_LESS)
        status =
            find_limit(in, opt, false, &out->conf_low, &out->low_open, err);
    if (!status && opt->alternative != TS_GREATER)
        status =
            find_limit(in, opt, true, &out->conf_high, &out->high_open, err);
    return status;
}

/* All doubles ------------------------------------------------------------- */

/* Doubles in their order as integers, and back. */
static int64_t to_order(double x)
{
    int64_t bits;
    x += 0; /* -0 is 0 */
    memcpy(&bits, &x, sizeof bits);
    return bits < 0 ? INT64_MIN - bits : bits;
}

static double from_order(int64_t order)
{
    double x;
    if (order < 0)
        order = INT64_MIN - order;
    memcpy(&x, &order, sizeof x);
    return x;
}

static int64_t to_step(double x, bool whole)
{
    return whole ? (int64_t)x : to_order(x);
}

static double from_step(int64_t step, bool whole)
{
    return whole ? (double)step : from_order(step);
}

static int64_t middle_of(int64_t low, int64_t high)
{
    return low + (int64_t)(((uint64_t)high - (uint64_t)low) / 2);
}

double ts_shift_select(ts_count_of count, void *context, double k, double low,
                       double high, bool whole)
{
    int64_t from = to_step(low, whole), to = to_step(high, whole);
    while (from < to) {
        int64_t middle = middle_of(from, to);
        if (count(context, from_step(middle, whole)) >= k)
            to = middle;
        else
            from = middle + 1;
    }
    return from_step(to, whole);
}

double ts_shift_median(ts_count_of count, void *context, double n, double low,
                       double high, bool whole)
{
    double below = floor((n + 1) / 2);
    double a = ts_shift_select(count, context, below, low, high, whole);
    if (fmod(n, 2) == 1)
        return a;
    double b = count(context, a) > below
                   ? a
                   : ts_shift_select(count, context, below + 1, a, high, whole);
    return a + (b - a) / 2;
}

typedef struct {
    ts_tails_of tails;
    ts_count_of count;
    void *context;
    double low, high;
    bool whole, from_right;
    double alpha;
} normal_search;

static bool kept_near(const normal_search *s, double mu, bool after)
{
    ts_tails t = s->tails(s->context, mu, after);
    return ts_above_level(s->from_right ? t.lower : t.upper, s->alpha);
}

/* The lower limit: the smallest mu that is kept, or the shift just before the
 * gap that is. */
static void normal_low(const normal_search *s, double *limit, bool *open)
{
    int64_t from = to_step(s->low, s->whole), to = to_step(s->high, s->whole);
    double before = from_step(from - 1, s->whole);
    *limit = -INFINITY;
    *open = true;
    if (kept_near(s, before, false))
        return;
    while (from < to) {
        int64_t middle = middle_of(from, to);
        if (kept_near(s, from_step(middle, s->whole), false))
            to = middle;
        else
            from = middle + 1;
    }
    before = from_step(to - 1, s->whole);
    double below = s->count(s->context, before);
    *open = below > 0 && kept_near(s, before, true);
    *limit = *open ? ts_shift_select(s->count, s->context, below, s->low,
                                     before, s->whole)
                   : from_step(to, s->whole);
}

/* The upper limit: the largest mu that is kept, or the shift that ends the
 * gap behind it. */
static void normal_high(const normal_search *s, double *limit, bool *open)
{
    int64_t from = to_step(s->low, s->whole), to = to_step(s->high, s->whole);
    *limit = INFINITY;
    *open = true;
    if (kept_near(s, s->high, true))
        return;
    from--; /* kept, as all shifts are above it */
    while (from < to) {
        int64_t middle = middle_of(from, to) + 1;
        if (middle > to)
            middle = to;
        if (kept_near(s, from_step(middle, s->whole), false))
            from = middle;
        else
            to = middle - 1;
    }
    double last = from_step(from, s->whole);
    double upto = s->count(s->context, last);
    *open = kept_near(s, last, true);
    *limit = *open ? ts_shift_select(s->count, s->context, upto + 1, last,
                                     s->high, s->whole)
                   : last;
}

ts_status ts_invert_normal(ts_tails_of tails, ts_count_of count, void *context,
                           double low, double high, bool whole,
                           const ts_rank_options *opt, ts_rank_test *out,
                           ts_error *err)
{
    double alpha = ts_level_alpha(opt->conf_level);
    normal_search s = {
        tails,   count,
        context, low,
        high,    whole,
        false,   opt->alternative == TS_TWO_SIDED ? alpha / 2 : alpha};
    out->conf_low = -INFINITY;
    out->conf_high = INFINITY;
    if (opt->alternative != TS_LESS)
        normal_low(&s, &out->conf_low, &out->low_open);
    s.from_right = true;
    if (opt->alternative != TS_GREATER)
        normal_high(&s, &out->conf_high, &out->high_open);
    return ts_interrupt_check(err);
}
