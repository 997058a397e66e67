/* ts.jobs: work that child processes share. */
#include "bind.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "ts/workers.h"

#define RESULTS "ts.jobs"

typedef struct {
    size_t n;
    ts_buffer *out;
} results;

static int results_gc(lua_State *L)
{
    results *r = luaL_checkudata(L, 1, RESULTS);
    for (size_t i = 0; i < r->n; i++)
        ts_buffer_free(&r->out[i]);
    r->n = 0;
    return 0;
}

/* What f(i), which stands at index 3, gives; an error of the library keeps its
 * code and text, and the text of any other is told. */
static ts_status work(void *context, size_t i, ts_buffer *out, ts_error *err)
{
    lua_State *L = context;
    size_t length;
    lua_pushvalue(L, 3);
    lua_pushinteger(L, (lua_Integer)i + 1);
    if (lua_pcall(L, 1, 1, 0) == LUA_OK) {
        const char *text = lua_tolstring(L, -1, &length);
        if (text)
            ts_buffer_add(out, text, length);
        lua_pop(L, 1);
        return TS_OK;
    }
    ts_status code = TS_EINVALID;
    const char *name = "", *message = lua_tostring(L, -1);
    if (lua_istable(L, -1)) {
        lua_getfield(L, -1, "message");
        message = lua_tostring(L, -1);
        lua_getfield(L, -2, "code");
        name = lua_tostring(L, -1);
    }
    for (int c = TS_ENOMEM; name && c >= TS_EREFUSED; c--)
        if (strcmp(ts_status_name((ts_status)c), name) == 0)
            code = (ts_status)c;
    ts_fail(err, code, "%s", message ? message : "an error without a text");
    lua_settop(L, 5);
    return code;
}

/* map(jobs, n, f, what) -> { f(1), ... f(n) }, texts; f may run in a child
 * process, and what it changes is then lost */
static int map(lua_State *L)
{
    ts_error err;
    lua_Integer jobs = luaL_checkinteger(L, 1), n = luaL_checkinteger(L, 2);
    luaL_argcheck(L, jobs >= 1, 1, "at least one");
    luaL_argcheck(L, n >= 0, 2, "a number of parts");
    luaL_checktype(L, 3, LUA_TFUNCTION);
    const char *what = luaL_checkstring(L, 4);
    lua_settop(L, 4);
    results *r = lua_newuserdatauv(L, sizeof *r, 1);
    *r = (results){0};
    luaL_setmetatable(L, RESULTS);
    r->out = lua_newuserdatauv(L, ((size_t)n + 1) * sizeof *r->out, 0);
    memset(r->out, 0, ((size_t)n + 1) * sizeof *r->out);
    lua_setiuservalue(L, 5, 1);
    r->n = (size_t)n;
    luaL_checkstack(L, 10, "work");
    fflush(stdout); /* or a child might write it once more */
    tsl_try(L, ts_workers_run((size_t)jobs, r->n, work, L, what, r->out, &err),
            &err);
    lua_createtable(L, (int)n, 0);
    for (size_t i = 0; i < r->n; i++) {
        lua_pushlstring(L, r->out[i].data ? r->out[i].data : "",
                        r->out[i].length);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

/* process() -> the number of this process */
static int process(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)getpid());
    return 1;
}

static const luaL_Reg functions[] = {
    {"map", map},
    {"process", process},
    {NULL, NULL},
};

int luaopen_ts_jobs(lua_State *L)
{
    luaL_newmetatable(L, RESULTS);
    lua_pushcfunction(L, results_gc);
    lua_setfield(L, -2, "__gc");
    lua_pop(L, 1);
    luaL_newlib(L, functions);
    return 1;
}
