/* Light and shade of a bowl, as weights on the pixels around its centre. */
#ifndef VISION_CRATER_TEMPLATES_H
#define VISION_CRATER_TEMPLATES_H

#include <stdint.h>

#include "crater_levels.h"

#define OB_CRATER_TEMPLATES 11 /* of radii 2.1 to 11.9 px, a fourth of an octave apart */
#define OB_CRATER_TEMPLATE_HALF 15 /* rows and columns on each side, at most */
#define OB_CRATER_TEMPLATE_SIDE 32 /* columns kept: a whole number of vectors */
#define OB_CRATER_TEMPLATE_STEP 1.189207115002721

/* How level ground is seen. */
typedef struct {
  double ground_to_image[4], to_ground[4];
  double sun[2]; /* on the ground */
} ob_crater_sight;

typedef struct {
  double radius;       /* px */
  int32_t reach;       /* rows and columns on each side */
  int32_t count;       /* pixels inside */
  int64_t sum, square; /* of the weights */
  int16_t weight[2 * OB_CRATER_TEMPLATE_HALF + 1][OB_CRATER_TEMPLATE_SIDE];
  int16_t inside[2 * OB_CRATER_TEMPLATE_HALF + 1][OB_CRATER_TEMPLATE_SIDE]; /* all ones, or 0 */
} ob_crater_template;

ob_crater_sight ob_crater_sight_of(const double ground_to_image[4], const double sun_image[2]);

void ob_crater_template_build(const ob_crater_sight *sight, double radius, ob_crater_template *t);

/* The normalized correlation about a pixel, -1 where the template does not fit. */
double ob_crater_correlation(const ob_crater_level *level, const ob_crater_template *t, int32_t x, int32_t y,
                             int64_t simd);

#endif
