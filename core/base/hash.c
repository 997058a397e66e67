/* SHA-256 by OpenSSL's libcrypto. */
#include "ts/hash.h"

#include <stdio.h>
#include <string.h>
#include <openssl/evp.h>
#include "ts/memory.h"

struct ts_hash {
    EVP_MD_CTX *context;
};

ts_status ts_hash_new(ts_hash **out, ts_error *err)
{
    ts_hash *hash = ts_alloc_array(1, sizeof *hash);
    *out = NULL;
    if (!hash)
        return ts_fail_memory(err);
    hash->context = EVP_MD_CTX_new();
    if (!hash->context ||
        !EVP_DigestInit_ex(hash->context, EVP_sha256(), NULL)) {
        ts_hash_free(hash);
        return ts_fail_memory(err);
    }
    *out = hash;
    return TS_OK;
}

void ts_hash_add(ts_hash *hash, const void *data, size_t length)
{
    EVP_DigestUpdate(hash->context, data, length);
}

static void to_hex(const unsigned char digest[32], char hex[65])
{
    for (int i = 0; i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

void ts_hash_end(ts_hash *hash, char hex[65])
{
    unsigned char digest[32] = {0};
    EVP_DigestFinal_ex(hash->context, digest, NULL);
    to_hex(digest, hex);
    ts_hash_free(hash);
}

void ts_hash_free(ts_hash *hash)
{
    if (hash)
        EVP_MD_CTX_free(hash->context);
    ts_free(hash);
}

void ts_hash_text(const void *data, size_t length, char hex[65])
{
    unsigned char digest[32] = {0};
    EVP_Digest(data, length, digest, NULL, EVP_sha256(), NULL);
    to_hex(digest, hex);
}
