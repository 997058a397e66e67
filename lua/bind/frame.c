/*
 * ts.frame: frames and columns as userdata. The verbs of a frame are Lua
 * (lua/lib/relation.lua); here is what holds the values.
 */
#include "bind.h"

#include <string.h>

#define FRAME "ts.frame"
#define COLUMN "ts.column"

ts_frame **tsl_new_frame(lua_State *L)
{
    ts_frame **box = lua_newuserdatauv(L, sizeof *box, 0);
    *box = NULL;
    luaL_setmetatable(L, FRAME);
    return box;
}

ts_column **tsl_new_column(lua_State *L)
{
    ts_column **box = lua_newuserdatauv(L, sizeof *box, 1);
    *box = NULL;
    luaL_setmetatable(L, COLUMN);
    return box;
}

ts_frame *tsl_check_frame(lua_State *L, int index)
{
    ts_frame **box = luaL_checkudata(L, index, FRAME);
    luaL_argcheck(L, *box, index, "an empty frame");
    return *box;
}

ts_column *tsl_check_column(lua_State *L, int index)
{
    ts_column **box = luaL_checkudata(L, index, COLUMN);
    luaL_argcheck(L, *box, index, "an empty column");
    return *box;
}

static int frame_gc(lua_State *L)
{
    ts_frame **box = luaL_checkudata(L, 1, FRAME);
    ts_frame_free(*box);
    *box = NULL;
    return 0;
}

static int column_gc(lua_State *L)
{
    ts_column **box = luaL_checkudata(L, 1, COLUMN);
    ts_column_unref(*box);
    *box = NULL;
    return 0;
}

static void push_value(lua_State *L, const ts_column *column, size_t i)
{
    if (ts_column_is_na(column, i))
        tsl_push_na(L);
    else if (column->type == TS_REAL)
        tsl_push_real(L, column->real[i]);
    else
        lua_pushstring(L, ts_column_text(column, i));
}

static int column_length(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)tsl_check_column(L, 1)->n);
    return 1;
}

/* The levels as a list, in order; nil for a real column. */
static void push_levels(lua_State *L, const ts_column *column)
{
    if (column->type != TS_TEXT) {
        lua_pushnil(L);
        return;
    }
    lua_createtable(L, (int)column->n_level, 0);
    for (size_t i = 0; i < column->n_level; i++) {
        lua_pushstring(L, column->level[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

/* { [row] = "A" }: which missing values of SAS they are. */
static void push_special(lua_State *L, const ts_column *column)
{
    lua_newtable(L);
    for (size_t i = 0; column->special && i < column->n; i++)
        if (column->special[i]) {
            lua_pushlstring(L, &column->special[i], 1);
            lua_rawseti(L, -2, (lua_Integer)i + 1);
        }
}

/* c[i], c.label, or a method from the table that Lua set (upvalue 1). */
static int column_index(lua_State *L)
{
    const ts_column *column = tsl_check_column(L, 1);
    if (lua_isnumber(L, 2)) {
        int whole;
        lua_Integer i = lua_tointegerx(L, 2, &whole);
        if (!whole || i < 1 || (size_t)i > column->n)
            return tsl_failf(
                L, TS_ENOTFOUND, "%s has no value %s: it has %d values",
                column->name, luaL_tolstring(L, 2, NULL), (int)column->n);
        push_value(L, column, (size_t)i - 1);
        return 1;
    }
    const char *key = luaL_checkstring(L, 2);
    if (strcmp(key, "name") == 0)
        lua_pushstring(L, column->name);
    else if (strcmp(key, "type") == 0)
        lua_pushstring(L, column->type == TS_REAL ? "real" : "text");
    else if (strcmp(key, "label") == 0)
        column->label ? lua_pushstring(L, column->label) : tsl_push_na(L);
    else if (strcmp(key, "unit") == 0)
        column->unit ? lua_pushstring(L, column->unit) : tsl_push_na(L);
    else if (strcmp(key, "format") == 0)
        column->format ? lua_pushstring(L, column->format) : tsl_push_na(L);
    else if (strcmp(key, "informat") == 0)
        column->informat ? lua_pushstring(L, column->informat) : tsl_push_na(L);
    else if (strcmp(key, "special") == 0)
        push_special(L, column);
    else if (strcmp(key, "ordered") == 0)
        lua_pushboolean(L, column->ordered);
    else if (strcmp(key, "levels") == 0)
        push_levels(L, column);
    else {
        luaL_getmetatable(L, COLUMN);
        lua_getfield(L, -1, "method"); /* a function of Lua: (column, key) */
        lua_pushvalue(L, 1);
        lua_pushvalue(L, 2);
        lua_call(L, 2, 1);
    }
    return 1;
}

/* Frames ------------------------------------------------------------------- */

/* Declares the levels in the list at that index, in order. */
static ts_status declare_levels(lua_State *L, int levels, ts_builder *b,
                                ts_error *err)
{
    ts_status status = TS_OK;
    for (lua_Integer i = 1; !status; i++) {
        const char *level = NULL;
        if (lua_rawgeti(L, levels, i) == LUA_TSTRING)
            level = lua_tostring(L, -1);
        lua_pop(L, 1); /* the list keeps the string */
        if (!level)
            break;
        status = ts_builder_levels(b, &level, 1, err);
    }
    return status;
}

/* levels: index of a list, or 0 */
static void build_column(lua_State *L, const char *name, int values,
                         lua_Integer n, int levels, ts_frame *frame)
{
    /* the builder is no userdata, so nothing below may raise while it lives:
     * rawgeti, type tests and to-conversions of strings and numbers do not */
    ts_error err;
    ts_builder *b;
    ts_column *column = NULL;
    ts_status status = ts_builder_new(name, &b, &err);
    tsl_try(L, status, &err);
    if (levels && lua_rawlen(L, levels) == 0)
        ts_builder_type(b, TS_TEXT);
    else if (levels)
        status = declare_levels(L, levels, b, &err);
    for (lua_Integer i = 1; i <= n && !status; i++) {
        int type = lua_rawgeti(L, values, i);
        if (type == LUA_TNUMBER) {
            status = ts_builder_real(b, lua_tonumber(L, -1), &err);
        } else if (type == LUA_TSTRING) {
            size_t length;
            const char *text = lua_tolstring(L, -1, &length);
            status = ts_builder_text(b, text, length, &err);
        } else if (type == LUA_TBOOLEAN) {
            status = ts_builder_real(b, lua_toboolean(L, -1), &err);
        } else if (tsl_is_na(L, -1)) {
            status = ts_builder_na(b, &err);
        } else {
            status = ts_fail(&err, TS_ETYPE,
                             "%s[%d] is a %s: arrays hold numbers, text or NA",
                             name, (int)i, lua_typename(L, type));
        }
        lua_pop(L, 1);
    }
    if (status)
        ts_builder_free(b);
    else if (!(status = ts_builder_end(b, &column, &err)))
        status = ts_frame_add(frame, column, &err);
    tsl_try(L, status, &err);
}

/* build({ names }, { arrays or columns } [, { name = { levels } }]) -> frame;
 * a text array whose levels are given has that order; an empty list says
 * text alone, for an array of nothing but NA */
static int build(lua_State *L)
{
    ts_error err;
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_Integer k = luaL_len(L, 1), n = -1;
    lua_settop(L, 3);
    ts_frame **box = tsl_new_frame(L);
    for (lua_Integer j = 1; j <= k; j++) {
        lua_rawgeti(L, 1, j);
        const char *name = luaL_checkstring(L, -1);
        lua_rawgeti(L, 2, j);
        ts_column **column = luaL_testudata(L, -1, COLUMN);
        if (!column && !lua_istable(L, -1))
            return tsl_failf(L, TS_ETYPE, "%s is not an array or a column",
                             name);
        lua_Integer m =
            column ? (lua_Integer)(*column)->n : (lua_Integer)lua_rawlen(L, -1);
        if (n < 0) {
            n = m;
            tsl_try(L, ts_frame_new((size_t)n, box, &err), &err);
        } else if (m != n) {
            return tsl_failf(L, TS_EINVALID, "%s has %d values, not %d", name,
                             (int)m, (int)n);
        }
        if (column && strcmp((*column)->name, name) == 0) {
            tsl_try(L, ts_frame_add(*box, ts_column_ref(*column), &err), &err);
        } else if (column) {
            ts_column *copy;
            tsl_try(L, ts_column_copy(*column, name, &copy, &err), &err);
            tsl_try(L, ts_frame_add(*box, copy, &err), &err);
        } else {
            int values = lua_gettop(L);
            int declared =
                lua_istable(L, 3) && lua_getfield(L, 3, name) == LUA_TTABLE;
            build_column(L, name, values, n, declared ? lua_gettop(L) : 0,
                         *box);
            lua_settop(L, values);
        }
        lua_pop(L, 2);
    }
    if (n < 0)
        tsl_try(L, ts_frame_new(0, box, &err), &err);
    return 1;
}

/* pick(frame, { row, ... }): a frame of these rows, from 1, in that order */
static int pick(lua_State *L)
{
    ts_error err;
    const ts_frame *frame = tsl_check_frame(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    size_t n = lua_rawlen(L, 2);
    size_t *place = lua_newuserdatauv(L, (n + 1) * sizeof *place, 0);
    for (size_t i = 0; i < n; i++) {
        lua_rawgeti(L, 2, (lua_Integer)i + 1);
        lua_Integer row = lua_tointeger(L, -1);
        luaL_argcheck(L, row >= 1 && (size_t)row <= frame->n_row, 2,
                      "no such row");
        place[i] = (size_t)row - 1;
        lua_pop(L, 1);
    }
    ts_frame **box = tsl_new_frame(L);
    tsl_try(L, ts_frame_new(n, box, &err), &err);
    for (size_t j = 0; j < frame->n_column; j++) {
        ts_column *column;
        tsl_try(L, ts_column_pick(frame->column[j], place, n, &column, &err),
                &err);
        tsl_try(L, ts_frame_add(*box, column, &err), &err);
    }
    return 1;
}

static int frame_n_row(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)tsl_check_frame(L, 1)->n_row);
    return 1;
}

static int frame_names(lua_State *L)
{
    const ts_frame *frame = tsl_check_frame(L, 1);
    lua_createtable(L, (int)frame->n_column, 0);
    for (size_t i = 0; i < frame->n_column; i++) {
        lua_pushstring(L, frame->column[i]->name);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

/* frame:column(name or place) -> the column, shared */
static int frame_column(lua_State *L)
{
    ts_error err;
    const ts_frame *frame = tsl_check_frame(L, 1);
    ts_column *column;
    if (lua_isinteger(L, 2)) {
        lua_Integer i = lua_tointeger(L, 2);
        luaL_argcheck(L, i >= 1 && (size_t)i <= frame->n_column, 2,
                      "no such place");
        column = frame->column[i - 1];
    } else {
        tsl_try(L,
                ts_frame_column(frame, luaL_checkstring(L, 2), &column, &err),
                &err);
    }
    *tsl_new_column(L) = ts_column_ref(column);
    return 1;
}

/* frame:value(i, j): row i (from 1) of column j (from 1) */
static int frame_value(lua_State *L)
{
    const ts_frame *frame = tsl_check_frame(L, 1);
    lua_Integer i = luaL_checkinteger(L, 2), j = luaL_checkinteger(L, 3);
    luaL_argcheck(L, i >= 1 && (size_t)i <= frame->n_row, 2, "no such row");
    luaL_argcheck(L, j >= 1 && (size_t)j <= frame->n_column, 3,
                  "no such column");
    push_value(L, frame->column[j - 1], (size_t)i - 1);
    return 1;
}

/* with(column, { name =, label =, unit =, format =, informat = }): a copy that
 * says so */
static int with(lua_State *L)
{
    ts_error err;
    const ts_column *column = tsl_check_column(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_getfield(L, 2, "name");
    const char *name = luaL_optstring(L, -1, NULL);
    ts_column **box = tsl_new_column(L);
    tsl_try(L, ts_column_copy(column, name, box, &err), &err);
    char **fields[] = {&(*box)->label, &(*box)->unit, &(*box)->format,
                       &(*box)->informat};
    const char *names[] = {"label", "unit", "format", "informat"};
    for (int i = 0; i < 4; i++) {
        lua_getfield(L, 2, names[i]);
        if (lua_isstring(L, -1))
            tsl_try(L, ts_column_set(fields[i], lua_tostring(L, -1), &err),
                    &err);
        lua_pop(L, 1);
    }
    return 1;
}

/* values(column) -> an array of its values */
static int values(lua_State *L)
{
    const ts_column *column = tsl_check_column(L, 1);
    lua_createtable(L, (int)column->n, 0);
    for (size_t i = 0; i < column->n; i++) {
        push_value(L, column, i);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

/* column_methods(function(column, key)): who answers for other keys */
static int column_methods(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    luaL_getmetatable(L, COLUMN);
    lua_pushvalue(L, 1);
    lua_setfield(L, -2, "method");
    return 0;
}

/* column_meta(name, function): a metamethod that Lua writes (__lt, ...) */
static int column_meta(lua_State *L)
{
    luaL_getmetatable(L, COLUMN);
    lua_pushvalue(L, 1);
    lua_pushvalue(L, 2);
    lua_rawset(L, -3);
    return 0;
}

/* set_rows(column, text): the rows that its values are of, see
 * relation.rows_of; arithmetic of columns of other rows says that it pairs them
 * by place */
static int set_rows(lua_State *L)
{
    tsl_check_column(L, 1);
    luaL_checkstring(L, 2);
    lua_settop(L, 2);
    lua_setiuservalue(L, 1, 1);
    return 0;
}

/* is_empty(column): nothing but NA */
static int is_empty(lua_State *L)
{
    const ts_column *column = tsl_check_column(L, 1);
    size_t i = 0;
    while (i < column->n && ts_column_is_na(column, i))
        i++;
    lua_pushboolean(L, i == column->n);
    return 1;
}

static int is_column(lua_State *L)
{
    lua_pushboolean(L, luaL_testudata(L, 1, COLUMN) != NULL);
    return 1;
}

static const luaL_Reg frame_meta[] = {
    {"__gc", frame_gc}, {"__len", frame_n_row}, {NULL, NULL}};

static const luaL_Reg frame_methods[] = {
    {"n_row", frame_n_row}, {"names", frame_names}, {"column", frame_column},
    {"value", frame_value}, {NULL, NULL},
};

static const luaL_Reg column_metas[] = {
    {"__gc", column_gc},
    {"__len", column_length},
    {"__index", column_index},
    {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"build", build},
    {"map", tsl_column_map},
    {"pick", pick},
    {"set_rows", set_rows},
    {"values", values},
    {"with", with},
    {"is_column", is_column},
    {"is_empty", is_empty},
    {"column_methods", column_methods},
    {"column_meta", column_meta},
    {NULL, NULL},
};

void tsl_open_frame(lua_State *L)
{
    if (luaL_newmetatable(L, FRAME)) {
        luaL_setfuncs(L, frame_meta, 0);
        lua_newtable(L);
        luaL_setfuncs(L, frame_methods, 0);
        lua_setfield(L, -2, "__index");
    }
    if (luaL_newmetatable(L, COLUMN)) {
        luaL_setfuncs(L, column_metas, 0);
        tsl_column_arithmetic(L);
    }
    lua_pop(L, 2);
}

int luaopen_ts_frame(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}
