/* What is no count is refused before anything is computed. */
#include "counts_check.h"

#include <math.h>

ts_status ts_check_count(double x, const char *what, ts_error *err)
{
    if (x >= 0 && x <= 0x1p53 && x == floor(x))
        return TS_OK;
    return ts_fail(err, TS_EINVALID, "%s = %g is not a count", what, x);
}

ts_status ts_check_events(double events, double n, const char *what,
                          ts_error *err)
{
    ts_status status = ts_check_count(events, what, err);
    if (!status)
        status = ts_check_count(n, what, err);
    if (!status && events > n)
        status =
            ts_fail(err, TS_EINVALID, "%s: %g events of %g", what, events, n);
    return status;
}

ts_status ts_check_two_by_two(const ts_two_by_two *t, ts_error *err)
{
    ts_status status =
        ts_check_events(t->events_1, t->n_1, "the first group", err);
    return status
               ? status
               : ts_check_events(t->events_2, t->n_2, "the second group", err);
}

ts_status ts_check_level(double conf_level, ts_error *err)
{
    if (conf_level > 0 && conf_level < 1)
        return TS_OK;
    return ts_fail(err, TS_EINVALID, "conf_level = %g is not between 0 and 1",
                   conf_level);
}
