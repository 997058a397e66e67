/* Tests and intervals by the t distribution. */
#include "ts/inference.h"

#include <math.h>
#define MATHLIB_STANDALONE 1
#include <Rmath.h>

void ts_inference_t(double estimate, double std_error, double df, double mu,
                    ts_alternative alternative, double conf_level,
                    ts_inference *out)
{
    *out = (ts_inference){NAN, NAN, NAN, NAN};
    if (!(std_error > 0) || !(df > 0) || !isfinite(estimate) ||
        !isfinite(std_error) || !(conf_level > 0 && conf_level < 1))
        return;
    double tail = (1 - conf_level) / (alternative == TS_TWO_SIDED ? 2 : 1);
    double half = qt(tail, df, 0, 0) * std_error;
    double t = (estimate - mu) / std_error;
    *out = (ts_inference){.statistic = t,
                          .conf_low = estimate - half,
                          .conf_high = estimate + half};
    switch (alternative) {
    case TS_TWO_SIDED:
        out->p_value = 2 * pt(-fabs(t), df, 1, 0);
        break;
    case TS_LESS:
        out->p_value = pt(t, df, 1, 0);
        out->conf_low = -INFINITY;
        break;
    case TS_GREATER:
        out->p_value = pt(t, df, 0, 0);
        out->conf_high = INFINITY;
        break;
    }
}
