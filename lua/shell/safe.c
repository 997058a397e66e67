/*
 * Safe mode, the C half: folders, the library's environment, memory. Which
 * names a script has is decided in trialsh/safe.lua.
 */
#include "shell.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "bind.h"
#include "ts/confine.h"
#include "ts/jail.h"

static bool safe;

bool shell_is_safe(void)
{
    return safe;
}

/* allowed(path, write) -> true, or false and why not */
static int allowed(lua_State *L)
{
    size_t length;
    const char *path = luaL_checklstring(L, 1, &length);
    ts_error err;
    if (strlen(path) != length) {
        lua_pushboolean(L, false);
        lua_pushliteral(L, "the name of a file holds a zero byte");
        return 2;
    }
    if (ts_confine_check(path, lua_toboolean(L, 2), &err)) {
        lua_pushboolean(L, false);
        lua_pushstring(L, err.text);
        return 2;
    }
    lua_pushboolean(L, true);
    return 1;
}

void shell_safe_open(lua_State *L)
{
    tsl_require(L, "trialsh.session");
    lua_pushboolean(L, true);
    lua_setfield(L, -2, "safe");
    lua_pushcfunction(L, allowed);
    lua_setfield(L, -2, "allowed");
    lua_pop(L, 1);
    tsl_require(L, "trialsh.safe");
    lua_getfield(L, -1, "environment");
    lua_call(L, 0, 1);
    lua_setfield(L, LUA_REGISTRYINDEX, "trialsh.environment");
    lua_pop(L, 1);
}

/* The folder of the script, with a slash; "" for the working folder. */
static void folder_of(const char *script, char out[PATH_MAX])
{
    const char *slash = script ? strrchr(script, '/') : NULL;
    size_t n = slash ? (size_t)(slash - script) + 1 : 0;
    if (n >= PATH_MAX)
        n = 0;
    memcpy(out, script ? script : "", n);
    out[n] = '\0';
}

/* What the program itself writes to: pictures on their way, and the history. */
static void confine_kernel(bool prompt)
{
    const char *folders[3] = {0};
    char state[PATH_MAX];
    const char *tmp = getenv("TMPDIR"), *home = getenv("HOME"),
               *xdg = getenv("XDG_STATE_HOME");
    int n = 0;
    folders[n++] = tmp && *tmp ? tmp : "/tmp";
    if (prompt && (xdg || home)) {
        snprintf(state, sizeof state, "%s%s", xdg ? xdg : home,
                 xdg ? "" : "/.local/state");
        folders[n++] = state;
    }
    ts_confine_kernel(folders);
}

static int seal(lua_State *L)
{
    const shell_options *o = lua_touserdata(L, 1);
    char folder[PATH_MAX];
    ts_error err;
    folder_of(o->script, folder);
    tsl_require(L, "trialsh.session");
    lua_pushstring(L, folder);
    lua_setfield(L, -2, "beside");
    tsl_require(L, "trialsh.safe");
    lua_getfield(L, -1, "seal");
    lua_call(L, 0, 0);
    tsl_try(L, ts_confine(".", true, &err), &err);
    if (folder[0])
        tsl_try(L, ts_confine(folder, false, &err), &err);
    if (o->study)
        tsl_try(L, ts_confine(o->study, true, &err), &err);
    safe = true;
    confine_kernel(o->prompt);
    return 0;
}

int shell_safe_seal(lua_State *L, const shell_options *o)
{
    lua_pushcfunction(L, seal);
    lua_pushlightuserdata(L, (void *)o);
    return shell_call(L, 1, "--safe");
}

/* Megabytes that the program may take besides what it is now. */
void shell_safe_memory(long megabytes)
{
#ifndef TS_SANITIZED
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file || fscanf(file, "%lu", &pages) != 1)
        pages = 0;
    if (file)
        fclose(file);
    rlim_t most = (rlim_t)megabytes << 20;
    most += (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
    struct rlimit limit = {most, most};
    setrlimit(RLIMIT_AS, &limit);
#else
    (void)megabytes;
#endif
}
