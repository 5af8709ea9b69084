#include "crater_levels.h"

#include <stddef.h>
#include <string.h>

#define LOG_UNIT 128  /* of the logarithm, per octave of brightness */
#define LOG_FLOOR 16  /* grey levels added before, so that the noise of a shadow stays small */
#define LOG_MIDDLE 256 /* taken off, so that squares stay small */

static int64_t rounded_up(int64_t octets) { return (octets + 31) / 32 * 32; }

int64_t ob_crater_level_place(ob_crater_level *level, int32_t width, int32_t height, uint8_t *memory) {
  const int32_t stride = (width + 15) / 16 * 16 + 16;
  const int64_t pixels = rounded_up(2 * ((int64_t)stride * height + 2 * OB_CRATER_LEVEL_SLACK));
  const int64_t sums = rounded_up(4 * (int64_t)stride * (height + 1));
  *level = (ob_crater_level){width, height, stride, NULL, NULL, NULL};
  if (memory != NULL) {
    level->pixel = (int16_t *)memory + OB_CRATER_LEVEL_SLACK;
    level->sum = (uint32_t *)(memory + pixels);
    level->square = (uint32_t *)(memory + pixels + sums);
  }
  return pixels + 2 * sums;
}

/* LOG_UNIT log2(value / LOG_FLOOR), rounded down (Knuth, TAOCP vol. 1, section 1.2.2). */
static int16_t log_level(uint32_t value) {
  const uint64_t two = UINT64_C(2) << 20;
  uint64_t mantissa = ((uint64_t)value << 20) / LOG_FLOOR;
  int32_t result = 0;
  for (; mantissa >= two; mantissa >>= 1) {
    result += LOG_UNIT;
  }
  for (int32_t bit = LOG_UNIT / 2; bit > 0; bit /= 2) {
    mantissa = (mantissa * mantissa) >> 20;
    if (mantissa >= two) {
      mantissa >>= 1;
      result += bit;
    }
  }
  return (int16_t)result;
}

static void clear_beyond(const ob_crater_level *level, int16_t *row) {
  memset(row + level->width, 0, 2 * (size_t)(level->stride - level->width));
}

void ob_crater_logarithms(int16_t table[256]) {
  for (uint32_t grey = 0; grey < 256; grey++) {
    table[grey] = (int16_t)(log_level(grey + LOG_FLOOR) - LOG_MIDDLE);
  }
}

void ob_crater_level_of_image(const ob_image *image, const int16_t table[256], const ob_crater_level *to) {
  for (int32_t y = 0; y < to->height; y++) {
    const uint8_t *in = image->pixels + (int64_t)y * image->stride;
    int16_t *row = to->pixel + (ptrdiff_t)y * to->stride;
    for (int32_t x = 0; x < to->width; x++) {
      row[x] = table[in[x]];
    }
    clear_beyond(to, row);
  }
}

void ob_crater_level_halve(const ob_crater_level *from, const ob_crater_level *to) {
  for (int32_t y = 0; y < to->height; y++) {
    const int16_t *restrict a = from->pixel + (ptrdiff_t)(2 * y) * from->stride;
    const int16_t *restrict b = a + from->stride;
    int16_t *restrict row = to->pixel + (ptrdiff_t)y * to->stride;
    for (int32_t x = 0; x < to->width; x++) {
      row[x] = (int16_t)((a[2 * x] + a[2 * x + 1] + b[2 * x] + b[2 * x + 1] + 2) >> 2);
    }
    clear_beyond(to, row);
  }
}

void ob_crater_level_integrate(const ob_crater_level *level) {
  memset(level->sum, 0, 4 * (size_t)level->stride);
  memset(level->square, 0, 4 * (size_t)level->stride);
  for (int32_t y = 0; y < level->height; y++) {
    const int16_t *row = level->pixel + (ptrdiff_t)y * level->stride;
    const uint32_t *sum_above = level->sum + (ptrdiff_t)y * level->stride;
    const uint32_t *square_above = level->square + (ptrdiff_t)y * level->stride;
    uint32_t *sum_row = level->sum + (ptrdiff_t)(y + 1) * level->stride;
    uint32_t *square_row = level->square + (ptrdiff_t)(y + 1) * level->stride;
    uint32_t sum = 0, square = 0;
    for (int32_t x = 0; x < level->stride - 1; x++) {
      sum_row[x] = sum_above[x] + sum;
      square_row[x] = square_above[x] + square;
      sum += (uint32_t)row[x];
      square += (uint32_t)(row[x] * row[x]);
    }
  }
}
