/*
 * One thing typed, at the prompt or after -e: is it complete, what is it (an
 * expression, statements, ?help, .command, SQL), and its values on the screen.
 */
#include "shell.h"

#include <ctype.h>
#include <string.h>
#include "bind.h"
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
    /* no line that follows can end a text in quotes */
    if (strstr(message, ": unfinished string near"))
        return false;
    return length >= 5 && strcmp(message + length - 5, "<eof>") == 0;
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

/* .mode, \dt and !ls; no Lua begins so. */
static bool is_command(const char *text)
{
    size_t length;
    text = trim(text, &length);
    return length > 1 &&
           (*text == '!' ||
            ((*text == '.' || *text == '\\') &&
             (isalpha((unsigned char)text[1]) || strchr("?!", text[1]))));
}

/* "select a ...", not the calls and assignments of Lua. */
static bool is_sql(const char *text)
{
    static const char *const words[] = {"select", "with",   "insert", "update",
                                        "delete", "create", "drop",   "alter"};
    size_t length, n = 0;
    text = trim(text, &length);
    while (isalpha((unsigned char)text[n]))
        n++;
    const char *next = text + n + strspn(text + n, " \t\r\n");
    bool quoted = *next == '"' || *next == '\'';
    if (next == text + n || !*next || strchr("(=,.:[{~", *next))
        return false;
    /* drop "x" is a call of Lua, select "x" makes sense in SQL alone */
    for (size_t i = 0; i < (quoted ? 1 : sizeof words / sizeof *words); i++)
        if (strlen(words[i]) == n && strncasecmp(words[i], text, n) == 0)
            return true;
    return false;
}

/* SQL ends with a semicolon, or an empty line for those who do not know. */
static bool is_sql_complete(const char *text)
{
    size_t length;
    text = trim(text, &length);
    return text[length - 1] == ';' || strchr(text + length, '\n');
}

/* Both readings are tried: "1 +" breaks off only as an expression, "x =" only
 * as a statement. */
static int incomplete(lua_State *L)
{
    const char *text = lua_touserdata(L, 1);
    bool early = false;
    if (is_command(text)) {
        ;
    } else if (is_sql(text)) {
        early = !is_sql_complete(text);
    } else if (load_expression(L, text, SHELL_PROMPT) != LUA_OK) {
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

/* Pushes a function of a module of the library. */
static void push_function(lua_State *L, const char *module,
                          const char *function)
{
    tsl_require(L, module);
    lua_getfield(L, -1, function);
    lua_remove(L, -2);
}

/* ?name, name?, help name, ??words, ? and help alone: a call of the help module
 * is left on the stack, ready to be made. */
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
    } else if (n > 5 && memcmp(s, "help ", 5) == 0 && is_topic(s + 5, n - 5)) {
        s += 5, n -= 5;
    } else {
        return 0;
    }
    push_function(L, "trialsh.help", function);
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

/* The function that text means, an expression or statements, or an error. */
static void compile(lua_State *L, const char *text, const char *chunk)
{
    if (strstr(text, "local")) {
        push_function(L, "trialsh.prompt.locals", "keep");
        lua_pushstring(L, text);
        lua_call(L, 1, 1);
        text = lua_tostring(L, -1);
    }
    if (load_expression(L, text, chunk) == LUA_OK ||
        load_statement(L, text, chunk) == LUA_OK)
        return;
    if (blames_start(lua_tostring(L, -1), text))
        lua_pop(L, 1);
    lua_error(L);
}

/* Shows the values from first on; echo keeps what goes to a file. */
static void show(lua_State *L, int first)
{
    int n = lua_gettop(L) - first + 1;
    size_t length;
    push_function(L, "trialsh.echo", "values");
    lua_insert(L, first);
    lua_call(L, n, 1);
    const char *text = lua_tolstring(L, -1, &length);
    shell_progress_erase();
    if (text) {
        shell_show(text, length, false);
        shell_log_printed(L, text, length);
    }
}

/* A call of what is no Lua is left on the stack, ready to be made. */
static bool other_call(lua_State *L, const char *text, bool *remember)
{
    size_t length;
    *remember = false;
    if (help_call(L, text))
        return true;
    if (is_command(text)) {
        push_function(L, "trialsh.prompt.command", "run");
    } else if (is_sql(text)) {
        push_function(L, "trialsh.sql", "sql");
        *remember = true;
    } else {
        return false;
    }
    text = trim(text, &length);
    lua_pushlstring(L, text, length);
    return true;
}

static void remember_value(lua_State *L, int index)
{
    lua_pushglobaltable(L);
    lua_pushliteral(L, "_");
    lua_pushvalue(L, index);
    lua_rawset(L, -3);
    lua_pop(L, 1);
}

/* (text, name): runs one chunk, shows its values */
static int run_chunk(lua_State *L)
{
    const char *text = lua_tostring(L, 1), *name = lua_touserdata(L, 2);
    bool remember, other = other_call(L, text, &remember);
    if (!other) {
        compile(L, text, name);
        remember = true;
        lua_copy(L, -1, 3);
        lua_settop(L, 3);
    }
    lua_call(L, other, LUA_MULTRET);
    if (lua_gettop(L) < 3)
        return 0;
    if (remember && !lua_isnil(L, 3))
        remember_value(L, 3);
    if (other || !is_silent(L, text))
        show(L, 3);
    return 0;
}

/* (text, name): an error where a chunk is none */
static int check_chunk(lua_State *L)
{
    const char *text = lua_tostring(L, 1);
    bool remember;
    if (!other_call(L, text, &remember))
        compile(L, text, lua_touserdata(L, 2));
    return 0;
}

/* Calls a function for each chunk of the text at index 1, with as many empty
 * lines before it as there are lines. */
static void each_chunk(lua_State *L, lua_CFunction function)
{
    const char *text = lua_tostring(L, 1), *at = text;
    while (*at) {
        size_t n = shell_chunk(L, at);
        luaL_Buffer b;
        lua_pushcfunction(L, function);
        luaL_buffinit(L, &b);
        for (const char *c = text; c < at; c++)
            if (*c == '\n')
                luaL_addchar(&b, '\n');
        luaL_addlstring(&b, at, n);
        luaL_pushresult(&b);
        lua_pushvalue(L, 2);
        lua_call(L, 2, 0);
        at += n;
    }
}

/* (text, name): nothing runs when a part of it is wrong */
static int evaluate(lua_State *L)
{
    const char *text = lua_tostring(L, 1), *name = lua_touserdata(L, 2);
    if (strcmp(name, SHELL_PROMPT) != 0 || !strchr(text, '\n'))
        return run_chunk(L);
    each_chunk(L, check_chunk);
    each_chunk(L, run_chunk);
    return 0;
}

int shell_call(lua_State *L, int n, const char *what)
{
    int base = lua_gettop(L) - n, code = EXIT_DONE;
    lua_pushcfunction(L, shell_handler);
    lua_insert(L, base);
    shell_work_begin(L, what);
    if (lua_pcall(L, n, 0, base) != LUA_OK) {
        code = ts_interrupted() && !shell_out_of_time() ? EXIT_STOPPED
                                                        : EXIT_ERROR;
        fflush(stdout);
        shell_work_end(L);
        shell_report(L);
        shell_log_failed(L);
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
    shell_timer_begin();
    shell_log_entry(L, text);
    int code = shell_call(L, 2, text + strspn(text, " \t\r\n"));
    shell_log_entry(L, NULL);
    shell_timer_end();
    return code;
}
