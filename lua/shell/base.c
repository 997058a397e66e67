/*
 * What trialsh changes in Lua's own libraries.
 *
 * Chunks are text, never bytecode (a damaged one can abort the program). print
 * shows control characters instead of sending them to a terminal. Files that a
 * script opens, and the programs it starts, get the user's umask.
 */
#include "shell.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "bind.h"
#include "ts/file.h"
#include "ts/interrupt.h"
#include "ts/text.h"

typedef struct {
    int count;
    bool inside; /* a message in pieces */
    ts_buffer text;
} warnings;

/* What print has shown, for a log. */
static void tell_log(lua_State *L, int n)
{
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    for (int i = 1; i <= n; i++) {
        if (i > 1)
            luaL_addchar(&b, '\t');
        luaL_tolstring(L, i, NULL);
        luaL_addvalue(&b);
    }
    luaL_pushresult(&b);
    size_t length;
    const char *text = lua_tolstring(L, -1, &length);
    shell_log_printed(L, text, length);
    lua_pop(L, 1);
}

static int print(lua_State *L)
{
    int n = lua_gettop(L);
    bool terminal = isatty(STDOUT_FILENO);
    if (terminal)
        shell_progress_erase();
    for (int i = 1; i <= n; i++) {
        size_t length;
        const char *text = luaL_tolstring(L, i, &length);
        if (i > 1)
            fputc('\t', stdout);
        if (terminal)
            shell_write(stdout, text, length);
        else
            fwrite(text, 1, length, stdout);
        lua_pop(L, 1);
    }
    fputc('\n', stdout);
    if (terminal)
        fflush(stdout);
    if (shell_log_is_open(L))
        tell_log(L, n);
    return 0;
}

/* load(chunk [, name [, mode [, env]]]) with mode "t", whatever was given */
static int load(lua_State *L)
{
    int n = lua_gettop(L);
    if (n < 3)
        lua_settop(L, 3);
    lua_pushliteral(L, "t");
    lua_replace(L, 3);
    n = lua_gettop(L);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, n, LUA_MULTRET);
    return lua_gettop(L);
}

/* loadfile(file [, mode [, env]]): text only */
static int loadfile(lua_State *L)
{
    bool with_env = lua_gettop(L) >= 3;
    const char *path = tsl_check_path(L, 1);
    if (luaL_loadfilex(L, path, "t")) {
        luaL_pushfail(L);
        lua_insert(L, -2);
        return 2;
    }
    if (with_env) {
        lua_pushvalue(L, 3);
        if (!lua_setupvalue(L, -2, 1))
            lua_pop(L, 1);
    }
    return 1;
}

/* The searcher of package.path, but text only. */
static int search_path(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    lua_getglobal(L, "package");
    lua_getfield(L, -1, "searchpath");
    lua_pushstring(L, name);
    lua_getfield(L, -3, "path");
    lua_call(L, 2, 2);
    if (lua_isnil(L, -2))
        return 1; /* the list of places tried */
    const char *path = lua_tostring(L, -2);
    if (luaL_loadfilex(L, path, "t"))
        return luaL_error(L, "cannot load module '%s' from '%s':\n\t%s", name,
                          path, lua_tostring(L, -1));
    lua_pushstring(L, path);
    return 2;
}

/* Calls the function at that index, with all above it, under the umask that the
 * user had; the number of results. */
static int call_under_umask(lua_State *L, int index)
{
    /* what nobody may read nobody may enter */
    mode_t theirs = 0666 & ~(mode_t)ts_file_mode();
    mode_t ours = umask(theirs | (theirs & 0444) >> 2);
    int status = lua_pcall(L, lua_gettop(L) - index, LUA_MULTRET, 0);
    umask(ours);
    return status ? lua_error(L) : lua_gettop(L) - index + 1;
}

/* Calls the function kept as upvalue 1. */
static int under_user_umask(lua_State *L)
{
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    return call_under_umask(L, 1);
}

/* A log lists what was opened to be written. */
static int open_as(lua_State *L, bool writes)
{
    const char *path = lua_tostring(L, 1);
    lua_pushvalue(L, 1);
    lua_insert(L, 1); /* a copy stays below, and path with it */
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 2);
    int n = call_under_umask(L, 2);
    if (path && writes && n && !lua_isnil(L, -n))
        shell_log_opened(L, path);
    return n;
}

static int open_file(lua_State *L)
{
    return open_as(L, strpbrk(luaL_optstring(L, 2, "r"), "wa+") != NULL);
}

static int open_output(lua_State *L)
{
    return open_as(L, lua_type(L, 1) == LUA_TSTRING);
}

/* os.execute: system() keeps Ctrl-C from us while the child runs, so a child
 * that it ended is our interrupt too. */
static int execute(lua_State *L)
{
    ts_error err;
    tsl_try(L, ts_interrupt_check(&err), &err); /* it may have come already */
    int n = under_user_umask(L);
    if (n == 3 && lua_tointeger(L, -1) == SIGINT &&
        strcmp(lua_tostring(L, -2), "signal") == 0)
        raise(SIGINT);
    return n;
}

static void wrap_umask(lua_State *L, const char *library, const char *name,
                       lua_CFunction wrapper)
{
    lua_getglobal(L, library);
    lua_getfield(L, -1, name);
    lua_pushcclosure(L, wrapper, 1);
    lua_setfield(L, -2, name);
    lua_pop(L, 1);
}

static warnings *get_warnings(lua_State *L)
{
    lua_getfield(L, LUA_REGISTRYINDEX, "trialsh.warnings");
    warnings *w = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return w;
}

int shell_warnings(lua_State *L)
{
    return get_warnings(L)->count;
}

int shell_exit_code(int code, int count, bool werror)
{
    return code == EXIT_DONE && werror && count > 0 ? EXIT_WARNINGS : code;
}

/* What warn() calls; the messages that begin with @ are for Lua's own. */
static void on_warning(void *state, const char *message, int more)
{
    warnings *w = state;
    if (!w->inside && !more && message[0] == '@')
        return;
    ts_buffer_puts(&w->text, message);
    w->inside = more;
    if (more)
        return;
    fflush(stdout);
    shell_progress_erase();
    w->count++;
    const char *text = w->text.data && !w->text.failed ? w->text.data : message;
    shell_tell("warning", text);
    shell_log_warning(text);
    ts_buffer_free(&w->text);
}

/* exit([code]): ends the program; true and nothing are 0, false is 1 */
static int leave(lua_State *L)
{
    int code = lua_isboolean(L, 1) ? !lua_toboolean(L, 1)
                                   : (int)luaL_optinteger(L, 1, 0);
    bool werror = lua_toboolean(L, lua_upvalueindex(1));
    code = shell_exit_code(code, shell_warnings(L), werror);
    shell_progress_erase();
    if (fflush(stdout) || ferror(stdout))
        code = EXIT_ERROR;
    code = shell_log_end(L, code);
    lua_close(L);
    exit(code);
}

static const luaL_Reg functions[] = {
    {"print", print},
    {"loadfile", loadfile},
    {NULL, NULL},
};

void shell_base_open(lua_State *L)
{
    lua_pushglobaltable(L);
    luaL_setfuncs(L, functions, 0);
    lua_getfield(L, -1, "load");
    lua_pushcclosure(L, load, 1);
    lua_setfield(L, -2, "load");
    lua_getfield(L, LUA_REGISTRYINDEX, "trialsh.werror");
    lua_pushcclosure(L, leave, 1);
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, "exit");
    lua_pushvalue(L, -1);
    lua_setfield(L, -3, "quit");
    lua_getglobal(L, "os"); /* Lua's own forgets what could not be written */
    lua_insert(L, -2);
    lua_setfield(L, -2, "exit");
    lua_pop(L, 1);
    lua_getfield(L, -1, "string");
    lua_pushnil(L);
    lua_setfield(L, -2, "dump");
    lua_pop(L, 2);
    lua_getglobal(L, "package");
    lua_getfield(L, -1, "searchers");
    /* preload, embedded, package.path: see tsl_open */
    lua_pushcfunction(L, search_path);
    lua_rawseti(L, -2, 3);
    lua_pop(L, 2);
    wrap_umask(L, "io", "open", open_file);
    wrap_umask(L, "io", "output", open_output);
    wrap_umask(L, "io", "popen", under_user_umask);
    wrap_umask(L, "os", "execute", execute);
    warnings *w = lua_newuserdatauv(L, sizeof *w, 0);
    *w = (warnings){.count = 0};
    lua_setfield(L, LUA_REGISTRYINDEX, "trialsh.warnings");
    lua_setwarnf(L, on_warning, w);
}
