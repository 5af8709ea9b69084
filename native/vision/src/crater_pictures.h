/* Pictures of lit bowls, and how they change with each unknown of a fit.
 *
 * A bowl of height h from floor to rim and radius r has, under a Sun at the elevation e, the brightness
 *
 *   1 - 2 a / s,   s = r tan(e) / h,   a towards the Sun in radii,
 *
 * where level ground has 1. Its shadow is what lies within the rim and within the rim moved by s towards
 * the Sun: a plane cuts a paraboloid in a curve whose plan is that of the rim. So depth and elevation make
 * one number, s. A picture is the logarithm of that brightness.
 */
#ifndef VISION_CRATER_PICTURES_H
#define VISION_CRATER_PICTURES_H

#include <stdint.h>

#include "crater_templates.h"

#define OB_CRATER_SHADOWS 5 /* values of s: 4.8, 2.4, 1.2, 0.6, 0.3 */

enum {
  OB_RIM_GAIN,     /* of the picture itself */
  OB_RIM_TOWARDS,  /* of the centre, towards the Sun: px of the ground */
  OB_RIM_ACROSS,
  OB_RIM_SIZE,     /* logarithm of the radius */
  OB_RIM_LONG,     /* stretched towards the Sun and squeezed across it, by this part */
  OB_RIM_SHEAR,    /* the same at 45 degrees */
  OB_RIM_SHADOW,   /* logarithm of s */
  OB_RIM_UNKNOWNS
};

typedef struct {
  double radius;
  int32_t reach, count;
  double sum[OB_RIM_UNKNOWNS];                       /* of the weights */
  double gram;                                       /* square of the picture, about its mean */
  double inverse[OB_RIM_UNKNOWNS * OB_RIM_UNKNOWNS]; /* of the normal equations */
  /* Derivatives by each unknown, in its unit. */
  int16_t weight[OB_RIM_UNKNOWNS][2 * OB_CRATER_TEMPLATE_HALF + 1][OB_CRATER_TEMPLATE_SIDE];
  int16_t inside[2 * OB_CRATER_TEMPLATE_HALF + 1][OB_CRATER_TEMPLATE_SIDE];
} ob_crater_picture;

/* Unit of an unknown, with which its weights are whole numbers of some hundreds. */
static inline double ob_crater_rim_unit(int32_t unknown) { return unknown < OB_RIM_SIZE ? 1.0 : 0.25; }

/* Memory to build with. */
int64_t ob_crater_pictures_octets(void);

/* Pictures of some radii, for each s. */
void ob_crater_pictures_build(const ob_crater_sight *sight, const double *radius,
                              int32_t radii, void *memory, ob_crater_picture *pictures);

#endif
