/* SHA-256, in hexadecimal: 64 digits and '\0'. */
#ifndef TS_HASH_H
#define TS_HASH_H

#include <stddef.h>
#include "ts/error.h"

typedef struct ts_hash ts_hash;

ts_status ts_hash_new(ts_hash **out, ts_error *err);
void ts_hash_add(ts_hash *hash, const void *data, size_t length);
/* Ends the sum, writes its hex digits and frees hash. */
void ts_hash_end(ts_hash *hash, char hex[65]);
void ts_hash_free(ts_hash *hash);

void ts_hash_text(const void *data, size_t length, char hex[65]);

#endif
