/* Between the files of the Cochran-Mantel-Haenszel tests. */
#ifndef TS_CMH_PRIVATE_H
#define TS_CMH_PRIVATE_H

#include "ts/counts.h"

/* The common odds ratio of n tables of 2 x 2 and tests that it is common. */
void ts_cmh_odds(const double *counts, size_t n, double conf_level,
                 ts_cmh_result *out);

#endif
