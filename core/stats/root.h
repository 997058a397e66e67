/* The place where a function changes its sign. */
#ifndef TS_ROOT_H
#define TS_ROOT_H

#include <stdbool.h>

typedef double (*ts_real_function)(double x, void *context);

/*
 * A root between a and b, where f has different signs, to the last digits of
 * a double: bisection hurried by inverse interpolation (Brent 1973, Algorithms
 * for minimization without derivatives, ch. 4). NaN where the signs are the
 * same. f may be infinite.
 */
double ts_root(ts_real_function f, void *context, double a, double b);

/*
 * The largest x in [a, b] where a condition that holds at a, and from some
 * point on does not, still holds: by halving alone, for functions with jumps.
 * b where it holds throughout.
 */
typedef bool (*ts_condition)(double x, void *context);
double ts_last_true(ts_condition holds, void *context, double a, double b);

#endif
