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

/* item[key] = value where there is one; the table is on top. */
static void set_known(lua_State *L, const char *key, const char *value)
{
    if (value)
        tsl_set_text(L, key, value);
}

/* { attributes = { key = value }, sha256 =, items = { for each column what
 *   Dataset-JSON says of it: name, itemOID, dataType ... } } */
static void push_facts(lua_State *L, const ts_dsjson *d)
{
    lua_newtable(L);
    tsl_set_text(L, "sha256", d->sha256);
    lua_newtable(L);
    for (size_t i = 0; i < d->n_attribute; i++)
        tsl_set_text(L, d->attributes[i].key, d->attributes[i].value);
    lua_setfield(L, -2, "attributes");
    lua_newtable(L);
    for (size_t j = 0; j < d->n_column; j++) {
        const ts_dsjson_column *c = &d->columns[j];
        lua_newtable(L);
        tsl_set_text(L, "name", d->frame->column[j]->name);
        set_known(L, "itemOID", c->item_oid);
        set_known(L, "dataType", c->data_type);
        set_known(L, "targetDataType", c->target_type);
        if (c->length > 0)
            tsl_set_real(L, "length", c->length);
        if (c->key_sequence > 0)
            tsl_set_real(L, "keySequence", c->key_sequence);
        lua_rawseti(L, -2, (lua_Integer)j + 1);
    }
    lua_setfield(L, -2, "items");
}

/* read(path [, types]) -> frame, facts */
static int read(lua_State *L)
{
    ts_error err;
    ts_dsjson_options options = {NULL, 0};
    const char *path = tsl_check_path(L, 1);
    lua_settop(L, 2);
    options.n_type = tsl_check_types(L, 2, &options.types);
    ts_dsjson **box = lua_newuserdatauv(L, sizeof *box, 0);
    *box = NULL;
    luaL_setmetatable(L, DSJSON);
    tsl_try(L, ts_dsjson_read(path, &options, box, &err), &err);
    ts_frame **frame = tsl_new_frame(L);
    push_facts(L, *box);
    *frame = (*box)->frame;
    (*box)->frame = NULL;
    return 2;
}

static const char *text_at(lua_State *L, int index, const char *name)
{
    lua_getfield(L, index, name);
    const char *text =
        lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
    lua_pop(L, 1); /* the table keeps it alive */
    return text;
}

static double number_at(lua_State *L, int index, const char *name)
{
    lua_getfield(L, index, name);
    double x = lua_tonumber(L, -1);
    lua_pop(L, 1);
    return x;
}

/* attributes = { key = value } of the table at 4. */
static void check_attributes(lua_State *L, ts_dsjson_facts *facts)
{
    size_t n = 0;
    if (lua_getfield(L, 4, "attributes") != LUA_TTABLE)
        return;
    int index = lua_gettop(L);
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1))
        n++;
    ts_dsjson_attribute_pair *list =
        lua_newuserdatauv(L, sizeof *list * (n + 1), 0);
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1))
        if (lua_type(L, -2) == LUA_TSTRING && lua_type(L, -1) == LUA_TSTRING)
            list[facts->n_attribute++] = (ts_dsjson_attribute_pair){
                (char *)lua_tostring(L, -2), (char *)lua_tostring(L, -1)};
    facts->attributes = list;
}

/* items = { [COLUMN] = { itemOID =, dataType =, length =, keySequence = } } of
 * the table at 4. */
static void check_items(lua_State *L, const ts_frame *frame,
                        ts_dsjson_facts *facts)
{
    if (lua_getfield(L, 4, "items") != LUA_TTABLE)
        return;
    int index = lua_gettop(L);
    ts_dsjson_column *list =
        lua_newuserdatauv(L, sizeof *list * (frame->n_column + 1), 0);
    for (size_t j = 0; j < frame->n_column; j++) {
        list[j] = (ts_dsjson_column){0};
        lua_getfield(L, index, frame->column[j]->name);
        if (lua_istable(L, -1)) {
            int item = lua_gettop(L);
            list[j].item_oid = (char *)text_at(L, item, "itemOID");
            list[j].data_type = (char *)text_at(L, item, "dataType");
            list[j].length = number_at(L, item, "length");
            list[j].key_sequence = number_at(L, item, "keySequence");
        }
        lua_pop(L, 1);
    }
    facts->columns = list;
}

/* write(frame, path, mode, { name =, label =, created =, attributes =,
 * items = }) */
static int write(lua_State *L)
{
    ts_error err;
    const ts_frame *frame = tsl_check_frame(L, 1);
    const char *path = tsl_check_out(L, 2);
    int mode = (int)luaL_checkinteger(L, 3);
    luaL_checktype(L, 4, LUA_TTABLE);
    ts_dsjson_facts facts = {.name = text_at(L, 4, "name"),
                             .label = text_at(L, 4, "label"),
                             .created = text_at(L, 4, "created")};
    check_attributes(L, &facts);
    check_items(L, frame, &facts);
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
