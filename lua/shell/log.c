/*
 * The C half of the log (trialsh/log.lua is the other): clocks, and what the
 * shell tells it. The registry's "trialsh.log" is the module while one is open.
 * warn() may be called where no Lua can run, so that its texts wait here until
 * the log asks for them.
 */
#include "shell.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include "bind.h"
#include "ts/memory.h"
#include "ts/text.h"

static ts_buffer waiting; /* each ends with a zero byte */
static bool listens;

bool shell_log_is_open(lua_State *L)
{
    bool open = lua_getfield(L, LUA_REGISTRYINDEX, "trialsh.log") == LUA_TTABLE;
    lua_pop(L, 1);
    return open;
}

/* The function of the log that is open, or nothing. */
static bool push_function(lua_State *L, const char *name)
{
    if (!shell_log_is_open(L))
        return false;
    lua_getfield(L, LUA_REGISTRYINDEX, "trialsh.log");
    lua_getfield(L, -1, name);
    lua_remove(L, -2);
    return true;
}

/* What goes wrong in the log itself is told, and ends nothing. */
static void call(lua_State *L, int n)
{
    if (lua_pcall(L, n, 0, 0) != LUA_OK) {
        shell_tell("warning", luaL_tolstring(L, -1, NULL));
        lua_pop(L, 2);
    }
}

static void call_text(lua_State *L, const char *name, const char *text)
{
    if (!push_function(L, name))
        return;
    lua_pushstring(L, text);
    call(L, 1);
}

void shell_log_entry(lua_State *L, const char *text)
{
    call_text(L, "entry", text);
}

void shell_log_opened(lua_State *L, const char *path)
{
    call_text(L, "opened", path);
}

void shell_log_printed(lua_State *L, const char *text, size_t length)
{
    if (!push_function(L, "printed"))
        return;
    lua_pushlstring(L, text, length);
    call(L, 1);
}

void shell_log_failed(lua_State *L)
{
    if (!push_function(L, "failed"))
        return;
    if (lua_istable(L, -2)) {
        lua_pushvalue(L, -2);
    } else {
        lua_createtable(L, 0, 1);
        lua_pushvalue(L, -3);
        lua_setfield(L, -2, "text");
    }
    call(L, 1);
}

void shell_log_warning(const char *message)
{
    if (listens)
        ts_buffer_add(&waiting, message, strlen(message) + 1);
}

/* Calls trialsh.log's function with the n values on top. */
static int call_module(lua_State *L, const char *name, int n, int n_results)
{
    tsl_require(L, "trialsh.log");
    lua_getfield(L, -1, name);
    lua_remove(L, -2);
    lua_insert(L, -n - 1);
    lua_call(L, n, n_results);
    return n_results;
}

static int begin(lua_State *L)
{
    return call_module(L, "open", 1, 0);
}

int shell_log_begin(lua_State *L, const char *path)
{
    lua_pushcfunction(L, begin);
    lua_pushstring(L, path);
    return shell_call(L, 1, path);
}

/* log_to() may begin a log in a script that had none. */
int shell_log_load(lua_State *L, const char *text, size_t length,
                   const char *path)
{
    if (shell_log_is_open(L) || strstr(text, "log_to")) {
        lua_pushlstring(L, text, length);
        lua_pushstring(L, path);
        call_module(L, "script", 2, 2);
        bool failed = lua_isnil(L, -2);
        lua_remove(L, failed ? -2 : -1);
        return failed ? LUA_ERRSYNTAX : LUA_OK;
    }
    const char *chunk =
        lua_pushfstring(L, strcmp(path, "stdin") == 0 ? "=%s" : "@%s", path);
    /* a first line that begins with # is one for the system, not for Lua */
    if (length && text[0] == '#')
        while (length && *text != '\n')
            text++, length--;
    /* a variable to close: `return trial "ID" { ... }` is no tail call then, which
     * would leave no trace of its line */
    const char *code = text;
    if (length && *text != '\033') {
        lua_pushliteral(L, "local trialsh_end <close> = nil; ");
        lua_pushlstring(L, text, length);
        lua_concat(L, 2);
        code = lua_tolstring(L, -1, &length);
    } else {
        lua_pushliteral(L, "");
    }
    int status = luaL_loadbufferx(L, code, length, chunk, "t");
    lua_remove(L, -2);
    lua_remove(L, -2);
    return status;
}

int shell_log_end(lua_State *L, int code)
{
    if (!push_function(L, "close"))
        return code;
    lua_pushinteger(L, code);
    if (lua_pcall(L, 1, 2, 0) != LUA_OK || !lua_toboolean(L, -2)) {
        const char *path = lua_tostring(L, -1);
        fprintf(stderr, "trialsh: the log %s is not whole\n", path ? path : "");
        return code == EXIT_DONE ? EXIT_ERROR : code;
    }
    lua_pop(L, 2);
    return code;
}

/* logged(module): its functions are called from now on; nil: no more */
static int logged(lua_State *L)
{
    lua_settop(L, 1);
    listens = lua_istable(L, 1);
    lua_setfield(L, LUA_REGISTRYINDEX, "trialsh.log");
    return 0;
}

/* warned() -> what warn() was given since it was asked last */
static int warned(lua_State *L)
{
    lua_Integer n = 0;
    lua_newtable(L);
    for (size_t at = 0; at < waiting.length;) {
        const char *text = waiting.data + at;
        lua_pushstring(L, text);
        lua_rawseti(L, -2, ++n);
        at += strlen(text) + 1;
    }
    ts_buffer_free(&waiting);
    return 1;
}

/* tell(severity, text): a note to who looks at stderr */
static int tell(lua_State *L)
{
    shell_tell(luaL_checkstring(L, 1), luaL_checkstring(L, 2));
    return 0;
}

/* clock() -> seconds of a clock that only goes forward */
static int clock_now(lua_State *L)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    lua_pushnumber(L, (double)now.tv_sec + 1e-9 * (double)now.tv_nsec);
    return 1;
}

/* utc() -> "2026-11-27T04:37:45.123Z" */
static int utc(lua_State *L)
{
    struct timeval now;
    struct tm parts;
    char text[40];
    gettimeofday(&now, NULL);
    gmtime_r(&now.tv_sec, &parts);
    size_t n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text + n, sizeof text - n, ".%03dZ", (int)(now.tv_usec / 1000));
    lua_pushstring(L, text);
    return 1;
}

static const luaL_Reg functions[] = {
    {"logged", logged},   {"warned", warned}, {"tell", tell},
    {"clock", clock_now}, {"utc", utc},       {NULL, NULL},
};

void shell_log_open(lua_State *L)
{
    luaL_setfuncs(L, functions, 0);
}
