/*
 * NA, the one missing value: a userdata of its own. x == NA holds for it
 * alone, arithmetic gives NA, < and <= raise, concatenation writes NA.
 */
#include "bind.h"

#include <math.h>

static const char key = 0;

void tsl_push_na(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &key);
}

int tsl_is_na(lua_State *L, int index)
{
    index = lua_absindex(L, index);
    tsl_push_na(L);
    int same = lua_rawequal(L, index, -1);
    lua_pop(L, 1);
    return same;
}

void tsl_push_real(lua_State *L, double x)
{
    if (isnan(x))
        tsl_push_na(L);
    else if (x == floor(x) && fabs(x) <= 0x1p53 && !(x == 0 && signbit(x)))
        lua_pushinteger(L, (lua_Integer)x);
    else
        lua_pushnumber(L, x);
}

void tsl_set_real(lua_State *L, const char *name, double x)
{
    tsl_push_real(L, x);
    lua_setfield(L, -2, name);
}

void tsl_set_text(lua_State *L, const char *name, const char *text)
{
    if (text)
        lua_pushstring(L, text);
    else
        lua_pushnil(L);
    lua_setfield(L, -2, name);
}

static int arithmetic(lua_State *L)
{
    tsl_push_na(L);
    return 1;
}

static int compare(lua_State *L)
{
    lua_getiuservalue(L, tsl_is_na(L, 1) ? 1 : 2, 1);
    const char *note = lua_tostring(L, -1);
    if (note)
        return tsl_failf(L, TS_EDEGENERATE,
                         "NA is neither less nor more than anything: %s",
                         note);
    return tsl_failf(L, TS_EDEGENERATE, "NA is neither less nor more than "
                                        "anything; ask x == NA first");
}

static int to_string(lua_State *L)
{
    lua_pushliteral(L, "NA");
    return 1;
}

static int concat(lua_State *L)
{
    luaL_tolstring(L, 1, NULL);
    luaL_tolstring(L, 2, NULL);
    lua_concat(L, 2);
    return 1;
}

/* The reason that a comparison with NA repeats: the note of the result that
 * gave it last. */
static int because(lua_State *L)
{
    lua_settop(L, 1);
    tsl_push_na(L);
    lua_insert(L, 1);
    lua_setiuservalue(L, 1, 1);
    return 1;
}

static const luaL_Reg meta[] = {
    {"__add", arithmetic},  {"__sub", arithmetic}, {"__mul", arithmetic},
    {"__div", arithmetic},  {"__mod", arithmetic}, {"__pow", arithmetic},
    {"__unm", arithmetic},  {"__idiv", arithmetic}, {"__lt", compare},
    {"__le", compare},      {"__concat", concat},  {"__tostring", to_string},
    {NULL, NULL},
};

/* require "ts.na" -> NA, because */
int luaopen_ts_na(lua_State *L)
{
    lua_createtable(L, 0, 2);
    tsl_push_na(L);
    lua_setfield(L, -2, "NA");
    lua_pushcfunction(L, because);
    lua_setfield(L, -2, "because");
    return 1;
}

void tsl_open_na(lua_State *L)
{
    lua_newuserdatauv(L, 1, 1);
    lua_createtable(L, 0, 16);
    luaL_setfuncs(L, meta, 0);
    lua_pushliteral(L, "NA");
    lua_setfield(L, -2, "__name");
    lua_pushliteral(L, "NA");
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &key);
}
