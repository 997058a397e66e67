/*
 * The screen: how large it is, the pager for what is taller, and the time that
 * an entry took. A pager is $PAGER, or less -SX; none where PAGER is empty or
 * the terminal is dumb.
 */
#include "shell.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include "ts/text.h"

static bool prompting, timing;
static struct timespec began;

static bool screen_size(struct winsize *size)
{
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, size) == 0;
}

/* Up to where a line fits into so many columns: the last blank that leaves
 * something before it, else the first behind; length if there is none. */
static size_t break_of(const char *line, size_t length, size_t columns)
{
    size_t fits = length;
    const char *blank = line + strspn(line, " ");
    while ((blank = memchr(blank, ' ', length - (size_t)(blank - line)))) {
        bool more = ts_text_width(line, (size_t)(blank - line)) <= columns;
        if (more || fits == length)
            fits = (size_t)(blank - line);
        if (!more)
            break;
        blank++;
    }
    return fits;
}

void shell_write_wrapped(FILE *stream, const char *text, size_t length)
{
    struct winsize size;
    size_t columns = 0, room;
    if (ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col >= 20)
        columns = size.ws_col;
    for (room = columns;
         columns && *text != ' ' &&
         (length > 16 * room || ts_text_width(text, length) > room);
         room = columns - 2) {
        size_t n = break_of(text, length, room);
        if (n == length)
            break;
        shell_write(stream, text, n);
        fputs("\n  ", stream);
        n += strspn(text + n, " ");
        text += n;
        length -= n;
    }
    shell_write(stream, text, length);
    fputc('\n', stream);
}

/* width() -> columns of the terminal that shows standard output; 80 if none */
static int width(lua_State *L)
{
    struct winsize size;
    const char *columns = getenv("COLUMNS");
    int n = 0;
    if (screen_size(&size))
        n = size.ws_col;
    else if (columns)
        n = atoi(columns);
    lua_pushinteger(L, n >= 20 ? n : 80);
    return 1;
}

/* Rows of the terminal at the prompt, 0 for none. */
static int rows(void)
{
    struct winsize size;
    return prompting && screen_size(&size) ? size.ws_row : 0;
}

/* height() -> rows of the terminal at the prompt, nil elsewhere */
static int height(lua_State *L)
{
    int n = rows();
    if (n)
        lua_pushinteger(L, n);
    else
        lua_pushnil(L);
    return 1;
}

/* page(text): shows it by the pager, whatever its length */
static int page(lua_State *L)
{
    size_t length;
    const char *text = luaL_checklstring(L, 1, &length);
    shell_show(text, length, true);
    return 0;
}

/* timer([on]) -> whether the time of each entry is told */
static int timer(lua_State *L)
{
    if (!lua_isnoneornil(L, 1))
        timing = lua_toboolean(L, 1);
    lua_pushboolean(L, timing);
    return 1;
}

void shell_screen_open(lua_State *L, bool prompt)
{
    static const luaL_Reg functions[] = {{"width", width},
                                         {"height", height},
                                         {"page", page},
                                         {"timer", timer},
                                         {NULL, NULL}};
    prompting = prompt;
    luaL_setfuncs(L, functions, 0);
}

static const char *pager(void)
{
    const char *name = getenv("PAGER"), *terminal = getenv("TERM");
    if (shell_is_safe() || !rows() || !terminal ||
        strcmp(terminal, "dumb") == 0)
        return NULL;
    if (!name)
        name = "command -v less >/dev/null || exit 127; exec less -SX "
               "'-PSpace shows more, q leaves'";
    return name[strspn(name, " ")] ? name : NULL;
}

/* False when no pager showed the text. */
static bool show_paged(const char *command, const char *text, size_t length)
{
    int ends[2];
    fflush(stdout);
    if (pipe2(ends, O_CLOEXEC))
        return false;
    pid_t pid = shell_child(command, NULL, ends[0]);
    close(ends[0]);
    FILE *out = fdopen(ends[1], "w");
    if (out && pid >= 0) {
        shell_write(out, text, length);
        fputc('\n', out);
    }
    if (out)
        fclose(out); /* a pager may be left before it has read all */
    else
        close(ends[1]);
    return shell_child_end(pid);
}

static bool is_taller(const char *text, size_t length, int n)
{
    for (const char *c = text; n > 0 && c; n--) {
        c = memchr(c, '\n', length - (size_t)(c - text));
        c = c ? c + 1 : NULL;
        if (!c)
            return false;
    }
    return true;
}

void shell_show(const char *text, size_t length, bool paged)
{
    int n = rows();
    const char *command = n ? pager() : NULL;
    /* the last row is the prompt's */
    if (command && (paged || is_taller(text, length, n - 1)) &&
        show_paged(command, text, length))
        return;
    shell_write(stdout, text, length);
    fputc('\n', stdout);
}

void shell_timer_begin(void)
{
    clock_gettime(CLOCK_MONOTONIC, &began);
}

void shell_timer_end(void)
{
    struct timespec ended;
    if (!timing)
        return;
    clock_gettime(CLOCK_MONOTONIC, &ended);
    fprintf(stderr, "%.3f s\n",
            (double)(ended.tv_sec - began.tv_sec) +
                1e-9 * (double)(ended.tv_nsec - began.tv_nsec));
}
