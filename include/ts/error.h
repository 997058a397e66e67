/*
 * Status codes and the error that explains one.
 *
 *     ts_error err;
 *     if (ts_frame_column(frame, "AVAL", &column, &err))
 *         puts(err.text);
 *
 * A function that can fail returns ts_status and takes ts_error *err last.
 * The text is one line, names the offending column, group, row or file, and
 * has no "error:" in front. err may be NULL.
 */
#ifndef TS_ERROR_H
#define TS_ERROR_H

typedef enum {
    TS_OK = 0,
    TS_ENOMEM = -1,      /* memory ran out */
    TS_EINTERRUPT = -2,  /* the user stopped the work */
    TS_EIO = -3,         /* a file cannot be opened, read or written */
    TS_EFORMAT = -4,     /* what a file or a text holds is not what it must */
    TS_EINVALID = -5,    /* an argument or option has no meaning */
    TS_ENOTFOUND = -6,   /* no column, table or level of that name */
    TS_EEXISTS = -7,     /* it is there already */
    TS_ETYPE = -8,       /* text where numbers are needed, or the reverse */
    TS_EDEGENERATE = -9, /* the data cannot answer the question */
    TS_ECONVERGE = -10,  /* an iteration did not reach its end */
    TS_ELIMIT = -11,     /* larger than the program will take */
    TS_EREADONLY = -12,  /* a change where nothing may change */
    TS_ESQL = -13,       /* SQLite refused a statement */
    TS_EPROCESS = -14,   /* a child process failed or was stopped */
    TS_EREFUSED = -15    /* safe mode does not allow it */
} ts_status;

#define TS_ERROR_TEXT 2048

typedef struct {
    ts_status code;
    char text[TS_ERROR_TEXT];
} ts_error;

/* Fills err (if there is one) and returns code, for `return ts_fail(...)`. */
ts_status ts_fail(ts_error *err, ts_status code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ts_fail with the one text that every failed allocation has. */
ts_status ts_fail_memory(ts_error *err);

/* The name scripts see, such as "not found". Never NULL. */
const char *ts_status_name(ts_status code);

#endif
