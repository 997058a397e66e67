/* Options of statistics, from the table that the library has checked. */
#include "options.h"

#include "bind.h"

int tsl_option(lua_State *L, int index, const char *name,
               const char *const words[])
{
    lua_getfield(L, index, name);
    int chosen = luaL_checkoption(L, -1, words[0], words);
    lua_pop(L, 1);
    return chosen;
}

int tsl_flag(lua_State *L, int index, const char *name)
{
    lua_getfield(L, index, name);
    int set = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return set;
}

double tsl_number(lua_State *L, int index, const char *name, double missing)
{
    lua_getfield(L, index, name);
    double x = luaL_optnumber(L, -1, missing);
    lua_pop(L, 1);
    return x;
}

ts_alternative tsl_alternative(lua_State *L, int index)
{
    static const char *const words[] = {"two-sided", "less", "greater", NULL};
    return tsl_option(L, index, "alternative", words);
}

ts_exact tsl_exactness(lua_State *L, int index)
{
    lua_getfield(L, index, "exact");
    ts_exact exact = lua_isnil(L, -1)       ? TS_EXACT_AUTO
                     : lua_toboolean(L, -1) ? TS_EXACT_ALWAYS
                                            : TS_EXACT_NEVER;
    lua_pop(L, 1);
    return exact;
}

double *tsl_check_list(lua_State *L, int index, size_t *n)
{
    luaL_checktype(L, index, LUA_TTABLE);
    *n = (size_t)luaL_len(L, index);
    double *x = lua_newuserdatauv(L, (*n + 1) * sizeof *x, 0);
    for (size_t i = 0; i < *n; i++) {
        lua_rawgeti(L, index, (lua_Integer)i + 1);
        x[i] = luaL_checknumber(L, -1);
        lua_pop(L, 1);
    }
    return x;
}

void tsl_set_flag(lua_State *L, const char *name, int set)
{
    lua_pushboolean(L, set);
    lua_setfield(L, -2, name);
}

void tsl_set_list(lua_State *L, const char *name, const double *x, size_t n)
{
    lua_createtable(L, (int)n, 0);
    for (size_t i = 0; i < n; i++) {
        tsl_push_real(L, x[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, name);
}

ts_odds_options tsl_odds_options(lua_State *L, int index)
{
    static const char *const rules[] = {"central", "minlike", NULL};
    luaL_checktype(L, index, LUA_TTABLE);
    return (ts_odds_options){
        .alternative = tsl_alternative(L, index),
        .two_sided =
            tsl_option(L, index, "two_sided", rules) ? TS_MINLIKE : TS_CENTRAL,
        .null = tsl_number(L, index, "null", 1),
        .conf_level = tsl_number(L, index, "conf_level", 0.95),
        .mid_p = tsl_flag(L, index, "mid_p")};
}

void tsl_push_odds(lua_State *L, const ts_exact_odds *r)
{
    lua_createtable(L, 0, 10);
    tsl_set_real(L, "estimate", r->estimate);
    tsl_set_real(L, "conf_low", r->conf_low);
    tsl_set_real(L, "conf_high", r->conf_high);
    tsl_set_real(L, "p_value", r->p_value);
    tsl_set_real(L, "p_central", r->p_central);
    tsl_set_real(L, "p_minlike", r->p_minlike);
    tsl_set_real(L, "p_smallest", r->p_smallest);
    tsl_set_flag(L, "fixed", r->fixed);
    tsl_set_flag(L, "inconsistent", r->inconsistent);
}

void tsl_try_named(lua_State *L, const char *who, ts_status status,
                   const ts_error *err)
{
    if (status == TS_EDEGENERATE || status == TS_EINVALID ||
        status == TS_ELIMIT)
        tsl_failf(L, status, "%s: %s", who, err->text);
    tsl_try(L, status, err);
}
