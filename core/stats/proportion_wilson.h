/* Wilson's limits, which other intervals are made of. */
#ifndef TS_PROPORTION_WILSON_H
#define TS_PROPORTION_WILSON_H

/* Limits of p that lie z standard deviations, of p itself, from x / n. */
void ts_wilson(double x, double n, double z, double *low, double *high);

#endif
