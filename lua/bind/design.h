/*
 * What bindings of models share: contrasts, rows of a design (lists of p
 * numbers in Lua, so that Lua can average and subtract them), and what least
 * squares says of its columns.
 */
#ifndef TSL_DESIGN_H
#define TSL_DESIGN_H

#include <lua.h>
#include "ts/linear.h"

/* n numbers in a userdata on top of the stack. */
double *tsl_new_numbers(lua_State *L, size_t n);
/* A column of n numbers on top of the stack, to be filled. */
double *tsl_push_column(lua_State *L, const char *name, size_t n);

/* The list of contrasts at index; what it points to stays on the stack. */
ts_contrast *tsl_check_contrasts(lua_State *L, int index, size_t *n);

/* Rows: from an array whose numbers are step apart; to arrays. */
void tsl_push_row(lua_State *L, const double *x, size_t p, size_t step);
void tsl_check_row(lua_State *L, int index, size_t p, double *x);
double *tsl_check_rows(lua_State *L, int index, size_t p, size_t *n);
/* The k x k matrix as a list of lists. */
void tsl_push_matrix(lua_State *L, const double *x, size_t k);

/* Methods of a model that has a design; each pushes one value. */
int tsl_design_rows(lua_State *L, const ts_design *d);
int tsl_design_average(lua_State *L, const ts_design *d);
int tsl_design_columns(lua_State *L, const ts_design *d);

void tsl_push_columns(lua_State *L, const ts_linear *f);
void tsl_push_aliases(lua_State *L, const ts_linear *f);
void tsl_push_terms(lua_State *L, const ts_design *d);

/* The metatables of a model and of the rows of its design. */
void tsl_open_model(lua_State *L, const char *name, lua_CFunction gc,
                    const luaL_Reg *methods);

#endif
