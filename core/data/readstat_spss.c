/*
 * The header of an SPSS file (.sav, .zsav): how many rows it says. Source: the
 * developers' guide of PSPP, system file format.
 */
#include "readstat_private.h"

#include <string.h>

ts_status foreign_check_sav(foreign_source *s, double *n_row, ts_error *err)
{
    unsigned char head[176];
    *n_row = -1;
    ts_status status = foreign_bytes(s, 0, head, sizeof head, err);
    if (status)
        return status;
    if (memcmp(head, "$FL2", 4) != 0 && memcmp(head, "$FL3", 4) != 0)
        return foreign_fail(s, 0, err, "no SPSS file begins like this");
    s->big = foreign_number(s, head + 64, 4) > 3; /* it is 2 or 3 */
    uint64_t layout = foreign_number(s, head + 64, 4);
    if (layout != 2 && layout != 3)
        return foreign_fail(s, 64, err, "2 or 3 should stand here");
    int32_t n = (int32_t)foreign_number(s, head + 80, 4);
    if (n < -1)
        return foreign_fail(s, 80, err, "%ld rows cannot be", (long)n);
    *n_row = n;
    return TS_OK;
}
