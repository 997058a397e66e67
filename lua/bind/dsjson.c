/* ts.dsjson: Dataset-JSON files as frames and back. */
#include "bind.h"

#include "ts/dsjson.h"

#define DSJSON "ts.dsjson"

static int collect(lua_State *L)
{
    ts_dsjson **box = luaL_checkudata(L, 1, DSJSON);
    ts_dsjson_free(*box);
    *box = NULL;
    return 0;
}

/* { attributes = { key = value }, sha256 =, key = { names in keySequence },
 *   types = { dataType of each column } } */
static void push_facts(lua_State *L, const ts_dsjson *d)
{
    lua_newtable(L);
    tsl_set_text(L, "sha256", d->sha256);
    lua_newtable(L);
    for (size_t i = 0; i < d->n_attribute; i++)
        tsl_set_text(L, d->attributes[i].key, d->attributes[i].value);
    lua_setfield(L, -2, "attributes");
    lua_newtable(L);
    lua_newtable(L);
    for (size_t j = 0; j < d->n_column; j++) {
        lua_pushstring(L, d->columns[j].data_type);
        lua_rawseti(L, -3, (lua_Integer)j + 1);
        if (d->columns[j].key_sequence > 0) {
            lua_pushnumber(L, d->columns[j].key_sequence);
            lua_setfield(L, -2, d->frame->column[j]->name);
        }
    }
    lua_setfield(L, -3, "key_sequence");
    lua_setfield(L, -2, "types");
}

/* read(path) -> frame, facts */
static int read(lua_State *L)
{
    ts_error err;
    const char *path = luaL_checkstring(L, 1);
    ts_dsjson **box = lua_newuserdatauv(L, sizeof *box, 0);
    *box = NULL;
    luaL_setmetatable(L, DSJSON);
    tsl_try(L, ts_dsjson_read(path, box, &err), &err);
    ts_frame **frame = tsl_new_frame(L);
    push_facts(L, *box);
    *frame = (*box)->frame;
    (*box)->frame = NULL;
    return 2;
}

static const char *text_at(lua_State *L, int index, const char *name)
{
    lua_getfield(L, index, name);
    const char *text = lua_tostring(L, -1);
    lua_pop(L, 1); /* the table keeps it alive */
    return text;
}

/* write(frame, path, mode, { name =, label =, created =, attributes = {},
 * kinds = { COLUMN = "date" } }) */
static int write(lua_State *L)
{
    ts_error err;
    const ts_frame *frame = tsl_check_frame(L, 1);
    const char *path = luaL_checkstring(L, 2);
    int mode = (int)luaL_checkinteger(L, 3);
    luaL_checktype(L, 4, LUA_TTABLE);
    ts_dsjson_facts facts = {text_at(L, 4, "name"), text_at(L, 4, "label"),
                             text_at(L, 4, "created"), NULL, 0, NULL};
    if (lua_getfield(L, 4, "attributes") == LUA_TTABLE) {
        size_t n = 0;
        for (lua_pushnil(L); lua_next(L, 5); lua_pop(L, 1))
            n++;
        ts_dsjson_attribute_pair *list =
            lua_newuserdatauv(L, sizeof *list * (n + 1), 0);
        for (lua_pushnil(L); lua_next(L, 5); lua_pop(L, 1))
            if (lua_type(L, -2) == LUA_TSTRING &&
                lua_type(L, -1) == LUA_TSTRING)
                list[facts.n_attribute++] = (ts_dsjson_attribute_pair){
                    (char *)lua_tostring(L, -2), (char *)lua_tostring(L, -1)};
        facts.attributes = list;
    }
    if (lua_getfield(L, 4, "kinds") == LUA_TTABLE) {
        int kinds = lua_gettop(L);
        const char **list = lua_newuserdatauv(
            L, sizeof *list * (frame->n_column + 1), 0);
        for (size_t j = 0; j < frame->n_column; j++)
            list[j] = text_at(L, kinds, frame->column[j]->name);
        facts.kinds = list;
    }
    tsl_try(L, ts_dsjson_write(frame, &facts, path, mode, &err), &err);
    return 0;
}

static const luaL_Reg functions[] = {
    {"read", read}, {"write", write}, {NULL, NULL}};

int luaopen_ts_dsjson(lua_State *L)
{
    if (luaL_newmetatable(L, DSJSON)) {
        lua_pushcfunction(L, collect);
        lua_setfield(L, -2, "__gc");
    }
    lua_pop(L, 1);
    luaL_newlib(L, functions);
    return 1;
}
