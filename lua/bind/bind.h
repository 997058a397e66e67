/*
 * What every binding shares: errors, NA, frames and columns as userdata.
 *
 * A binding checks arguments and converts, no more. A userdata is made valid
 * and given its metatable before it acquires anything; no malloc'd block is
 * alive across a Lua call that can raise.
 */
#ifndef TSL_BIND_H
#define TSL_BIND_H

#include <lua.h>
#include <lauxlib.h>
#include "ts/error.h"
#include "ts/csv.h"
#include "ts/frame.h"
#include "ts/xpt.h"

/* Raises an error object { code, message, file, line } of the trialsh kind;
 * file and line are the user's, never the library's. Never returns. */
int tsl_fail(lua_State *L, const ts_error *err);
int tsl_failf(lua_State *L, ts_status code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* For `tsl_try(L, ts_x(..., &err), &err)`. */
void tsl_try(lua_State *L, ts_status status, const ts_error *err);

/* Pushes "file:line" of the nearest frame that is the user's, or nil. */
void tsl_push_where(lua_State *L);

/* NA, the one missing value. */
void tsl_push_na(lua_State *L);
int tsl_is_na(lua_State *L, int index);
/* NaN becomes NA; whole numbers up to 2^53 become Lua integers. */
void tsl_push_real(lua_State *L, double x);

/* The name of a file to be read, or to be written: text without a zero byte,
 * which would cut it, and where safe mode allows it. */
const char *tsl_check_path(lua_State *L, int index);
const char *tsl_check_out(lua_State *L, int index);

/* An empty userdata of that kind, to be filled through the pointer. */
ts_frame **tsl_new_frame(lua_State *L);
ts_column **tsl_new_column(lua_State *L);
ts_frame *tsl_check_frame(lua_State *L, int index);
ts_column *tsl_check_column(lua_State *L, int index);
/* Adds the arithmetic of columns to the metatable on top of the stack. */
void tsl_column_arithmetic(lua_State *L);
int tsl_column_map(lua_State *L);
/* { AGE = "text" } or nil as an array in a userdata, left on the stack. */
size_t tsl_check_types(lua_State *L, int index, const ts_csv_type **out);
ts_csv *tsl_check_csv(lua_State *L, int index);
ts_xpt *tsl_check_xpt(lua_State *L, int index);

/* t[name] = x at the table on top of the stack. */
void tsl_set_real(lua_State *L, const char *name, double x);
void tsl_set_text(lua_State *L, const char *name, const char *text);

/* Pushes what require(name) gives, whatever a script has made of require. */
void tsl_require(lua_State *L, const char *name);

/* Text of the embedded file of that name, or NULL. */
const char *tsl_embedded_file(const char *name, size_t *length);

/* Makes `require` find the C modules ("ts.frame") and the embedded library
 * ("trialsh.relation" is lua/lib/relation.lua). */
void tsl_open(lua_State *L);

/* The metatables that bindings share; called once by tsl_open. */
void tsl_open_error(lua_State *L);
void tsl_open_na(lua_State *L);
void tsl_open_frame(lua_State *L);

int luaopen_ts_allocation(lua_State *L);
int luaopen_ts_dsjson(lua_State *L);
int luaopen_ts_error(lua_State *L);
int luaopen_ts_interrupt(lua_State *L);
int luaopen_ts_multiple(lua_State *L);
int luaopen_ts_na(lua_State *L);
int luaopen_ts_nondetect(lua_State *L);
int luaopen_ts_competing(lua_State *L);
int luaopen_ts_win_ratio(lua_State *L);
int luaopen_ts_counts(lua_State *L);
int luaopen_ts_rate(lua_State *L);
int luaopen_ts_csv(lua_State *L);
int luaopen_ts_xpt(lua_State *L);
int luaopen_ts_xlsx(lua_State *L);
int luaopen_ts_zip(lua_State *L);
int luaopen_ts_file(lua_State *L);
int luaopen_ts_gnuplot(lua_State *L);
int luaopen_ts_jobs(lua_State *L);
int luaopen_ts_json(lua_State *L);
int luaopen_ts_readstat(lua_State *L);
int luaopen_ts_standardised(lua_State *L);
int luaopen_ts_store(lua_State *L);
int luaopen_ts_text(lua_State *L);
int luaopen_ts_tobit(lua_State *L);
int luaopen_ts_frame(lua_State *L);
int luaopen_ts_formula(lua_State *L);
int luaopen_ts_describe(lua_State *L);
int luaopen_ts_linear(lua_State *L);
int luaopen_ts_correlation(lua_State *L);
int luaopen_ts_cox(lua_State *L);
int luaopen_ts_location(lua_State *L);
int luaopen_ts_mixed(lua_State *L);
int luaopen_ts_random(lua_State *L);
int luaopen_ts_rank(lua_State *L);
int luaopen_ts_survival(lua_State *L);

#endif
