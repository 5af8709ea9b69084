/* An image at five sixths of its size, each pixel the mean of the area it covers.
 *
 * Six pixels make five: pixel i of five covers a share of 5 - i of pixel i and i + 1 of pixel i + 1,
 * along rows and columns; in integers, rounded once to the nearest. Its pixel (x, y) lies at
 * (1.2 x + 0.1, 1.2 y + 0.1) of the larger image.
 */
#ifndef VISION_SCALING_H
#define VISION_SCALING_H

#include "vision/image.h"

/* Of a side: whole groups of six make five each, and what is left as many as it covers wholly. */
static inline int64_t ob_scaled_side(int64_t side) { return side * 5 / 6; }

/* How many 16-bit integers of workspace that takes. */
static inline int64_t ob_scale_workspace(int64_t width) { return width; }

/* Writes the rows of the smaller image, one after the other; `image` is sound. */
void ob_scale_down(const ob_image *image, uint8_t *pixels, uint16_t *workspace);

#endif
