/* The prompt: read an entry, remember it, run it, until the user leaves. */
#include "shell.h"

#include <stdlib.h>
#include <string.h>
#include "version.h"

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t\r\n")] == '\0';
}

static void banner(const shell_options *o)
{
    if (o->quiet)
        return;
    if (o->study) {
        shell_write(stdout, o->study, strlen(o->study));
        fputs(". ", stdout);
    } else {
        fputs("trialsh " TS_VERSION ". ", stdout);
    }
    puts("?name for help, Tab completes, Ctrl-D leaves.");
}

int shell_prompt(lua_State *L, const shell_options *o)
{
    char *text;
    banner(o);
    shell_history_open(!o->no_history);
    shell_edit_open(L);
    while ((text = shell_edit_read("> "))) {
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
