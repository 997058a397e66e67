/*
 * One gnuplot process: started, fed, watched, and ended whatever happens. It
 * gets a file as argument because on standard input gnuplot goes on after an
 * error, and writes to a pipe because a file name is one more way in.
 */
#include "ts/gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <linux/close_range.h>
#include "ts/interrupt.h"
#include "ts/jail.h"
#include "ts/memory.h"
#include "ts/temporary.h"

#define LARGEST ((size_t)512 << 20) /* bytes of a picture */

enum { OUT, COMPLAINT, REPORT, N_PIPE };

typedef struct {
    char *program, *folder; /* where gnuplot is, where it works */
    int lock;               /* of the folder */
    pid_t pid;              /* 0: not running */
    int pipe[N_PIPE];       /* our ends, -1: closed */
    ts_buffer text[N_PIPE];
    double deadline;
} process;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The first gnuplot in PATH; entries that are not absolute do not count. */
static ts_status find_gnuplot(char **program, ts_error *err)
{
    const char *path = getenv("PATH");
    char file[4096];
    struct stat info;
    for (const char *p = path; p && *p; p += *p == ':') {
        size_t n = strcspn(p, ":");
        int length = snprintf(file, sizeof file, "%.*s/gnuplot", (int)n, p);
        if (*p == '/' && length < (int)sizeof file && stat(file, &info) == 0 &&
            S_ISREG(info.st_mode) && access(file, X_OK) == 0) {
            *program = ts_strdup(file);
            return *program ? TS_OK : ts_fail_memory(err);
        }
        p += n;
    }
    return ts_fail(err, TS_EPROCESS,
                   "gnuplot is not installed: apt-get install gnuplot-nox");
}

static ts_status write_all(int file, const char *data, size_t length)
{
    while (length) {
        ssize_t n = write(file, data, length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return TS_EIO;
        data += n;
        length -= (size_t)n;
    }
    return TS_OK;
}

static ts_status write_script(const process *gnuplot, const char *script,
                              ts_error *err)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/figure.gp", gnuplot->folder);
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    ts_status status = TS_EIO;
    if (file >= 0) {
        status = write_all(file, script, strlen(script));
        if (close(file))
            status = TS_EIO;
    }
    return status ? ts_fail(err, status, "%s: %s", path, strerror(errno))
                  : TS_OK;
}

/* The child ---------------------------------------------------------------- */

/* The rest of the child's life: system calls only, and no way back. */
static _Noreturn void become_gnuplot(const process *gnuplot, const int *ends,
                                     double seconds)
{
    char *argv[] = {gnuplot->program, "-d", "figure.gp", NULL};
    char home[4200];
    char *env[] = {"PATH=/usr/bin:/bin",
                   "LC_ALL=C.UTF-8",
                   "TZ=UTC",
                   "SOURCE_DATE_EPOCH=0",
                   home,
                   NULL};
    int end[N_PIPE], nothing;
    sigset_t none;

    strcpy(stpcpy(home, "HOME="), gnuplot->folder);
    for (int i = 1; i < NSIG; i++)
        signal(i, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int i = 0; i < N_PIPE; i++) /* out of the way of 0, 1 and 2 */
        end[i] = fcntl(ends[i], F_DUPFD_CLOEXEC, 10);
    nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (chdir(gnuplot->folder) || nothing < 0 || dup2(nothing, 0) < 0 ||
        dup2(end[OUT], 1) < 0 || dup2(end[COMPLAINT], 2) < 0)
        _exit(127);
    if (nothing == 0) /* dup2 onto itself leaves close-on-exec */
        fcntl(0, F_SETFD, 0);
    if (close_range(3, ~0u, CLOSE_RANGE_CLOEXEC))
        for (int i = 3; i < 1024; i++)
            fcntl(i, F_SETFD, FD_CLOEXEC);
    ts_jail_limits(seconds, 4.0 * (1 << 30), 256 << 20);
    if (ts_jail_filter())
        write_all(end[REPORT], "unjailed", 8);
    execve(gnuplot->program, argv, env);
    _exit(127);
}

static ts_status start(process *gnuplot, double seconds, ts_error *err)
{
    int ends[N_PIPE], pair[2], n = 0, why = 0;
    while (n < N_PIPE && !why) {
        if (pipe2(pair, O_CLOEXEC)) {
            why = errno;
            break;
        }
        fcntl(pair[0], F_SETFL, O_NONBLOCK);
        gnuplot->pipe[n] = pair[0];
        ends[n++] = pair[1];
    }
    if (!why) {
        gnuplot->deadline = now() + seconds;
        pid_t pid = fork();
        if (pid == 0)
            become_gnuplot(gnuplot, ends, seconds);
        why = pid < 0 ? errno : 0;
        gnuplot->pid = pid < 0 ? 0 : pid;
        if (pid > 0)
            setpgid(pid, pid); /* whoever comes first */
    }
    while (n)
        close(ends[--n]);
    return why ? ts_fail(err, TS_EPROCESS, "gnuplot cannot be started: %s",
                         strerror(why))
               : TS_OK;
}

/* The parent --------------------------------------------------------------- */

static void close_pipe(process *gnuplot, int i)
{
    if (gnuplot->pipe[i] >= 0)
        close(gnuplot->pipe[i]);
    gnuplot->pipe[i] = -1;
}

static ts_status take(process *gnuplot, int i, ts_error *err)
{
    char block[65536];
    ssize_t n = read(gnuplot->pipe[i], block, sizeof block);
    if (n > 0) {
        if (i == OUT && gnuplot->text[i].length > LARGEST)
            return ts_fail(err, TS_ELIMIT, "the picture is larger than %d MiB",
                           (int)(LARGEST >> 20));
        if (i == OUT || gnuplot->text[i].length < 65536)
            ts_buffer_add(&gnuplot->text[i], block, (size_t)n);
        if (gnuplot->text[i].failed)
            return ts_fail_memory(err);
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        close_pipe(gnuplot, i);
    }
    return TS_OK;
}

/* The signals that would end the program, and leave the folder behind with
 * what it holds: they wait until it is gone. */
static void ending_signals(sigset_t *set)
{
    static const int numbers[] = {SIGTERM, SIGHUP, SIGQUIT};
    struct sigaction now_done;
    sigemptyset(set);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (sigaction(numbers[i], NULL, &now_done) == 0 &&
            now_done.sa_handler != SIG_IGN)
            sigaddset(set, numbers[i]);
}

static bool asked_to_end(void)
{
    sigset_t ending, waiting;
    ending_signals(&ending);
    sigpending(&waiting);
    return sigandset(&waiting, &waiting, &ending) == 0 &&
           !sigisemptyset(&waiting);
}

static ts_status still_allowed(const process *gnuplot, double seconds,
                               ts_error *err)
{
    if (now() > gnuplot->deadline)
        return ts_fail(err, TS_EPROCESS,
                       "gnuplot was stopped after %g seconds; the figure may "
                       "hold too many points",
                       seconds);
    if (asked_to_end())
        return ts_fail(err, TS_EINTERRUPT, "interrupted");
    return ts_interrupt_check(err);
}

/* Reads until all ends are closed, then waits for the exit code. */
static ts_status watch(process *gnuplot, double seconds, int *exit_status,
                       ts_error *err)
{
    ts_status status;
    for (;;) {
        struct pollfd ends[N_PIPE];
        int open = 0;
        for (int i = 0; i < N_PIPE; i++) {
            ends[i] = (struct pollfd){.fd = gnuplot->pipe[i], .events = POLLIN};
            open += gnuplot->pipe[i] >= 0;
        }
        if ((status = still_allowed(gnuplot, seconds, err)))
            return status;
        if (!open)
            break;
        if (poll(ends, N_PIPE, 50) <= 0)
            continue;
        for (int i = 0; i < N_PIPE; i++)
            if (ends[i].fd >= 0 && ends[i].revents &&
                (status = take(gnuplot, i, err)))
                return status;
    }
    pid_t ended;
    while ((ended = waitpid(gnuplot->pid, exit_status, WNOHANG)) == 0 ||
           (ended < 0 && errno == EINTR)) {
        if ((status = still_allowed(gnuplot, seconds, err)))
            return status;
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    gnuplot->pid = 0;
    return ended > 0 ? TS_OK
                     : ts_fail(err, TS_EPROCESS,
                               "gnuplot ended without an exit code");
}

/* The last line of what gnuplot said, fit for a message. */
static void last_line(const ts_buffer *said, ts_buffer *line)
{
    size_t end = said->length;
    while (end && strchr(" \n\t", said->data[end - 1]))
        end--;
    size_t begin = end;
    while (begin && said->data[begin - 1] != '\n')
        begin--;
    while (begin < end && said->data[begin] == ' ')
        begin++;
    if (end - begin > 300)
        end = begin + 300;
    ts_text_escape(line, said->data + begin, end - begin);
}

static ts_status judge(process *gnuplot, int status, ts_error *err)
{
    ts_buffer line = {0};
    if (gnuplot->text[COMPLAINT].length)
        last_line(&gnuplot->text[COMPLAINT], &line);
    const char *said = line.length ? line.data : "";
    ts_status verdict = TS_OK;
    if (WIFSIGNALED(status))
        verdict = ts_fail(err, TS_EPROCESS, "gnuplot crashed (%s)%s%s",
                          strsignal(WTERMSIG(status)), *said ? ": " : "", said);
    else if (WEXITSTATUS(status) == 127 && !*said)
        verdict = ts_fail(err, TS_EPROCESS, "gnuplot cannot be started: %s",
                          gnuplot->program);
    else if (WEXITSTATUS(status) || *said)
        verdict = ts_fail(err, TS_EPROCESS, "gnuplot failed: %s",
                          *said ? said : "it did not say why");
    ts_buffer_free(&line);
    return verdict;
}

/* Ends what runs, removes what is left. */
static void end(process *gnuplot)
{
    int status;
    if (gnuplot->pid > 0) {
        kill(-gnuplot->pid, SIGKILL);
        kill(gnuplot->pid, SIGKILL);
        while (waitpid(gnuplot->pid, &status, 0) < 0 && errno == EINTR)
            continue;
    }
    for (int i = 0; i < N_PIPE; i++) {
        close_pipe(gnuplot, i);
        ts_buffer_free(&gnuplot->text[i]);
    }
    ts_temporary_remove(gnuplot->folder, gnuplot->lock);
    ts_free(gnuplot->program);
}

ts_status ts_gnuplot_run(const char *script, double seconds, ts_buffer *out,
                         bool *unjailed, ts_error *err)
{
    process gnuplot = {.lock = -1, .pipe = {-1, -1, -1}};
    sigset_t ending, before;
    int exit_status = 0;
    ts_status status;

    if (!(seconds > 0))
        seconds = 30;
    ending_signals(&ending);
    sigprocmask(SIG_BLOCK, &ending, &before);
    status = find_gnuplot(&gnuplot.program, err);
    if (!status)
        status = ts_temporary_folder(&gnuplot.folder, &gnuplot.lock, err);
    if (!status)
        status = write_script(&gnuplot, script, err);
    if (!status)
        status = start(&gnuplot, seconds, err);
    if (!status)
        status = watch(&gnuplot, seconds, &exit_status, err);
    if (!status)
        status = judge(&gnuplot, exit_status, err);
    if (!status) {
        *out = gnuplot.text[OUT];
        gnuplot.text[OUT] = (ts_buffer){0};
    }
    if (unjailed)
        *unjailed = gnuplot.text[REPORT].length > 0;
    end(&gnuplot);
    sigprocmask(SIG_SETMASK, &before, NULL);
    return status;
}
