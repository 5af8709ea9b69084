#include "onboard/hash.h"

#include <string.h>

/* The finalizer of MurmurHash3 (Appleby 2011) supplies the odd constants. */
uint64_t ob_hash_u64(uint64_t hash, uint64_t word) {
  uint64_t h = (hash ^ word) * UINT64_C(0xff51afd7ed558ccd);
  h ^= h >> 32;
  return h * UINT64_C(0xc4ceb9fe1a85ec53);
}

uint64_t ob_hash_f64(uint64_t hash, double x) {
  uint64_t word = UINT64_C(0x7ff8000000000000);
  if (x == x) {
    memcpy(&word, &x, sizeof word);
  }
  return ob_hash_u64(hash, word);
}

uint64_t ob_hash_f64s(uint64_t hash, const double *x, int32_t count) {
  for (int32_t i = 0; i < count; i++) {
    hash = ob_hash_f64(hash, x[i]);
  }
  return hash;
}

uint64_t ob_hash_i64s(uint64_t hash, const int64_t *x, int32_t count) {
  for (int32_t i = 0; i < count; i++) {
    hash = ob_hash_u64(hash, (uint64_t)x[i]);
  }
  return hash;
}

uint64_t ob_hash_bytes(uint64_t hash, const uint8_t *bytes, int32_t count) {
  int32_t i = 0;
  for (; i + 8 <= count; i += 8) {
    uint64_t word = 0;
    for (int32_t k = 0; k < 8; k++) {
      word |= (uint64_t)bytes[i + k] << (8 * k);
    }
    hash = ob_hash_u64(hash, word);
  }
  uint64_t tail = (uint64_t)(count - i) << 56;
  for (int32_t k = 0; i + k < count; k++) {
    tail |= (uint64_t)bytes[i + k] << (8 * k);
  }
  return ob_hash_u64(hash, tail);
}
