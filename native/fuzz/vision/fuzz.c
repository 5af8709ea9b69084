#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Steele, Lea and Flood 2014, SplitMix64. */
uint64_t fuzz_bits(uint64_t *stream) {
  uint64_t z = (*stream += UINT64_C(0x9e3779b97f4a7c15));
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

int64_t fuzz_below(uint64_t *stream, int64_t bound) {
  return (int64_t)(fuzz_bits(stream) % (uint64_t)bound);
}

double fuzz_unit(uint64_t *stream) { return (double)(fuzz_bits(stream) >> 11) * 0x1p-53; }

double fuzz_number(uint64_t *stream, double usual) {
  static const double odd[] = {0.0, -0.0, 1.0, -1.0, 5e-324, 1e-300, 1e-30, 1e30, -1e155, 1e300, 1.7e308};
  const int64_t choice = fuzz_below(stream, 4000);
  double number = usual;
  if (choice < 11) {
    number = odd[choice];
  } else if (choice < 13) {
    const uint64_t bits = fuzz_bits(stream);
    memcpy(&number, &bits, sizeof number);
  } else if (choice < 15) {
    const uint64_t bits = choice == 13 ? UINT64_C(0x7ff8000000000000) : UINT64_C(0x7ff0000000000000);
    memcpy(&number, &bits, sizeof number);
  }
  return number;
}

static int64_t side(uint64_t *stream, int64_t side_max) {
  const int64_t choice = fuzz_below(stream, 20);
  return choice == 0 ? fuzz_below(stream, 3) : choice < 8 ? fuzz_below(stream, 70) : fuzz_below(stream, side_max + 1);
}

static void add_bowls(uint64_t *stream, const ob_image *image, uint8_t *pixels) {
  for (int64_t n = fuzz_below(stream, 12); n > 0 && image->width > 0 && image->height > 0; n--) {
    const int64_t x = fuzz_below(stream, image->width), y = fuzz_below(stream, image->height);
    const int64_t radius = 3 + fuzz_below(stream, 30);
    for (int64_t i = -radius; i <= radius; i++) {
      for (int64_t j = -radius; j <= radius; j++) {
        if (i * i + j * j <= radius * radius && y + i >= 0 && y + i < image->height && x + j >= 0 && x + j < image->width) {
          pixels[(y + i) * image->stride + x + j] = (uint8_t)(128 + 100 * j / radius);
        }
      }
    }
  }
}

static void draw(uint64_t *stream, const ob_image *image, uint8_t *pixels, int64_t octets) {
  const int64_t kind = fuzz_below(stream, 6);
  const int64_t shift = fuzz_below(stream, 8);
  for (int64_t i = 0; i < octets; i++) {
    const int64_t x = i % image->stride, y = i / image->stride;
    const uint8_t noise = (uint8_t)(fuzz_bits(stream) >> 56 >> shift);
    pixels[i] = kind == 0   ? 0
                : kind == 1 ? 255
                : kind == 2 ? noise
                : kind == 3 ? (uint8_t)(((x >> shift) + (y >> shift)) % 2 * 255)
                : kind == 4 ? (uint8_t)(x * 3 + y + noise)
                            : (uint8_t)(120 + noise / 2);
  }
  if (kind == 5) {
    add_bowls(stream, image, pixels);
  }
}

fuzz_picture fuzz_image(uint64_t *stream, int64_t side_max) {
  fuzz_picture p = {.image = {.width = side(stream, side_max), .height = side(stream, side_max)}};
  p.image.stride = p.image.width + (fuzz_bits(stream) % 2 ? fuzz_below(stream, 9) : 0);
  const int64_t octets = p.image.height > 0 ? (p.image.height - 1) * p.image.stride + p.image.width : 0;
  p.memory = fuzz_memory(octets);
  p.image.pixels = p.memory;
  if (p.image.stride > 0) {
    draw(stream, &p.image, p.memory, octets);
  }
  static const int64_t wrong[] = {-1, INT64_MIN, INT64_MAX, OB_IMAGE_SIDE_MAX + 1, INT32_MAX};
  int64_t *const fields[] = {&p.image.width, &p.image.height, &p.image.stride};
  if (fuzz_below(stream, 50) == 0) {
    const int64_t field = fuzz_below(stream, 3);
    const int64_t value = wrong[fuzz_below(stream, 4 + (field < 2))];
    *fields[field] = field == 2 && value > 0 ? p.image.width - 1 : value;
  }
  return p;
}

void fuzz_drop(fuzz_picture *picture) { free(picture->memory); }

void *fuzz_memory(int64_t octets) {
  assert(octets >= 0);
  void *memory = malloc(octets > 0 ? (size_t)octets : 1);
  assert(memory != NULL);
  memset(memory, 0xa5, (size_t)octets);
  return memory;
}

void fuzz_same(const void *a, const void *b, int64_t octets) {
  assert(octets == 0 || memcmp(a, b, (size_t)octets) == 0);
}

void fuzz_finite(const double *numbers, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    assert(numbers[i] - numbers[i] == 0.0);
  }
}
