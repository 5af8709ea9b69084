/* The ground that the vehicle carries as a grid of heights, and how bright the Sun makes it.
 *
 * Frame: x along the columns, y along the rows, z up, metres; over the few kilometres of a view the
 * Moon's curvature is the caller's, in the heights. Between samples heights are bilinear.
 *
 * Brightness by the lunar-Lambert law (McEwen 1991, "Photometric functions for photoclinometry and other
 * applications"): L 2 m0 / (m0 + m) + (1 - L) m0, with the cosines m0 of incidence and m of emission on the
 * slope over two samples. Cast shadows by one sweep away from the Sun: the height of the shadow at a sample
 * is what stands at the neighbouring line towards the Sun, ground or shadow, less the fall of the ray on the
 * way; linear between two samples of that line. A shadow begins over the fall of one step; those of
 * peaks of few samples are rounded and end early.
 */
#ifndef VISION_RELIEF_H
#define VISION_RELIEF_H

#include <stdint.h>

#define OB_RELIEF_SIDE_MAX 8192

typedef struct {
  double x0_m, y0_m;     /* of the first sample */
  double spacing_m;      /* > 0 */
  int64_t columns, rows; /* 3 to OB_RELIEF_SIDE_MAX */
  const float *height_m; /* [rows][columns] */
} ob_relief;

typedef struct {
  double to_sun[3], to_viewer[3]; /* unit vectors, world */
  double lommel_seeliger;         /* L, 0 to 1 */
  double mean_level;              /* grey level of the mean over the grid, 1 to 255 */
} ob_relief_light;

enum {
  OB_RELIEF_OK = 0,
  OB_RELIEF_BAD_GRID = 1,  /* sides, spacing or origin */
  OB_RELIEF_BAD_LIGHT = 2, /* a setting outside its range, or not a number */
};

int64_t ob_relief_is_sound(const ob_relief *ground);

/* Height at a point; 0 if it lies outside the grid (also for NaN) and nothing written. */
int64_t ob_relief_height(const ob_relief *ground, double x_m, double y_m, double *height_m);

/* Where a ray meets the ground: the height of the point at first `*z_m`, a guess, then corrected by the ground
 * under the ray, at most OB_RELIEF_STEPS times. 1 and the point, if two corrections meet within a hundredth of
 * the spacing; else 0: the ray leaves the grid, or is so flat that slopes hide what lies behind. */
#define OB_RELIEF_STEPS 24
int64_t ob_relief_meet(const ob_relief *ground, const double origin_m[3], const double direction[3],
                       double z_m, double point_m[3]);

/* Floats of workspace: 2 for each sample. */
int64_t ob_relief_workspace(const ob_relief *ground);

/* Grey levels of all samples, [rows][columns]. `albedo`: of each sample, or NULL. Heights or albedo that are
 * not numbers are black. */
int64_t ob_relief_shade(const ob_relief *ground, const float *albedo, const ob_relief_light *light,
                        uint8_t *grey, float *workspace);

#endif
