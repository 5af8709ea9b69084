/* The rim of a crater by least squares: place, size, shape, and how far its shadow reaches.
 *
 * The model of the logarithm of brightness is a constant plus a gain times a picture of a lit bowl,
 * linear about the nearest of a bank of pictures, to which the fit goes in steps (Gauss-Newton). Weak
 * priors hold shape and shadow where the image says nothing of them.
 */
#ifndef VISION_CRATER_RIM_H
#define VISION_CRATER_RIM_H

#include <stdint.h>

#include "crater_pictures.h"
#include "vision/crater_finder.h"

/* Pictures of the templates `first` to `last`. */
typedef struct {
  int32_t first, last;
  ob_crater_picture *pictures;
} ob_crater_bank;

typedef struct {
  int32_t x, y, scale, shadow;
  double correlation; /* with the picture as it stands */
  double explained;   /* share of the variance that the linear model explains */
  double contrast;    /* of what it explains: standard deviation, in units of the logarithm */
  double scatter;     /* variance of what is left, over the gain's square */
  double change[OB_RIM_UNKNOWNS];
} ob_crater_rim;

/* From x, y and scale in `rim` to the best fit near; 0 if there is none. */
int ob_crater_rim_fit(const ob_crater_level *level, const ob_crater_bank *bank, const ob_crater_sight *sight,
                      int64_t simd, ob_crater_rim *rim);

/* Place, ellipse and covariance, in pixels of the image, each of `scale` of the level's. */
void ob_crater_rim_tell(const ob_crater_rim *rim, const ob_crater_bank *bank, const ob_crater_sight *sight,
                        double scale, ob_found_crater *found);

#endif
