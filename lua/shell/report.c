/*
 * How an error is told: "file:line: message", the source line, and the user's
 * own frames; for what was typed, "error: message". Frames of the library
 * ("=trialsh/...") and of C are not shown, and an error that Lua blames on a
 * line of the library is blamed on the user's line that called it.
 */
#include "shell.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "ts/text.h"
#include "ts/interrupt.h"

#define MOST_FRAMES 10

static bool full;
static const char stdin_key = 0;

typedef struct {
    char file[LUA_IDSIZE]; /* as Lua shortens it */
    int line;              /* 0: no place is known */
} place;

void shell_full_traceback(void)
{
    full = true;
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

/* The next frame at or above *level that is the user's. */
static bool user_frame(lua_State *L, int *level, lua_Debug *ar)
{
    for (; lua_getstack(L, *level, ar); ++*level) {
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

/* Copies line n of text; false when it has fewer. */
static bool copy_line(const char *text, int n, char *out, size_t room)
{
    while (--n > 0) {
        text = strchr(text, '\n');
        if (!text)
            return false;
        text++;
    }
    size_t length = strcspn(text, "\r\n");
    snprintf(out, room, "%.*s", (int)(length < room ? length : room - 1), text);
    return true;
}

static bool read_line(const char *path, int n, char *out, size_t room)
{
    FILE *file = fopen(path, "re");
    bool found = false;
    if (!file)
        return false;
    while (n > 0 && fgets(out, (int)room, file)) {
        size_t length = strlen(out);
        bool whole = length && out[length - 1] == '\n';
        if (n == 1) {
            out[strcspn(out, "\r\n")] = '\0';
            found = true;
            break;
        }
        n -= whole;
    }
    fclose(file);
    return found;
}

/* The text of the line at p: of the file whose short name that is, if a frame
 * knows it, or of standard input. */
static bool source_line(lua_State *L, const place *p, char *out, size_t room)
{
    lua_Debug ar;
    if (strcmp(p->file, "stdin") == 0) {
        lua_rawgetp(L, LUA_REGISTRYINDEX, &stdin_key);
        const char *text = lua_tostring(L, -1);
        bool found = text && copy_line(text, p->line, out, room);
        lua_pop(L, 1);
        return found;
    }
    for (int level = 0; user_frame(L, &level, &ar); level++)
        if (ar.source[0] == '@' && strcmp(ar.short_src, p->file) == 0)
            return read_line(ar.source + 1, p->line, out, room);
    return read_line(p->file, p->line, out, room);
}

static void add_source(lua_State *L, luaL_Buffer *b, const place *p)
{
    char line[240];
    if (p->line == 0 || is_typed(p->file) ||
        !source_line(L, p, line, sizeof line))
        return;
    const char *text = line + strspn(line, " \t");
    if (*text) {
        luaL_addstring(b, "\n    ");
        luaL_addstring(b, text);
    }
}

static void add_frames(lua_State *L, luaL_Buffer *b, const place *p)
{
    lua_Debug ar;
    int shown = 0;
    for (int level = 1; user_frame(L, &level, &ar); level++) {
        char text[LUA_IDSIZE + 160], where[100] = "";
        if (is_typed(ar.short_src) ||
            (shown == 0 && ar.currentline == p->line &&
             strcmp(ar.short_src, p->file) == 0))
            continue;
        if (++shown > MOST_FRAMES) {
            luaL_addstring(b, "\n  ...");
            break;
        }
        if (ar.name)
            snprintf(where, sizeof where, " in %.80s", ar.name);
        snprintf(text, sizeof text, "\n  called from %s:%d%s", ar.short_src,
                 ar.currentline, where);
        luaL_addstring(b, text);
    }
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

int shell_handler(lua_State *L)
{
    place p = {"", 0};
    luaL_Buffer b;
    char number[40];
    lua_settop(L, 1);
    const char *message = understand(L, &p);
    luaL_buffinit(L, &b);
    if (p.line == 0 || is_typed(p.file)) {
        if (!ts_interrupted())
            luaL_addstring(&b, "error: ");
        if (p.line && is_long(L)) {
            snprintf(number, sizeof number, "line %d: ", p.line);
            luaL_addstring(&b, number);
        }
    } else {
        snprintf(number, sizeof number, ":%d: ", p.line);
        luaL_addstring(&b, p.file);
        luaL_addstring(&b, number);
    }
    luaL_addstring(&b, message);
    add_source(L, &b, &p);
    if (full) {
        luaL_addstring(&b, "\n");
        luaL_pushresult(&b);
        luaL_traceback(L, L, NULL, 1);
        lua_concat(L, 2);
        return 1;
    }
    add_frames(L, &b, &p);
    luaL_pushresult(&b);
    return 1;
}
