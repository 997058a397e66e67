/*
 * ts.model: formulas and model frames. A model frame is a userdata that owns
 * its formula; Lua reads its counts from info() and its numbers as columns.
 */
#include "bind.h"

#include <string.h>
#include "ts/memory.h"
#include "ts/model.h"

#define MODEL "ts.model"

typedef struct {
    ts_formula *formula;
    ts_model_frame *frame;
} model;

static model *new_model(lua_State *L)
{
    model *m = lua_newuserdatauv(L, sizeof *m, 0);
    *m = (model){0};
    luaL_setmetatable(L, MODEL);
    return m;
}

static int model_gc(lua_State *L)
{
    model *m = luaL_checkudata(L, 1, MODEL);
    ts_model_frame_free(m->frame);
    ts_formula_free(m->formula);
    *m = (model){0};
    return 0;
}

static const ts_model_frame *check_model(lua_State *L)
{
    model *m = luaL_checkudata(L, 1, MODEL);
    luaL_argcheck(L, m->frame, 1, "an empty model");
    return m->frame;
}

/* Expressions as text; the buffer is a userdata so that a raise frees it. */
static int buffer_gc(lua_State *L)
{
    ts_buffer_free(lua_touserdata(L, 1));
    return 0;
}

static void push_expression(lua_State *L, const ts_expr *expr)
{
    ts_buffer *text = lua_newuserdatauv(L, sizeof *text, 0);
    *text = (ts_buffer){0};
    luaL_setmetatable(L, "ts.buffer");
    ts_expr_write(expr, text);
    if (text->failed)
        tsl_failf(L, TS_ENOMEM, "not enough memory");
    lua_pushlstring(L, text->data ? text->data : "", text->length);
    lua_remove(L, -2);
}

/* formula(text [, alone]) -> { variables = {...}, response =, right = }: what
 * it names. alone: an expression without ~ will do, it is the response. */
static int formula(lua_State *L)
{
    ts_error err;
    const char *text = luaL_checkstring(L, 1);
    model *m = new_model(L);
    tsl_try(L, lua_toboolean(L, 2)
                   ? ts_formula_parse_any(text, &m->formula, &err)
                   : ts_formula_parse(text, &m->formula, &err),
            &err);
    const ts_formula *f = m->formula;
    lua_createtable(L, 0, 4);
    lua_createtable(L, (int)f->n_variable, 0);
    for (size_t i = 0; i < f->n_variable; i++) {
        lua_pushstring(L, f->variable[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "variables");
    if (f->response) {
        push_expression(L, f->response);
        lua_setfield(L, -2, "response");
    }
    if (f->right) {
        push_expression(L, f->right);
        lua_setfield(L, -2, "right");
    }
    return 1;
}

/* new(formula, frame [, { groups = true, alone = true }]) -> model */
static int new(lua_State *L)
{
    ts_error err;
    const char *text = luaL_checkstring(L, 1);
    const ts_frame *frame = tsl_check_frame(L, 2);
    unsigned flags = 0;
    int alone = 0;
    if (lua_istable(L, 3)) {
        lua_getfield(L, 3, "groups");
        lua_getfield(L, 3, "alone");
        flags = lua_toboolean(L, -2) ? TS_MODEL_GROUPS : 0;
        alone = lua_toboolean(L, -1);
    }
    model *m = new_model(L);
    tsl_try(L, alone ? ts_formula_parse_any(text, &m->formula, &err)
                     : ts_formula_parse(text, &m->formula, &err),
            &err);
    tsl_try(L, ts_model_frame_new(m->formula, frame, flags, &m->frame, &err),
            &err);
    return 1;
}

static void set_count(lua_State *L, const char *name, size_t n)
{
    lua_pushinteger(L, (lua_Integer)n);
    lua_setfield(L, -2, name);
}

/* "F\x1f65 and over" as a list */
static void push_parts(lua_State *L, const char *parts)
{
    lua_newtable(L);
    for (lua_Integer i = 1;; i++) {
        const char *end = strchr(parts, TS_PART_SEPARATOR);
        if (!end) {
            lua_pushstring(L, parts);
            lua_rawseti(L, -2, i);
            return;
        }
        lua_pushlstring(L, parts, (size_t)(end - parts));
        lua_rawseti(L, -2, i);
        parts = end + 1;
    }
}

static void push_levels(lua_State *L, const ts_variable *v)
{
    lua_createtable(L, (int)v->n_level_all, 0);
    for (size_t i = 0; i < v->n_level_all; i++) {
        const ts_level *level = &v->level[i];
        lua_createtable(L, 0, 5);
        tsl_set_text(L, "name", level->name);
        set_count(L, "place", level->place + 1);
        set_count(L, "n_row", level->n_row);
        set_count(L, "n", level->n);
        push_parts(L, level->parts);
        lua_setfield(L, -2, "parts");
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

static void push_variable(lua_State *L, const ts_variable *v)
{
    lua_createtable(L, 0, 6);
    tsl_set_text(L, "name", v->name);
    lua_pushstring(L, v->code ? "text" : "real");
    lua_setfield(L, -2, "type");
    set_count(L, "n_missing", v->n_missing);
    set_count(L, "n_undefined", v->n_undefined);
    if (v->code) {
        push_levels(L, v);
        lua_setfield(L, -2, "levels");
        set_count(L, "n_level", v->n_level);
    }
}

static void push_variables(lua_State *L, const ts_variable *v, size_t n)
{
    lua_createtable(L, (int)n, 0);
    for (size_t i = 0; i < n; i++) {
        push_variable(L, &v[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

/* model:info() -> n, n_row, n_missing, survival; response and x: lists of
 * variables { name, type, n_missing, n_undefined, levels, n_level }; group
 * and stratum: one such variable each, or nil. The first n_level levels are
 * those with rows that are used; a level is { name, parts, place, n_row, n }. */
static int model_info(lua_State *L)
{
    const ts_model_frame *m = check_model(L);
    lua_createtable(L, 0, 10);
    set_count(L, "n", m->n);
    set_count(L, "n_row", m->n_row);
    set_count(L, "n_missing", m->n_missing);
    lua_pushboolean(L, m->survival);
    lua_setfield(L, -2, "survival");
    push_variables(L, m->response, m->n_response);
    lua_setfield(L, -2, "response");
    push_variables(L, m->x, m->n_x);
    lua_setfield(L, -2, "x");
    if (m->group.name) {
        push_variable(L, &m->group);
        lua_setfield(L, -2, "group");
    }
    if (m->stratum.name) {
        push_variable(L, &m->stratum);
        lua_setfield(L, -2, "stratum");
    }
    return 1;
}

/* model:samples() -> a list of columns: the response of the rows used, one
 * column per used level of the group, or one for all. */
static int model_samples(lua_State *L)
{
    ts_error err;
    const ts_model_frame *m = check_model(L);
    luaL_argcheck(L, m->n_response >= 1 && m->response[0].value, 1,
                  "the response is no number");
    const ts_variable *g = m->group.name ? &m->group : NULL;
    size_t k = g ? g->n_level : 1;
    luaL_checkstack(L, 4, "too many groups");
    lua_createtable(L, (int)k, 0);
    size_t *filled = lua_newuserdatauv(L, (k + 1) * sizeof *filled, 0);
    double **to = lua_newuserdatauv(L, (k + 1) * sizeof *to, 0);
    for (size_t j = 0; j < k; j++) {
        ts_column **box = tsl_new_column(L);
        tsl_try(L, ts_column_new_real(m->response[0].name,
                                      g ? g->level[j].n : m->n, box, &err),
                &err);
        to[j] = (*box)->real;
        filled[j] = 0;
        lua_rawseti(L, -4, (lua_Integer)j + 1);
    }
    for (size_t i = 0; i < m->n; i++) {
        size_t j = g ? (size_t)g->code[i] : 0;
        to[j][filled[j]++] = m->response[0].value[i];
    }
    lua_pop(L, 2);
    return 1;
}

/* model:values(j) -> the numbers of x[j] in the rows used, as a column */
static int model_values(lua_State *L)
{
    ts_error err;
    const ts_model_frame *m = check_model(L);
    lua_Integer j = luaL_checkinteger(L, 2);
    luaL_argcheck(L, j >= 1 && (size_t)j <= m->n_x && m->x[j - 1].value, 2,
                  "no such covariate");
    ts_column **box = tsl_new_column(L);
    tsl_try(L, ts_column_new_real(m->x[j - 1].name, m->n, box, &err), &err);
    memcpy((*box)->real, m->x[j - 1].value, m->n * sizeof(double));
    return 1;
}

static const luaL_Reg methods[] = {
    {"info", model_info},
    {"values", model_values},
    {"samples", model_samples},
    {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"formula", formula},
    {"new", new},
    {NULL, NULL},
};

int luaopen_ts_model(lua_State *L)
{
    if (luaL_newmetatable(L, MODEL)) {
        lua_pushcfunction(L, model_gc);
        lua_setfield(L, -2, "__gc");
        lua_newtable(L);
        luaL_setfuncs(L, methods, 0);
        lua_setfield(L, -2, "__index");
    }
    if (luaL_newmetatable(L, "ts.buffer")) {
        lua_pushcfunction(L, buffer_gc);
        lua_setfield(L, -2, "__gc");
    }
    lua_pop(L, 2);
    luaL_newlib(L, functions);
    return 1;
}
