#pragma once
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

// Macros of OpenSSL that Swift does not import.
static inline EVP_PKEY *firmament_generate_ed25519(void) { return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"); }
static inline EVP_PKEY *firmament_generate_p256(void) { return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"); }
static inline int firmament_bio_bytes(BIO *bio, char **bytes) { return (int)BIO_get_mem_data(bio, bytes); }

// SHA-256 at once, without the look-up of the algorithm that EVP makes each time. `digest` has room for 32 bytes.
static inline void firmament_sha256(const void *bytes, size_t count, void *digest) {
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Update(&context, bytes, count);
  SHA256_Final((unsigned char *)digest, &context);
}
