/* The prompt: read an entry, remember it, run it, until the user leaves. */
#include "shell.h"

#include <stdlib.h>
#include <string.h>
#include "bind.h"
#include "ts/temporary.h"
#include "version.h"

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t\r\n")] == '\0';
}

/* What is to be known of the study that is open as s. */
static int opening(lua_State *L)
{
    tsl_require(L, "trialsh.study.opening");
    lua_getfield(L, -1, "line");
    lua_getglobal(L, "s");
    lua_pushvalue(L, 1);
    lua_call(L, 2, 1);
    return 1;
}

static void banner(lua_State *L, const shell_options *o)
{
    if (o->quiet)
        return;
    if (o->study) {
        size_t n;
        lua_pushcfunction(L, opening);
        lua_pushstring(L, o->study);
        bool known = !lua_pcall(L, 1, 1, 0) && lua_isstring(L, -1);
        const char *line = known ? lua_tolstring(L, -1, &n) : o->study;
        shell_write(stdout, line, known ? n : strlen(line));
        lua_pop(L, 1);
        fputs(". ", stdout);
    } else {
        fputs("trialsh " TS_VERSION ". ", stdout);
    }
    puts("?name for help, Tab completes, Ctrl-D leaves.");
}

/* What was copied from help or a session, "> f(1)" and what that printed: the
 * lines behind "> " alone, in place. */
static void drop_prompts(char *text)
{
    char *out = text, *line = text;
    if (text[strspn(text, " \t\r\n")] != '>')
        return;
    while (*line) {
        size_t length = strcspn(line, "\n"), blanks = strspn(line, " \t");
        char *next = line + length + (line[length] == '\n');
        if (line[blanks] == '>') {
            blanks += line[blanks + 1] == ' ' ? 2 : 1;
            size_t n = (size_t)(next - line) - blanks;
            memmove(out, line + blanks, n);
            out += n;
        }
        line = next;
    }
    *out = '\0';
}

/* .edit and \e: the last entry as the user's editor leaves it takes their
 * place; nothing where there is none. */
static char *edited(char *text)
{
    size_t from = strspn(text, " \t"), n = strcspn(text + from, " \t\r\n;");
    if (!(n == 5 && strncmp(text + from, ".edit", n) == 0) &&
        !(n == 2 && strncmp(text + from, "\\e", n) == 0))
        return text;
    const char *last = shell_history_last();
    char *changed = shell_editor(last ? last : "");
    text[0] = '\0';
    if (shell_is_safe())
        shell_tell("error", "safe mode: .edit is not allowed: no processes");
    if (!changed)
        return text;
    puts(changed);
    free(text);
    return changed;
}

int shell_prompt(lua_State *L, const shell_options *o)
{
    char *text;
    banner(L, o);
    ts_temporary_sweep(ts_temporary_place(), TS_TEMPORARY);
    shell_history_open(!o->no_history);
    shell_edit_open(L);
    while ((text = shell_edit_read("> "))) {
        text = edited(text);
        drop_prompts(text);
        bool quit = shell_is_quit(text);
        if (!is_blank(text))
            shell_history_add(text);
        if (!quit && !is_blank(text))
            shell_entry(L, text, SHELL_PROMPT);
        free(text);
        if (quit)
            break;
    }
    return EXIT_DONE;
}
