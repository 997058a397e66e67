/* ts.csv: delimited text files. lua/lib/read.lua is what users see. */
#include "bind.h"

#include <stdio.h>
#include <string.h>
#include "ts/csv.h"

#define CSV "ts.csv"

ts_csv *tsl_check_csv(lua_State *L, int index)
{
    ts_csv **box = luaL_checkudata(L, index, CSV);
    luaL_argcheck(L, *box, index, "a file that is closed");
    return *box;
}

static int csv_close(lua_State *L)
{
    ts_csv **box = luaL_checkudata(L, 1, CSV);
    ts_csv_close(*box);
    *box = NULL;
    return 0;
}

size_t tsl_check_types(lua_State *L, int index, const ts_csv_type **out)
{
    size_t n = 0;
    *out = NULL;
    if (lua_isnoneornil(L, index))
        return 0;
    luaL_checktype(L, index, LUA_TTABLE);
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1))
        n++;
    ts_csv_type *types = lua_newuserdatauv(L, sizeof *types * (n + 1), 0);
    size_t i = 0;
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        const char *type = lua_tostring(L, -1);
        if (lua_type(L, -2) != LUA_TSTRING)
            tsl_failf(L, TS_EINVALID,
                      "types names columns: { AGE = "
                      "\"text\" }");
        if (!type || (strcmp(type, "text") != 0 && strcmp(type, "real") != 0))
            tsl_failf(L, TS_EINVALID,
                      "types: %.200s is neither \"text\" nor \"real\"",
                      lua_tostring(L, -2));
        types[i].column = lua_tostring(L, -2);
        types[i++].type = strcmp(type, "text") == 0 ? TS_TEXT : TS_REAL;
    }
    *out = types;
    return n;
}

static size_t check_words(lua_State *L, int index, const char *const **out)
{
    *out = NULL;
    if (lua_isnoneornil(L, index))
        return 0;
    luaL_checktype(L, index, LUA_TTABLE);
    size_t n = (size_t)luaL_len(L, index);
    const char **words = lua_newuserdatauv(L, sizeof *words * (n + 1), 0);
    for (size_t i = 0; i < n; i++) {
        if (lua_rawgeti(L, index, (lua_Integer)i + 1) != LUA_TSTRING)
            tsl_failf(L, TS_ETYPE,
                      "na is a list of words as the file has "
                      "them, { \"-99\" }");
        words[i] = lua_tostring(L, -1);
        lua_pop(L, 1); /* the table keeps it alive */
    }
    *out = words;
    return n;
}

/* facts[key] = values, at the table on top of the stack */
static void set_counts(lua_State *L, const char *key, const double *values,
                       size_t n)
{
    lua_createtable(L, (int)n, 0);
    for (size_t j = 0; j < n; j++) {
        tsl_push_real(L, values[j]);
        lua_rawseti(L, -2, (lua_Integer)j + 1);
    }
    lua_setfield(L, -2, key);
}

static void push_facts(lua_State *L, const ts_csv_facts *f)
{
    lua_createtable(L, 0, 11);
    tsl_set_real(L, "n_row", f->n_row);
    tsl_set_real(L, "n_byte", f->n_byte);
    tsl_set_text(L, "sha256", f->sha256);
    tsl_set_text(L, "encoding", f->encoding);
    lua_pushlstring(L, &f->delimiter, 1);
    lua_setfield(L, -2, "delimiter");
    set_counts(L, "missing", f->n_missing, f->n_column);
    set_counts(L, "na_words", f->n_na_word, f->n_column);
    set_counts(L, "na_declared", f->n_declared, f->n_column);
    set_counts(L, "commas", f->n_comma, f->n_column);
    lua_createtable(L, (int)f->n_column, 0);
    lua_createtable(L, (int)f->n_column, 0);
    for (size_t j = 0; j < f->n_column; j++) {
        lua_pushstring(L, f->names[j]);
        lua_rawseti(L, -3, (lua_Integer)j + 1);
        lua_pushstring(L, f->types[j] == TS_REAL ? "real" : "text");
        lua_rawseti(L, -2, (lua_Integer)j + 1);
    }
    lua_setfield(L, -3, "types");
    lua_setfield(L, -2, "names");
}

/* open(path [, { types =, na =, delimiter =, encoding =, block =,
 * data = }]): data is the text itself, path its name then
 * -> csv, facts */
static int open(lua_State *L)
{
    ts_error err;
    ts_csv_options options = {0};
    const char *path = tsl_check_path(L, 1);
    if (lua_isnoneornil(L, 2)) {
        lua_settop(L, 1);
        lua_newtable(L);
    }
    lua_settop(L, 2);
    lua_getfield(L, 2, "types");
    lua_getfield(L, 2, "na");
    lua_getfield(L, 2, "delimiter");
    lua_getfield(L, 2, "encoding");
    lua_getfield(L, 2, "block");
    lua_getfield(L, 2, "data");
    size_t length = 1;
    const char *delimiter = luaL_optlstring(L, 5, "", &length);
    if (delimiter[0] && length != 1)
        return tsl_failf(L, TS_EINVALID, "delimiter is one character");
    options.delimiter = delimiter[0];
    options.encoding = luaL_optstring(L, 6, NULL);
    options.block = (size_t)luaL_optinteger(L, 7, 0);
    options.data = luaL_optlstring(L, 8, NULL, &options.n_data);
    options.n_type = tsl_check_types(L, 3, &options.types);
    options.n_na = check_words(L, 4, &options.na);
    ts_csv **box = lua_newuserdatauv(L, sizeof *box, 1);
    *box = NULL;
    luaL_setmetatable(L, CSV);
    lua_pushvalue(L, 8); /* data lives as long as what reads it */
    lua_setiuservalue(L, -2, 1);
    tsl_try(L, ts_csv_open(path, &options, box, &err), &err);
    push_facts(L, ts_csv_get_facts(*box));
    return 2;
}

/* csv:frame() -> all rows */
static int csv_frame(lua_State *L)
{
    ts_error err;
    ts_csv *csv = tsl_check_csv(L, 1);
    ts_frame **box = tsl_new_frame(L);
    tsl_try(L, ts_csv_frame(csv, box, &err), &err);
    return 1;
}

/* write(frame, path, mode) -> nil, or the columns that ts_csv_write doubts */
static int write(lua_State *L)
{
    ts_error err;
    ts_buffer doubtful = {0};
    char names[1000];
    const ts_frame *frame = tsl_check_frame(L, 1);
    const char *path = tsl_check_path(L, 2);
    int mode = (int)luaL_checkinteger(L, 3);
    ts_status status = ts_csv_write(frame, path, mode, &doubtful, &err);
    snprintf(names, sizeof names, "%s", doubtful.data ? doubtful.data : "");
    ts_buffer_free(&doubtful);
    tsl_try(L, status, &err);
    if (names[0])
        lua_pushstring(L, names);
    else
        lua_pushnil(L);
    return 1;
}

static const luaL_Reg methods[] = {
    {"frame", csv_frame}, {"close", csv_close}, {NULL, NULL}};

static const luaL_Reg functions[] = {
    {"open", open}, {"write", write}, {NULL, NULL}};

int luaopen_ts_csv(lua_State *L)
{
    if (luaL_newmetatable(L, CSV)) {
        lua_pushcfunction(L, csv_close);
        lua_setfield(L, -2, "__gc");
        luaL_newlib(L, methods);
        lua_setfield(L, -2, "__index");
    }
    lua_pop(L, 1);
    luaL_newlib(L, functions);
    return 1;
}
