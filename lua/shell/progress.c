/*
 * Progress of long work, on a terminal: after a second one line on stderr,
 * "resampling 12 % (about 40 s left)", written over until the work is done.
 */
#include "shell.h"

#include <math.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "ts/interrupt.h"

static double started, updated, reported, phase, last_done;
static char current[61];
static bool shown;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void duration(double seconds, char *out, size_t room)
{
    if (seconds < 90)
        snprintf(out, room, "%.0f s", ceil(seconds));
    else if (seconds < 5400)
        snprintf(out, room, "%.0f min", seconds / 60);
    else
        snprintf(out, room, "%.1f h", seconds / 3600);
}

/* Loops may report in turns, one inside the other: the one on the screen stays
 * until it has been silent for half a second. True when it is this one's. */
static bool takes_turn(const char *what, double done, double t)
{
    if (strncmp(what, current, sizeof current - 1) != 0) {
        if (t - reported < 0.5)
            return false;
        snprintf(current, sizeof current, "%s", what);
        phase = t;
    } else if (done < last_done) {
        phase = t; /* it counts from the start again */
    }
    reported = t;
    last_done = done;
    return true;
}

static void show(void *context, const char *what, double done, double total)
{
    char left[40], line[160];
    double t = now();
    (void)context;
    if (!takes_turn(what, done, t) || t - started < 1 || t - updated < 0.2)
        return;
    if (total > 0 && done >= total) {
        shell_progress_erase();
        return;
    }
    updated = t;
    shell_busy(what);
    if (total > 0 && done > 0 && t - phase >= 0.5) {
        duration((t - phase) * (total - done) / done, left, sizeof left);
        snprintf(line, sizeof line, "%.60s %.0f %% (about %s left)", what,
                 floor(100 * done / total), left);
    } else if (total > 0) {
        snprintf(line, sizeof line, "%.60s %.0f %%", what,
                 floor(100 * done / total));
    } else if (done >= 0) {
        snprintf(line, sizeof line, "%.0f %.60s", done, what);
    } else {
        duration(t - started, left, sizeof left);
        snprintf(line, sizeof line, "%.60s %s", what, left);
    }
    fputs("\r\033[K", stderr);
    shell_write(stderr, line, strlen(line));
    fflush(stderr);
    shown = true;
}

void shell_progress_begin(void)
{
    started = updated = phase = now();
    reported = last_done = 0;
    current[0] = '\0';
    shown = false;
    ts_progress_set(isatty(STDERR_FILENO) ? show : NULL, NULL);
}

void shell_progress_erase(void)
{
    if (shown)
        fputs("\r\033[K", stderr);
    shown = false;
}

void shell_progress_end(void)
{
    shell_progress_erase();
    ts_progress_set(NULL, NULL);
}
