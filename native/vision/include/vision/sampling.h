/* Minimal samples for robust estimation: which matches to try together, and for how long.
 *
 * Uniform, or in the order of quality: PROSAC (Chum and Matas, "Matching with PROSAC", CVPR 2005,
 * section 2.1), which begins with the best matches and has grown to all of them at the last
 * iteration; section 2.2 for when to stop. The numbers are a function of (seed, draw) alone, SplitMix64's finalizer on a counter
 * (Steele, Lea and Flood 2014): the same seed gives the same samples on every machine.
 */
#ifndef VISION_SAMPLING_H
#define VISION_SAMPLING_H

#include <stdint.h>

#define OB_SAMPLE_MAX 8

typedef struct {
  uint64_t seed, draws;
  int64_t count;      /* matches in all */
  int64_t size;       /* of a sample, at most OB_SAMPLE_MAX and count */
  int64_t pool;       /* the sample comes from the first `pool` matches */
  int64_t iteration;
  int64_t until;      /* iteration at which the pool grows (PROSAC's T'_n) */
  double expected;    /* PROSAC's T_n */
} ob_sampler;

/* `by_quality`: the matches are in the order of quality, the best first, and the pool is to be all of
 * them after `iterations`. */
void ob_sampler_begin(ob_sampler *s, uint64_t seed, int64_t count, int64_t size, int64_t by_quality,
                      int64_t iterations);

/* `size` different indices below `count`; ascending but for the last of a sample by quality. */
void ob_sampler_draw(ob_sampler *s, int64_t *indices);

/* A number below `bound` (1 to 2^32), the `draw`-th of a seed; uneven by less than bound / 2^32. */
uint64_t ob_sample_below(uint64_t seed, uint64_t draw, uint64_t bound);

/* A random order of `count` matches (Fisher and Yates) and its inverse: order[place[i]] = i. */
void ob_sample_shuffle(uint64_t seed, int64_t count, int32_t *order, int32_t *place);

/* Samples of `size` among which one without an outlier is with probability `confidence`, when
 * `inliers` of `count` matches are right: ln(1 - confidence) / ln(1 - w^size) (Fischler and Bolles
 * 1981). From 1 to `most`. */
int64_t ob_samples_needed(int64_t inliers, int64_t count, int64_t size, double confidence,
                          int64_t most);

/* Inliers of a hypothesis among the first matches by quality: counted up to the sampler's pool. */
typedef struct {
  int64_t counted, inliers;
  int64_t needed; /* samples, by the pool alone; as many as allowed while it says nothing */
} ob_sample_pool;

/* As many samples as the pool asks for (PROSAC's maximality: all samples so far came from it), once its
 * inliers are too many for a hypothesis by chance (its non-randomness, stricter): 5 more than the
 * sample, and five standard deviations more than 5 % of the others. `inlier`: flags of the best
 * hypothesis, in the order of quality; `is_new` where they are others than at the last call. */
int64_t ob_sample_pool_needed(ob_sample_pool *pool, const ob_sampler *s, const uint8_t *inlier,
                              int32_t is_new, double confidence, int64_t most);

#endif
