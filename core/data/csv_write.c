/*
 * Frames as CSV. Text is quoted where a reader could take it for something
 * else: delimiters, quotes, line ends, nothing, numbers and words for missing
 * in a column that would otherwise be numeric are quoted all the same.
 */
#include "ts/csv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ts/interrupt.h"
#include "ts/memory.h"
#include "ts/text.h"

static bool must_quote(const char *text)
{
    size_t n = strlen(text);
    return n == 0 || strpbrk(text, ",;\t|\"\r\n") || text[0] == ' ' ||
           text[n - 1] == ' ' || (unsigned char)text[0] == 0xEF;
}

static void add_text(ts_buffer *out, const char *text)
{
    if (!must_quote(text)) {
        ts_buffer_puts(out, text);
        return;
    }
    ts_buffer_puts(out, "\"");
    for (const char *p = text; *p; p++) {
        ts_buffer_add(out, p, 1);
        if (*p == '"')
            ts_buffer_puts(out, "\"");
    }
    ts_buffer_puts(out, "\"");
}

static void add_cell(ts_buffer *out, const ts_column *column, size_t i)
{
    char number[32];
    if (ts_column_is_na(column, i))
        return;
    if (column->type == TS_REAL) {
        ts_number_format(column->real[i], number);
        /* -0 has a sign that %.0f keeps; the format is exact either way */
        ts_buffer_puts(out, number);
    } else {
        add_text(out, ts_column_text(column, i));
    }
}

static ts_status write_all(int fd, const ts_buffer *out, const char *path,
                           ts_error *err)
{
    for (size_t done = 0; done < out->length;) {
        ssize_t k = write(fd, out->data + done, out->length - done);
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0)
            return ts_fail(err, TS_EIO, "%s: %s", path, strerror(errno));
        done += (size_t)k;
    }
    return TS_OK;
}

static ts_status write_rows(int fd, const ts_frame *frame, const char *path,
                            ts_error *err)
{
    ts_buffer out = {0};
    ts_status status = TS_OK;
    for (size_t j = 0; j < frame->n_column; j++) {
        ts_buffer_puts(&out, j ? "," : "");
        add_text(&out, frame->column[j]->name);
    }
    ts_buffer_puts(&out, "\n");
    for (size_t i = 0; i < frame->n_row && !status; i++) {
        for (size_t j = 0; j < frame->n_column; j++) {
            ts_buffer_puts(&out, j ? "," : "");
            add_cell(&out, frame->column[j], i);
        }
        ts_buffer_puts(&out, "\n");
        if (out.failed) {
            status = ts_fail_memory(err);
        } else if (out.length > (1 << 20)) {
            status = write_all(fd, &out, path, err);
            ts_buffer_clear(&out);
            if (!status)
                status = ts_progress("rows written", (double)i,
                                     (double)frame->n_row, err);
        }
    }
    if (!status)
        status = out.failed ? ts_fail_memory(err)
                            : write_all(fd, &out, path, err);
    ts_buffer_free(&out);
    return status;
}

ts_status ts_csv_write(const ts_frame *frame, const char *path, int mode,
                       ts_buffer *doubtful, ts_error *err)
{
    ts_buffer name = {0};
    ts_status status;
    (void)doubtful;
    ts_buffer_printf(&name, "%s.tmp.%ld", path, (long)getpid());
    if (name.failed)
        return ts_fail_memory(err);
    int fd = open(name.data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        status = ts_fail(err, TS_EIO, "%s: %s", path, strerror(errno));
        ts_buffer_free(&name);
        return status;
    }
    status = write_rows(fd, frame, path, err);
    if (!status && (fchmod(fd, (mode_t)mode) || fsync(fd)))
        status = ts_fail(err, TS_EIO, "%s: %s", path, strerror(errno));
    close(fd);
    if (!status && rename(name.data, path))
        status = ts_fail(err, TS_EIO, "%s: %s", path, strerror(errno));
    if (status)
        unlink(name.data);
    ts_buffer_free(&name);
    return status;
}
