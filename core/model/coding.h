/*
 * How categories become columns: by contrasts or in full. Private to
 * core/model.
 */
#ifndef TS_CODING_H
#define TS_CODING_H

#include "ts/design.h"

/* Both codings of a category of the model; contrast NULL: treatment against
 * the first level. */
ts_status ts_coding_new(ts_design_variable *v, const ts_model_variable *x,
                        const ts_contrast *contrast, ts_error *err);
void ts_coding_free(ts_design_variable *v);

#endif
