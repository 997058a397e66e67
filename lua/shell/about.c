/* What the program is made of and runs on, for sessioninfo(). */
#include "shell.h"

#include <limits.h>
#include <locale.h>
#include <unistd.h>
#include <gnu/libc-version.h>
#include <lapacke.h>
#include <openssl/crypto.h>
#include <readline/readline.h>
#include <sqlite3.h>
#include <sys/utsname.h>
#include <zlib.h>
#include <cjson/cJSON.h>
#include "bind.h"
#include "version.h"

/* the version alone: Rmath.h would bring names of its own */
#define MATHLIB_STANDALONE
#define R_NO_REMAP_RMATH
#include <Rmath.h>

/* libraries[n] = { name, version } */
static void add(lua_State *L, const char *name, const char *version)
{
    lua_createtable(L, 2, 0);
    lua_pushstring(L, name);
    lua_rawseti(L, -2, 1);
    lua_pushstring(L, version);
    lua_rawseti(L, -2, 2);
    lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
}

static void add_libraries(lua_State *L)
{
    char lapack[40];
    int major, minor, patch;
    LAPACK_ilaver(&major, &minor, &patch);
    snprintf(lapack, sizeof lapack, "%d.%d.%d", major, minor, patch);
    lua_newtable(L);
    add(L, "Lua",
        LUA_VERSION_MAJOR "." LUA_VERSION_MINOR "." LUA_VERSION_RELEASE);
    add(L, "SQLite", sqlite3_libversion());
    add(L, "readline", rl_library_version);
    add(L, "nmath", "R " R_VERSION_STRING);
    add(L, "LAPACK", lapack);
    add(L, "libcrypto", OpenSSL_version(OPENSSL_VERSION));
    add(L, "zlib", zlibVersion());
    add(L, "cJSON", cJSON_Version());
    add(L, "C library", gnu_get_libc_version());
    add(L, "compiler", __VERSION__);
    lua_setfield(L, -2, "libraries");
}

static void add_arguments(lua_State *L, const shell_options *o)
{
    lua_createtable(L, o->argc, 0);
    for (int i = 0; i < o->argc; i++) {
        lua_pushstring(L, o->argv[i]);
        lua_rawseti(L, -2, i + 1);
    }
    lua_setfield(L, -2, "arguments");
}

void shell_about(lua_State *L, const shell_options *o)
{
    struct utsname system;
    char folder[PATH_MAX];
    const char *locale = setlocale(LC_CTYPE, NULL);
    tsl_set_text(L, "version", TS_VERSION);
    tsl_set_text(L, "commit", TS_COMMIT);
    tsl_set_text(L, "locale", locale ? locale : "C");
    if (uname(&system) == 0) {
        lua_pushfstring(L, "%s %s, %s", system.sysname, system.release,
                        system.machine);
        lua_setfield(L, -2, "system");
    }
    tsl_set_text(L, "folder",
                 getcwd(folder, sizeof folder) ? folder : "unknown");
    add_arguments(L, o);
    add_libraries(L);
}
