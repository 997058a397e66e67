/* Status codes and their texts. */
#include "ts/error.h"

#include <stdarg.h>
#include <stdio.h>

ts_status ts_fail(ts_error *err, ts_status code, const char *format, ...)
{
    if (err) {
        va_list args;
        va_start(args, format);
        err->code = code;
        vsnprintf(err->text, sizeof err->text, format, args);
        va_end(args);
    }
    return code;
}

ts_status ts_fail_memory(ts_error *err)
{
    return ts_fail(err, TS_ENOMEM, "not enough memory");
}

const char *ts_status_name(ts_status code)
{
    switch (code) {
    case TS_OK:
        return "ok";
    case TS_ENOMEM:
        return "memory";
    case TS_EINTERRUPT:
        return "interrupted";
    case TS_EIO:
        return "file";
    case TS_EFORMAT:
        return "format";
    case TS_EINVALID:
        return "invalid";
    case TS_ENOTFOUND:
        return "not found";
    case TS_EEXISTS:
        return "exists";
    case TS_ETYPE:
        return "type";
    case TS_EDEGENERATE:
        return "degenerate";
    case TS_ECONVERGE:
        return "convergence";
    case TS_ELIMIT:
        return "limit";
    case TS_EREADONLY:
        return "read-only";
    case TS_ESQL:
        return "sql";
    case TS_EPROCESS:
        return "process";
    case TS_EREFUSED:
        return "refused";
    }
    return "unknown";
}
