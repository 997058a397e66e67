/*
 * ts.formula: formulas and model frames. A model frame is a userdata that owns
 * its formula; Lua reads its counts from info() and its numbers as columns.
 */
#include "bind.h"
#include "model.h"

#include <string.h>
#include "ts/memory.h"
#include "ts/model.h"
#include "ts/sum.h"

#define MODEL "ts.model"

typedef struct {
    ts_formula *formula, *weight;
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
    ts_formula_free(m->weight);
    *m = (model){0};
    return 0;
}

const ts_model_frame *tsl_check_model(lua_State *L, int index)
{
    model *m = luaL_checkudata(L, index, MODEL);
    luaL_argcheck(L, m->frame, index, "an empty model");
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

static void push_names(lua_State *L, const ts_formula *f)
{
    lua_createtable(L, (int)f->n_variable, 0);
    for (size_t i = 0; i < f->n_variable; i++) {
        lua_pushstring(L, f->variable[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

/* The formula at index 1, owned by the userdata on top of the stack. */
static const ts_formula *check_formula(lua_State *L, int alone)
{
    ts_error err;
    const char *text = luaL_checkstring(L, 1);
    model *m = new_model(L);
    tsl_try(L,
            alone ? ts_formula_parse_any(text, &m->formula, &err)
                  : ts_formula_parse(text, &m->formula, &err),
            &err);
    return m->formula;
}

/* variables(text) -> list of the columns that a formula, or an expression
 * without ~, names */
static int variables(lua_State *L)
{
    push_names(L, check_formula(L, 1));
    return 1;
}

/* parse(text [, alone]) -> { variables, response, right }: its columns, and
 * both sides as text. alone: an expression without ~ will do. */
static int parse(lua_State *L)
{
    const ts_formula *f = check_formula(L, lua_toboolean(L, 2));
    lua_createtable(L, 0, 3);
    push_names(L, f);
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

/* model(formula, frame [, { groups, alone, right = true, weights = text }]) ->
 * model frame. right: the response is not looked at */
static int new_frame(lua_State *L)
{
    ts_error err;
    const char *text = luaL_checkstring(L, 1);
    const ts_frame *frame = tsl_check_frame(L, 2);
    const char *weights = NULL;
    unsigned flags = 0;
    int alone = 0;
    if (lua_istable(L, 3)) {
        lua_getfield(L, 3, "groups");
        lua_getfield(L, 3, "right");
        lua_getfield(L, 3, "alone");
        lua_getfield(L, 3, "weights");
        flags = (lua_toboolean(L, -4) ? TS_MODEL_GROUPS : 0) |
                (lua_toboolean(L, -3) ? TS_MODEL_RIGHT : 0);
        alone = lua_toboolean(L, -2);
        weights = luaL_optstring(L, -1, NULL);
    }
    model *m = new_model(L);
    tsl_try(L,
            alone ? ts_formula_parse_any(text, &m->formula, &err)
                  : ts_formula_parse(text, &m->formula, &err),
            &err);
    if (weights)
        tsl_try(L, ts_formula_parse_any(weights, &m->weight, &err), &err);
    tsl_try(L,
            ts_model_frame_new_weighted(m->formula,
                                        m->weight ? m->weight->response : NULL,
                                        frame, flags, &m->frame, &err),
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

static void push_levels(lua_State *L, const ts_model_variable *v)
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

static void push_variable(lua_State *L, const ts_model_variable *v)
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

static void push_variables(lua_State *L, const ts_model_variable *v, size_t n)
{
    lua_createtable(L, (int)n, 0);
    for (size_t i = 0; i < n; i++) {
        push_variable(L, &v[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

/* model:info() -> n, n_row, n_missing, survival; response and x: lists of
 * variables { name, type, n_missing, n_undefined, levels, n_level }; offset:
 * the same; group, stratum and weight: one such variable each, or nil; n_zero:
 * rows of weight 0. The first n_level levels are
 * those with rows that are used; a level is { name, parts, place, n_row, n }.
 */
static int model_info(lua_State *L)
{
    const ts_model_frame *m = tsl_check_model(L, 1);
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
    push_variables(L, m->offset, m->n_offset);
    lua_setfield(L, -2, "offset");
    set_count(L, "n_zero", m->n_zero);
    if (m->weight.name) {
        push_variable(L, &m->weight);
        lua_setfield(L, -2, "weight");
    }
    return 1;
}

size_t tsl_check_targets(lua_State *L, int index, const ts_model_variable *g,
                         size_t *target)
{
    luaL_checktype(L, index, LUA_TTABLE);
    memset(target, 0, g->n_level_all * sizeof *target);
    lua_Integer k = luaL_len(L, index);
    for (lua_Integer j = 1; j <= k; j++) {
        lua_rawgeti(L, index, j);
        luaL_checktype(L, -1, LUA_TTABLE);
        lua_Integer n = luaL_len(L, -1);
        for (lua_Integer i = 1; i <= n; i++) {
            lua_rawgeti(L, -1, i);
            lua_Integer level = luaL_checkinteger(L, -1);
            luaL_argcheck(L, level >= 1 && (size_t)level <= g->n_level_all,
                          index, "no such level");
            target[level - 1] = (size_t)j;
            lua_pop(L, 1);
        }
        lua_pop(L, 1);
    }
    return (size_t)k;
}

const size_t *tsl_new_targets(lua_State *L, int index,
                              const ts_model_variable *g, size_t *n)
{
    size_t *target =
        lua_newuserdatauv(L, (g->n_level_all + 1) * sizeof *target, 0);
    *n = tsl_check_targets(L, index, g, target);
    return target;
}

/* model:samples([{ { level, ... }, ... }]) -> a list of columns, the response
 * in the rows used: of all of them, or of each union of levels of the group,
 * in the order of the rows. */
static int model_samples(lua_State *L)
{
    ts_error err;
    const ts_model_frame *m = tsl_check_model(L, 1);
    luaL_argcheck(L, m->n_response >= 1 && m->response[0].value, 1,
                  "the response is no number");
    const ts_model_variable *g = &m->group;
    int all = lua_isnoneornil(L, 2) || !g->name;
    size_t *target =
        lua_newuserdatauv(L, (g->n_level_all + 1) * sizeof *target, 0);
    memset(target, 0, (g->n_level_all + 1) * sizeof *target);
    size_t k = all ? 1 : tsl_check_targets(L, 2, g, target);
    size_t *count = lua_newuserdatauv(L, (k + 1) * sizeof *count, 0);
    double **to = lua_newuserdatauv(L, (k + 1) * sizeof *to, 0);
    memset(count, 0, (k + 1) * sizeof *count);
    for (size_t j = 0; j < g->n_level_all; j++)
        count[target[j]] += g->level[j].n;
    if (all)
        count[1] = m->n;
    lua_createtable(L, (int)k, 0);
    for (size_t j = 1; j <= k; j++) {
        ts_column **box = tsl_new_column(L);
        tsl_try(L, ts_column_new_real(m->response[0].name, count[j], box, &err),
                &err);
        to[j] = (*box)->real;
        lua_rawseti(L, -2, (lua_Integer)j);
    }
    memset(count, 0, (k + 1) * sizeof *count);
    for (size_t i = 0; i < m->n; i++) {
        size_t j = all ? 1 : target[g->code[i]];
        if (j)
            to[j][count[j]++] = m->response[0].value[i];
    }
    return 1;
}

/* model:values(j) -> the numbers of x[j] in the rows used, as a column */
static int model_values(lua_State *L)
{
    ts_error err;
    const ts_model_frame *m = tsl_check_model(L, 1);
    lua_Integer j = luaL_checkinteger(L, 2);
    luaL_argcheck(L, j >= 1 && (size_t)j <= m->n_x && m->x[j - 1].value, 2,
                  "no such covariate");
    ts_column **box = tsl_new_column(L);
    tsl_try(L, ts_column_new_real(m->x[j - 1].name, m->n, box, &err), &err);
    memcpy((*box)->real, m->x[j - 1].value, m->n * sizeof(double));
    return 1;
}

/* The levels of v in the rows used; nothing here can raise. */
static ts_status build_text(const ts_model_variable *v, size_t n,
                            const char **levels, ts_column **out, ts_error *err)
{
    ts_builder *b;
    ts_status status = ts_builder_new(v->name, &b, err);
    if (status)
        return status;
    for (size_t i = 0; i < v->n_level; i++)
        levels[i] = v->level[i].name;
    ts_builder_type(b, TS_TEXT);
    status = ts_builder_levels(b, levels, v->n_level, err);
    for (size_t i = 0; i < n && !status; i++)
        status = ts_builder_text(b, levels[v->code[i]],
                                 strlen(levels[v->code[i]]), err);
    if (!status)
        return ts_builder_end(b, out, err);
    ts_builder_free(b);
    return status;
}

/* model:column(j) -> x[j], or the response for 0, in the rows used */
static int model_column(lua_State *L)
{
    ts_error err;
    const ts_model_frame *m = tsl_check_model(L, 1);
    lua_Integer j = luaL_checkinteger(L, 2);
    luaL_argcheck(L, j >= 0 && (size_t)j <= m->n_x && (j || m->n_response), 2,
                  "no such variable");
    const ts_model_variable *v = j ? &m->x[j - 1] : &m->response[0];
    if (v->code) {
        const char **levels =
            lua_newuserdatauv(L, (v->n_level + 1) * sizeof *levels, 0);
        ts_column **box = tsl_new_column(L);
        tsl_try(L, build_text(v, m->n, levels, box, &err), &err);
        return 1;
    }
    ts_column **box = tsl_new_column(L);
    tsl_try(L, ts_column_new_real(v->name, m->n, box, &err), &err);
    memcpy((*box)->real, v->value, m->n * sizeof(double));
    return 1;
}

/* model:rows() -> the places in the frame of the rows used, as a column */
static int model_rows(lua_State *L)
{
    ts_error err;
    const ts_model_frame *m = tsl_check_model(L, 1);
    ts_column **box = tsl_new_column(L);
    tsl_try(L, ts_column_new_real("row", m->n, box, &err), &err);
    for (size_t i = 0; i < m->n; i++)
        (*box)->real[i] = (double)m->row[i] + 1;
    return 1;
}

/* model:mean(column) -> the mean of a real column of the frame in the rows used
 */
static int model_mean(lua_State *L)
{
    const ts_model_frame *m = tsl_check_model(L, 1);
    const ts_column *column = tsl_check_column(L, 2);
    ts_sum sum = {0};
    luaL_argcheck(L, column->type == TS_REAL && column->n == m->n_row, 2,
                  "no real column of the frame");
    for (size_t i = 0; i < m->n; i++)
        ts_sum_add(&sum, column->real[m->row[i]]);
    tsl_push_real(L, ts_sum_value(&sum) / (double)m->n);
    return 1;
}

/* model:offset() -> the mean of the offsets' sum in the rows used, or nil */
static int model_offset(lua_State *L)
{
    const ts_model_frame *m = tsl_check_model(L, 1);
    ts_sum sum = {0};
    for (size_t k = 0; k < m->n_offset; k++)
        for (size_t i = 0; i < m->n; i++)
            ts_sum_add(&sum, m->offset[k].value[i]);
    if (m->n_offset > 0)
        tsl_push_real(L, ts_sum_value(&sum) / (double)m->n);
    else
        lua_pushnil(L);
    return 1;
}

/* model:tabulate({ j, ... }) -> how many rows have each combination of levels
 * of the categories x[j], the first fastest */
static int model_tabulate(lua_State *L)
{
    const ts_model_frame *m = tsl_check_model(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    size_t k = (size_t)luaL_len(L, 2), cells = 1;
    const ts_model_variable **v = lua_newuserdatauv(L, (k + 1) * sizeof *v, 0);
    for (size_t c = 0; c < k; c++) {
        lua_rawgeti(L, 2, (lua_Integer)c + 1);
        lua_Integer j = luaL_checkinteger(L, -1);
        luaL_argcheck(L, j >= 1 && (size_t)j <= m->n_x && m->x[j - 1].code, 2,
                      "no such category");
        v[c] = &m->x[j - 1];
        cells *= v[c]->n_level;
        if (cells > 10000000)
            return tsl_failf(L, TS_ELIMIT,
                             "more than 10000000 combinations of levels");
        lua_pop(L, 1);
    }
    double *sum = lua_newuserdatauv(L, (cells + 1) * sizeof *sum, 0);
    memset(sum, 0, cells * sizeof *sum);
    for (size_t i = 0; i < m->n; i++) {
        size_t at = 0;
        for (size_t c = k; c-- > 0;)
            at = at * v[c]->n_level + (size_t)v[c]->code[i];
        sum[at]++;
    }
    lua_createtable(L, (int)cells, 0);
    for (size_t i = 0; i < cells; i++) {
        tsl_push_real(L, sum[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

static const luaL_Reg methods[] = {
    {"column", model_column},
    {"info", model_info},
    {"mean", model_mean},
    {"rows", model_rows},
    {"tabulate", model_tabulate},
    {"values", model_values},
    {"samples", model_samples},
    {"offset", model_offset},
    {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"model", new_frame},
    {"parse", parse},
    {"variables", variables},
    {NULL, NULL},
};

int luaopen_ts_formula(lua_State *L)
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
