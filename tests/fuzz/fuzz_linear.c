/* Any text as the right side of a linear model of twelve rows: refused, or a
 * fit whose numbers are there, with every test and prediction. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../core/linear_data.h"
#include "ts/linear.h"

static void use(ts_linear *f, const ts_model_frame *m)
{
    ts_error err;
    ts_linear_test t;
    double estimate[LINEAR_ROWS], std_error[LINEAR_ROWS];
    if (f->rank > f->n || f->rank > f->p)
        abort();
    for (size_t j = 0; j < f->p; j++)
        if (f->aliased[j] != (isnan(f->coef[j]) != 0))
            abort();
    for (size_t i = 0; i < m->terms.n_term && f->p < 40; i++)
        for (int type = 1; type <= 3; type++)
            if (ts_linear_term(f, type, i, &t, &err) || t.df > (double)f->rank)
                abort();
    if (ts_linear_predict(f, m, estimate, std_error, &err))
        abort();
    ts_linear_robust(f, TS_HC3, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static ts_frame *frame; /* made once */
    ts_formula *f = NULL;
    ts_model_frame *m = NULL;
    ts_design *d = NULL;
    ts_linear *fit = NULL;
    ts_error err = {0};
    char text[512];
    if (!frame)
        frame = linear_data();
    if (size > 400)
        return 0;
    snprintf(text, sizeof text, "y ~ %.*s", (int)size, (const char *)data);
    if (!ts_formula_parse(text, &f, &err) &&
        !ts_model_frame_new(f, frame, 0, &m, &err) &&
        !ts_design_new(m, NULL, 0, 0, &d, &err) && d->n_column < 200 &&
        !ts_linear_fit(d, 1e-11, &fit, &err))
        use(fit, m);
    ts_linear_free(fit);
    ts_design_free(d);
    ts_model_frame_free(m);
    ts_formula_free(f);
    return 0;
}
