/*
 * What of Lua's own libraries would not hear Ctrl-C: a sort and a move of much,
 * which are C at work without a step of Lua, and finalizers, which Lua runs
 * without hooks. (Patterns are pattern.c.) What is left: debug.setmetatable
 * takes a finalizer as it is, and a read from a pipe or a device that never
 * ends a line is one step.
 */
#include "shell.h"

#include "bind.h"
#include "ts/interrupt.h"

/* Elements that are sorted or moved in no time. */
#define FEW 100000

/* Steps of a finalizer that begins when Ctrl-C has come already. */
#define MOST_STEPS 1000000

/* A table, or what acts as one. */
static void check_table(lua_State *L, int index)
{
    if (!luaL_getmetafield(L, index, "__index"))
        luaL_checktype(L, index, LUA_TTABLE);
    else
        lua_pop(L, 1);
}

static int less(lua_State *L)
{
    lua_pushboolean(L, lua_compare(L, 1, 2, LUA_OPLT));
    return 1;
}

/* table.sort(list [, comp]): with a function that compares there is a call to
 * be stopped at. */
static int sort(lua_State *L)
{
    check_table(L, 1);
    if (!lua_isnoneornil(L, 2))
        luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 2);
    if (lua_isnil(L, 2) && lua_istable(L, 1) && lua_rawlen(L, 1) > FEW) {
        lua_pushcfunction(L, less);
        lua_replace(L, 2);
    }
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, 2, 0);
    return 0;
}

/* Lua's own for n elements from f to t. */
static void move_part(lua_State *L, lua_Integer f, lua_Integer n, lua_Integer t)
{
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushvalue(L, 1);
    lua_pushinteger(L, f);
    lua_pushinteger(L, f + n - 1);
    lua_pushinteger(L, t);
    lua_pushvalue(L, 5);
    lua_call(L, 5, 0);
}

/* table.move(a1, f, e, t [,a2]) in parts, the last of them first where they
 * would be written over */
static int move(lua_State *L)
{
    lua_Integer f = luaL_checkinteger(L, 2), e = luaL_checkinteger(L, 3),
                t = luaL_checkinteger(L, 4);
    check_table(L, 1);
    if (!lua_isnoneornil(L, 5))
        check_table(L, 5);
    if (e >= f) {
        luaL_argcheck(L, f > 0 || e < LUA_MAXINTEGER + f, 3,
                      "too many elements to move");
        luaL_argcheck(L, t <= LUA_MAXINTEGER - (e - f), 4,
                      "destination wrap around");
    }
    lua_settop(L, 5);
    if (lua_isnil(L, 5)) {
        lua_pushvalue(L, 1);
        lua_replace(L, 5);
    }
    bool forward = t > e || t <= f || !lua_compare(L, 1, 5, LUA_OPEQ);
    lua_Integer left = e < f ? 0 : e - f + 1, done = 0;
    while (left > 0) {
        lua_Integer n = left < FEW ? left : FEW;
        lua_Integer at = forward ? done : left - n;
        ts_error err;
        move_part(L, f + at, n, t + at);
        done += n;
        left -= n;
        if (left > 0)
            tsl_try(L, ts_interrupt_check(&err), &err);
    }
    return 1; /* index 5 */
}

/* The finalizer that is upvalue 1, on a thread of its own, where hooks run. */
static int finalize(lua_State *L)
{
    lua_State *co = lua_newthread(L);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_xmove(L, co, 1);
    lua_pushvalue(L, 1);
    if (shell_resume(L, co, 1, MOST_STEPS) >= 0 || ts_interrupted())
        return 0;
    if (lua_type(L, -1) != LUA_TSTRING &&
        !luaL_getmetafield(L, -1, "__tostring"))
        return luaL_error(L, "error value is a %s", luaL_typename(L, -1));
    luaL_tolstring(L, lua_type(L, -1) == LUA_TSTRING ? -1 : -2, NULL);
    return lua_error(L);
}

/* setmetatable(table, metatable): its __gc is made one that can be stopped */
static int set_metatable(lua_State *L)
{
    int kind = lua_type(L, 2);
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_argexpected(L, kind == LUA_TNIL || kind == LUA_TTABLE, 2,
                     "nil or table");
    if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
        return luaL_error(L, "cannot change a protected metatable");
    lua_settop(L, 2);
    if (kind == LUA_TTABLE) {
        lua_pushliteral(L, "__gc");
        if (lua_rawget(L, 2) == LUA_TFUNCTION && !lua_iscfunction(L, -1)) {
            lua_pushliteral(L, "__gc");
            lua_insert(L, -2);
            lua_pushcclosure(L, finalize, 1);
            lua_rawset(L, 2);
        }
        lua_settop(L, 2);
    }
    lua_setmetatable(L, 1);
    return 1;
}

/* Replaces the field of the table on top by the function, which has what was
 * there as its upvalue. */
static void wrap(lua_State *L, const char *name, lua_CFunction function)
{
    lua_getfield(L, -1, name);
    lua_pushcclosure(L, function, 1);
    lua_setfield(L, -2, name);
}

void shell_unending_open(lua_State *L)
{
    lua_pushglobaltable(L);
    lua_pushcfunction(L, set_metatable);
    lua_setfield(L, -2, "setmetatable");
    lua_getfield(L, -1, "table");
    wrap(L, "sort", sort);
    wrap(L, "move", move);
    lua_pop(L, 2);
}
