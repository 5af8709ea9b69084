#include "crater_templates.h"

#include <stddef.h>
#include <string.h>

#include "onboard/elementary.h"
#include "vision/simd.h"

#define HALF OB_CRATER_TEMPLATE_HALF
#define SIDE OB_CRATER_TEMPLATE_SIDE
#define EXTENT 1.5 /* of the template, in radii */
#define UNIT 96    /* largest weight of a template */
#define NOISE 1.6  /* variance of the logarithm that is taken for noise: of rounded grey levels */

ob_crater_sight ob_crater_sight_of(const double g[4], const double sun_image[2]) {
  const double d = g[0] * g[3] - g[1] * g[2];
  ob_crater_sight s = {{g[0], g[1], g[2], g[3]}, {g[3] / d, -g[1] / d, -g[2] / d, g[0] / d}, {0.0, 0.0}};
  const double x = s.to_ground[0] * sun_image[0] + s.to_ground[1] * sun_image[1];
  const double y = s.to_ground[2] * sun_image[0] + s.to_ground[3] * sun_image[1];
  const double length = ob_sqrt(x * x + y * y);
  s.sun[0] = x / length;
  s.sun[1] = y / length;
  return s;
}

/* Slope of the bowl away from the Sun, so that what is lit is positive: a paraboloid within the rim, the
 * third power beyond, where the rim stands a fifth of the whole height above the ground. */
static double slope_at(double x, double y, const double sun[2]) {
  const double towards = x * sun[0] + y * sun[1], d2 = x * x + y * y;
  if (d2 > EXTENT * EXTENT) {
    return 0.0;
  }
  const double d = ob_sqrt(d2);
  return d < 1.0 ? -2.0 * towards : 0.6 * towards / (d2 * d2 * d);
}

/* Mean over 3 x 3 places of a pixel. */
static double weight_at(const ob_crater_sight *s, double radius, int32_t column, int32_t row) {
  double sum = 0.0;
  for (int32_t i = -1; i <= 1; i++) {
    for (int32_t j = -1; j <= 1; j++) {
      const double x = (column + j / 3.0) / radius, y = (row + i / 3.0) / radius;
      sum += slope_at(s->to_ground[0] * x + s->to_ground[1] * y, s->to_ground[2] * x + s->to_ground[3] * y,
                      s->sun);
    }
  }
  return sum / 9.0;
}

static int is_inside(const ob_crater_sight *s, double radius, int32_t column, int32_t row) {
  const double x = s->to_ground[0] * column + s->to_ground[1] * row;
  const double y = s->to_ground[2] * column + s->to_ground[3] * row;
  return x * x + y * y <= EXTENT * EXTENT * radius * radius;
}

static int32_t farther(int32_t reach, int32_t offset) {
  const int32_t far = offset < 0 ? -offset : offset;
  return far > reach ? far : reach;
}

void ob_crater_template_build(const ob_crater_sight *s, double radius, ob_crater_template *t) {
  memset(t, 0, sizeof *t);
  t->radius = radius;
  for (int32_t row = -HALF; row <= HALF; row++) {
    for (int32_t column = -HALF; column <= HALF; column++) {
      if (is_inside(s, radius, column, row)) {
        const int64_t w = ob_to_i64(ob_floor(UNIT / 2.0 * weight_at(s, radius, column, row) + 0.5));
        t->weight[row + HALF][column + HALF] = (int16_t)w;
        t->inside[row + HALF][column + HALF] = -1;
        t->sum += w;
        t->square += w * w;
        t->count++;
        t->reach = farther(farther(t->reach, row), column);
      }
    }
  }
}

typedef struct {
  int32_t product, sum, square;
} moments;

/* Over `columns` of the template from `first` on. */
static inline moments moments_of(const ob_crater_level *l, const ob_crater_template *t, int32_t x, int32_t y,
                                 int32_t first, int32_t columns) {
  moments m = {0, 0, 0};
  for (int32_t row = -t->reach; row <= t->reach; row++) {
    const int16_t *p = l->pixel + (ptrdiff_t)(y + row) * l->stride + x - HALF + first;
    const int16_t *w = t->weight[row + HALF] + first, *inside = t->inside[row + HALF] + first;
    for (int32_t k = 0; k < columns; k++) {
      const int16_t in = inside[k] & p[k];
      m.product += w[k] * p[k];
      m.sum += in;
      m.square += in * in;
    }
  }
  return m;
}

static inline moments moments_within(const ob_crater_level *l, const ob_crater_template *t, int32_t x, int32_t y) {
  return t->reach <= 7 ? moments_of(l, t, x, y, HALF - 7, 16) : moments_of(l, t, x, y, 0, SIDE);
}

#if OB_HAS_X86
OB_AVX2 static moments moments_avx2(const ob_crater_level *l, const ob_crater_template *t, int32_t x, int32_t y) {
  return moments_within(l, t, x, y);
}
#endif

static int fits(const ob_crater_level *l, int32_t reach, int32_t x, int32_t y) {
  return x >= reach && y >= reach && x + reach < l->width && y + reach < l->height;
}

double ob_crater_correlation(const ob_crater_level *level, const ob_crater_template *t, int32_t x, int32_t y,
                             int64_t simd) {
  if (!fits(level, t->reach, x, y)) {
    return -1.0;
  }
#if OB_HAS_X86
  const moments m = simd == OB_SIMD_AVX2 ? moments_avx2(level, t, x, y) : moments_within(level, t, x, y);
#else
  (void)simd;
  const moments m = moments_within(level, t, x, y);
#endif
  const double n = t->count, s = m.sum;
  const double covariance = n * m.product - (double)t->sum * s;
  const double of_weights = n * (double)t->square - (double)t->sum * (double)t->sum;
  const double of_image = n * m.square - s * s + n * n * NOISE;
  return covariance / ob_sqrt(of_weights * of_image);
}
