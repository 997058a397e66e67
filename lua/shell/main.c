/* trialsh: options, the Lua state, and what to run in which order. */
#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <signal.h>
#include <unistd.h>

#include <lualib.h>
#include "bind.h"
#include "shell.h"
#include "ts/file.h"
#include "ts/interrupt.h"
#include "ts/jail.h"
#include "ts/readstat.h"
#include "version.h"

static const char usage[] =
    "usage: trialsh [options] [script.lua [args]]\n"
    "  -d FILE            open this study as s\n"
    "  -e CODE            run CODE; an expression prints itself\n"
    "  -i                 prompt after the script\n"
    "  -q                 no banner\n"
    "  --seed N           seed of whatever is random and not told otherwise\n"
    "  --jobs N           as many workers where work can be shared\n"
    "  --safe             no files outside the working folder, no processes,\n"
    "                     no modules\n"
    "  --max-seconds N    stop a script, or an entry, after so long\n"
    "  --max-memory N     at most so many megabytes\n"
    "  --log FILE         a log for who reviews the run, with the notes on what\n"
    "                     happened to the data, and FILE.jsonl\n"
    "  --errors=json      errors, warnings and notes as lines of JSON\n"
    "  --werror           exit 3 when there were warnings\n"
    "  --full-traceback   show the frames of the library and of C too\n"
    "  --no-history       keep no history of what is typed\n"
    "  --check-help       run the examples of the help; 1 when one differs\n"
    "  --version          the version, and the commit it was built from\n"
    "  --help             this text\n"
    "Without a script: the prompt on a terminal, else standard input (also "
    "-).\n"
    "exit: 0 done, 1 error, 2 usage, 3 warnings under --werror,\n"
    "      130 interrupted\n";

/* What follows option name: the rest of "--name=value" or the next word. */
static const char *value_of(const char *name, int argc, char **argv, int *i)
{
    size_t n = strlen(name);
    if (strncmp(argv[*i], name, n) != 0)
        return NULL;
    if (name[1] == '-' && argv[*i][n] == '=')
        return argv[*i] + n + 1;
    if (argv[*i][n])
        return NULL;
    if (*i + 1 < argc)
        return argv[++*i];
    fprintf(stderr, "trialsh: %s needs a value\n", name);
    exit(EXIT_USAGE);
}

static const char *whole_number(const char *name, const char *text, long least)
{
    char *end;
    errno = 0;
    long n = strtol(text, &end, 10);
    if (errno || end == text || *end || n < least) {
        fprintf(stderr, "trialsh: %s needs a whole number, not '%s'\n", name,
                text);
        exit(EXIT_USAGE);
    }
    return text;
}

static bool flag(const char *arg, shell_options *o)
{
    if (strcmp(arg, "-i") == 0)
        o->prompt = true;
    else if (strcmp(arg, "-q") == 0)
        o->quiet = true;
    else if (strcmp(arg, "--werror") == 0)
        o->werror = true;
    else if (strcmp(arg, "--full-traceback") == 0)
        o->full_traceback = true;
    else if (strcmp(arg, "--no-history") == 0)
        o->no_history = true;
    else if (strcmp(arg, "--safe") == 0)
        o->safe = true;
    else
        return false;
    return true;
}

/* Reads one option at argv[i]; the index of the next word. */
static int option(int argc, char **argv, int i, shell_options *o)
{
    const char *value;
    if (flag(argv[i], o)) {
        ;
    } else if ((value = value_of("-d", argc, argv, &i))) {
        o->study = value;
    } else if ((value = value_of("-e", argc, argv, &i))) {
        o->commands[o->n_commands++] = argv[i];
    } else if ((value = value_of("--seed", argc, argv, &i))) {
        o->seed = whole_number("--seed", value, 0);
    } else if ((value = value_of("--jobs", argc, argv, &i))) {
        o->jobs = whole_number("--jobs", value, 1);
    } else if ((value = value_of("--max-seconds", argc, argv, &i))) {
        o->seconds = strtol(whole_number("--max-seconds", value, 1), NULL, 10);
    } else if ((value = value_of("--max-memory", argc, argv, &i))) {
        o->memory = strtol(whole_number("--max-memory", value, 1), NULL, 10);
    } else if ((value = value_of("--log", argc, argv, &i))) {
        o->log = value;
    } else if ((value = value_of("--errors", argc, argv, &i))) {
        if (strcmp(value, "json") != 0 && strcmp(value, "text") != 0) {
            fprintf(stderr, "trialsh: --errors is json or text, not '%s'\n",
                    value);
            exit(EXIT_USAGE);
        }
        if (value[0] == 'j')
            shell_errors_as_json();
    } else if (strcmp(argv[i], "--check-help") == 0) {
        static char code[] = "require('trialsh.help').verify()";
        o->commands[o->n_commands++] = code;
    } else if (strcmp(argv[i], "--version") == 0) {
        puts("trialsh " TS_VERSION " (" TS_COMMIT ")");
        exit(EXIT_DONE);
    } else if (strcmp(argv[i], "--help") == 0) {
        fputs(usage, stdout);
        exit(EXIT_DONE);
    } else {
        fprintf(stderr, "trialsh: unknown option %s\n%s", argv[i], usage);
        exit(EXIT_USAGE);
    }
    return i + 1;
}

static void read_options(int argc, char **argv, shell_options *o)
{
    int i = 1;
    while (i < argc && argv[i][0] == '-' && argv[i][1]) {
        if (strcmp(argv[i], "--") == 0) {
            i++;
            break;
        }
        i = option(argc, argv, i, o);
    }
    o->args = argv + i;
    o->n_args = argc - i;
    if (i < argc)
        o->script = argv[i];
    else if (!o->n_commands && !isatty(STDIN_FILENO))
        o->script = "-";
    if (!isatty(STDIN_FILENO))
        o->prompt = false;
    else if (!o->script && !o->n_commands)
        o->prompt = true;
}

/* erase(): takes a line of progress off the screen */
static int erase(lua_State *L)
{
    (void)L;
    shell_progress_erase();
    return 0;
}

/* require "trialsh.session": how the program was started */
static void open_session(lua_State *L, const shell_options *o)
{
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    lua_createtable(L, 0, 24);
    lua_pushboolean(L, shell_tells_notes());
    lua_setfield(L, -2, "notes");
    lua_pushboolean(L, o->prompt);
    lua_setfield(L, -2, "interactive");
    if (o->seed) {
        lua_pushinteger(L, strtoll(o->seed, NULL, 10));
        lua_setfield(L, -2, "seed");
    }
    lua_pushinteger(L, o->jobs ? strtoll(o->jobs, NULL, 10) : 1);
    lua_setfield(L, -2, "jobs");
    shell_about(L, o);
    shell_log_open(L);
    lua_pushstring(L, usage);
    lua_setfield(L, -2, "usage");
    lua_pushcfunction(L, erase);
    lua_setfield(L, -2, "erase");
    shell_screen_open(L, o->prompt);
    lua_setfield(L, -2, "trialsh.session");
    lua_pop(L, 1);
}

static void seed_lua(lua_State *L, const char *seed)
{
    lua_getglobal(L, "math");
    lua_getfield(L, -1, "randomseed");
    lua_pushinteger(L, strtoll(seed, NULL, 10));
    lua_call(L, 1, 0);
    lua_pop(L, 1);
}

static void open_state(lua_State *L, const shell_options *o)
{
    luaL_openlibs(L);
    tsl_open(L);
    open_session(L, o);
    lua_pushboolean(L, o->werror);
    lua_setfield(L, LUA_REGISTRYINDEX, "trialsh.werror");
    shell_base_open(L);
    shell_pattern_open(L);
    shell_unending_open(L);
    shell_interrupt_open(L);
    if (o->safe)
        shell_safe_open(L);
    if (o->seed)
        seed_lua(L, o->seed);
    tsl_require(L, "trialsh.init");
    lua_pop(L, 1);
}

/* arg, as Lua has it: arg[0] the script, arg[1] ... what follows */
static void set_arg(lua_State *L, const shell_options *o)
{
    lua_createtable(L, o->n_args, 1);
    for (int i = 0; i < o->n_args; i++) {
        lua_pushstring(L, o->args[i]);
        lua_rawseti(L, -2, i);
    }
    lua_setglobal(L, "arg");
}

/* s = study.open(FILE) */
static int open_study(lua_State *L)
{
    lua_getglobal(L, "study");
    lua_getfield(L, -1, "open");
    lua_pushvalue(L, 1);
    lua_call(L, 1, 1);
    lua_setglobal(L, "s");
    return 0;
}

/* All that a file holds, on the stack. */
static void read_all(lua_State *L, FILE *file, const char *name)
{
    luaL_Buffer b;
    size_t n;
    luaL_buffinit(L, &b);
    do {
        char *room = luaL_prepbuffer(&b);
        n = fread(room, 1, LUAL_BUFFERSIZE, file);
        luaL_addsize(&b, n);
    } while (n);
    luaL_pushresult(&b);
    int why = ferror(file) ? errno : 0;
    if (file != stdin)
        fclose(file);
    if (why && !ts_interrupted())
        tsl_failf(L, TS_EIO, "cannot read %s: %s", name, strerror(why));
}

static int run_script(lua_State *L)
{
    const shell_options *o = lua_touserdata(L, 1);
    const char *name = o->script;
    size_t length;
    if (strcmp(name, "-") == 0) {
        name = "stdin";
        read_all(L, stdin, "standard input");
        shell_keep_stdin(L, -1);
    } else {
        FILE *file = fopen(name, "re");
        if (!file)
            return tsl_failf(L, TS_EIO, "cannot read %s: %s", name,
                             strerror(errno));
        read_all(L, file, name);
    }
    const char *text = lua_tolstring(L, -1, &length);
    if (shell_log_load(L, text, length, name))
        return lua_error(L);
    luaL_checkstack(L, o->n_args, "too many arguments");
    for (int i = 1; i < o->n_args; i++)
        lua_pushstring(L, o->args[i]);
    lua_call(L, o->n_args > 1 ? o->n_args - 1 : 0, 0);
    return 0;
}

/* echo '?km' | trialsh: no Lua begins so. */
static bool asks_for_help(const shell_options *o)
{
    if (strcmp(o->script, "-") != 0)
        return false;
    int c = getc(stdin);
    if (c != EOF)
        ungetc(c, stdin);
    return c == '?';
}

/* Each line of standard input as if it was typed. */
static int answer_lines(lua_State *L)
{
    char line[1000];
    int code = EXIT_DONE;
    while (code == EXIT_DONE && fgets(line, sizeof line, stdin))
        if (line[strspn(line, " \t\r\n")])
            code = shell_entry(L, line, SHELL_COMMAND);
    return code;
}

static int run_all(lua_State *L, shell_options *o)
{
    int code = EXIT_DONE;
    set_arg(L, o);
    if (o->log)
        code = shell_log_begin(L, o->log);
    if (o->study && code == EXIT_DONE) {
        lua_pushcfunction(L, open_study);
        lua_pushstring(L, o->study);
        code = shell_call(L, 1, o->study);
    }
    if (o->safe && code == EXIT_DONE)
        code = shell_safe_seal(L, o);
    for (int i = 0; i < o->n_commands && code == EXIT_DONE; i++)
        code = shell_entry(L, o->commands[i], SHELL_COMMAND);
    if (o->script && code == EXIT_DONE && asks_for_help(o)) {
        code = answer_lines(L);
    } else if (o->script && code == EXIT_DONE) {
        lua_pushcfunction(L, run_script);
        lua_pushlightuserdata(L, o);
        code = shell_call(L, 1, o->script);
    }
    if (o->prompt)
        code = shell_prompt(L, o);
    code = shell_exit_code(code, shell_warnings(L), o->werror);
    return shell_log_end(L, code);
}

static int main_lua(lua_State *L)
{
    shell_options *o = lua_touserdata(L, 1);
    open_state(L, o);
    lua_pushinteger(L, run_all(L, o));
    return 1;
}

/* Nobody else may read what is written, and no core file shows patients. The
 * leak checker of a sanitized build needs to look, though. */
static void protect(void)
{
    struct rlimit none = {0, 0};
    ts_file_private();
    signal(SIGXFSZ, SIG_IGN); /* a file too large is an error of write() */
    setrlimit(RLIMIT_CORE, &none);
#ifndef TS_SANITIZED
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
    /* `| head -1` ends us without a word, whatever the caller ignored */
    signal(SIGPIPE, SIG_DFL);
    /* ignored, it would hide how gnuplot and os.execute() ended */
    signal(SIGCHLD, SIG_DFL);
}

int main(int argc, char **argv)
{
    shell_options o = {0};
    int code = EXIT_ERROR;
    /* started by ourselves, to read a file that somebody sent */
    if (argc > 1 && strcmp(argv[1], TS_READSTAT_CHILD) == 0)
        _exit(ts_readstat_child(argc, argv));
    protect();
    setlocale(LC_CTYPE, "");
    o.commands = calloc((size_t)argc + 1, sizeof *o.commands);
    lua_State *L = luaL_newstate();
    if (!L || !o.commands) {
        fputs("trialsh: not enough memory\n", stderr);
        return EXIT_ERROR;
    }
    o.argc = argc;
    o.argv = argv;
    read_options(argc, argv, &o);
    if (o.memory)
        shell_safe_memory(o.memory);
    if (o.seconds)
        shell_interrupt_after(o.seconds);
    if (o.full_traceback)
        shell_full_traceback();
    lua_pushcfunction(L, main_lua);
    lua_pushlightuserdata(L, &o);
    if (lua_pcall(L, 1, 1, 0) == LUA_OK)
        code = (int)lua_tointeger(L, -1);
    else
        fprintf(stderr, "trialsh: %s\n", luaL_tolstring(L, -1, NULL));
    shell_work_begin(L, "finalizers"); /* which lua_close runs */
    lua_close(L);
    free(o.commands);
    if ((fflush(stdout) || ferror(stdout)) && code == EXIT_DONE) {
        fputs("trialsh: standard output cannot be written\n", stderr);
        code = EXIT_ERROR;
    }
    return code;
}
