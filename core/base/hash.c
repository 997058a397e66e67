/*
 * SHA-256 by OpenSSL's libcrypto, through its old functions: the new ones
 * allocate inside, and a sum that cannot be taken must not come out as zeros.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "ts/hash.h"

#include <stdio.h>
#include <openssl/sha.h>
#include "ts/memory.h"

struct ts_hash {
    SHA256_CTX context;
};

ts_status ts_hash_new(ts_hash **out, ts_error *err)
{
    *out = ts_alloc_array(1, sizeof **out);
    if (!*out)
        return ts_fail_memory(err);
    SHA256_Init(&(*out)->context);
    return TS_OK;
}

void ts_hash_add(ts_hash *hash, const void *data, size_t length)
{
    SHA256_Update(&hash->context, data, length);
}

static void to_hex(const unsigned char digest[32], char hex[65])
{
    for (int i = 0; i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

void ts_hash_end(ts_hash *hash, char hex[65])
{
    unsigned char digest[32];
    SHA256_Final(digest, &hash->context);
    to_hex(digest, hex);
    ts_hash_free(hash);
}

void ts_hash_free(ts_hash *hash)
{
    ts_free(hash);
}

void ts_hash_text(const void *data, size_t length, char hex[65])
{
    SHA256_CTX context;
    unsigned char digest[32];
    SHA256_Init(&context);
    SHA256_Update(&context, data, length);
    SHA256_Final(digest, &context);
    to_hex(digest, hex);
}
