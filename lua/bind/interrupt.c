/* ts.interrupt: what a long loop of the library owes to who waits for it. */
#include "bind.h"

#include "ts/interrupt.h"

/* progress(what, done, total): tells how far it is, and raises what Ctrl-C asks
 * for, "interrupted after 120 of 1999 permutations" */
static int progress(lua_State *L)
{
    ts_error err;
    const char *what = luaL_checkstring(L, 1);
    double done = luaL_checknumber(L, 2), total = luaL_checknumber(L, 3);
    tsl_try(L, ts_progress(what, done, total, &err), &err);
    return 0;
}

int luaopen_ts_interrupt(lua_State *L)
{
    static const luaL_Reg functions[] = {{"progress", progress}, {NULL, NULL}};
    luaL_newlib(L, functions);
    return 1;
}
