#include "correlation_spectral.h"

#include "lanes.h"
#include "onboard/elementary.h"

#if OB_HAS_X86
#include <immintrin.h>
#endif

#define SIDE_MIN 16

static int64_t padded(int64_t side) {
  int64_t power = SIDE_MIN;
  while (power < side) {
    power *= 2;
  }
  return power;
}

/* Rows of the spectrum in a band: 8, in the last 1. */
static int64_t in_band(const ob_spectrum *s, int64_t band) { return band + 1 < s->bands ? 8 : 1; }

/* The spectrum of 16 columns that are 0. */
static void clear_columns(const ob_spectrum *s, float *spectrum, int64_t columns, int64_t x) {
  for (int64_t band = 0; band < s->bands; band++) {
    memset(spectrum + (band * columns + x) * OB_FOURIER_FLOATS, 0, 16 * OB_FOURIER_FLOATS * sizeof(float));
  }
}

#define LANES_TARGET
#define LANES(name) name##_plain
#define TRANSPOSE_IN_REGISTERS 0
#include "fourier_lanes.h"
#include "correlation_spectral_lanes.h"
#undef TRANSPOSE_IN_REGISTERS
#undef LANES_TARGET
#undef LANES
#if OB_HAS_X86
#define LANES_TARGET OB_AVX2
#define LANES(name) name##_avx2
#define TRANSPOSE_IN_REGISTERS 1
#include "fourier_lanes.h"
#include "correlation_spectral_lanes.h"
#endif

static ob_spectrum sized(int64_t width, int64_t height, int64_t pattern_width) {
  ob_spectrum s = {.width = padded(width), .height = padded(height)};
  s.bands = s.height / 16 + 1;
  s.near = (pattern_width + 15) / 16 * 16;
  return s;
}

static int64_t longer(const ob_spectrum *s) { return s->width > s->height ? s->width : s->height; }

int64_t ob_correlation_spectral_octets(int64_t width, int64_t height, int64_t pattern_width) {
  const ob_spectrum s = sized(width, height, pattern_width);
  const int64_t floats = (s.bands * (s.width + s.near) + longer(&s)) * OB_FOURIER_FLOATS;
  return floats * (int64_t)sizeof(float) + ob_fourier_octets(s.width) + ob_fourier_octets(s.height);
}

void ob_correlation_spectral_prepare(ob_spectrum *s, int64_t width, int64_t height,
                                     int64_t pattern_width, void *memory) {
  *s = sized(width, height, pattern_width);
  s->window = memory;
  s->pattern = s->window + s->bands * s->width * OB_FOURIER_FLOATS;
  s->work = s->pattern + s->bands * s->near * OB_FOURIER_FLOATS;
  uint8_t *const after = (uint8_t *)(s->work + longer(s) * OB_FOURIER_FLOATS);
  ob_fourier_prepare(&s->along_x, s->width, after);
  ob_fourier_prepare(&s->along_y, s->height, after + ob_fourier_octets(s->width));
}

/* 2-norm of the window's pixels less the middle. */
static double length_of(const ob_image *image) {
  int64_t squares = 0;
  for (int64_t y = 0; y < image->height; y++) {
    const uint8_t *const row = image->pixels + y * image->stride;
    int32_t sum = 0; /* of at most 2,048 pixels */
    for (int64_t x = 0; x < image->width; x++) {
      const int32_t pixel = row[x] - OB_CORRELATION_MIDDLE;
      sum += pixel * pixel;
    }
    squares += sum;
  }
  return ob_sqrt((double)squares);
}

static int64_t halvings(const ob_spectrum *s) {
  int64_t count = 0;
  for (int64_t n = s->width * s->height; n > 1; n /= 2) {
    count++;
  }
  return count;
}

/* With an error of f of its norm on each spectrum, the product of both errs in the 1-norm by 2 f times the
 * norms (Cauchy and Schwarz), and the sum over its elements, which a numerator is, by no more; the
 * rounding of the product is the 4. The way back errs by f of the 2-norm of all numerators, which
 * that of the product is by Parseval's theorem; twice, as it was summed in floats. */
static double error_of(const ob_spectrum *s, const ob_correlation_task *task, double product) {
  const double f = OB_FOURIER_ERROR * (double)halvings(s);
  const double lengths = length_of(&task->window) * task->length;
  return lengths * (2.0 * f + 4.0 * 0x1p-24) + 2.0 * f * ob_sqrt(product);
}

double ob_correlation_spectral(ob_spectrum *s, const ob_correlation_task *task, float *numerators) {
#if OB_HAS_X86
  if (task->simd == OB_SIMD_AVX2) {
    return error_of(s, task, correlate_avx2(s, task, numerators));
  }
#endif
  return error_of(s, task, correlate_plain(s, task, numerators));
}
