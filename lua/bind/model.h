/* What bindings of statistics share: the model frame of ts.formula. */
#ifndef TSL_MODEL_H
#define TSL_MODEL_H

#include <lua.h>
#include "ts/model.h"

/* The model frame at an index; borrowed from its userdata. */
const ts_model_frame *tsl_check_model(lua_State *L, int index);

/* The list of lists of levels at index, { { level, ... }, ... }: target[level]
 * = which of them takes it, from 1, or 0; returns how many there are. target
 * has room for all levels of the group. */
size_t tsl_check_targets(lua_State *L, int index,
                         const ts_model_variable *group, size_t *target);
/* The same in a userdata on top of the stack. */
const size_t *tsl_new_targets(lua_State *L, int index,
                              const ts_model_variable *group, size_t *n);

#endif
