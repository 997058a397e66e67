/* What bindings of statistics share: options in a table, lists of numbers, and
 * errors that begin with the name of the function. */
#ifndef TSL_OPTIONS_H
#define TSL_OPTIONS_H

#include <lua.h>
#include "ts/counts.h"
#include "ts/exact.h"
#include "ts/location.h"

/* The place of t[name] among words, of which the first is the default. */
int tsl_option(lua_State *L, int index, const char *name,
               const char *const words[]);
int tsl_flag(lua_State *L, int index, const char *name);
double tsl_number(lua_State *L, int index, const char *name, double missing);
ts_alternative tsl_alternative(lua_State *L, int index);
/* exact = true, false, or left open */
ts_exact tsl_exactness(lua_State *L, int index);

/* A list of numbers; the copy belongs to Lua. */
double *tsl_check_list(lua_State *L, int index, size_t *n);
/* t[name] = x at the table on top of the stack. */
void tsl_set_flag(lua_State *L, const char *name, int set);
void tsl_set_list(lua_State *L, const char *name, const double *x, size_t n);

/* { alternative, two_sided, null, conf_level, mid_p }, and what comes of it, as
 * a table on the stack. */
ts_odds_options tsl_odds_options(lua_State *L, int index);
void tsl_push_odds(lua_State *L, const ts_exact_odds *r);

/* As tsl_try; what is wrong with data and arguments begins with "who: ". */
void tsl_try_named(lua_State *L, const char *who, ts_status status,
                   const ts_error *err);

#endif
