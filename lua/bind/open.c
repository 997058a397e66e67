/* Where `require` finds things: C modules by this list, Lua in the binary. */
#include "bind.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const luaL_Reg modules[] = {
    {"ts.allocation", luaopen_ts_allocation},
    {"ts.competing", luaopen_ts_competing},
    {"ts.correlation", luaopen_ts_correlation},
    {"ts.counts", luaopen_ts_counts},
    {"ts.cox", luaopen_ts_cox},
    {"ts.csv", luaopen_ts_csv},
    {"ts.xpt", luaopen_ts_xpt},
    {"ts.xlsx", luaopen_ts_xlsx},
    {"ts.zip", luaopen_ts_zip},
    {"ts.describe", luaopen_ts_describe},
    {"ts.dsjson", luaopen_ts_dsjson},
    {"ts.error", luaopen_ts_error},
    {"ts.file", luaopen_ts_file},
    {"ts.formula", luaopen_ts_formula},
    {"ts.frame", luaopen_ts_frame},
    {"ts.interrupt", luaopen_ts_interrupt},
    {"ts.linear", luaopen_ts_linear},
    {"ts.location", luaopen_ts_location},
    {"ts.mixed", luaopen_ts_mixed},
    {"ts.multiple", luaopen_ts_multiple},
    {"ts.na", luaopen_ts_na},
    {"ts.nondetect", luaopen_ts_nondetect},
    {"ts.gnuplot", luaopen_ts_gnuplot},
    {"ts.jobs", luaopen_ts_jobs},
    {"ts.json", luaopen_ts_json},
    {"ts.rate", luaopen_ts_rate},
    {"ts.readstat", luaopen_ts_readstat},
    {"ts.random", luaopen_ts_random},
    {"ts.rank", luaopen_ts_rank},
    {"ts.standardised", luaopen_ts_standardised},
    {"ts.store", luaopen_ts_store},
    {"ts.survival", luaopen_ts_survival},
    {"ts.text", luaopen_ts_text},
    {"ts.tobit", luaopen_ts_tobit},
    {"ts.win_ratio", luaopen_ts_win_ratio},
    {NULL, NULL},
};

/* Written by lua/embed.c, ends with a row of zeros. */
typedef struct {
    const char *name, *text;
    uint64_t text_length;
    const char *code; /* of a Lua file */
    uint64_t code_length;
} embedded_file;

extern const embedded_file tsl_embedded[];

static const embedded_file *find(const char *name)
{
    for (int i = 0; tsl_embedded[i].name; i++)
        if (strcmp(tsl_embedded[i].name, name) == 0)
            return &tsl_embedded[i];
    return NULL;
}

const char *tsl_embedded_file(const char *name, size_t *length)
{
    const embedded_file *file = find(name);
    *length = file ? (size_t)file->text_length : 0;
    return file ? file->text : NULL;
}

static int search_embedded(lua_State *L)
{
    const char *module = luaL_checkstring(L, 1);
    char path[200];
    if (strncmp(module, "trialsh.", 8) != 0)
        return 0;
    snprintf(path, sizeof path, "%s.lua", module + 8);
    for (char *p = path; p < path + strlen(path) - 4; p++)
        if (*p == '.')
            *p = '/';
    const embedded_file *file = find(path);
    if (!file)
        return 0;
    if (luaL_loadbufferx(L, file->code, (size_t)file->code_length, path, "b"))
        return lua_error(L);
    /* in safe mode the library has what scripts have not */
    if (lua_getfield(L, LUA_REGISTRYINDEX, "trialsh.environment") == LUA_TTABLE)
        lua_setupvalue(L, -2, 1);
    else
        lua_pop(L, 1);
    lua_pushfstring(L, "trialsh/%s", path);
    return 2;
}

/* embedded() -> names of all embedded files; embedded(name) -> its text */
static int embedded(lua_State *L)
{
    size_t length;
    if (!lua_isnoneornil(L, 1)) {
        const char *text = tsl_embedded_file(luaL_checkstring(L, 1), &length);
        if (text)
            lua_pushlstring(L, text, length);
        else
            lua_pushnil(L);
        return 1;
    }
    lua_newtable(L);
    for (int i = 0; tsl_embedded[i].name; i++) {
        lua_pushstring(L, tsl_embedded[i].name);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

static int open_embedded(lua_State *L)
{
    lua_pushcfunction(L, embedded);
    return 1;
}

void tsl_require(lua_State *L, const char *name)
{
    lua_getfield(L, LUA_REGISTRYINDEX, "trialsh.require");
    lua_pushstring(L, name);
    lua_call(L, 1, 1);
}

void tsl_open(lua_State *L)
{
    lua_getglobal(L, "require");
    lua_setfield(L, LUA_REGISTRYINDEX, "trialsh.require");
    tsl_open_error(L);
    tsl_open_na(L);
    tsl_open_frame(L);
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    for (const luaL_Reg *m = modules; m->name; m++) {
        lua_pushcfunction(L, m->func);
        lua_setfield(L, -2, m->name);
    }
    lua_pushcfunction(L, open_embedded);
    lua_setfield(L, -2, "ts.embedded");
    lua_pop(L, 1);
    /* searchers: preload, embedded, then the usual ones */
    lua_getglobal(L, "package");
    lua_getfield(L, -1, "searchers");
    for (lua_Integer i = (lua_Integer)lua_rawlen(L, -1); i >= 2; i--) {
        lua_rawgeti(L, -1, i);
        lua_rawseti(L, -2, i + 1);
    }
    lua_pushcfunction(L, search_embedded);
    lua_rawseti(L, -2, 2);
    lua_pop(L, 2);
}
