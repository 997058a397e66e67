/*
 * What bindings of models share: contrasts, rows of a design (lists of p
 * numbers in Lua, so that Lua can average and subtract them), and what least
 * squares says of its columns.
 */
#ifndef TSL_DESIGN_H
#define TSL_DESIGN_H

#include <lua.h>
#include "ts/linear.h"
#include "ts/inference.h"

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

/* The place, from 0, of a column among p and of a term, from 1 at index. */
size_t tsl_check_place(lua_State *L, int index, size_t p);
size_t tsl_check_term(lua_State *L, int index, const ts_design *d);

/* estimate, std_error; returns 2. */
int tsl_push_value(lua_State *L, const ts_linear_value *v);
/* { statistic, p_value, conf_low, conf_high } of a profile likelihood, whose
 * limits may be infinite. */
void tsl_push_profile(lua_State *L, const ts_inference *r);

void tsl_push_columns(lua_State *L, const ts_linear *f);
void tsl_push_aliases(lua_State *L, const ts_linear *f);
void tsl_push_terms(lua_State *L, const ts_design *d);

/* The metatables of a model and of the rows of its design. */
void tsl_open_model(lua_State *L, const char *name, lua_CFunction gc,
                    const luaL_Reg *methods);

#endif
