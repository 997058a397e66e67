/* ts.xlsx: workbooks. lua/lib/xlsx.lua says what goes into them. */
#include "bind.h"

#include "ts/xlsx.h"

/* A text of the table at index, or NULL; the table keeps it alive. */
static const char *text_at(lua_State *L, int index, const char *name)
{
    lua_getfield(L, index, name);
    const char *text = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1)
                                                      : NULL;
    lua_pop(L, 1);
    return text;
}

/* The sheet at the top of the stack; its arrays go into the table holder. */
static void check_sheet(lua_State *L, int holder, ts_xlsx_sheet *sheet)
{
    int at = lua_gettop(L);
    luaL_checktype(L, at, LUA_TTABLE);
    lua_getfield(L, at, "frame");
    const ts_frame *frame = tsl_check_frame(L, -1);
    lua_pop(L, 1); /* the sheet keeps it alive */
    size_t n = frame->n_column;
    *sheet = (ts_xlsx_sheet){.name = text_at(L, at, "name"), .frame = frame,
                             .mark = text_at(L, at, "mark")};
    luaL_argcheck(L, sheet->name, 2, "a sheet needs a name");
    sheet->n_text_date = lua_newuserdatauv(L, sizeof(double) * (n + 1), 0);
    lua_rawseti(L, holder, luaL_len(L, holder) + 1);
    for (size_t j = 0; j < n; j++)
        sheet->n_text_date[j] = 0;
    if (lua_getfield(L, at, "kinds") == LUA_TTABLE) {
        int kinds = lua_gettop(L);
        const char **list = lua_newuserdatauv(L, sizeof *list * (n + 1), 0);
        lua_rawseti(L, holder, luaL_len(L, holder) + 1);
        for (size_t j = 0; j < n; j++)
            list[j] = text_at(L, kinds, frame->column[j]->name);
        sheet->kinds = list;
    }
    lua_settop(L, at);
}

/* write(path, { { name =, frame =, kinds = { COLUMN = "date" }, mark = } },
 * { title =, creator =, keywords =, created =, mode = })
 * -> by sheet, an array by column: dates that became text, or -1 */
static int write(lua_State *L)
{
    ts_error err;
    const char *path = tsl_check_out(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    luaL_checktype(L, 3, LUA_TTABLE);
    lua_settop(L, 3);
    ts_xlsx_options options = {
        .title = text_at(L, 3, "title"),
        .creator = text_at(L, 3, "creator"),
        .keywords = text_at(L, 3, "keywords"),
        .created = text_at(L, 3, "created"),
    };
    lua_getfield(L, 3, "mode");
    options.mode = (int)luaL_checkinteger(L, -1);
    size_t n = (size_t)luaL_len(L, 2);
    ts_xlsx_sheet *sheets = lua_newuserdatauv(L, sizeof *sheets * (n + 1), 0);
    lua_newtable(L);
    int holder = lua_gettop(L);
    for (size_t i = 0; i < n; i++) {
        lua_rawgeti(L, 2, (lua_Integer)i + 1);
        check_sheet(L, holder, &sheets[i]);
        lua_pop(L, 1);
    }
    tsl_try(L, ts_xlsx_write(path, sheets, n, &options, &err), &err);
    lua_createtable(L, (int)n, 0);
    for (size_t i = 0; i < n; i++) {
        lua_newtable(L);
        for (size_t j = 0; j < sheets[i].frame->n_column; j++) {
            lua_pushnumber(L, sheets[i].n_text_date[j]);
            lua_rawseti(L, -2, (lua_Integer)j + 1);
        }
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

static const luaL_Reg functions[] = {{"write", write}, {NULL, NULL}};

int luaopen_ts_xlsx(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}
