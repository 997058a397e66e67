/* What tests of the core share: every allocation of a piece of work fails once,
 * and the user stops it at once; nothing may stay behind. */
#ifndef FAULTS_H
#define FAULTS_H

#include "ts/interrupt.h"
#include "ts/memory.h"

/* least: allocations that there are at the least */
static inline void fail_each_allocation(ts_status (*work)(void), long least)
{
    long live = ts_memory_live(), n = 0;
    ts_status status = TS_ENOMEM;
    while (status) {
        ts_memory_fail_at(++n, 0);
        status = work();
        ts_memory_fail_at(0, 0);
        assert_int_equal(ts_memory_live(), live);
        if (status)
            assert_int_equal(status, TS_ENOMEM);
    }
    assert_true(n > least);
}

static inline void stop_at_once(ts_status (*work)(void))
{
    long live = ts_memory_live();
    ts_interrupt_raise();
    assert_int_equal(work(), TS_EINTERRUPT);
    ts_interrupt_clear();
    assert_int_equal(ts_memory_live(), live);
}

#endif
