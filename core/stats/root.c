/* Roots of functions that are continuous, and edges of conditions. */
#include "root.h"

#include <float.h>
#include <math.h>

static void swap(double *a, double *b)
{
    double t = *a;
    *a = *b;
    *b = t;
}

/* Secant or inverse quadratic step from b; NaN where there is none. */
static double interpolate(double a, double fa, double b, double fb, double c,
                          double fc)
{
    if (!isfinite(fa) || !isfinite(fb) || !isfinite(fc))
        return NAN;
    if (fa != fc && fb != fc && fa != fb)
        return a * fb * fc / ((fa - fb) * (fa - fc)) +
               b * fa * fc / ((fb - fa) * (fb - fc)) +
               c * fa * fb / ((fc - fa) * (fc - fb));
    return b - fb * (b - a) / (fb - fa);
}

double ts_root(ts_real_function f, void *context, double a, double b)
{
    double fa = f(a, context), fb = f(b, context);
    if (fa == 0)
        return a;
    if (fb == 0)
        return b;
    if (isnan(fa) || isnan(fb) || (fa > 0) == (fb > 0))
        return NAN;
    if (fabs(fa) < fabs(fb)) {
        swap(&a, &b);
        swap(&fa, &fb);
    }
    double c = a, fc = fa, step = fabs(b - a), last = step;
    for (int i = 0; i < 300; i++) {
        double tolerance = 2 * DBL_EPSILON * fabs(b) + DBL_MIN;
        if (fb == 0 || fabs(b - a) <= tolerance)
            break;
        double x = interpolate(a, fa, b, fb, c, fc);
        double near = (3 * a + b) / 4;
        bool inside = x > fmin(near, b) && x < fmax(near, b);
        if (!inside || fabs(x - b) > last / 2) {
            x = a + (b - a) / 2;
            last = step = fabs(b - a);
        } else {
            last = step;
            step = fabs(x - b);
            if (step < tolerance)
                x = b + copysign(tolerance, a - b);
        }
        double fx = f(x, context);
        if (isnan(fx))
            return NAN;
        c = b;
        fc = fb;
        if ((fx > 0) == (fa > 0)) {
            a = x;
            fa = fx;
        } else {
            b = x;
            fb = fx;
        }
        if (fabs(fa) < fabs(fb)) {
            swap(&a, &b);
            swap(&fa, &fb);
        }
    }
    return b;
}

double ts_last_true(ts_condition holds, void *context, double a, double b)
{
    if (holds(b, context))
        return b;
    for (;;) {
        double middle = a + (b - a) / 2;
        if (middle == a || middle == b)
            return a;
        if (holds(middle, context))
            a = middle;
        else
            b = middle;
    }
}
