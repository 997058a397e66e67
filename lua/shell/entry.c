/*
 * One thing typed, at the prompt or after -e: is it complete, what is it
 * (an expression, statements, ?help), and its values on the screen.
 */
#include "shell.h"

#include <ctype.h>
#include <string.h>
#include "ts/interrupt.h"

/* Loads "return TEXT"; for an expression this succeeds. */
static int load_expression(lua_State *L, const char *text, const char *chunk)
{
    const char *code = lua_pushfstring(L, "return %s", text);
    int status = luaL_loadbufferx(L, code, strlen(code), chunk, "t");
    lua_remove(L, -2);
    return status;
}

static int load_statement(lua_State *L, const char *text, const char *chunk)
{
    return luaL_loadbufferx(L, text, strlen(text), chunk, "t");
}

static bool ends_early(const char *message)
{
    size_t length = strlen(message);
    return length >= 5 && strcmp(message + length - 5, "<eof>") == 0;
}

/* Both readings are tried: "1 +" breaks off only as an expression, "x =" only
 * as a statement. */
static int incomplete(lua_State *L)
{
    const char *text = lua_touserdata(L, 1);
    bool early = false;
    if (load_expression(L, text, SHELL_PROMPT) != LUA_OK) {
        early = ends_early(lua_tostring(L, -1));
        if (load_statement(L, text, SHELL_PROMPT) == LUA_OK)
            early = false;
        else
            early = early || ends_early(lua_tostring(L, -1));
    }
    lua_pushboolean(L, early);
    return 1;
}

bool shell_incomplete(lua_State *L, const char *text)
{
    int top = lua_gettop(L);
    lua_pushcfunction(L, incomplete);
    lua_pushlightuserdata(L, (void *)text);
    bool yes = lua_pcall(L, 1, 1, 0) == LUA_OK && lua_toboolean(L, -1);
    lua_settop(L, top);
    return yes;
}

/* Start and length of text without the blanks around it. */
static const char *trim(const char *text, size_t *length)
{
    text += strspn(text, " \t\r\n");
    *length = strlen(text);
    while (*length && isspace((unsigned char)text[*length - 1]))
        --*length;
    return text;
}

bool shell_is_quit(const char *text)
{
    static const char *const words[] = {"quit",   "exit",   "q()",
                                        "quit()", "exit()", ".quit",
                                        ".exit",  ".q",     "\\q"};
    size_t length;
    text = trim(text, &length);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == length && memcmp(text, words[i], length) == 0)
            return true;
    return false;
}

static bool is_topic(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)text[i]) && !strchr("_.:", text[i]))
            return false;
    return length > 0;
}

/* ?name, name?, ??words, ? and help alone: a call of the help module is left on
 * the stack, ready to be made. */
static int help_call(lua_State *L, const char *text)
{
    size_t n;
    const char *function = "topic", *s = trim(text, &n);
    if (n >= 2 && s[0] == '?' && s[1] == '?') {
        function = "search";
        s += 2, n -= 2;
    } else if (n && s[0] == '?') {
        s++, n--;
    } else if (n > 1 && s[n - 1] == '?' && is_topic(s, n - 1)) {
        n--;
    } else if (n == 4 && memcmp(s, "help", 4) == 0) {
        n = 0;
    } else {
        return 0;
    }
    lua_getglobal(L, "require");
    lua_pushliteral(L, "trialsh.help");
    lua_call(L, 1, 1);
    lua_getfield(L, -1, function);
    lua_remove(L, -2);
    lua_pushlstring(L, s, n);
    s = trim(lua_tostring(L, -1), &n);
    lua_pushlstring(L, s, n);
    lua_remove(L, -2);
    return 1;
}

/* A semicolon at the end keeps the value off the screen, but not one that a
 * comment holds: with it replaced, an expression would not be one. */
static bool is_silent(lua_State *L, const char *text)
{
    size_t length;
    const char *s = trim(text, &length);
    if (!length || s[length - 1] != ';')
        return false;
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    luaL_addlstring(&b, s, length - 1);
    luaL_addstring(&b, ")");
    luaL_pushresult(&b);
    bool comment =
        load_expression(L, lua_tostring(L, -1), SHELL_PROMPT) == LUA_OK;
    lua_pop(L, 2);
    return !comment;
}

/* What cannot begin a statement is told as the expression it was meant to be:
 * "1 +* 2" is wrong at the star, not at the 1. */
static bool blames_start(const char *message, const char *text)
{
    static const char mark[] = "unexpected symbol near '";
    const char *at = strstr(message, mark);
    size_t length;
    text = trim(text, &length);
    if (!at)
        return false;
    at += sizeof mark - 1;
    size_t n = strcspn(at, "'");
    return n && strncmp(at, text, n) == 0;
}

/* The function that text means, or an error; true for an expression. */
static bool compile(lua_State *L, const char *text, const char *chunk)
{
    if (load_expression(L, text, chunk) == LUA_OK)
        return true;
    if (load_statement(L, text, chunk) == LUA_OK) {
        lua_remove(L, -2);
        return false;
    }
    if (blames_start(lua_tostring(L, -1), text))
        lua_pop(L, 1);
    return lua_error(L);
}

static void show(lua_State *L, int first)
{
    int n = lua_gettop(L) - first + 1;
    size_t length;
    lua_getglobal(L, "require");
    lua_pushliteral(L, "trialsh.echo");
    lua_call(L, 1, 1);
    lua_getfield(L, -1, "values");
    lua_replace(L, -2);
    lua_insert(L, first);
    lua_call(L, n, 1);
    const char *text = lua_tolstring(L, -1, &length);
    shell_progress_erase();
    if (text) {
        shell_write(stdout, text, length);
        fputc('\n', stdout);
    }
}

static int evaluate(lua_State *L)
{
    const char *text = lua_tostring(L, 1);
    const char *chunk = lua_touserdata(L, 2);
    bool value = true, help = help_call(L, text);
    if (help)
        lua_call(L, 1, LUA_MULTRET);
    else
        value = compile(L, text, chunk);
    if (!help)
        lua_call(L, 0, LUA_MULTRET);
    if (!value || lua_gettop(L) < 3)
        return 0;
    if (!help && !lua_isnil(L, 3)) {
        lua_pushglobaltable(L);
        lua_pushliteral(L, "_");
        lua_pushvalue(L, 3);
        lua_rawset(L, -3);
        lua_pop(L, 1);
    }
    if (help || !is_silent(L, text))
        show(L, 3);
    return 0;
}

int shell_call(lua_State *L, int n, const char *what)
{
    int base = lua_gettop(L) - n, code = EXIT_DONE;
    lua_pushcfunction(L, shell_handler);
    lua_insert(L, base);
    shell_work_begin(L, what);
    if (lua_pcall(L, n, 0, base) != LUA_OK) {
        size_t length;
        const char *report = lua_tolstring(L, -1, &length);
        code = ts_interrupted() ? EXIT_STOPPED : EXIT_ERROR;
        fflush(stdout);
        shell_work_end(L);
        if (report) {
            shell_write(stderr, report, length);
            fputc('\n', stderr);
        }
    } else if (ts_interrupted()) {
        code = EXIT_STOPPED; /* the last step was done all the same */
    }
    shell_work_end(L);
    fflush(stdout);
    lua_settop(L, base - 1);
    return code;
}

int shell_entry(lua_State *L, const char *text, const char *chunk)
{
    lua_pushcfunction(L, evaluate);
    lua_pushstring(L, text);
    lua_pushvalue(L, -1);
    lua_setfield(L, LUA_REGISTRYINDEX, "trialsh.entry");
    lua_pushlightuserdata(L, (void *)chunk);
    return shell_call(L, 2, text + strspn(text, " \t\r\n"));
}
