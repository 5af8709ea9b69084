#include "vision/sampling.h"

#include <assert.h>

#include "onboard/elementary.h"

#define BY_CHANCE 0.05 /* of the wrong matches agree with a wrong hypothesis, at most */
#define BEYOND_SAMPLE 5
#define CHANCE_SIGMAS 5.0
#define SHUFFLE_STREAM UINT64_C(0x706f7365) /* apart from the draws of samples */

uint64_t ob_sample_below(uint64_t seed, uint64_t draw, uint64_t bound) {
  uint64_t z = seed + (draw + 1) * UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  z ^= z >> 31;
  return (z >> 32) * bound >> 32;
}

void ob_sample_shuffle(uint64_t seed, int64_t count, int32_t *order, int32_t *place) {
  for (int64_t i = 0; i < count; i++) {
    const uint64_t j = ob_sample_below(seed ^ SHUFFLE_STREAM, (uint64_t)i, (uint64_t)i + 1);
    order[i] = order[j];
    order[j] = (int32_t)i;
  }
  for (int64_t i = 0; i < count; i++) {
    place[order[i]] = (int32_t)i;
  }
}

void ob_sampler_begin(ob_sampler *s, uint64_t seed, int64_t count, int64_t size, int64_t by_quality,
                      int64_t iterations) {
  assert(size >= 1 && size <= OB_SAMPLE_MAX && count >= size);
  *s = (ob_sampler){.seed = seed, .count = count, .size = size, .pool = by_quality ? size : count};
  s->until = 1;
  s->expected = (double)iterations;
  for (int64_t i = 0; i < size; i++) {
    s->expected *= (double)(size - i) / (double)(count - i);
  }
}

static void grow(ob_sampler *s) {
  const double next = s->expected * (double)(s->pool + 1) / (double)(s->pool + 1 - s->size);
  s->until += ob_to_i64(-ob_floor(s->expected - next));
  s->expected = next;
  s->pool++;
}

/* `size` different ones of the first `pool`, ascending. */
static void pick(ob_sampler *s, int64_t pool, int64_t size, int64_t *indices) {
  for (int64_t i = 0; i < size; i++) {
    int64_t index = (int64_t)ob_sample_below(s->seed, s->draws++, (uint64_t)(pool - i));
    int64_t place = 0;
    for (; place < i && index >= indices[place]; place++) {
      index++;
    }
    for (int64_t j = i; j > place; j--) {
      indices[j] = indices[j - 1];
    }
    indices[place] = index;
  }
}

void ob_sampler_draw(ob_sampler *s, int64_t *indices) {
  s->iteration++;
  if (s->pool < s->count && s->iteration >= s->until) {
    grow(s);
  }
  if (s->pool < s->count && s->until >= s->iteration) {
    pick(s, s->pool - 1, s->size - 1, indices);
    indices[s->size - 1] = s->pool - 1;
  } else {
    pick(s, s->pool, s->size, indices);
  }
}

int64_t ob_samples_needed(int64_t inliers, int64_t count, int64_t size, double confidence,
                          int64_t most) {
  double right = 1.0;
  for (int64_t i = 0; i < size; i++) {
    right *= (double)inliers / (double)count;
  }
  if (!(right < 1.0)) {
    return 1;
  }
  const double needed = ob_log(1.0 - confidence) / ob_log(1.0 - right);
  return needed < (double)most ? (int64_t)ob_max(needed, 0.0) + 1 : most;
}

/* Inliers that a wrong hypothesis does not have among `pool` matches. */
static double not_by_chance(int64_t pool, int64_t size) {
  const double others = (double)(pool - size);
  return (double)(size + BEYOND_SAMPLE) + BY_CHANCE * others +
         CHANCE_SIGMAS * ob_sqrt(others * BY_CHANCE * (1.0 - BY_CHANCE));
}

int64_t ob_sample_pool_needed(ob_sample_pool *pool, const ob_sampler *s, const uint8_t *inlier,
                              int32_t is_new, double confidence, int64_t most) {
  if (!is_new && pool->counted == s->pool) {
    return pool->needed;
  }
  if (is_new) {
    *pool = (ob_sample_pool){0};
  }
  for (; pool->counted < s->pool; pool->counted++) {
    pool->inliers += inlier[pool->counted];
  }
  const int32_t says = (double)pool->inliers >= not_by_chance(s->pool, s->size);
  pool->needed = says ? ob_samples_needed(pool->inliers, s->pool, s->size, confidence, most) : most;
  return pool->needed;
}
