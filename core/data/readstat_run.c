/*
 * The child process of a reader: started, listened to, and ended whatever
 * happens. It gets the open file as 3 and a pipe as 4, and nothing else of
 * ours.
 */
#include "readstat_private.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "ts/interrupt.h"
#include "ts/memory.h"

#define SILENCE 60.0             /* seconds */
#define PROCESSOR 600.0          /* seconds of its time */
#define MEMORY (2.0 * (1 << 30)) /* bytes */

typedef struct {
    const char *path, *program, *encoding;
    pid_t pid; /* 0: not running */
    int pipe;
    double silence, memory, heard;
} process;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static const char *name_of(foreign_kind kind)
{
    static const char *const names[] = {"sas7bdat", "sas7bcat", "sav", "por",
                                        "dta"};
    return names[kind];
}

static int spawn(process *p, const char *kind, int file, int out)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t how;
    sigset_t none, all;
    char memory[32], seconds[32];
    char *argv[] = {"trialsh", TS_READSTAT_CHILD,   (char *)kind, memory,
                    seconds,   (char *)p->encoding, NULL};
    /* TZ: what the C library does not look for in files */
    char *env[] = {"LC_ALL=C", "TZ=UTC0", NULL};
    snprintf(memory, sizeof memory, "%.0f", p->memory);
    snprintf(seconds, sizeof seconds, "%.0f", PROCESSOR);
    sigemptyset(&none);
    sigfillset(&all);
    int why = posix_spawn_file_actions_init(&actions);
    if (why)
        return why;
    if ((why = posix_spawnattr_init(&how)) == 0) {
        for (int i = 0; i < 3 && !why; i++)
            why = posix_spawn_file_actions_addopen(&actions, i, "/dev/null",
                                                   i ? O_WRONLY : O_RDONLY, 0);
        if (!why)
            why = posix_spawn_file_actions_adddup2(&actions, file, 3);
        if (!why)
            why = posix_spawn_file_actions_adddup2(&actions, out, 4);
        if (!why)
            why = posix_spawn_file_actions_addclosefrom_np(&actions, 5);
        posix_spawnattr_setsigmask(&how, &none);
        posix_spawnattr_setsigdefault(&how, &all);
        posix_spawnattr_setpgroup(&how, 0); /* Ctrl-C is ours to judge */
        posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGMASK |
                                           POSIX_SPAWN_SETSIGDEF |
                                           POSIX_SPAWN_SETPGROUP);
        if (!why)
            why = posix_spawn(&p->pid, p->program, &actions, &how, argv, env);
        posix_spawnattr_destroy(&how);
    }
    posix_spawn_file_actions_destroy(&actions);
    if (why)
        p->pid = 0;
    return why;
}

static ts_status start(process *p, const char *kind, int file, ts_error *err)
{
    int pair[2], why = 0;
    if (pipe2(pair, O_CLOEXEC))
        return ts_fail(err, TS_EPROCESS, "%s: no pipe to the reader: %s",
                       p->path, strerror(errno));
    /* out of the way of 0 to 4, which they become in the child */
    int in = fcntl(file, F_DUPFD_CLOEXEC, 10);
    int out = fcntl(pair[1], F_DUPFD_CLOEXEC, 10);
    if (in < 0 || out < 0)
        why = errno;
    fcntl(pair[0], F_SETFL, O_NONBLOCK);
    p->pipe = pair[0];
    if (!why)
        why = spawn(p, kind, in, out);
    if (in >= 0)
        close(in);
    if (out >= 0)
        close(out);
    close(pair[1]);
    p->heard = now();
    return why ? ts_fail(err, TS_EPROCESS,
                         "%s: the reader %s cannot be started: %s", p->path,
                         p->program, strerror(why))
               : TS_OK;
}

static ts_status still_allowed(const process *p, const foreign_stream *s,
                               ts_error *err)
{
    if (now() > p->heard + p->silence)
        return ts_fail(err, TS_EPROCESS,
                       "%s: the reader said nothing for %g seconds and was "
                       "stopped; the file may be damaged",
                       p->path, p->silence);
    return ts_progress("rows read", s->table->n_row,
                       s->table->said_row > 0 ? s->table->said_row : 0, err);
}

static ts_status listen(process *p, foreign_stream *s, ts_error *err)
{
    char block[65536];
    for (;;) {
        struct pollfd end = {.fd = p->pipe, .events = POLLIN};
        ts_status status = still_allowed(p, s, err);
        if (status)
            return status;
        if (poll(&end, 1, 50) <= 0)
            continue;
        ssize_t n = read(p->pipe, block, sizeof block);
        if (n > 0) {
            p->heard = now();
            if ((status = foreign_feed(s, block, (size_t)n, err)))
                return status;
        } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
            return TS_OK;
        }
    }
}

static ts_status wait_for_end(process *p, const foreign_stream *s, int *exit,
                              ts_error *err)
{
    pid_t ended;
    p->heard = now();
    while ((ended = waitpid(p->pid, exit, WNOHANG)) == 0 ||
           (ended < 0 && errno == EINTR)) {
        ts_status status = still_allowed(p, s, err);
        if (status)
            return status;
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    p->pid = 0;
    return ended > 0
               ? TS_OK
               : ts_fail(err, TS_EPROCESS,
                         "%s: the reader ended without an exit code", p->path);
}

/* How it ended, before what it said. */
static ts_status judge(const process *p, int exit, ts_error *err)
{
    if (WIFSIGNALED(exit) && WTERMSIG(exit) == SIGXCPU)
        return ts_fail(err, TS_EPROCESS,
                       "%s: the reader was stopped after %g seconds of work",
                       p->path, PROCESSOR);
    if (WIFSIGNALED(exit))
        return ts_fail(err, TS_EPROCESS,
                       "%s: the reader crashed (%s): the file is damaged, or "
                       "needs more than %.0f MiB of memory",
                       p->path, strsignal(WTERMSIG(exit)),
                       p->memory / (1 << 20));
    if (WEXITSTATUS(exit) == 127)
        return ts_fail(err, TS_EPROCESS, "%s: the reader %s cannot be started",
                       p->path, p->program);
    if (WEXITSTATUS(exit))
        return ts_fail(err, TS_EPROCESS,
                       "%s: the reader gave up (exit code %d): the file is "
                       "damaged, or needs more than %.0f MiB of memory",
                       p->path, WEXITSTATUS(exit), p->memory / (1 << 20));
    return TS_OK;
}

/* What ReadStat said (its readstat_error_t), fit for a message. */
static ts_status say_refusal(const foreign_stream *s, ts_error *err)
{
    enum { MALLOC = 3, COMPRESSION = 6, CHARSET = 7, WIDTH = 10 };
    ts_buffer text = {0};
    const char *path = s->table->path;
    if (s->refused == MALLOC)
        return ts_fail(err, TS_EPROCESS,
                       "%s: the reader ran out of memory: the file is damaged, "
                       "or too large",
                       path);
    if (s->refused == COMPRESSION)
        return ts_fail(err, TS_EFORMAT,
                       "%s: compressed in a way that cannot be read (SAS: "
                       "COMPRESS=BINARY); COMPRESS=CHAR or NO can",
                       path);
    if (s->refused == WIDTH)
        return ts_fail(err, TS_EFORMAT,
                       "%s: a row has another length than the header says: the "
                       "file is damaged, or compressed by SAS in a way that "
                       "cannot be read; COMPRESS=NO can",
                       path);
    if (s->refused == CHARSET)
        return ts_fail(err, TS_EFORMAT,
                       "%s: the encoding that the file names is not known; "
                       "encoding = \"latin1\", \"windows-1252\" ... says it",
                       path);
    const char *reason = s->reason ? s->reason : "it did not say why";
    ts_text_escape(&text, reason, strlen(reason) < 300 ? strlen(reason) : 300);
    ts_status status = text.failed
                           ? ts_fail_memory(err)
                           : ts_fail(err, TS_EFORMAT, "%s: cannot be read: %s",
                                     path, text.data);
    ts_buffer_free(&text);
    return status;
}

static void stop(process *p)
{
    int status;
    if (p->pid > 0) {
        kill(p->pid, SIGKILL);
        while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR)
            continue;
    }
    if (p->pipe >= 0)
        close(p->pipe);
}

ts_status foreign_run(const foreign_source *source,
                      const ts_readstat_options *options,
                      foreign_stream *stream, ts_error *err)
{
    process p = {
        .path = source->path,
        .program = options->program ? options->program : "/proc/self/exe",
        .encoding = options->encoding ? options->encoding : "",
        .pipe = -1,
        .silence = options->silence > 0 ? options->silence : SILENCE,
        .memory = options->memory > 0 ? options->memory : MEMORY,
    };
    int exit = 0;
    ts_status status = start(&p, name_of(stream->table->kind), source->fd, err);
    if (!status)
        status = listen(&p, stream, err);
    if (!status)
        status = wait_for_end(&p, stream, &exit, err);
    if (!status)
        status = judge(&p, exit, err);
    if (!status)
        status = foreign_end(stream, err);
    if (!status && stream->refused)
        status = say_refusal(stream, err);
    stop(&p);
    return status;
}
