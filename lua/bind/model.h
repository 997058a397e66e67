/* What bindings of statistics share: the model frame of ts.formula. */
#ifndef TSL_MODEL_H
#define TSL_MODEL_H

#include <lua.h>
#include "ts/model.h"

/* The model frame at an index; borrowed from its userdata. */
const ts_model_frame *tsl_check_model(lua_State *L, int index);

#endif
