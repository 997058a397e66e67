/* Designs in Lua: contrasts, rows, columns. */
#include "bind.h"
#include "design.h"

#include <math.h>
#include <string.h>

double *tsl_new_numbers(lua_State *L, size_t n)
{
    return lua_newuserdatauv(L, (n + 1) * sizeof(double), 0);
}

double *tsl_push_column(lua_State *L, const char *name, size_t n)
{
    ts_error err;
    ts_column **box = tsl_new_column(L);
    tsl_try(L, ts_column_new_real(name, n, box, &err), &err);
    return (*box)->real;
}

/* Contrasts --------------------------------------------------------------- */

/* { { 1, 0 }, { 0, 1 }, ... } in field "matrix" of the table on top. */
static void read_matrix(lua_State *L, ts_contrast *c)
{
    lua_getfield(L, -1, "matrix");
    luaL_checktype(L, -1, LUA_TTABLE);
    c->n_level = (size_t)luaL_len(L, -1);
    lua_rawgeti(L, -1, 1);
    c->n_column = lua_istable(L, -1) ? (size_t)luaL_len(L, -1) : 0;
    lua_pop(L, 1);
    double *x = tsl_new_numbers(L, c->n_level * c->n_column);
    lua_insert(L, -2); /* the numbers stay below */
    for (size_t i = 0; i < c->n_level; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        luaL_checktype(L, -1, LUA_TTABLE);
        if ((size_t)luaL_len(L, -1) != c->n_column)
            tsl_failf(L, TS_EINVALID,
                      "%s: the rows of the contrast matrix "
                      "have different lengths",
                      c->variable);
        for (size_t j = 0; j < c->n_column; j++) {
            lua_rawgeti(L, -1, (lua_Integer)j + 1);
            x[i * c->n_column + j] = luaL_checknumber(L, -1);
            lua_pop(L, 1);
        }
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    c->matrix = x;
}

/* The list at index; what it points to stays on the stack. */
ts_contrast *tsl_check_contrasts(lua_State *L, int index, size_t *n)
{
    static const char *const kinds[] = {"treatment", "sum", "helmert", "user",
                                        NULL};
    *n = lua_isnoneornil(L, index) ? 0 : (size_t)luaL_len(L, index);
    luaL_checkstack(L, (int)(4 * *n + 20), "too many contrasts");
    ts_contrast *list = lua_newuserdatauv(L, (*n + 1) * sizeof *list, 0);
    memset(list, 0, (*n + 1) * sizeof *list);
    for (size_t i = 0; i < *n; i++) {
        ts_contrast *c = &list[i];
        lua_rawgeti(L, index, (lua_Integer)i + 1);
        int at = lua_gettop(L);
        lua_getfield(L, at, "variable");
        c->variable = luaL_checkstring(L, -1);
        lua_getfield(L, at, "kind");
        c->kind = (ts_contrast_kind)luaL_checkoption(L, -1, NULL, kinds);
        lua_getfield(L, at, "base");
        c->base = luaL_optstring(L, -1, NULL);
        if (c->kind == TS_CONTRAST_USER) {
            lua_pushvalue(L, at);
            read_matrix(L, c);
            lua_pop(L, 1);
        }
    }
    return list;
}

/* What least squares says of columns ------------------------------------- */

void tsl_push_columns(lua_State *L, const ts_linear *f)
{
    const ts_design *d = f->design;
    lua_createtable(L, (int)f->p, 0);
    for (size_t j = 0; j < f->p; j++) {
        lua_createtable(L, 0, 4);
        tsl_set_text(L, "name", d->column[j].name);
        tsl_set_real(L, "term", (double)d->column[j].term);
        tsl_set_real(L, "estimate", f->coef[j]);
        lua_pushboolean(L, f->aliased[j]);
        lua_setfield(L, -2, "aliased");
        lua_rawseti(L, -2, (lua_Integer)j + 1);
    }
}

/* Which columns make an aliased one: { { column, { others } }, ... } */
void tsl_push_aliases(lua_State *L, const ts_linear *f)
{
    size_t rank = f->rank;
    lua_newtable(L);
    for (size_t a = 0; a < f->p - rank; a++) {
        lua_Integer n = 0;
        lua_createtable(L, 0, 2);
        tsl_set_real(L, "column", (double)f->qr->kept[rank + a] + 1);
        lua_newtable(L);
        for (size_t k = 0; k < rank; k++)
            if (fabs(f->qr->alias[a * rank + k]) *
                    f->unit[f->qr->kept[rank + a]] >
                1e-9 * f->unit[f->qr->kept[k]]) {
                lua_pushinteger(L, (lua_Integer)f->qr->kept[k] + 1);
                lua_rawseti(L, -2, ++n);
            }
        lua_setfield(L, -2, "others");
        lua_rawseti(L, -2, (lua_Integer)a + 1);
    }
}

void tsl_push_terms(lua_State *L, const ts_design *d)
{
    const ts_terms *t = &d->model->terms;
    lua_createtable(L, (int)t->n_term, 0);
    for (size_t i = 0; i < t->n_term; i++) {
        lua_Integer n = 0;
        luaL_Buffer name;
        lua_createtable(L, 0, 2);
        lua_newtable(L);
        for (size_t j = 0; j < d->n_variable; j++)
            if (t->term[i] >> j & 1) {
                lua_pushinteger(L, (lua_Integer)j + 1);
                lua_rawseti(L, -2, ++n);
            }
        lua_setfield(L, -2, "variables");
        luaL_buffinit(L, &name);
        for (size_t j = 0, k = 0; j < d->n_variable; j++)
            if (t->term[i] >> j & 1) {
                if (k++)
                    luaL_addchar(&name, ':');
                luaL_addstring(&name, d->variable[j].name);
            }
        luaL_pushresult(&name);
        lua_setfield(L, -2, "name");
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

/* Rows -------------------------------------------------------------------- */

void tsl_push_row(lua_State *L, const double *x, size_t p, size_t step)
{
    lua_createtable(L, (int)p, 0);
    for (size_t j = 0; j < p; j++) {
        lua_pushnumber(L, x[j * step]);
        lua_rawseti(L, -2, (lua_Integer)j + 1);
    }
}

/* A list of p numbers at an index into x. */
void tsl_check_row(lua_State *L, int index, size_t p, double *x)
{
    luaL_checktype(L, index, LUA_TTABLE);
    luaL_argcheck(L, (size_t)luaL_len(L, index) == p, index,
                  "a row of another length");
    for (size_t j = 0; j < p; j++) {
        lua_rawgeti(L, index, (lua_Integer)j + 1);
        x[j] = luaL_checknumber(L, -1);
        lua_pop(L, 1);
    }
}

double *tsl_check_rows(lua_State *L, int index, size_t p, size_t *n)
{
    luaL_checktype(L, index, LUA_TTABLE);
    *n = (size_t)luaL_len(L, index);
    double *x = tsl_new_numbers(L, *n * p);
    for (size_t i = 0; i < *n; i++) {
        lua_rawgeti(L, index, (lua_Integer)i + 1);
        tsl_check_row(L, lua_gettop(L), p, x + i * p);
        lua_pop(L, 1);
    }
    return x;
}

/* Rows whose arrays belong to a userdata, so that a raise frees them. */
static int rows_gc(lua_State *L)
{
    ts_design_rows_free(lua_touserdata(L, 1));
    return 0;
}

static ts_design_rows *new_rows(lua_State *L)
{
    ts_design_rows *rows = lua_newuserdatauv(L, sizeof *rows, 0);
    *rows = (ts_design_rows){0};
    luaL_setmetatable(L, "ts.design_rows");
    return rows;
}

static void read_values(lua_State *L, const ts_design *d,
                        const ts_design_rows *rows, size_t j)
{
    luaL_checktype(L, -1, LUA_TTABLE);
    luaL_argcheck(L, (size_t)luaL_len(L, -1) == rows->n, 2,
                  "arrays of different lengths");
    for (size_t i = 0; i < rows->n; i++) {
        lua_rawgeti(L, -1, (lua_Integer)i + 1);
        if (d->variable[j].n_level) {
            lua_Integer code = luaL_checkinteger(L, -1);
            luaL_argcheck(L,
                          code >= 1 && (size_t)code <= d->variable[j].n_level,
                          2, "no such level");
            rows->code[j][i] = (int)code - 1;
        } else {
            rows->value[j][i] = luaL_checknumber(L, -1);
        }
        lua_pop(L, 1);
    }
}

/* m:rows({ array by variable }, n) -> n rows of the design; arrays hold
 * numbers, or places of levels */
int tsl_design_rows(lua_State *L, const ts_design *d)
{
    ts_error err;
    lua_Integer n = luaL_checkinteger(L, 3);
    luaL_checktype(L, 2, LUA_TTABLE);
    luaL_argcheck(L, n >= 0, 3, "a negative count");
    ts_design_rows *rows = new_rows(L);
    tsl_try(L, ts_design_rows_new(d, (size_t)n, rows, &err), &err);
    for (size_t j = 0; j < d->n_variable; j++) {
        lua_rawgeti(L, 2, (lua_Integer)j + 1);
        read_values(L, d, rows, j);
        lua_pop(L, 1);
    }
    double *x = tsl_new_numbers(L, rows->n * d->n_column);
    ts_design_block(d, rows, 0, rows->n, x, rows->n);
    lua_createtable(L, (int)n, 0);
    for (size_t i = 0; i < rows->n; i++) {
        tsl_push_row(L, x + i, d->n_column, rows->n);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

/* m:average({ [variable] = number or place of level }): the mean of all rows
 * of the data, these variables changed */
int tsl_design_average(lua_State *L, const ts_design *d)
{
    ts_error err;
    luaL_checktype(L, 2, LUA_TTABLE);
    double *mean = tsl_new_numbers(L, d->n_column);
    int *code = lua_newuserdatauv(L, (d->n_variable + 1) * sizeof *code, 0);
    double *value = tsl_new_numbers(L, d->n_variable);
    for (size_t j = 0; j < d->n_variable; j++) {
        lua_rawgeti(L, 2, (lua_Integer)j + 1);
        int given = lua_isnumber(L, -1);
        value[j] = given ? lua_tonumber(L, -1) : NAN;
        code[j] = given ? (int)value[j] - 1 : -1;
        luaL_argcheck(
            L,
            !given || !d->variable[j].n_level ||
                (code[j] >= 0 && (size_t)code[j] < d->variable[j].n_level),
            2, "no such level");
        lua_pop(L, 1);
    }
    tsl_try(L, ts_design_average(d, value, code, mean, &err), &err);
    tsl_push_row(L, mean, d->n_column, 1);
    return 1;
}

/* m:design() -> a list of its columns, in the rows used */
int tsl_design_columns(lua_State *L, const ts_design *d)
{
    ts_error err;
    enum { BLOCK = 256 };
    size_t n = d->model->n, p = d->n_column;
    double *x = tsl_new_numbers(L, BLOCK * p);
    double **to = lua_newuserdatauv(L, (p + 1) * sizeof *to, 0);
    ts_design_rows *rows = new_rows(L);
    tsl_try(L, ts_design_rows_of(d, d->model, rows, &err), &err);
    lua_createtable(L, (int)p, 0);
    for (size_t j = 0; j < p; j++) {
        to[j] = tsl_push_column(L, d->column[j].name, n);
        lua_rawseti(L, -2, (lua_Integer)j + 1);
    }
    for (size_t from = 0; from < n; from += BLOCK) {
        size_t k = n - from < BLOCK ? n - from : BLOCK;
        ts_design_block(d, rows, from, k, x, BLOCK);
        for (size_t j = 0; j < p; j++)
            memcpy(to[j] + from, x + j * BLOCK, k * sizeof *x);
    }
    return 1;
}

void tsl_push_matrix(lua_State *L, const double *x, size_t k)
{
    lua_createtable(L, (int)k, 0);
    for (size_t i = 0; i < k; i++) {
        lua_createtable(L, (int)k, 0);
        for (size_t j = 0; j < k; j++) {
            tsl_push_real(L, x[i * k + j]);
            lua_rawseti(L, -2, (lua_Integer)j + 1);
        }
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

size_t tsl_check_place(lua_State *L, int index, size_t p)
{
    lua_Integer j = luaL_checkinteger(L, index);
    luaL_argcheck(L, j >= 1 && (size_t)j <= p, index, "no such column");
    return (size_t)j - 1;
}

size_t tsl_check_term(lua_State *L, int index, const ts_design *d)
{
    lua_Integer term = luaL_checkinteger(L, index);
    luaL_argcheck(L, term >= 1 && (size_t)term <= d->model->terms.n_term, index,
                  "no such term");
    return (size_t)term - 1;
}

int tsl_push_value(lua_State *L, const ts_linear_value *v)
{
    tsl_push_real(L, v->estimate);
    tsl_push_real(L, v->std_error);
    return 2;
}

void tsl_push_profile(lua_State *L, const ts_inference *r)
{
    lua_createtable(L, 0, 4);
    tsl_set_real(L, "statistic", r->statistic);
    tsl_set_real(L, "p_value", r->p_value);
    lua_pushnumber(L, r->conf_low);
    lua_setfield(L, -2, "conf_low");
    lua_pushnumber(L, r->conf_high);
    lua_setfield(L, -2, "conf_high");
}

void tsl_open_model(lua_State *L, const char *name, lua_CFunction gc,
                    const luaL_Reg *methods)
{
    if (luaL_newmetatable(L, name)) {
        lua_pushcfunction(L, gc);
        lua_setfield(L, -2, "__gc");
        lua_newtable(L);
        luaL_setfuncs(L, methods, 0);
        lua_setfield(L, -2, "__index");
    }
    lua_pop(L, 1);
    if (luaL_newmetatable(L, "ts.design_rows")) {
        lua_pushcfunction(L, rows_gc);
        lua_setfield(L, -2, "__gc");
    }
    lua_pop(L, 1);
}
