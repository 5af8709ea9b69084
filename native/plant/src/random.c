#include "plant/random.h"

#include "onboard/elementary.h"
#include "onboard/hash.h"

uint64_t pl_mix64(uint64_t x) {
  x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
  return x ^ (x >> 31);
}

void pl_random_init(pl_random *r, uint64_t seed, uint64_t stream) {
  uint64_t x = pl_mix64(seed) ^ pl_mix64(stream + UINT64_C(0x9e3779b97f4a7c15));
  for (int i = 0; i < 4; i++) {
    x += UINT64_C(0x9e3779b97f4a7c15);
    r->s[i] = pl_mix64(x);
  }
  r->spare = 0.0;
  r->has_spare = 0;
}

static uint64_t rotate_left(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

uint64_t pl_random_u64(pl_random *r) {
  uint64_t *s = r->s;
  const uint64_t result = rotate_left(s[1] * 5, 7) * 9;
  const uint64_t t = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = rotate_left(s[3], 45);
  return result;
}

double pl_random_uniform(pl_random *r) {
  return (double)(pl_random_u64(r) >> 11) * 0x1p-53;
}

double pl_random_normal(pl_random *r) {
  if (r->has_spare) {
    r->has_spare = 0;
    return r->spare;
  }
  for (int32_t tries = 0; tries < 64; tries++) {
    const double u = 2.0 * pl_random_uniform(r) - 1.0;
    const double v = 2.0 * pl_random_uniform(r) - 1.0;
    const double s = u * u + v * v;
    if (s > 0.0 && s < 1.0) {
      const double f = ob_sqrt(-2.0 * ob_log(s) / s);
      r->spare = v * f;
      r->has_spare = 1;
      return u * f;
    }
  }
  return 0.0;
}

uint64_t pl_random_hash(uint64_t hash, const pl_random *r) {
  for (int32_t i = 0; i < 4; i++) {
    hash = ob_hash_u64(hash, r->s[i]);
  }
  hash = ob_hash_f64(hash, r->has_spare ? r->spare : 0.0);
  return ob_hash_u64(hash, (uint64_t)r->has_spare);
}
