/*
 * One flag that stops work, and one callback that shows how far it is.
 *
 * The signal handler raises the flag; loops in C poll it every few thousand
 * steps and return TS_EINTERRUPT; the prompt clears it.
 */
#ifndef TS_INTERRUPT_H
#define TS_INTERRUPT_H

#include "ts/error.h"

/* Safe in a signal handler. */
void ts_interrupt_raise(void);
void ts_interrupt_clear(void);
int ts_interrupted(void);

/* TS_EINTERRUPT and "interrupted" when the flag is up, else TS_OK. */
ts_status ts_interrupt_check(ts_error *err);

/* Called with done of total (total 0: not known) and what is being counted;
 * done below 0: nothing is, time passes in what. */
typedef void (*ts_progress_fn)(void *context, const char *what, double done,
                               double total);
void ts_progress_set(ts_progress_fn function, void *context);
/* Reports progress and polls the flag: the one call a long loop needs. */
ts_status ts_progress(const char *what, double done, double total,
                      ts_error *err);

#endif
