/* 64-bit state hashes: a fixed order of 64-bit words, each mixed in by one multiplication.
 *
 * Not cryptographic. Every state bit reaches the result, and equal states give equal hashes on
 * every target. A NaN hashes as one canonical value, because its sign and payload are not the same
 * everywhere.
 */
#ifndef ONBOARD_HASH_H
#define ONBOARD_HASH_H

#include <stdint.h>

#define OB_HASH_SEED UINT64_C(0x6f6e626f61726431)

uint64_t ob_hash_u64(uint64_t hash, uint64_t word);
uint64_t ob_hash_f64(uint64_t hash, double x);
uint64_t ob_hash_f64s(uint64_t hash, const double *x, int32_t count);
uint64_t ob_hash_i64s(uint64_t hash, const int64_t *x, int32_t count);
uint64_t ob_hash_bytes(uint64_t hash, const uint8_t *bytes, int32_t count);

#endif
