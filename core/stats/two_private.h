/* Between the files of two proportions. */
#ifndef TS_TWO_PRIVATE_H
#define TS_TWO_PRIVATE_H

#include "ts/counts.h"

/* std_error, limits and z of r from its estimate and a standard error. */
void ts_two_wald(const ts_two_by_two *tables, size_t n, double z,
                 const ts_two_options *opt, ts_two_result *r);

#endif
