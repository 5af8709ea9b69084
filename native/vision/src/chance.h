/* How many wrong matches agree by chance. */
#ifndef VISION_CHANCE_H
#define VISION_CHANCE_H

#include "field.h"

/* Whether `count` are too many for chance that has `expected`: 1 in 1,000, Poisson. */
int32_t ob_chance_beyond(double count, double expected);

/* The area over which the points of the second image (columns 2 and 3) are spread, as if evenly over a
 * rectangle. */
double ob_chance_area(const ob_field *field);

#endif
