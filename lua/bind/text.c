/* ts.text: what Lua needs of text that Lua's string library has not. */
#include "bind.h"

#include <string.h>
#include "ts/hash.h"
#include "ts/memory.h"
#include "ts/text.h"

static int width(lua_State *L)
{
    size_t length;
    const char *s = luaL_checklstring(L, 1, &length);
    lua_pushinteger(L, (lua_Integer)ts_text_width(s, length));
    return 1;
}

static int escape(lua_State *L)
{
    size_t length;
    const char *s = luaL_checklstring(L, 1, &length);
    ts_buffer buffer = {0};
    ts_text_escape(&buffer, s, length);
    /* a push that runs out of memory here leaks the buffer, not the data */
    if (buffer.failed) {
        ts_buffer_free(&buffer);
        return tsl_failf(L, TS_ENOMEM, "not enough memory");
    }
    lua_pushlstring(L, buffer.data ? buffer.data : "", buffer.length);
    ts_buffer_free(&buffer);
    return 1;
}

static int number(lua_State *L)
{
    char out[32];
    ts_number_format(luaL_checknumber(L, 1), out);
    lua_pushstring(L, out);
    return 1;
}

static int round_number(lua_State *L)
{
    tsl_push_real(L, ts_number_round(luaL_checknumber(L, 1),
                                     (int)luaL_optinteger(L, 2, 0)));
    return 1;
}

static int parse(lua_State *L)
{
    size_t length;
    double x;
    const char *s = luaL_checklstring(L, 1, &length);
    if (ts_number_parse(s, length, &x))
        lua_pushnumber(L, x);
    else
        lua_pushnil(L);
    return 1;
}

/* nearest(name, { names }) -> the nearest name or nil */
static int nearest(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_Integer n = luaL_len(L, 2);
    const char **names = lua_newuserdatauv(L, sizeof(char *) * (size_t)(n + 1),
                                           0);
    size_t count = 0;
    luaL_checkstack(L, (int)n + 4, "too many names");
    for (lua_Integer i = 1; i <= n; i++) {
        lua_rawgeti(L, 2, i); /* stays on the stack, so the pointer lives */
        if (lua_type(L, -1) == LUA_TSTRING)
            names[count++] = lua_tostring(L, -1);
    }
    const char *best = ts_text_nearest(name, names, count);
    if (best)
        lua_pushstring(L, best);
    else
        lua_pushnil(L);
    return 1;
}

static int valid(lua_State *L)
{
    size_t length;
    const char *s = luaL_checklstring(L, 1, &length);
    lua_pushboolean(L, ts_utf8_check(s, length) == length);
    return 1;
}

static int sha256(lua_State *L)
{
    size_t length;
    const char *s = luaL_checklstring(L, 1, &length);
    char hex[65];
    ts_hash_text(s, length, hex);
    lua_pushstring(L, hex);
    return 1;
}

static const luaL_Reg functions[] = {
    {"width", width},     {"escape", escape},   {"number", number},
    {"round", round_number}, {"parse", parse},  {"nearest", nearest},
    {"valid", valid},     {"sha256", sha256},   {NULL, NULL},
};

int luaopen_ts_text(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}
