/* ts.csv: delimited text files. lua/lib/read.lua is what users see. */
#include "bind.h"

#include <stddef.h>
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
        if (!type)
            tsl_failf(L, TS_EINVALID,
                      "types: %.200s is a %s, neither \"text\" nor \"real\"",
                      lua_tostring(L, -2), luaL_typename(L, -1));
        if (strcmp(type, "text") != 0 && strcmp(type, "real") != 0)
            tsl_failf(L, TS_EINVALID,
                      "types: %.200s = \"%.200s\" is neither \"text\" nor "
                      "\"real\"",
                      lua_tostring(L, -2), type);
        types[i++] =
            (ts_csv_type){lua_tostring(L, -2),
                          strcmp(type, "text") == 0 ? TS_TEXT : TS_REAL, NULL};
    }
    *out = types;
    return n;
}

/* The types that the user gives and those of a dictionary, in a userdata left
 * on the stack. */
static size_t join_types(lua_State *L, int user, int dictionary,
                         const ts_csv_type **out)
{
    const ts_csv_type *mine, *other;
    size_t n = tsl_check_types(L, user, &mine);
    size_t m = tsl_check_types(L, dictionary, &other);
    ts_csv_type *types = lua_newuserdatauv(L, sizeof *types * (n + m + 1), 0);
    for (size_t i = 0; i < n + m; i++) {
        types[i] = i < n ? mine[i] : other[i - n];
        types[i].by = i < n ? "types" : "the dictionary";
    }
    *out = types;
    return n + m;
}

/* A list of texts, in a userdata left on the stack; what says it in errors. */
static size_t check_words(lua_State *L, int index, const char *what,
                          const char *const **out)
{
    *out = NULL;
    if (lua_isnoneornil(L, index))
        return 0;
    luaL_checktype(L, index, LUA_TTABLE);
    size_t n = (size_t)luaL_len(L, index);
    const char **words = lua_newuserdatauv(L, sizeof *words * (n + 1), 0);
    for (size_t i = 0; i < n; i++) {
        if (lua_rawgeti(L, index, (lua_Integer)i + 1) != LUA_TSTRING)
            tsl_failf(L, TS_ETYPE, "%s", what);
        words[i] = lua_tostring(L, -1);
        lua_pop(L, 1); /* the table keeps it alive */
    }
    *out = words;
    return n;
}

/* { { column =, codes = { }, labels = { } }, ... }, likewise */
static size_t check_codes(lua_State *L, int index, const ts_csv_codes **out)
{
    static const char what[] = "codes and labels are texts";
    *out = NULL;
    if (lua_isnoneornil(L, index))
        return 0;
    luaL_checktype(L, index, LUA_TTABLE);
    size_t n = (size_t)luaL_len(L, index);
    ts_csv_codes *list = lua_newuserdatauv(L, sizeof *list * (n + 1), 0);
    lua_newtable(L); /* keeps the arrays alive */
    int keep = lua_gettop(L), entry = keep + 1;
    for (size_t i = 0; i < n; i++) {
        lua_rawgeti(L, index, (lua_Integer)i + 1);
        luaL_checktype(L, entry, LUA_TTABLE);
        lua_getfield(L, entry, "column");
        lua_getfield(L, entry, "codes");
        lua_getfield(L, entry, "labels");
        luaL_checktype(L, entry + 2, LUA_TTABLE);
        luaL_checktype(L, entry + 3, LUA_TTABLE);
        list[i].column = luaL_checkstring(L, entry + 1);
        list[i].n = check_words(L, entry + 2, what, &list[i].code);
        lua_rawseti(L, keep, (lua_Integer)(2 * i + 1));
        size_t n_label = check_words(L, entry + 3, what, &list[i].label);
        luaL_argcheck(L, n_label == list[i].n, index,
                      "codes and labels differ");
        lua_rawseti(L, keep, (lua_Integer)(2 * i + 2));
        lua_settop(L, keep);
    }
    *out = list;
    return n;
}

/* t[i][key] of all columns, as an array: facts[name] */
typedef struct {
    const char *name;
    size_t offset;
} count;

static const count counts[] = {
    {"missing", offsetof(ts_csv_column, n_missing)},
    {"na_words", offsetof(ts_csv_column, n_na_word)},
    {"quoted", offsetof(ts_csv_column, n_quoted)},
    {"na_declared", offsetof(ts_csv_column, n_declared)},
    {"numbers", offsetof(ts_csv_column, n_number)},
    {"below", offsetof(ts_csv_column, n_below)},
    {"above", offsetof(ts_csv_column, n_above)},
    {"rejects", offsetof(ts_csv_column, n_reject)},
    {"commas", offsetof(ts_csv_column, n_comma)},
    {"limits", offsetof(ts_csv_column, n_limit)},
    {"digits", offsetof(ts_csv_column, n_digits)},
    {"inexact", offsetof(ts_csv_column, n_inexact)},
    {"thousands", offsetof(ts_csv_column, n_thousands)},
    {"outer", offsetof(ts_csv_column, n_outer)},
    {"strays", offsetof(ts_csv_column, n_stray)},
};

/* facts[name] = values by column, at the table on top of the stack */
static void set_counts(lua_State *L, const count *c, const ts_csv_facts *f)
{
    lua_createtable(L, (int)f->n_column, 0);
    for (size_t j = 0; j < f->n_column; j++) {
        double x;
        memcpy(&x, (const char *)&f->column[j] + c->offset, sizeof x);
        tsl_push_real(L, x);
        lua_rawseti(L, -2, (lua_Integer)j + 1);
    }
    lua_setfield(L, -2, c->name);
}

/* facts.levels[column] = labels, for those that have codes */
static void set_levels(lua_State *L, const ts_csv_facts *f)
{
    lua_newtable(L);
    for (size_t j = 0; j < f->n_column; j++) {
        const ts_csv_column *c = &f->column[j];
        if (!c->level)
            continue;
        lua_createtable(L, (int)c->n_level, 0);
        for (size_t k = 0; k < c->n_level; k++) {
            lua_pushstring(L, c->level[k]);
            lua_rawseti(L, -2, (lua_Integer)k + 1);
        }
        lua_setfield(L, -2, c->name);
    }
    lua_setfield(L, -2, "levels");
}

/* facts.stray[column] = { text, line }, for those that have one */
static void set_strays(lua_State *L, const ts_csv_facts *f)
{
    lua_newtable(L);
    for (size_t j = 0; j < f->n_column; j++) {
        const ts_csv_column *c = &f->column[j];
        if (!c->stray)
            continue;
        lua_createtable(L, 2, 0);
        lua_pushstring(L, c->stray);
        lua_rawseti(L, -2, 1);
        lua_pushinteger(L, (lua_Integer)c->stray_line);
        lua_rawseti(L, -2, 2);
        lua_rawseti(L, -2, (lua_Integer)j + 1);
    }
    lua_setfield(L, -2, "stray");
}

static void push_facts(lua_State *L, const ts_csv_facts *f)
{
    lua_createtable(L, 0, 20);
    tsl_set_real(L, "n_row", f->n_row);
    tsl_set_real(L, "n_byte", f->n_byte);
    tsl_set_real(L, "n_reject", f->n_reject);
    tsl_set_real(L, "n_hollow", f->n_hollow);
    tsl_set_text(L, "sha256", f->sha256);
    tsl_set_text(L, "encoding", f->encoding);
    lua_pushlstring(L, &f->delimiter, 1);
    lua_setfield(L, -2, "delimiter");
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        set_counts(L, &counts[i], f);
    set_levels(L, f);
    set_strays(L, f);
    lua_createtable(L, (int)f->n_column, 0);
    lua_createtable(L, (int)f->n_column, 0);
    for (size_t j = 0; j < f->n_column; j++) {
        lua_pushstring(L, f->column[j].name);
        lua_rawseti(L, -3, (lua_Integer)j + 1);
        lua_pushstring(L, f->column[j].type == TS_REAL ? "real" : "text");
        lua_rawseti(L, -2, (lua_Integer)j + 1);
    }
    lua_setfield(L, -3, "types");
    lua_setfield(L, -2, "names");
}

static bool get_flag(lua_State *L, const char *name)
{
    lua_getfield(L, 2, name);
    bool set = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return set;
}

static char check_delimiter(lua_State *L)
{
    size_t length = 1;
    lua_getfield(L, 2, "delimiter");
    const char *text = luaL_optlstring(L, -1, "", &length);
    if (text[0] && length != 1)
        tsl_failf(L, TS_EINVALID, "delimiter is one character");
    lua_pop(L, 1);
    return text[0];
}

/* open(path [, { types =, dictionary_types =, na =, delimiter =, encoding =,
 * skip =, lenient =, censored = (names or true), decimal_comma =,
 * commas = names of columns, codes =, labels = { NAME = label }, all_text =,
 * empty_is_missing =, names_only =, block =, data = }]): data is the text
 * itself, path its name then
 * -> csv, facts */
static int open(lua_State *L)
{
    ts_error err;
    const char *path = tsl_check_path(L, 1);
    if (lua_isnoneornil(L, 2)) {
        lua_settop(L, 1);
        lua_newtable(L);
    }
    lua_settop(L, 2);
    ts_csv_options options = {
        .delimiter = check_delimiter(L),
        .lenient = get_flag(L, "lenient"),
        .decimal_comma = get_flag(L, "decimal_comma"),
        .all_text = get_flag(L, "all_text"),
        .empty_is_missing = get_flag(L, "empty_is_missing"),
        .names_only = get_flag(L, "names_only"),
    };
    enum {
        TYPES = 3,
        DICTIONARY,
        NA,
        ENCODING,
        BLOCK,
        SKIP,
        CENSORED,
        CODES,
        LABELS,
        DATA,
        COMMAS
    };
    lua_getfield(L, 2, "types");
    lua_getfield(L, 2, "dictionary_types");
    lua_getfield(L, 2, "na");
    lua_getfield(L, 2, "encoding");
    lua_getfield(L, 2, "block");
    lua_getfield(L, 2, "skip");
    lua_getfield(L, 2, "censored");
    lua_getfield(L, 2, "codes");
    lua_getfield(L, 2, "labels");
    lua_getfield(L, 2, "data");
    lua_getfield(L, 2, "commas");
    options.encoding = luaL_optstring(L, ENCODING, NULL);
    options.block = (size_t)luaL_optinteger(L, BLOCK, 0);
    options.skip = (size_t)luaL_optinteger(L, SKIP, 0);
    options.data = luaL_optlstring(L, DATA, NULL, &options.n_data);
    options.n_type = join_types(L, TYPES, DICTIONARY, &options.types);
    options.n_na = check_words(L, NA,
                               "na is a list of words as the file has them, { "
                               "\"-99\" }",
                               &options.na);
    options.any_censored =
        lua_isboolean(L, CENSORED) && lua_toboolean(L, CENSORED);
    if (!lua_isboolean(L, CENSORED))
        options.n_censored = check_words(
            L, CENSORED, "censored is a list of columns, { \"AVAL\" }, or true",
            &options.censored);
    options.n_comma =
        check_words(L, COMMAS, "commas is a list of columns", &options.comma);
    options.n_codes = check_codes(L, CODES, &options.codes);
    ts_csv **box = lua_newuserdatauv(L, sizeof *box, 2);
    *box = NULL;
    luaL_setmetatable(L, CSV);
    lua_pushvalue(L, DATA); /* lives as long as what reads it */
    lua_setiuservalue(L, -2, 1);
    lua_pushvalue(L, LABELS); /* for the frames made of it */
    lua_setiuservalue(L, -2, 2);
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
    if (lua_getiuservalue(L, 1, 2) == LUA_TTABLE)
        for (size_t j = 0; j < (*box)->n_column; j++) {
            ts_column *c = (*box)->column[j];
            if (lua_getfield(L, -1, c->name) == LUA_TSTRING)
                tsl_try(L, ts_column_set(&c->label, lua_tostring(L, -1), &err),
                        &err);
            lua_pop(L, 1);
        }
    lua_pop(L, 1);
    return 1;
}

/* csv:rejects() -> what the last pass set apart, or nil */
static int csv_rejects(lua_State *L)
{
    ts_error err;
    const ts_frame *rejects = ts_csv_get_rejects(tsl_check_csv(L, 1));
    if (!rejects) {
        lua_pushnil(L);
        return 1;
    }
    ts_frame **box = tsl_new_frame(L);
    tsl_try(L, ts_frame_new(rejects->n_row, box, &err), &err);
    for (size_t j = 0; j < rejects->n_column; j++)
        tsl_try(L, ts_frame_add(*box, ts_column_ref(rejects->column[j]), &err),
                &err);
    return 1;
}

static const char **date_kinds(lua_State *L, int list, const ts_frame *frame)
{
    const char **kinds =
        lua_newuserdatauv(L, sizeof *kinds * (frame->n_column + 1), 0);
    for (size_t j = 0; j < frame->n_column; j++) {
        static const char *const known[] = {"none", "date", "datetime", "time",
                                            NULL};
        lua_getfield(L, list, frame->column[j]->name);
        int k = luaL_checkoption(L, -1, "none", known);
        kinds[j] = k ? known[k] : NULL;
        lua_pop(L, 1);
    }
    return kinds;
}

static void set_by_column(lua_State *L, const char *name, const double *x,
                          size_t n)
{
    lua_createtable(L, (int)n, 0);
    for (size_t j = 0; j < n; j++) {
        tsl_push_real(L, x[j]);
        lua_rawseti(L, -2, (lua_Integer)j + 1);
    }
    lua_setfield(L, -2, name);
}

/* write(frame, path, { mode =, spreadsheet =, dates = { NAME = "date" } }) ->
 * { doubtful = columns that ts_csv_write doubts or nil, formulas = { a number
 * by column }, numbers = { of dates that stay numbers, by column } } */
static int write(lua_State *L)
{
    ts_error err;
    ts_csv_written written;
    ts_csv_write_options options = {0};
    char names[1000];
    const ts_frame *frame = tsl_check_frame(L, 1);
    const char *path = tsl_check_out(L, 2);
    luaL_checktype(L, 3, LUA_TTABLE);
    lua_settop(L, 3);
    lua_getfield(L, 3, "mode");
    options.mode = (int)luaL_checkinteger(L, 4);
    lua_getfield(L, 3, "spreadsheet");
    options.spreadsheet = lua_toboolean(L, 5);
    if (lua_getfield(L, 3, "dates") == LUA_TTABLE)
        options.dates = date_kinds(L, 6, frame);
    size_t n = frame->n_column;
    double *found = lua_newuserdatauv(L, sizeof *found * (2 * n + 1), 0);
    ts_status status = ts_csv_write(frame, path, &options, &written, &err);
    snprintf(names, sizeof names, "%s",
             written.doubtful.data ? written.doubtful.data : "");
    if (!status) {
        memcpy(found, written.n_formula, sizeof *found * n);
        memcpy(found + n, written.n_number, sizeof *found * n);
    }
    ts_csv_written_free(&written);
    tsl_try(L, status, &err);
    lua_createtable(L, 0, 3);
    if (names[0])
        tsl_set_text(L, "doubtful", names);
    set_by_column(L, "formulas", found, n);
    set_by_column(L, "numbers", found + n, n);
    return 1;
}

static const luaL_Reg methods[] = {{"frame", csv_frame},
                                   {"rejects", csv_rejects},
                                   {"close", csv_close},
                                   {NULL, NULL}};

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
