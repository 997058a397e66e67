/* The flag that stops work; a second of progress is left to the callback. */
#include "ts/interrupt.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t raised;
static ts_progress_fn progress;
static void *progress_context;

void ts_interrupt_raise(void)
{
    raised = 1;
}

void ts_interrupt_clear(void)
{
    raised = 0;
}

int ts_interrupted(void)
{
    return raised;
}

ts_status ts_interrupt_check(ts_error *err)
{
    return raised ? ts_fail(err, TS_EINTERRUPT, "interrupted") : TS_OK;
}

void ts_progress_set(ts_progress_fn function, void *context)
{
    progress = function;
    progress_context = context;
}

ts_status ts_progress(const char *what, double done, double total,
                      ts_error *err)
{
    if (progress)
        progress(progress_context, what, done, total);
    if (!raised)
        return TS_OK;
    if (done < 0)
        return ts_interrupt_check(err);
    if (total > 0)
        return ts_fail(err, TS_EINTERRUPT, "interrupted after %.0f of %.0f %s",
                       done, total, what);
    return ts_fail(err, TS_EINTERRUPT, "interrupted after %.0f %s", done, what);
}
