/*
 * Children that share work. Each takes the next part that nobody has, by a
 * counter in memory that all see, and sends of it its number, its status and
 * its bytes. The parent reads what comes, tells how far it is, and ends the
 * children when it is interrupted; they end by themselves when it dies.
 */
#include "ts/workers.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "ts/interrupt.h"
#include "ts/memory.h"

enum { MOST_JOBS = 64 };

typedef struct {
    uint64_t part, length;
    int32_t status;
} heading;

typedef struct {
    pid_t pid;
    int end;          /* of the pipe; -1: closed */
    ts_buffer unread; /* what has come of a message that is not whole */
} child;

/* In a child ----------------------------------------------------------------
 */

static void send_all(int end, const void *data, size_t length)
{
    const char *from = data;
    while (length > 0) {
        ssize_t sent = write(end, from, length);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            _exit(1); /* nobody listens */
        from += sent;
        length -= (size_t)sent;
    }
}

static _Noreturn void be_child(atomic_size_t *next, size_t n, ts_work work,
                               void *context, int end, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    signal(SIGINT, SIG_IGN); /* the parent is asked, and ends its children */
    signal(SIGPIPE, SIG_IGN);
    ts_progress_set(NULL, NULL);
    for (size_t i; (i = atomic_fetch_add(next, 1)) < n;) {
        ts_buffer out = {0};
        ts_error err = {0};
        heading head = {.part = i, .status = work(context, i, &out, &err)};
        if (!head.status && out.failed)
            head.status = ts_fail_memory(&err);
        const char *data = head.status ? err.text : out.data;
        head.length = head.status ? strlen(err.text) : out.length;
        send_all(end, &head, sizeof head);
        send_all(end, data, head.length);
        ts_buffer_free(&out);
        if (head.status)
            break;
    }
    _exit(0);
}

/* In the parent -------------------------------------------------------------
 */

static ts_status start(child *c, atomic_size_t *next, size_t n, ts_work work,
                       void *context)
{
    int ends[2];
    pid_t parent = getpid();
    *c = (child){.end = -1};
    if (pipe(ends))
        return TS_EPROCESS;
    c->pid = fork();
    if (c->pid == 0) {
        close(ends[0]);
        be_child(next, n, work, context, ends[1], parent);
    }
    close(ends[1]);
    if (c->pid < 0) {
        close(ends[0]);
        return TS_EPROCESS;
    }
    c->end = ends[0];
    return TS_OK;
}

static void end_child(child *c, bool kill_it)
{
    int status;
    if (c->pid <= 0)
        return;
    if (kill_it)
        kill(c->pid, SIGKILL);
    if (c->end >= 0)
        close(c->end);
    while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
        ;
    ts_buffer_free(&c->unread);
    *c = (child){.end = -1};
}

/* Takes the messages that have come whole. */
static ts_status take(child *c, size_t n, ts_buffer *out, size_t *done,
                      ts_error *err)
{
    size_t at = 0;
    heading head;
    while (c->unread.length - at >= sizeof head) {
        memcpy(&head, c->unread.data + at, sizeof head);
        if (head.part >= n)
            return ts_fail(err, TS_EPROCESS, "a worker sent what is no part");
        if (c->unread.length - at - sizeof head < head.length)
            break;
        const char *data = c->unread.data + at + sizeof head;
        if (head.status)
            return ts_fail(err, (ts_status)head.status, "%.*s",
                           (int)head.length, data);
        ts_buffer_add(&out[head.part], data, (size_t)head.length);
        if (out[head.part].failed)
            return ts_fail_memory(err);
        at += sizeof head + (size_t)head.length;
        (*done)++;
    }
    if (at > 0) {
        memmove(c->unread.data, c->unread.data + at, c->unread.length - at);
        c->unread.length -= at;
    }
    return TS_OK;
}

static ts_status read_child(child *c, size_t n, ts_buffer *out, size_t *done,
                            ts_error *err)
{
    char bytes[65536];
    ssize_t got = read(c->end, bytes, sizeof bytes);
    if (got < 0)
        return errno == EINTR || errno == EAGAIN
                   ? TS_OK
                   : ts_fail(err, TS_EPROCESS, "a worker cannot be read: %s",
                             strerror(errno));
    if (got == 0) {
        close(c->end);
        c->end = -1;
        return TS_OK;
    }
    ts_buffer_add(&c->unread, bytes, (size_t)got);
    if (c->unread.failed)
        return ts_fail_memory(err);
    return take(c, n, out, done, err);
}

/* Until all children have closed their ends. */
static ts_status listen_to(child *children, size_t jobs, size_t n,
                           const char *what, ts_buffer *out, ts_error *err)
{
    struct pollfd ends[MOST_JOBS];
    size_t done = 0, open = jobs;
    ts_status status = TS_OK;
    while (open > 0 && !status) {
        for (size_t k = 0; k < jobs; k++)
            ends[k] = (struct pollfd){children[k].end, POLLIN, 0};
        if (poll(ends, jobs, 100) < 0 && errno != EINTR)
            return ts_fail(err, TS_EPROCESS, "workers cannot be heard: %s",
                           strerror(errno));
        open = 0;
        for (size_t k = 0; k < jobs && !status; k++) {
            if (children[k].end >= 0 && ends[k].revents)
                status = read_child(&children[k], n, out, &done, err);
            open += children[k].end >= 0;
        }
        if (!status)
            status = ts_progress(what, (double)done, (double)n, err);
    }
    if (!status && done < n)
        status = ts_fail(err, TS_EPROCESS,
                         "a worker ended before its work was done");
    return status;
}

static ts_status alone(size_t n, ts_work work, void *context, const char *what,
                       ts_buffer *out, ts_error *err)
{
    for (size_t i = 0; i < n; i++) {
        ts_status status = work(context, i, &out[i], err);
        if (!status && out[i].failed)
            status = ts_fail_memory(err);
        if (!status)
            status = ts_progress(what, (double)i + 1, (double)n, err);
        if (status)
            return status;
    }
    return TS_OK;
}

ts_status ts_workers_run(size_t jobs, size_t n, ts_work work, void *context,
                         const char *what, ts_buffer *out, ts_error *err)
{
    child children[MOST_JOBS];
    size_t started = 0;
    if (jobs > n)
        jobs = n;
    if (jobs > MOST_JOBS)
        jobs = MOST_JOBS;
    if (jobs < 2)
        return alone(n, work, context, what, out, err);
    atomic_size_t *next = mmap(NULL, sizeof *next, PROT_READ | PROT_WRITE,
                               MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (next == MAP_FAILED)
        return alone(n, work, context, what, out, err);
    while (started < jobs && !start(&children[started], next, n, work, context))
        started++;
    ts_status status = TS_OK;
    if (started == jobs)
        status = listen_to(children, jobs, n, what, out, err);
    for (size_t k = 0; k < started; k++)
        end_child(&children[k], status || started < jobs);
    munmap(next, sizeof *next);
    if (started < jobs)
        return alone(n, work, context, what, out, err);
    return status;
}
