/* Random numbers of the plant: one independent stream per purpose, reproducible from one seed.
 *
 * A stream is xoshiro256** (Blackman and Vigna 2018) seeded through SplitMix64 from (seed, stream).
 * Normal deviates come from the polar method (Marsaglia and Bray 1964) on the core's own log.
 */
#ifndef PLANT_RANDOM_H
#define PLANT_RANDOM_H

#include <stdint.h>

typedef struct {
  uint64_t s[4];
  double spare;      /* second deviate of the last pair */
  int64_t has_spare;
} pl_random;

void pl_random_init(pl_random *r, uint64_t seed, uint64_t stream);
uint64_t pl_random_u64(pl_random *r);
double pl_random_uniform(pl_random *r); /* in [0, 1), 53 bits */

/* Normal deviate, mean 0, variance 1. Pairs that miss the unit disc are drawn again; after 64
 * misses in a row (probability 1e-43) it returns 0, so that the run time has a bound. */
double pl_random_normal(pl_random *r);

uint64_t pl_random_hash(uint64_t hash, const pl_random *r);

/* One stateless 64-bit mix (SplitMix64's finalizer): procedural content from integer coordinates. */
uint64_t pl_mix64(uint64_t x);

#endif
