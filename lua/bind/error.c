/*
 * Error objects. What a script catches is { code, message, file, line }, and
 * hint, object, column, severity; tostring() gives "file:line: message". file
 * and line are those of the nearest frame that is the user's: chunks of the
 * library are named "=trialsh/...", the prompt's "=(prompt)".
 */
#include "bind.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "ts/confine.h"

#define KIND "ts.error"

/* Finds the user's line; false when there is none (the prompt). */
static int user_line(lua_State *L, lua_Debug *ar)
{
    for (int level = 0; lua_getstack(L, level, ar); level++) {
        lua_getinfo(L, "Sl", ar);
        if (ar->currentline > 0 && strncmp(ar->source, "=trialsh/", 9) != 0)
            return ar->source[0] == '@' || ar->source[0] == '=';
    }
    return 0;
}

static bool inside(unsigned char c)
{
    return (c & 0xC0) == 0x80; /* a byte within a character of UTF-8 */
}

/* A line that quotes a whole script or column is cut, between characters, to
 * what a screen can hold. */
static void add_line(luaL_Buffer *b, const char *line, size_t n)
{
    enum { MOST = 1200, HEAD = 900, TAIL = 200 };
    size_t head = HEAD, tail = n - TAIL;
    if (n <= MOST) {
        luaL_addlstring(b, line, n);
        return;
    }
    while (head > HEAD - 4 && inside((unsigned char)line[head]))
        head--;
    while (tail < n && inside((unsigned char)line[tail]))
        tail++;
    char room[60];
    snprintf(room, sizeof room, " ... (%zu bytes more) ... ", tail - head);
    luaL_addlstring(b, line, head);
    luaL_addstring(b, room);
    luaL_addlstring(b, line + tail, n - tail);
}

static void push_message(lua_State *L, const char *message)
{
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    for (;;) {
        size_t n = strcspn(message, "\n");
        add_line(&b, message, n);
        if (!message[n])
            break;
        luaL_addchar(&b, '\n');
        message += n + 1;
    }
    luaL_pushresult(&b);
}

/* (code, message [, hint]): the object on the stack, not raised. */
static void push_error(lua_State *L, const char *code, const char *message)
{
    lua_Debug ar;
    lua_createtable(L, 0, 5);
    luaL_setmetatable(L, KIND);
    tsl_set_text(L, "code", code);
    push_message(L, message);
    lua_setfield(L, -2, "message");
    if (user_line(L, &ar) && strcmp(ar.source, "=(prompt)") != 0) {
        tsl_set_text(L, "file", ar.short_src);
        lua_pushinteger(L, ar.currentline);
        lua_setfield(L, -2, "line");
    }
}

int tsl_fail(lua_State *L, const ts_error *err)
{
    push_error(L, ts_status_name(err->code), err->text);
    return lua_error(L);
}

int tsl_failf(lua_State *L, ts_status code, const char *format, ...)
{
    ts_error err = {.code = code};
    va_list args;
    va_start(args, format);
    vsnprintf(err.text, sizeof err.text, format, args);
    va_end(args);
    return tsl_fail(L, &err);
}

void tsl_try(lua_State *L, ts_status status, const ts_error *err)
{
    if (status)
        tsl_fail(L, err);
}

const char *tsl_check_path(lua_State *L, int index)
{
    size_t length;
    ts_error err;
    const char *path = luaL_checklstring(L, index, &length);
    if (strlen(path) != length)
        tsl_failf(L, TS_EINVALID, "the name of a file holds a zero byte");
    if (!length)
        tsl_failf(L, TS_EINVALID, "the name of a file is empty");
    tsl_try(L, ts_confine_check(path, false, &err), &err);
    return path;
}

const char *tsl_check_out(lua_State *L, int index)
{
    ts_error err;
    const char *path = tsl_check_path(L, index);
    tsl_try(L, ts_confine_check(path, true, &err), &err);
    return path;
}

/* fail(code, message [, { file =, line =, hint = ... }]) raises */
static int fail(lua_State *L)
{
    const char *code = luaL_checkstring(L, 1);
    const char *message = luaL_checkstring(L, 2);
    push_error(L, code, message);
    if (lua_istable(L, 3)) {
        lua_pushnil(L);
        while (lua_next(L, 3)) {
            lua_pushvalue(L, -2);
            lua_insert(L, -2);
            lua_rawset(L, -4);
        }
    }
    return lua_error(L);
}

static int error_tostring(lua_State *L)
{
    lua_getfield(L, 1, "file");
    lua_getfield(L, 1, "line");
    lua_getfield(L, 1, "message");
    const char *message = lua_tostring(L, -1);
    if (lua_isstring(L, -3) && lua_isinteger(L, -2))
        lua_pushfstring(L, "%s:%d: %s", lua_tostring(L, -3),
                        (int)lua_tointeger(L, -2), message);
    else if (lua_isstring(L, -3))
        lua_pushfstring(L, "%s: %s", lua_tostring(L, -3), message);
    else
        lua_pushstring(L, message ? message : "error");
    return 1;
}

static int error_concat(lua_State *L)
{
    for (int i = 1; i <= 2; i++)
        if (!lua_isstring(L, i) && !luaL_getmetafield(L, i, "__tostring"))
            return tsl_failf(L, TS_ETYPE, "an error and a %s cannot be joined",
                             luaL_typename(L, i));
    luaL_tolstring(L, 1, NULL);
    luaL_tolstring(L, 2, NULL);
    lua_concat(L, 2);
    return 1;
}

/* What else there is to say of an error is worked out when asked for. */
static int error_index(lua_State *L)
{
    static const char *const known[] = {"hint", "object", "column", "severity"};
    const char *key = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(key, known[i]) == 0) {
            tsl_require(L, "trialsh.report");
            lua_getfield(L, -1, "field");
            lua_pushvalue(L, 1);
            lua_pushvalue(L, 2);
            lua_call(L, 2, 1);
            return 1;
        }
    return 0;
}

/* is(x): whether x is an error object */
static int is(lua_State *L)
{
    int yes = lua_getmetatable(L, 1);
    if (yes) {
        luaL_getmetatable(L, KIND);
        yes = lua_rawequal(L, -1, -2);
    }
    lua_pushboolean(L, yes);
    return 1;
}

/* where() -> file, line of the nearest frame that is the user's, or nothing */
static int where(lua_State *L)
{
    lua_Debug ar;
    if (!user_line(L, &ar))
        return 0;
    lua_pushstring(L, ar.short_src);
    lua_pushinteger(L, ar.currentline);
    return 2;
}

void tsl_push_where(lua_State *L)
{
    lua_Debug ar;
    if (user_line(L, &ar))
        lua_pushfstring(L, "%s:%d", ar.short_src, ar.currentline);
    else
        lua_pushnil(L);
}

static const luaL_Reg functions[] = {
    {"fail", fail},
    {"is", is},
    {"where", where},
    {NULL, NULL},
};

int luaopen_ts_error(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}

void tsl_open_error(lua_State *L)
{
    if (luaL_newmetatable(L, KIND)) {
        lua_pushcfunction(L, error_tostring);
        lua_setfield(L, -2, "__tostring");
        lua_pushcfunction(L, error_concat);
        lua_setfield(L, -2, "__concat");
        lua_pushcfunction(L, error_index);
        lua_setfield(L, -2, "__index");
        lua_pushliteral(L, "error");
        lua_setfield(L, -2, "__name");
    }
    lua_pop(L, 1);
}
