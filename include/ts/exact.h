/*
 * What exact tests share: how two tails make one P, and how much work an
 * exact distribution may be.
 */
#ifndef TS_EXACT_H
#define TS_EXACT_H

/*
 * The two-sided P of an observed value of a discrete distribution:
 * central: twice the smaller tail, at most 1; it agrees with an interval whose
 *          limits are one-sided each
 * absdev:  all values as far from the mean (coin, SAS)
 * minlike: all values as improbable, up to a relative 1e-7 (R's fisher.test)
 */
typedef enum { TS_CENTRAL, TS_ABSDEV, TS_MINLIKE } ts_two_sided;

/* Additions that an exact distribution may take before the approximation is
 * used instead, and the numbers that may be kept for it. */
#define TS_EXACT_STEPS 2e9
#define TS_EXACT_NUMBERS 3.2e7

typedef enum { TS_EXACT_AUTO, TS_EXACT_ALWAYS, TS_EXACT_NEVER } ts_exact;

#endif
