/* Where in a level craters of a radius may be: an estimate of the correlation of every pixel. */
#ifndef VISION_CRATER_SCAN_H
#define VISION_CRATER_SCAN_H

#include <stdint.h>

#include "crater_templates.h"

#define OB_CRATER_SCORE_UNIT 16384 /* of the square of an estimated correlation */

typedef struct {
  int16_t score, x, y, scale, level, spare; /* score 0: empty */
} ob_crater_candidate;

/* The best candidate of every 2 x 2 pixels of a level. */
typedef struct {
  int32_t across, down;
  ob_crater_candidate *cell;
} ob_crater_cells;

/* Rows of a scan: octets for a level of a width. */
int64_t ob_crater_scan_octets(int32_t width);

int64_t ob_crater_cells_place(ob_crater_cells *cells, int32_t width, int32_t height, uint8_t *memory);

/* Adds to the cells the local maxima for craters of `radius` px, which are named after `scale` and `number`,
 * the level's. `rows` is memory for ob_crater_scan_octets. */
void ob_crater_scan(const ob_crater_level *level, const ob_crater_sight *sight, double radius, int32_t number,
                    int32_t scale, int16_t *rows, const ob_crater_cells *cells, int64_t simd);

#endif
