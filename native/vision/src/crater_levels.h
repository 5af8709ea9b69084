/* A pyramid of the logarithm of brightness, as the crater finder reads it. */
#ifndef VISION_CRATER_LEVELS_H
#define VISION_CRATER_LEVELS_H

#include <stdint.h>

#include "vision/image.h"

#define OB_CRATER_LEVELS 8
#define OB_CRATER_LEVEL_MIN 16 /* px: the smallest side of a level */
#define OB_CRATER_LEVEL_SLACK 64 /* pixels that can be read before the first and after the last */

typedef struct {
  int32_t width, height, stride;
  int16_t *pixel; /* of the first row */
  /* Of the pixels above and to the left of a corner, and of their squares, in the numbers modulo 2^32:
   * height + 1 rows of `stride`. */
  uint32_t *sum, *square;
} ob_crater_level;

/* Octets of a level and where its parts are in `memory`, which may be NULL. */
int64_t ob_crater_level_place(ob_crater_level *level, int32_t width, int32_t height, uint8_t *memory);

/* Of every grey level, 128 to an octave. */
void ob_crater_logarithms(int16_t table[256]);

void ob_crater_level_of_image(const ob_image *image, const int16_t table[256], const ob_crater_level *to);

/* Means of 2 x 2. */
void ob_crater_level_halve(const ob_crater_level *from, const ob_crater_level *to);

void ob_crater_level_integrate(const ob_crater_level *level);

#endif
