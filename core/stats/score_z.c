/* A linear rank statistic in units of its standard deviation. */
#include <math.h>
#include "ts/allocation.h"
#include "ts/memory.h"

typedef struct {
    double n, n_1, sum, sum_1, squares;
} stratum_sums;

ts_status ts_score_z(const double *score, const unsigned char *side,
                     const size_t *stratum, size_t n, size_t n_stratum,
                     double *z, ts_error *err)
{
    double difference = 0, variance = 0;
    stratum_sums *sums = ts_alloc_array(stratum ? n_stratum : 1, sizeof *sums);
    *z = NAN;
    if (!sums)
        return ts_fail_memory(err);
    for (size_t i = 0; i < n; i++) {
        stratum_sums *s = &sums[stratum ? stratum[i] : 0];
        if (side[i] == 0)
            continue;
        s->n++;
        s->sum += score[i];
        if (side[i] == 1) {
            s->n_1++;
            s->sum_1 += score[i];
        }
    }
    for (size_t i = 0; i < n; i++) {
        stratum_sums *s = &sums[stratum ? stratum[i] : 0];
        double d = s->n > 0 ? score[i] - s->sum / s->n : 0;
        s->squares += side[i] ? d * d : 0;
    }
    for (size_t k = 0; k < (stratum ? n_stratum : 1); k++) {
        const stratum_sums *s = &sums[k];
        if (s->n < 2)
            continue;
        difference += s->sum_1 - s->n_1 * s->sum / s->n;
        variance += s->n_1 * (s->n - s->n_1) / (s->n * (s->n - 1)) * s->squares;
    }
    if (variance > 0)
        *z = difference / sqrt(variance);
    ts_free(sums);
    return TS_OK;
}
