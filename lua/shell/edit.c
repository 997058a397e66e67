/*
 * Reading one entry with readline. The callback interface and our own signals:
 * readline never sees one. An entry may span lines and is edited as a whole:
 * Enter adds a line while the chunk is incomplete, Up, Down, Home and End move
 * inside the block before Up and Down move in the history. Keys that the user's
 * inputrc has given another meaning are left alone.
 */
#include "shell.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <readline/history.h>
#include <readline/readline.h>

static lua_State *state; /* for the question whether a chunk is complete */
static char *entry;
static bool finished, leaving, cancelled;
static volatile sig_atomic_t resized, suspended, ended;

static void on_resize(int number)
{
    (void)number;
    resized = 1;
}

static void on_suspend(int number)
{
    (void)number;
    suspended = 1;
}

static void on_end(int number)
{
    ended = number;
}

static const struct {
    int number;
    void (*handler)(int);
} signals[] = {
    {SIGWINCH, on_resize}, {SIGTSTP, on_suspend}, {SIGTERM, on_end},
    {SIGHUP, on_end},      {SIGQUIT, on_end},
};

#define N_SIGNALS (sizeof signals / sizeof *signals)

static struct sigaction saved[N_SIGNALS];
static sigset_t outside; /* the mask outside of reading */

/* While readline works all signals wait; ppoll() lets them in. */
static void catch_signals(void)
{
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGINT);
    for (size_t i = 0; i < N_SIGNALS; i++) {
        struct sigaction action = {.sa_handler = signals[i].handler};
        sigemptyset(&action.sa_mask);
        sigaction(signals[i].number, &action, &saved[i]);
        sigaddset(&blocked, signals[i].number);
    }
    sigprocmask(SIG_BLOCK, &blocked, &outside);
}

/* ppoll() leaves a signal waiting when there is input too; it came first. */
static void take_signals(void)
{
    sigset_t blocked;
    sigprocmask(SIG_SETMASK, &outside, &blocked);
    sigprocmask(SIG_SETMASK, &blocked, NULL);
}

static void release_signals(void)
{
    for (size_t i = 0; i < N_SIGNALS; i++)
        sigaction(signals[i].number, &saved[i], NULL);
    sigprocmask(SIG_SETMASK, &outside, NULL);
}

/* Lets a signal do what it does to other programs, terminal in order. */
static void give_way(int number)
{
    (*rl_deprep_term_function)();
    release_signals();
    raise(number);
    /* here again after SIGCONT */
    catch_signals();
    (*rl_prep_term_function)(1);
    rl_forced_update_display();
}

static void on_line(char *line)
{
    entry = line;
    finished = true;
    rl_callback_handler_remove();
}

/* What is on the screen stays there; the next prompt begins a new line. */
static void abandon(const char *mark)
{
    rl_point = rl_end;
    rl_redisplay();
    fputs(mark, rl_outstream);
    fputc('\n', rl_outstream);
    fflush(rl_outstream);
    rl_free_line_state();
    rl_callback_sigcleanup();
    rl_replace_line("", 1);
    rl_callback_handler_remove();
    finished = cancelled = true;
}

static void check_signals(void)
{
    int number = ended;
    if (shell_pressed())
        abandon("^C");
    if (resized) {
        resized = 0;
        rl_resize_terminal();
    }
    if (suspended) {
        suspended = 0;
        give_way(SIGTSTP);
    }
    if (number) {
        ended = 0;
        fputc('\n', rl_outstream);
        give_way(number);
    }
}

static int on_enter(int count, int key)
{
    if (shell_needs_more(state, rl_line_buffer))
        return rl_insert_text("\n"), 0;
    return rl_newline(count, key);
}

static int add_line(int count, int key)
{
    (void)count, (void)key;
    rl_insert_text("\n");
    return 0;
}

static int line_start(int at)
{
    while (at > 0 && rl_line_buffer[at - 1] != '\n')
        at--;
    return at;
}

static int line_end(int at)
{
    while (at < rl_end && rl_line_buffer[at] != '\n')
        at++;
    return at;
}

/* Puts the cursor into the line that begins at start, in the same column. */
static void move_to_line(int start, int column)
{
    int end = line_end(start);
    rl_point = start + column < end ? start + column : end;
    /* not inside a character of several bytes */
    while (rl_point > start && (rl_line_buffer[rl_point] & 0xC0) == 0x80)
        rl_point--;
}

static int on_up(int count, int key);
static int on_down(int count, int key);

/* A step in the history: among the entries that begin with what was typed
 * before the first step, if something was. */
static int step(rl_command_func_t *plain, rl_command_func_t *search, int count,
                int key)
{
    static bool searching;
    if (rl_last_func != on_up && rl_last_func != on_down)
        searching = rl_point > 0 && rl_point == rl_end;
    else if (searching)
        rl_last_func = search; /* readline goes on with what it looked for */
    return searching ? search(count, key) : plain(count, key);
}

static int on_up(int count, int key)
{
    int start = line_start(rl_point);
    if (start == 0)
        return step(rl_get_previous_history, rl_history_search_backward, count,
                    key);
    move_to_line(line_start(start - 1), rl_point - start);
    return 0;
}

static int on_down(int count, int key)
{
    int end = line_end(rl_point);
    if (end == rl_end)
        return step(rl_get_next_history, rl_history_search_forward, count, key);
    move_to_line(end + 1, rl_point - line_start(rl_point));
    return 0;
}

static int on_home(int count, int key)
{
    (void)count, (void)key;
    rl_point = line_start(rl_point);
    return 0;
}

static int on_line_end(int count, int key)
{
    (void)count, (void)key;
    rl_point = line_end(rl_point);
    return 0;
}

/* Leaves on an empty line, cancels a block, deletes elsewhere. */
static int on_control_d(int count, int key)
{
    if (rl_end == 0) {
        leaving = true;
        rl_done = 1;
        return 0;
    }
    if (rl_point == rl_end && memchr(rl_line_buffer, '\n', (size_t)rl_end)) {
        abandon("^D");
        return 0;
    }
    return rl_delete(count, key);
}

/* The entry goes to the user's editor, and runs as that leaves it. */
static int on_editor(int count, int key)
{
    (*rl_deprep_term_function)();
    release_signals();
    char *text = shell_editor(rl_line_buffer);
    catch_signals();
    (*rl_prep_term_function)(1);
    if (!text) {
        rl_ding();
        return rl_forced_update_display();
    }
    rl_delete_text(0, rl_end);
    rl_point = 0;
    rl_insert_text(text);
    free(text);
    rl_forced_update_display();
    return rl_newline(count, key);
}

static void rebind(const char *keys, rl_command_func_t *from,
                   rl_command_func_t *to)
{
    if (rl_function_of_keyseq(keys, NULL, NULL) == from)
        rl_bind_keyseq(keys, to);
}

static void bind_keys(void)
{
    rebind("\r", rl_newline, on_enter);
    rebind("\n", rl_newline, on_enter);
    rl_bind_keyseq_if_unbound("\033\r", add_line);
    rebind("\033[A", rl_get_previous_history, on_up);
    rebind("\033OA", rl_get_previous_history, on_up);
    rebind("\033[B", rl_get_next_history, on_down);
    rebind("\033OB", rl_get_next_history, on_down);
    rebind("\033[H", rl_beg_of_line, on_home);
    rebind("\033OH", rl_beg_of_line, on_home);
    rebind("\033[1~", rl_beg_of_line, on_home);
    rebind("\001", rl_beg_of_line, on_home);
    rebind("\033[F", rl_end_of_line, on_line_end);
    rebind("\033OF", rl_end_of_line, on_line_end);
    rebind("\033[4~", rl_end_of_line, on_line_end);
    rebind("\005", rl_end_of_line, on_line_end);
    rebind("\020", rl_get_previous_history, on_up);
    rebind("\016", rl_get_next_history, on_down);
    rebind("\004", rl_delete, on_control_d);
    rl_bind_keyseq_if_unbound("\030\005", on_editor);
    rl_bind_keyseq_if_unbound("\033[1;5C", rl_forward_word);
    rl_bind_keyseq_if_unbound("\033[1;5D", rl_backward_word);
}

/* Ctrl-S is a key while readline reads, not the end of all output. */
static void prepare_terminal(int meta)
{
    struct termios terminal;
    rl_prep_terminal(meta);
    if (tcgetattr(STDIN_FILENO, &terminal) == 0) {
        terminal.c_iflag &= ~(tcflag_t)IXON;
        tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal);
    }
}

void shell_edit_open(lua_State *L)
{
    state = L;
    rl_readline_name = "trialsh";
    rl_prep_term_function = prepare_terminal;
    rl_catch_signals = 0;
    rl_catch_sigwinch = 0;
    rl_initialize();
    bind_keys();
    shell_complete_open(L);
}

static void read_until_done(void)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    while (!finished) {
        int n = ppoll(&input, 1, NULL, &outside);
        take_signals();
        check_signals();
        if (n > 0 && !finished)
            rl_callback_read_char();
    }
}

char *shell_edit_read(const char *prompt)
{
    catch_signals();
    do {
        entry = NULL;
        finished = leaving = cancelled = false;
        using_history();
        rl_callback_handler_install(prompt, on_line);
        read_until_done();
    } while (cancelled);
    release_signals();
    if (!entry)
        putchar('\n');
    if (leaving) {
        free(entry);
        entry = NULL;
    }
    return entry;
}
