/* ts.readstat: files of SAS, SPSS and Stata. lua/lib/foreign.lua is what users
 * see. */
#include "bind.h"

#include "ts/confine.h"
#include "ts/readstat.h"

#define READSTAT "ts.readstat"

static int collect(lua_State *L)
{
    ts_readstat **box = luaL_checkudata(L, 1, READSTAT);
    ts_readstat_free(*box);
    *box = NULL;
    return 0;
}

static void push_column(lua_State *L, const ts_readstat_column *c)
{
    static const char *const labels[] = {NULL, "levels", "partly", "shared",
                                         "absent"};
    lua_createtable(L, 0, 7);
    tsl_set_real(L, "n_special", c->n_special);
    tsl_set_real(L, "n_lost", c->n_lost);
    tsl_set_real(L, "n_declared", c->n_declared);
    tsl_set_real(L, "n_cut", c->n_cut);
    if (labels[c->labels])
        tsl_set_text(L, "labels", labels[c->labels]);
    if (c->unlabelled)
        tsl_set_text(L, "unlabelled", c->unlabelled);
    if (c->counts)
        tsl_set_text(L, "counts", c->counts);
}

/* { sha256 =, catalog_sha256 =, n_row =, counted =, jailed =, label =,
 *   encoding =, converted =, columns = { as above } } */
static void push_facts(lua_State *L, const ts_readstat *r)
{
    lua_createtable(L, 0, 8);
    tsl_set_text(L, "sha256", r->sha256);
    if (r->catalog_sha256[0])
        tsl_set_text(L, "catalog_sha256", r->catalog_sha256);
    tsl_set_real(L, "n_row", r->n_row);
    lua_pushboolean(L, r->counted);
    lua_setfield(L, -2, "counted");
    lua_pushboolean(L, !r->unjailed);
    lua_setfield(L, -2, "jailed");
    if (r->label)
        tsl_set_text(L, "label", r->label);
    tsl_set_text(L, "encoding", r->encoding);
    lua_pushboolean(L, r->converted);
    lua_setfield(L, -2, "converted");
    lua_createtable(L, (int)r->n_column, 0);
    for (size_t j = 0; j < r->n_column; j++) {
        push_column(L, &r->columns[j]);
        lua_rawseti(L, -2, (lua_Integer)j + 1);
    }
    lua_setfield(L, -2, "columns");
}

/* The value at options[name], which the table keeps alive. */
static const char *text_at(lua_State *L, const char *name)
{
    lua_getfield(L, 2, name);
    const char *text = luaL_optstring(L, -1, NULL);
    lua_pop(L, 1);
    return text;
}

static double number_at(lua_State *L, const char *name, double otherwise)
{
    lua_getfield(L, 2, name);
    double x = luaL_optnumber(L, -1, otherwise);
    lua_pop(L, 1);
    return x;
}

/* labels = false, or a list of names: in a userdata that is left on top */
static void read_labels(lua_State *L, ts_readstat_options *options)
{
    int type = lua_getfield(L, 2, "labels");
    options->no_labels = type == LUA_TBOOLEAN && !lua_toboolean(L, -1);
    if (type != LUA_TTABLE)
        return;
    size_t n = lua_rawlen(L, -1);
    const char **names = lua_newuserdatauv(L, (n + 1) * sizeof *names, 0);
    for (size_t i = 0; i < n; i++) {
        lua_rawgeti(L, -2, (lua_Integer)i + 1);
        names[i] = luaL_checkstring(L, -1);
        lua_pop(L, 1); /* the list keeps it alive */
    }
    options->labels = names;
    options->n_label = n;
}

/* read(path [, { encoding =, catalog =, labels =, rows =, program =,
 * silence =, memory = }]) -> frame, facts */
static int read(lua_State *L)
{
    ts_error err;
    const char *path = tsl_check_path(L, 1);
    if (lua_isnoneornil(L, 2)) {
        lua_settop(L, 1);
        lua_newtable(L);
    }
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    ts_readstat_options options = {
        .encoding = text_at(L, "encoding"),
        .catalog = text_at(L, "catalog"),
        .n_row = number_at(L, "rows", -1),
        .program = text_at(L, "program"),
        .silence = number_at(L, "silence", 0),
        .memory = number_at(L, "memory", 0),
    };
    if (options.catalog)
        tsl_try(L, ts_confine_check(options.catalog, false, &err), &err);
    read_labels(L, &options);
    ts_readstat **box = lua_newuserdatauv(L, sizeof *box, 0);
    *box = NULL;
    luaL_setmetatable(L, READSTAT);
    tsl_try(L, ts_readstat_read(path, &options, box, &err), &err);
    ts_frame **frame = tsl_new_frame(L);
    push_facts(L, *box);
    *frame = (*box)->frame;
    (*box)->frame = NULL;
    return 2;
}

static const luaL_Reg functions[] = {{"read", read}, {NULL, NULL}};

int luaopen_ts_readstat(lua_State *L)
{
    if (luaL_newmetatable(L, READSTAT)) {
        lua_pushcfunction(L, collect);
        lua_setfield(L, -2, "__gc");
    }
    lua_pop(L, 1);
    luaL_newlib(L, functions);
    return 1;
}
