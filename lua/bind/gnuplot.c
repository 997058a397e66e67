/* ts.gnuplot: commands in, pictures out. Sizes are mm, text is encoded. */
#include "bind.h"

#include <math.h>
#include <string.h>
#include "ts/file.h"
#include "ts/gnuplot.h"

#define BUFFER "ts.buffer"

/* Owned by Lua, so that a push that runs out of memory loses nothing. */
static ts_buffer *new_buffer(lua_State *L)
{
    ts_buffer *buffer = lua_newuserdatauv(L, sizeof *buffer, 0);
    *buffer = (ts_buffer){0};
    luaL_setmetatable(L, BUFFER);
    return buffer;
}

static int buffer_gc(lua_State *L)
{
    ts_buffer_free(luaL_checkudata(L, 1, BUFFER));
    return 0;
}

static int push_buffer(lua_State *L, ts_buffer *buffer)
{
    if (buffer->failed)
        return tsl_failf(L, TS_ENOMEM, "not enough memory");
    lua_pushlstring(L, buffer->data ? buffer->data : "", buffer->length);
    ts_buffer_free(buffer);
    *buffer = (ts_buffer){0};
    return 1;
}

/* text(s): s as a gnuplot string */
static int text(lua_State *L)
{
    size_t length;
    const char *s = luaL_checklstring(L, 1, &length);
    ts_buffer *out = new_buffer(L);
    ts_gnuplot_text(out, s, length);
    return push_buffer(L, out);
}

/* plain(s): what that string shows */
static int plain(lua_State *L)
{
    size_t length;
    const char *s = luaL_checklstring(L, 1, &length);
    ts_buffer *out = new_buffer(L);
    ts_gnuplot_plain(out, s, length);
    return push_buffer(L, out);
}

static double number_field(lua_State *L, int table, const char *name)
{
    lua_getfield(L, table, name);
    double x = luaL_optnumber(L, -1, 0);
    lua_pop(L, 1);
    return x;
}

/* { format, width, height, dpi, seconds, mode, origin }; the table keeps the
 * text of origin alive */
static ts_gnuplot check_job(lua_State *L, int index)
{
    static const char *const names[] = {"pdf",  "svg",  "png", "eps",
                                        "tiff", "dumb", NULL};
    static const ts_format formats[] = {TS_PDF, TS_SVG,  TS_PNG,
                                        TS_EPS, TS_TIFF, TS_DUMB};
    ts_gnuplot job = {0};
    luaL_checktype(L, index, LUA_TTABLE);
    lua_getfield(L, index, "format");
    job.format = formats[luaL_checkoption(L, -1, NULL, names)];
    lua_pop(L, 1);
    job.width = number_field(L, index, "width");
    job.height = number_field(L, index, "height");
    job.dpi = number_field(L, index, "dpi");
    job.seconds = number_field(L, index, "seconds");
    job.mode = (int)number_field(L, index, "mode");
    lua_getfield(L, index, "origin");
    job.origin = lua_tostring(L, -1);
    lua_pop(L, 1);
    return job;
}

/* commands without a zero byte, which would end them early */
static const char *check_commands(lua_State *L, int index)
{
    size_t length;
    const char *commands = luaL_checklstring(L, index, &length);
    luaL_argcheck(L, strlen(commands) == length, index, "holds a zero byte");
    return commands;
}

/* script(commands, job): the whole script */
static int script(lua_State *L)
{
    ts_error err;
    const char *commands = check_commands(L, 1);
    ts_gnuplot job = check_job(L, 2);
    ts_buffer *out = new_buffer(L);
    tsl_try(L, ts_gnuplot_script(&job, commands, out, &err), &err);
    return push_buffer(L, out);
}

/* draw(commands, job) -> picture, whether it ran in the jail */
static int draw(lua_State *L)
{
    ts_error err;
    const char *commands = check_commands(L, 1);
    ts_gnuplot job = check_job(L, 2);
    ts_buffer *out = new_buffer(L);
    tsl_try(L, ts_gnuplot_draw(&job, 1, commands, out, &err), &err);
    push_buffer(L, out);
    lua_pushboolean(L, !job.unjailed);
    return 2;
}

/* save(commands, { job with its path, ... }) -> whether it ran in the jail; one
 * figure in several formats */
static int save(lua_State *L)
{
    ts_error err;
    const char *commands = check_commands(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    size_t n = (size_t)luaL_len(L, 2);
    luaL_argcheck(L, n >= 1 && n <= 100, 2, "1 to 100 files");
    luaL_checkstack(L, (int)n + 10, "files");
    ts_gnuplot *jobs = lua_newuserdatauv(L, n * sizeof *jobs, 0);
    const char **paths = lua_newuserdatauv(L, n * sizeof *paths, 0);
    for (size_t i = 0; i < n; i++) {
        lua_geti(L, 2, (lua_Integer)i + 1);
        jobs[i] = check_job(L, lua_gettop(L));
        lua_getfield(L, -1, "path");
        paths[i] = tsl_check_out(L, lua_gettop(L));
        lua_remove(L, -2); /* the path stays */
    }
    tsl_try(L, ts_gnuplot_save(jobs, n, commands, paths, &err), &err);
    lua_pushboolean(L, !jobs[0].unjailed);
    return 1;
}

/* write(path, text): a file of the user's, whole or not at all */
static int write_file(lua_State *L)
{
    ts_error err;
    size_t length;
    const char *path = tsl_check_out(L, 1);
    const char *data = luaL_checklstring(L, 2, &length);
    tsl_try(L, ts_file_write(path, data, length, ts_file_mode(), &err), &err);
    return 0;
}

/* number(x): with 17 digits, NaN where x is none */
static int number(lua_State *L)
{
    ts_buffer *out = new_buffer(L);
    ts_gnuplot_number(out, lua_isnumber(L, 1) ? lua_tonumber(L, 1) : NAN);
    return push_buffer(L, out);
}

/* has_glyph({ code point, ... }) -> { whether some installed font has it } */
static int has_glyph(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    size_t n = (size_t)luaL_len(L, 1);
    unsigned *character = lua_newuserdatauv(L, n * sizeof *character + 1, 0);
    bool *has = lua_newuserdatauv(L, n * sizeof *has + 1, 0);
    for (size_t i = 0; i < n; i++) {
        lua_geti(L, 1, (lua_Integer)i + 1);
        character[i] = (unsigned)luaL_checkinteger(L, -1);
        lua_pop(L, 1);
    }
    ts_font_has(character, n, has);
    lua_createtable(L, (int)n, 0);
    for (size_t i = 0; i < n; i++) {
        lua_pushboolean(L, has[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

static const luaL_Reg functions[] = {
    {"text", text},        {"plain", plain},         {"number", number},
    {"script", script},    {"draw", draw},           {"save", save},
    {"write", write_file}, {"has_glyph", has_glyph}, {NULL, NULL},
};

int luaopen_ts_gnuplot(lua_State *L)
{
    if (luaL_newmetatable(L, BUFFER)) {
        lua_pushcfunction(L, buffer_gc);
        lua_setfield(L, -2, "__gc");
    }
    lua_pop(L, 1);
    luaL_newlib(L, functions);
    return 1;
}
