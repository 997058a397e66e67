/*
 * Ctrl-C. A count hook is set, by the signal handler, on the thread that runs:
 * our coroutine functions keep it known. The hook stays set, so that a pcall
 * that catches the error meets it again at its next step, until the prompt
 * takes the flag down; then it removes itself. Loops in C poll the flag.
 *
 * What needs more than that is in pattern.c and unending.c. What does not stop
 * all the same ends with the program, at the third Ctrl-C.
 */
#include "shell.h"

#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#include "bind.h"
#include "ts/interrupt.h"
#include "ts/text.h"

#define MOST_GRACE 100000

static lua_State *volatile running;
static volatile sig_atomic_t working, pressed, presses, out_of_time;
static long most_seconds; /* of one piece of work; 0: no limit */
static struct timespec last_press;
static int grace; /* steps that the library may still make */
static char busy[160];

/* Whether the innermost Lua function is the library's. */
static bool in_library(lua_State *L, lua_Debug *ar)
{
    for (int level = 0; lua_getstack(L, level, ar); level++) {
        lua_getinfo(L, "S", ar);
        if (ar->what[0] != 'C')
            return strncmp(ar->source, "=trialsh/", 9) == 0;
    }
    return false;
}

/* A user's code is stopped at once. The library is given some steps to end a
 * transaction, or put back what it has changed; after an error that was raised
 * inside it, as many again. */
static void stop(lua_State *L, lua_Debug *ar)
{
    if (!ts_interrupted()) {
        lua_sethook(L, NULL, 0, 0);
    } else if (grace <= 0 || !in_library(L, ar)) {
        grace = MOST_GRACE;
        tsl_failf(L, TS_EINTERRUPT, "interrupted");
    } else {
        grace--;
    }
}

/* lua_sethook may be called by a signal handler. */
static void arm(lua_State *L)
{
    lua_sethook(L, stop,
                LUA_MASKCALL | LUA_MASKRET | LUA_MASKLINE | LUA_MASKCOUNT, 1);
}

static void say(const char *text)
{
    /* nothing can be done about a terminal that does not take it */
    ssize_t n = write(STDERR_FILENO, text, strlen(text));
    (void)n;
}

static bool within_a_second(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    double passed = (double)(now.tv_sec - last_press.tv_sec) +
                    1e-9 * (double)(now.tv_nsec - last_press.tv_nsec);
    last_press = now;
    return passed <= 1;
}

static void on_interrupt(int number)
{
    (void)number;
    bool soon = within_a_second();
    if (!working) {
        pressed = 1;
        return;
    }
    if (!ts_interrupted()) {
        presses = 1;
        ts_interrupt_raise();
        arm(running);
        return;
    }
    if (presses >= 2 && soon) {
        say("\ntrialsh: ended\n");
        _exit(EXIT_STOPPED);
    }
    presses = 2;
    say("\nstill in: ");
    say(busy);
    say("\nCtrl-C once more ends trialsh\n");
}

bool shell_pressed(void)
{
    bool was = pressed;
    pressed = 0;
    return was;
}

void shell_busy(const char *what)
{
    /* the handler may read it at any time: the last byte is always 0 */
    strncpy(busy, what, sizeof busy - 1);
}

void shell_interrupt_after(long seconds)
{
    most_seconds = seconds;
}

long shell_out_of_time(void)
{
    return out_of_time ? most_seconds : 0;
}

static void set_alarm(long seconds, long microseconds)
{
    struct itimerval timer = {.it_value = {seconds, microseconds}};
    setitimer(ITIMER_REAL, &timer, NULL);
}

/* The first time work stops as by Ctrl-C; what has not stopped a little later,
 * a pattern or a finalizer, ends with the program. */
static void on_alarm(int number)
{
    (void)number;
    if (!working)
        return;
    if (out_of_time) {
        say("\ntrialsh: ended, it ran too long\n");
        _exit(EXIT_ERROR);
    }
    out_of_time = 1;
    ts_interrupt_raise();
    arm(running);
    set_alarm(0, 400000);
}

void shell_work_begin(lua_State *L, const char *what)
{
    ts_buffer clean = {0};
    ts_text_escape(&clean, what, strcspn(what, "\n"));
    shell_busy(clean.data ? clean.data : "");
    ts_buffer_free(&clean);
    ts_interrupt_clear();
    presses = 0;
    grace = MOST_GRACE;
    running = L;
    working = 1;
    out_of_time = 0;
    if (shell_pressed()) { /* since the entry was read */
        presses = 1;
        ts_interrupt_raise();
        arm(L);
    }
    if (most_seconds)
        set_alarm(most_seconds, 0);
    shell_progress_begin();
}

void shell_work_end(lua_State *L)
{
    working = 0;
    if (most_seconds)
        set_alarm(0, 0);
    ts_interrupt_clear();
    lua_sethook(L, NULL, 0, 0);
    shell_progress_end();
}

/* Makes L the thread that Ctrl-C stops. A press between the two lines finds
 * the old thread; the check then arms the new one. */
static void run_on(lua_State *L)
{
    running = L;
    if (ts_interrupted())
        arm(L);
}

int shell_resume(lua_State *L, lua_State *co, int n, int steps)
{
    int count;
    if (!lua_checkstack(co, n)) {
        lua_pushliteral(L, "too many arguments to resume");
        return -1;
    }
    lua_xmove(L, co, n);
    run_on(co);
    if (steps)
        lua_sethook(co, ts_interrupted() ? stop : NULL,
                    ts_interrupted() ? LUA_MASKCOUNT : 0, steps);
    int status = lua_resume(co, L, n, &count);
    run_on(L);
    if (status != LUA_OK && status != LUA_YIELD) {
        lua_xmove(co, L, 1);
        return -1;
    }
    if (!lua_checkstack(L, count + 1)) {
        lua_pop(co, count);
        lua_pushliteral(L, "too many results to resume");
        return -1;
    }
    lua_xmove(co, L, count);
    return count;
}

static lua_State *check_thread(lua_State *L)
{
    lua_State *co = lua_tothread(L, 1);
    luaL_argexpected(L, co, 1, "coroutine");
    return co;
}

static int co_resume(lua_State *L)
{
    lua_State *co = check_thread(L);
    int n = shell_resume(L, co, lua_gettop(L) - 1, 0);
    lua_pushboolean(L, n >= 0);
    lua_insert(L, n >= 0 ? -(n + 1) : -2);
    return n >= 0 ? n + 1 : 2;
}

static int wrapped(lua_State *L)
{
    lua_State *co = lua_tothread(L, lua_upvalueindex(1));
    int n = shell_resume(L, co, lua_gettop(L), 0);
    if (n >= 0)
        return n;
    int status = lua_status(co);
    if (status != LUA_OK && status != LUA_YIELD) {
        /* it died: its variables to be closed are closed now */
        run_on(co);
        lua_resetthread(co);
        run_on(L);
    }
    if (lua_type(L, -1) == LUA_TSTRING) {
        luaL_where(L, 1);
        lua_insert(L, -2);
        lua_concat(L, 2);
    }
    return lua_error(L);
}

static int co_wrap(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_State *co = lua_newthread(L);
    lua_pushvalue(L, 1);
    lua_xmove(L, co, 1);
    lua_pushcclosure(L, wrapped, 1);
    return 1;
}

/* coroutine.close runs __close functions on the thread it closes. */
static int co_close(lua_State *L)
{
    lua_State *co = check_thread(L);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    run_on(co);
    int status = lua_pcall(L, lua_gettop(L) - 1, LUA_MULTRET, 0);
    run_on(L);
    return status ? lua_error(L) : lua_gettop(L);
}

void shell_interrupt_open(lua_State *L)
{
    struct sigaction action = {.sa_handler = on_interrupt};
    sigemptyset(&action.sa_mask);
    /* no SA_RESTART: a read from the terminal must come back */
    sigaction(SIGINT, &action, NULL);
    action.sa_handler = on_alarm;
    sigaction(SIGALRM, &action, NULL);
    lua_getglobal(L, "coroutine");
    lua_pushcfunction(L, co_resume);
    lua_setfield(L, -2, "resume");
    lua_pushcfunction(L, co_wrap);
    lua_setfield(L, -2, "wrap");
    lua_getfield(L, -1, "close");
    lua_pushcclosure(L, co_close, 1);
    lua_setfield(L, -2, "close");
    lua_pop(L, 1);
}
