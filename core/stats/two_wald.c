/*
 * Standard errors of two proportions, of one table or of the Mantel-Haenszel
 * estimates of strata: Sato (1989, Biometrics 45:1323) of differences,
 * Greenland and Robins (1985, Biometrics 41:55) of risk ratios, Robins,
 * Breslow and Greenland (1986, Biometrics 42:311) of odds ratios.
 */
#include "two_private.h"

#include <math.h>

/* What the formulas add up over strata. */
typedef struct {
    double weight, p, q; /* Sato */
    double r, s, m;      /* Greenland and Robins */
    double rr, ss, pr, psqr, qs;
} sums;

static void add(const ts_two_by_two *t, sums *u)
{
    double n_1 = t->n_1, n_2 = t->n_2, n = n_1 + n_2;
    double a = t->events_1, c = t->events_2, b = n_1 - a, d = n_2 - c;
    u->weight += n_1 * n_2 / n;
    u->p +=
        (n_1 * n_1 * c - n_2 * n_2 * a + n_1 * n_2 * (n_2 - n_1) / 2) / (n * n);
    u->q += (a * d + c * b) / (2 * n);
    u->r += a * n_2 / n;
    u->s += c * n_1 / n;
    u->m += ((a + c) * n_1 * n_2 - a * c * n) / (n * n);
    double rr = a * d / n, ss = b * c / n, p = (a + d) / n, q = (b + c) / n;
    u->rr += rr;
    u->ss += ss;
    u->pr += p * rr;
    u->psqr += p * ss + q * rr;
    u->qs += q * ss;
}

static double one_table(const ts_two_by_two *t, ts_effect effect)
{
    double a = t->events_1, c = t->events_2, b = t->n_1 - a, d = t->n_2 - c;
    if (effect == TS_DIFFERENCE)
        return hypot(sqrt(a * b / t->n_1) / t->n_1,
                     sqrt(c * d / t->n_2) / t->n_2);
    if (effect == TS_RATIO)
        return a > 0 && c > 0 ? sqrt(b / (a * t->n_1) + d / (c * t->n_2)) : NAN;
    return a > 0 && b > 0 && c > 0 && d > 0
               ? sqrt(1 / a + 1 / b + 1 / c + 1 / d)
               : NAN;
}

static double strata(const sums *u, ts_effect effect, double estimate)
{
    if (effect == TS_DIFFERENCE)
        return sqrt(fmax(0, estimate * u->p + u->q)) / u->weight;
    if (effect == TS_RATIO)
        return u->r > 0 && u->s > 0 ? sqrt(u->m / (u->r * u->s)) : NAN;
    return u->rr > 0 && u->ss > 0 ? sqrt(u->pr / (2 * u->rr * u->rr) +
                                         u->psqr / (2 * u->rr * u->ss) +
                                         u->qs / (2 * u->ss * u->ss))
                                  : NAN;
}

void ts_two_wald(const ts_two_by_two *tables, size_t n, double z,
                 const ts_two_options *opt, ts_two_result *r)
{
    const ts_two_by_two *used = NULL;
    sums u = {0};
    for (size_t h = 0; h < n; h++)
        if (tables[h].n_1 && tables[h].n_2) {
            used = &tables[h];
            add(used, &u);
        }
    r->std_error = r->n_used == 1 ? one_table(used, opt->effect)
                                  : strata(&u, opt->effect, r->estimate);
    double se = r->std_error;
    if (!(se > 0)) {
        r->std_error = isnan(se) ? NAN : 0;
        return; /* limits and z do not exist */
    }
    if (opt->effect == TS_DIFFERENCE) {
        r->conf_low = fmax(-1, r->estimate - z * se);
        r->conf_high = fmin(1, r->estimate + z * se);
        r->z = (r->estimate - opt->null) / se;
    } else {
        r->conf_low = r->estimate * exp(-z * se);
        r->conf_high = r->estimate * exp(z * se);
        r->z = log(r->estimate / opt->null) / se;
    }
}
