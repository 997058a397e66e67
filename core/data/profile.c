/* Profiles of columns: numbers are sorted to be counted, texts by their
 * codes. */
#include "ts/profile.h"

#include <math.h>
#include <string.h>
#include "ts/describe.h"
#include "ts/memory.h"

static ts_status profile_real(const ts_column *c, ts_profile *p, ts_error *err)
{
    double *x = ts_alloc_array(c->n, sizeof *x);
    if (!x)
        return ts_fail_memory(err);
    for (size_t i = 0; i < c->n; i++)
        if (!isnan(c->real[i]))
            x[p->n++] = c->real[i];
    ts_sort(x, p->n);
    p->whole = true;
    for (size_t i = 0; i < p->n; i++) {
        p->n_distinct += i == 0 || x[i] != x[i - 1];
        p->whole = p->whole && x[i] == floor(x[i]) && fabs(x[i]) <= 0x1p53;
    }
    if (p->n) {
        p->low = x[0];
        p->high = x[p->n - 1];
    }
    ts_free(x);
    return TS_OK;
}

static ts_status profile_text(const ts_column *c, ts_profile *p, ts_error *err)
{
    bool *seen = ts_alloc_array(c->n_level, sizeof *seen);
    if (!seen)
        return ts_fail_memory(err);
    for (size_t i = 0; i < c->n; i++) {
        int32_t code = c->code[i];
        p->n += code >= 0;
        if (code < 0 || seen[code])
            continue;
        const char *text = c->level[code];
        size_t length = strlen(text);
        seen[code] = true;
        p->n_distinct++;
        p->longest = length > p->longest ? length : p->longest;
        if (!p->first || strcmp(text, p->first) < 0)
            p->first = text;
        if (!p->last || strcmp(text, p->last) > 0)
            p->last = text;
    }
    ts_free(seen);
    return TS_OK;
}

ts_status ts_column_profile(const ts_column *column, ts_profile *out,
                            ts_error *err)
{
    *out = (ts_profile){.low = NAN, .high = NAN};
    ts_status status = column->type == TS_REAL
                           ? profile_real(column, out, err)
                           : profile_text(column, out, err);
    out->n_missing = column->n - out->n;
    return status;
}
