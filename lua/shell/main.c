/* trialsh: options, the Lua state, and what to run. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lua.h>
#include <lauxlib.h>
#include <lualib.h>
#include "bind.h"
#include "ts/file.h"

static int main_lua(lua_State *L)
{
    int argc = (int)lua_tointeger(L, 1);
    char **argv = lua_touserdata(L, 2);
    luaL_openlibs(L);
    tsl_open(L);
    lua_getglobal(L, "require");
    lua_pushliteral(L, "trialsh.init");
    lua_call(L, 1, 0);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-e") == 0 && i + 1 < argc) {
            if (luaL_loadbufferx(L, argv[i + 1], strlen(argv[i + 1]),
                                 "=(command line)", "t"))
                lua_error(L);
            i++;
        } else if (luaL_loadfilex(L, argv[i], "t")) {
            lua_error(L);
        }
        lua_call(L, 0, 0);
    }
    return 0;
}

int main(int argc, char **argv)
{
    ts_file_private();
    setlocale(LC_CTYPE, "");
    lua_State *L = luaL_newstate();
    if (!L)
        return 1;
    lua_pushcfunction(L, main_lua);
    lua_pushinteger(L, argc);
    lua_pushlightuserdata(L, argv);
    int status = lua_pcall(L, 2, 0, 0);
    if (status) {
        fprintf(stderr, "%s\n", luaL_tolstring(L, -1, NULL));
        status = 1;
    }
    lua_close(L);
    return status;
}
