#include "base/sha256.h"

#include <openssl/evp.h>

void sha256_init(struct sha256 *s)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (!context || !EVP_DigestInit_ex(context, EVP_sha256(), NULL))
        BUG("libcrypto offers no SHA-256");
    s->context = context;
}

void sha256_update(struct sha256 *s, const void *bytes, size_t len)
{
    if (!EVP_DigestUpdate(s->context, bytes, len))
        BUG("libcrypto cannot go on with SHA-256");
}

void sha256_final(struct sha256 *s, uint8_t digest[SHA256_SIZE])
{
    if (!EVP_DigestFinal_ex(s->context, digest, NULL))
        BUG("libcrypto cannot end SHA-256");
    EVP_MD_CTX_free(s->context);
    s->context = NULL;
}

void sha256_hex(const uint8_t digest[SHA256_SIZE], char text[SHA256_HEX_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < SHA256_SIZE; i++) {
        text[2 * i] = digits[digest[i] >> 4];
        text[2 * i + 1] = digits[digest[i] & 15];
    }
    text[SHA256_HEX_SIZE - 1] = '\0';
}
