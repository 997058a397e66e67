/*
 * How an error is told: where it is, and the user's own frames. Frames of the
 * library ("=trialsh/...") and of C are not shown, and an error that Lua blames
 * on a line of the library is blamed on the user's line that called it. The
 * words are those of trialsh/report.lua.
 */
#include "shell.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cjson/cJSON.h>
#include "bind.h"
#include "ts/text.h"
#include "ts/interrupt.h"

#define MOST_FRAMES 10
#define DEEPEST 1000

static bool full, as_json;
static const char stdin_key = 0;

typedef struct {
    char file[LUA_IDSIZE]; /* as Lua shortens it */
    int line;              /* 0: no place is known */
} place;

void shell_full_traceback(void)
{
    full = true;
}

void shell_errors_as_json(void)
{
    as_json = true;
}

bool shell_tells_notes(void)
{
    return as_json || isatty(STDERR_FILENO);
}

void shell_keep_stdin(lua_State *L, int index)
{
    lua_pushvalue(L, index);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &stdin_key);
}

void shell_write(FILE *stream, const char *text, size_t length)
{
    ts_buffer buffer = {0};
    for (size_t at = 0; at < length;) {
        size_t to = at;
        while (to < length && text[to] != '\n' && text[to] != '\t')
            to++;
        ts_text_escape(&buffer, text + at, to - at);
        if (to < length)
            ts_buffer_add(&buffer, text + to++, 1);
        at = to;
    }
    if (buffer.length && !buffer.failed)
        fwrite(buffer.data, 1, buffer.length, stream);
    ts_buffer_free(&buffer);
}

static bool is_library(const char *source)
{
    return strncmp(source, "=trialsh/", 9) == 0;
}

static bool is_typed(const char *file)
{
    return strcmp(file, &SHELL_PROMPT[1]) == 0 ||
           strcmp(file, &SHELL_COMMAND[1]) == 0;
}

/* The next frame at or above *level that is the user's. Of a stack that has
 * overflown the innermost do: each look walks all that are below. */
static bool user_frame(lua_State *L, int *level, lua_Debug *ar)
{
    for (; *level < DEEPEST && lua_getstack(L, *level, ar); ++*level) {
        lua_getinfo(L, "Sln", ar);
        if (ar->currentline > 0 && !is_library(ar->source))
            return true;
    }
    return false;
}

/* Splits "file:line: message"; *message moves behind the place. */
static place split(const char **message)
{
    place p = {"", 0};
    for (const char *c = strchr(*message, ':'); c; c = strchr(c + 1, ':')) {
        char *end;
        if (!isdigit((unsigned char)c[1]))
            continue;
        long line = strtol(c + 1, &end, 10);
        size_t length = (size_t)(c - *message);
        if (end[0] != ':' || end[1] != ' ' || length >= sizeof p.file)
            continue;
        memcpy(p.file, *message, length);
        p.file[length] = '\0';
        p.line = (int)line;
        *message = end + 2;
        break;
    }
    return p;
}

static place place_of_object(lua_State *L, int index)
{
    place p = {"", 0};
    lua_getfield(L, index, "file");
    lua_getfield(L, index, "line");
    if (lua_type(L, -2) == LUA_TSTRING) {
        snprintf(p.file, sizeof p.file, "%s", lua_tostring(L, -2));
        p.line = (int)lua_tointeger(L, -1);
    }
    lua_pop(L, 2);
    return p;
}

/* The file that the short name of a place means, if a frame knows it. */
static const char *path_of(lua_State *L, const place *p, lua_Debug *ar)
{
    for (int level = 0; user_frame(L, &level, ar); level++)
        if (ar->source[0] == '@' && strcmp(ar->short_src, p->file) == 0)
            return ar->source + 1;
    return p->file;
}

/* facts.path or facts.source: where the text of the line is to be found. */
static void add_source(lua_State *L, const place *p)
{
    lua_Debug ar;
    if (!p->file[0] || is_typed(p->file)) {
        lua_getfield(L, LUA_REGISTRYINDEX, "trialsh.entry");
        lua_setfield(L, -2, "source");
    } else if (strcmp(p->file, "stdin") == 0) {
        lua_rawgetp(L, LUA_REGISTRYINDEX, &stdin_key);
        lua_setfield(L, -2, "source");
    } else {
        tsl_set_text(L, "path", path_of(L, p, &ar));
    }
}

/* facts.frames: { file, line, name } of the user's; first is the innermost. */
static void add_frames(lua_State *L)
{
    lua_Debug ar;
    int shown = 0;
    lua_newtable(L);
    for (int level = 1; user_frame(L, &level, &ar); level++) {
        if (is_typed(ar.short_src))
            continue;
        if (++shown > MOST_FRAMES) {
            lua_pushboolean(L, true);
            lua_setfield(L, -3, "more");
            break;
        }
        lua_createtable(L, 0, 4);
        tsl_set_text(L, "file", ar.short_src);
        lua_pushinteger(L, ar.currentline);
        lua_setfield(L, -2, "line");
        if (ar.name)
            tsl_set_text(L, "name", ar.name);
        lua_pushboolean(L, shown == 1);
        lua_setfield(L, -2, "first");
        lua_rawseti(L, -2, shown);
    }
    lua_setfield(L, -2, "frames");
}

/* Message and place of the error at index 1; the message stays on the stack. */
static const char *understand(lua_State *L, place *p)
{
    lua_Debug ar;
    int level = 0;
    if (lua_type(L, 1) == LUA_TTABLE &&
        luaL_getmetafield(L, 1, "__name") == LUA_TSTRING &&
        strcmp(lua_tostring(L, -1), "error") == 0) {
        *p = place_of_object(L, 1);
        lua_getfield(L, 1, "message");
        return lua_tostring(L, -1) ? lua_tostring(L, -1) : "error";
    }
    if (lua_type(L, 1) != LUA_TSTRING && !luaL_getmetafield(L, 1, "__tostring"))
        return lua_pushfstring(L, "error value is a %s", luaL_typename(L, 1));
    const char *message = luaL_tolstring(L, 1, NULL), *whole = message;
    *p = split(&message);
    if (strncmp(p->file, "trialsh/", 8) == 0 && user_frame(L, &level, &ar)) {
        /* the library was called wrongly, or is wrong itself */
        message = lua_pushfstring(L, "%s [%s:%d]", message, p->file, p->line);
        snprintf(p->file, sizeof p->file, "%s", ar.short_src);
        p->line = ar.currentline;
    }
    return p->line || message != whole ? message : whole;
}

static bool is_long(lua_State *L)
{
    /* a typed block of one line needs no line number */
    lua_getfield(L, LUA_REGISTRYINDEX, "trialsh.entry");
    const char *text = lua_tostring(L, -1);
    bool many = text && strchr(text, '\n');
    lua_pop(L, 1);
    return many;
}

/* facts[name] = the field of the error object at index 1 */
static void copy_field(lua_State *L, const char *name)
{
    lua_pushstring(L, name);
    if (lua_rawget(L, 1) == LUA_TSTRING)
        lua_setfield(L, -2, name);
    else
        lua_pop(L, 1);
}

/* What trialsh/report.lua needs to know of the error at index 1. */
static void push_facts(lua_State *L, const char *message, const place *p)
{
    lua_createtable(L, 0, 12);
    tsl_set_text(L, "message", message);
    if (lua_istable(L, 1)) {
        copy_field(L, "code");
        copy_field(L, "hint");
        copy_field(L, "object");
    }
    if (p->file[0])
        tsl_set_text(L, "file", p->file);
    add_source(L, p);
    if (p->line) {
        lua_pushinteger(L, p->line);
        lua_setfield(L, -2, "line");
    }
    lua_pushboolean(L, !p->file[0] || is_typed(p->file));
    lua_setfield(L, -2, "typed");
    lua_pushboolean(L, is_long(L));
    lua_setfield(L, -2, "long");
    lua_pushboolean(L, ts_interrupted());
    lua_setfield(L, -2, "interrupted");
    add_frames(L);
    if (full) {
        luaL_traceback(L, L, NULL, 1);
        lua_setfield(L, -2, "traceback");
    }
}

static int report(lua_State *L)
{
    tsl_require(L, "trialsh.report");
    lua_getfield(L, -1, "report");
    lua_pushvalue(L, 1);
    lua_call(L, 1, 1);
    return 1;
}

int shell_handler(lua_State *L)
{
    place p = {"", 0};
    lua_settop(L, 1);
    const char *message = understand(L, &p);
    if (ts_interrupted() && shell_out_of_time())
        message = lua_pushfstring(L, "stopped after %I s",
                                  (LUAI_UACINT)shell_out_of_time());
    int top = lua_gettop(L);
    push_facts(L, message, &p);
    lua_pushcfunction(L, report);
    lua_insert(L, -2);
    if (lua_pcall(L, 1, 1, 0) == LUA_OK)
        return 1;
    /* no room to work it out: what is known, and no more */
    lua_settop(L, top);
    if (p.line)
        lua_pushfstring(L, "%s:%d: %s", p.file, p.line, message);
    else
        lua_pushfstring(L, "error: %s", message);
    return 1;
}

/* The lines of a message; what is quoted in it, behind blanks, stays whole. */
static void write_lines(const char *text, size_t length)
{
    const char *end = text + length;
    for (;;) {
        const char *next = memchr(text, '\n', (size_t)(end - text));
        shell_write_wrapped(stderr, text, (size_t)((next ? next : end) - text));
        if (!next)
            break;
        text = next + 1;
    }
}

void shell_tell(const char *severity, const char *message)
{
    bool done = false;
    if (as_json) {
        cJSON *object = cJSON_CreateObject();
        cJSON_AddStringToObject(object, "message", message);
        cJSON_AddStringToObject(object, "severity", severity);
        char *line = cJSON_PrintUnformatted(object);
        cJSON_Delete(object);
        if (line) {
            fprintf(stderr, "%s\n", line);
            cJSON_free(line);
            done = true;
        }
    }
    if (!done) {
        ts_buffer line = {0};
        ts_buffer_puts(&line, severity);
        ts_buffer_puts(&line, ": ");
        ts_buffer_puts(&line, message);
        if (line.data && !line.failed)
            write_lines(line.data, line.length);
        ts_buffer_free(&line);
    }
}

void shell_report(lua_State *L)
{
    const char *text;
    size_t length;
    if (lua_istable(L, -1)) {
        lua_getfield(L, -1, as_json ? "json" : "text");
        text = lua_tolstring(L, -1, &length);
        if (text)
            as_json ? (void)fprintf(stderr, "%s\n", text)
                    : write_lines(text, length);
        lua_pop(L, 1);
    } else if ((text = lua_tostring(L, -1))) {
        bool whole = strchr(text, ':') != NULL; /* no handler ran: memory */
        if (as_json || !whole)
            shell_tell("error", text);
        else
            write_lines(text, strlen(text));
    }
}
