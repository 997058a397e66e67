/*
 * ts.random: streams of random numbers. A stream belongs to a replicate: the
 * same seed, scenario and replicate give the same numbers, whatever else is
 * drawn.
 */
#include "bind.h"

#include "ts/random.h"

#define STREAM "ts.random"

static ts_random *check_stream(lua_State *L)
{
    return luaL_checkudata(L, 1, STREAM);
}

static uint32_t check_count(lua_State *L, int index)
{
    lua_Integer n = luaL_checkinteger(L, index);
    luaL_argcheck(L, n >= 1 && n <= 0xffffffff, index, "no such count");
    return (uint32_t)n;
}

/* stream(seed [, scenario [, replicate]]) -> stream; whole numbers from 0 */
static int new_stream(lua_State *L)
{
    lua_Integer seed = luaL_checkinteger(L, 1);
    lua_Integer scenario = luaL_optinteger(L, 2, 0);
    lua_Integer replicate = luaL_optinteger(L, 3, 0);
    luaL_argcheck(L, seed >= 0, 1, "a seed is a whole number from 0");
    luaL_argcheck(L, scenario >= 0 && scenario <= 0xffffffff, 2,
                  "no such scenario");
    luaL_argcheck(L, replicate >= 0, 3, "no such replicate");
    ts_random *s = lua_newuserdatauv(L, sizeof *s, 0);
    ts_random_start(s, (uint64_t)seed, (uint32_t)scenario, (uint64_t)replicate);
    luaL_setmetatable(L, STREAM);
    return 1;
}

/* s:uniform() -> between 0 and 1 */
static int stream_uniform(lua_State *L)
{
    lua_pushnumber(L, ts_random_uniform(check_stream(L)));
    return 1;
}

/* s:normal() -> standard normal */
static int stream_normal(lua_State *L)
{
    lua_pushnumber(L, ts_random_normal(check_stream(L)));
    return 1;
}

/* s:below(n) -> 1 .. n */
static int stream_below(lua_State *L)
{
    ts_random *s = check_stream(L);
    lua_pushinteger(L, (lua_Integer)ts_random_below(s, check_count(L, 2)) + 1);
    return 1;
}

/* s:shuffle(list): in place, every order as likely (Fisher and Yates) */
static int stream_shuffle(lua_State *L)
{
    ts_random *s = check_stream(L);
    luaL_checktype(L, 2, LUA_TTABLE);
    for (lua_Integer i = luaL_len(L, 2); i > 1; i--) {
        lua_Integer j = (lua_Integer)ts_random_below(s, (uint32_t)i) + 1;
        lua_rawgeti(L, 2, i);
        lua_rawgeti(L, 2, j);
        lua_rawseti(L, 2, i);
        lua_rawseti(L, 2, j);
    }
    lua_settop(L, 2);
    return 1;
}

static const luaL_Reg methods[] = {
    {"below", stream_below},
    {"normal", stream_normal},
    {"shuffle", stream_shuffle},
    {"uniform", stream_uniform},
    {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"stream", new_stream},
    {NULL, NULL},
};

int luaopen_ts_random(lua_State *L)
{
    if (luaL_newmetatable(L, STREAM)) {
        lua_newtable(L);
        luaL_setfuncs(L, methods, 0);
        lua_setfield(L, -2, "__index");
    }
    lua_pop(L, 1);
    luaL_newlib(L, functions);
    return 1;
}
