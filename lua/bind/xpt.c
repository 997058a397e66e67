/* ts.xpt: SAS transport files. lua/lib/read.lua is what users see. */
#include "bind.h"

#include <string.h>
#include "ts/xpt.h"

#define XPT "ts.xpt"

ts_xpt *tsl_check_xpt(lua_State *L, int index)
{
    ts_xpt **box = luaL_checkudata(L, index, XPT);
    luaL_argcheck(L, *box, index, "a file that is closed");
    return *box;
}

static int xpt_close(lua_State *L)
{
    ts_xpt **box = luaL_checkudata(L, 1, XPT);
    ts_xpt_close(*box);
    *box = NULL;
    return 0;
}

static void set_text(lua_State *L, const char *name, const char *text)
{
    if (text)
        tsl_set_text(L, name, text);
}

static void push_variable(lua_State *L, const ts_xpt_variable *v)
{
    lua_createtable(L, 0, 8);
    tsl_set_text(L, "name", v->name);
    tsl_set_text(L, "type", v->type == TS_REAL ? "real" : "text");
    set_text(L, "label", v->label);
    set_text(L, "format", v->format);
    set_text(L, "informat", v->informat);
    tsl_set_real(L, "length", v->length);
    tsl_set_real(L, "n_missing", v->n_missing);
    tsl_set_real(L, "n_special", v->n_special);
    tsl_set_real(L, "n_rounded", v->n_rounded);
}

static void push_facts(lua_State *L, const ts_xpt_facts *f)
{
    lua_createtable(L, 0, 16);
    tsl_set_real(L, "version", f->version);
    tsl_set_text(L, "member", f->member);
    set_text(L, "label", f->label);
    tsl_set_text(L, "created", f->created);
    tsl_set_text(L, "modified", f->modified);
    tsl_set_real(L, "n_row", f->n_row);
    tsl_set_real(L, "n_byte", f->n_byte);
    tsl_set_real(L, "n_padding", f->n_padding);
    tsl_set_real(L, "n_zero", f->n_zero);
    tsl_set_real(L, "n_lost", f->n_lost);
    lua_pushboolean(L, f->open_end);
    lua_setfield(L, -2, "open_end");
    tsl_set_text(L, "sha256", f->sha256);
    tsl_set_text(L, "encoding", f->encoding);
    lua_createtable(L, (int)f->n_member, 0);
    for (size_t i = 0; i < f->n_member; i++) {
        lua_pushstring(L, f->members[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "members");
    lua_createtable(L, (int)f->n_column, 0);
    for (size_t j = 0; j < f->n_column; j++) {
        push_variable(L, &f->variable[j]);
        lua_rawseti(L, -2, (lua_Integer)j + 1);
    }
    lua_setfield(L, -2, "columns");
}

/* open(path [, { member =, encoding =, rows =, block =, data = }]): data is
 * the bytes themselves, path their name then -> xpt, facts */
static int open(lua_State *L)
{
    ts_error err;
    const char *path = tsl_check_path(L, 1);
    if (lua_isnoneornil(L, 2)) {
        lua_settop(L, 1);
        lua_newtable(L);
    }
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    lua_getfield(L, 2, "member");
    lua_getfield(L, 2, "encoding");
    lua_getfield(L, 2, "rows");
    lua_getfield(L, 2, "block");
    lua_getfield(L, 2, "data");
    ts_xpt_options options = {
        .member = luaL_optstring(L, 3, NULL),
        .encoding = luaL_optstring(L, 4, NULL),
        .n_row = luaL_optnumber(L, 5, -1),
        .block = (size_t)luaL_optinteger(L, 6, 0),
    };
    options.data = luaL_optlstring(L, 7, NULL, &options.n_data);
    ts_xpt **box = lua_newuserdatauv(L, sizeof *box, 1);
    *box = NULL;
    luaL_setmetatable(L, XPT);
    lua_pushvalue(L, 7); /* data lives as long as what reads it */
    lua_setiuservalue(L, -2, 1);
    tsl_try(L, ts_xpt_open(path, &options, box, &err), &err);
    push_facts(L, ts_xpt_get_facts(*box));
    return 2;
}

/* xpt:frame() -> all rows */
static int xpt_frame(lua_State *L)
{
    ts_error err;
    ts_xpt *xpt = tsl_check_xpt(L, 1);
    ts_frame **box = tsl_new_frame(L);
    tsl_try(L, ts_xpt_frame(xpt, box, &err), &err);
    return 1;
}

/* write(frame, path, { version =, member =, label =, encoding =, created =,
 * mode = }) -> { n_empty =, n_trimmed =, n_minus_zero = } */
static int write(lua_State *L)
{
    ts_error err;
    ts_xpt_written written;
    const ts_frame *frame = tsl_check_frame(L, 1);
    const char *path = tsl_check_out(L, 2);
    luaL_checktype(L, 3, LUA_TTABLE);
    lua_settop(L, 3);
    lua_getfield(L, 3, "version");
    lua_getfield(L, 3, "member");
    lua_getfield(L, 3, "label");
    lua_getfield(L, 3, "encoding");
    lua_getfield(L, 3, "created");
    lua_getfield(L, 3, "mode");
    ts_xpt_write_options options = {
        .version = (int)luaL_optinteger(L, 4, 5),
        .member = luaL_optstring(L, 5, NULL),
        .label = luaL_optstring(L, 6, NULL),
        .encoding = luaL_optstring(L, 7, NULL),
        .created = luaL_optstring(L, 8, NULL),
        .mode = (int)luaL_checkinteger(L, 9),
    };
    tsl_try(L, ts_xpt_write(frame, path, &options, &written, &err), &err);
    lua_createtable(L, 0, 2);
    tsl_set_real(L, "n_empty", written.n_empty);
    tsl_set_real(L, "n_trimmed", written.n_trimmed);
    tsl_set_real(L, "n_minus_zero", written.n_minus_zero);
    return 1;
}

static const luaL_Reg methods[] = {
    {"frame", xpt_frame}, {"close", xpt_close}, {NULL, NULL}};

static const luaL_Reg functions[] = {
    {"open", open}, {"write", write}, {NULL, NULL}};

int luaopen_ts_xpt(lua_State *L)
{
    if (luaL_newmetatable(L, XPT)) {
        lua_pushcfunction(L, xpt_close);
        lua_setfield(L, -2, "__gc");
        luaL_newlib(L, methods);
        lua_setfield(L, -2, "__index");
    }
    lua_pop(L, 1);
    luaL_newlib(L, functions);
    return 1;
}
