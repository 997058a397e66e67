/*
 * JSON as a stream of tokens, from a plain, gzip or zlib file; memory does not
 * grow with it. The grammar is checked on the way (RFC 8259); errors name
 * file:line:column in the text that was decompressed.
 */
#ifndef TS_JSON_READER_H
#define TS_JSON_READER_H

#include <stddef.h>
#include "ts/error.h"

typedef struct json_reader json_reader;

typedef enum {
    JSON_END, /* of the text */
    JSON_OBJECT,
    JSON_OBJECT_END,
    JSON_ARRAY,
    JSON_ARRAY_END,
    JSON_KEY,
    JSON_STRING,
    JSON_NUMBER,
    JSON_TRUE,
    JSON_FALSE,
    JSON_NULL
} json_type;

typedef struct {
    json_type type;
    const char *text; /* of a key, a string (decoded) or a number; '\0' ends it,
                       * and it lives until the next token */
    size_t length;
} json_token;

/* several: values may follow one another, as in NDJSON. */
ts_status json_open(const char *path, int several, json_reader **out,
                    ts_error *err);
void json_close(json_reader *in);
ts_status json_next(json_reader *in, json_token *token, ts_error *err);
/* TS_EFORMAT at the place of the last token. */
ts_status json_fail(const json_reader *in, ts_error *err, const char *format,
                    ...) __attribute__((format(printf, 3, 4)));
/* SHA-256 of the file's bytes, once JSON_END came. */
void json_hash(json_reader *in, char hex[65]);

#endif
