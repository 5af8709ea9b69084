/* The map of the ground that the vehicle carries: nested grids of heights, coarse to fine.
 *
 * A grid is regular in corridor coordinates (along_m, cross_m; see frame.h); heights are metres above
 * the sphere of 1,737,400 m. Between samples the height is bilinear, so it is continuous inside a
 * grid; across the edge of a finer grid it may jump by about the sum of both sigmas. Where grids
 * overlap the finest that holds the point is used, with its sigma. The map never copies heights: the
 * arrays belong to the caller and must outlive it.
 */
#ifndef ONBOARD_TERRAIN_MAP_H
#define ONBOARD_TERRAIN_MAP_H

#include <stdint.h>

#include "onboard/frame.h"

#define OB_MAP_GRIDS 4

/* Off the map the ground is taken to be at height 0 with this sigma, the relief of the whole Moon
 * (LOLA elevations scatter by some 2 km, and are skewed). */
#define OB_MAP_UNKNOWN_SIGMA_M 3000.0

typedef struct {
  double along0_m, cross0_m; /* of sample [0][0] */
  double spacing_m;          /* > 0, the same both ways */
  double sigma_m;            /* one sigma of a height */
  int64_t n_along, n_cross;  /* samples, each >= 2 */
  const float *height_m;     /* [n_along][n_cross] */
} ob_map_grid;

typedef struct {
  ob_map_grid grid[OB_MAP_GRIDS]; /* coarse to fine */
  int64_t count;                  /* grids in use */
  ob_corridor corridor;
} ob_terrain_map;

/* Index of the finest grid that holds the point, or -1 (also for NaN). */
int32_t ob_map_grid_at(const ob_terrain_map *map, double along_m, double cross_m);

/* Height above the sphere, and its one-sigma error. Off the map: 0 and OB_MAP_UNKNOWN_SIGMA_M. */
double ob_map_height_m(const ob_terrain_map *map, double along_m, double cross_m, double *sigma_m);

/* Unit normal of the ground, from height differences over +-baseline_m along and across. */
void ob_map_normal(const ob_terrain_map *map, double along_m, double cross_m, double baseline_m,
                   double normal_mcmf[3]);

/* Lowest and highest of the heights at 9 x 9 points within +-radius_m of a point. */
void ob_map_relief(const ob_terrain_map *map, double along_m, double cross_m, double radius_m,
                   double *lowest_m, double *highest_m);

/* The height of the ground at a place known to `sigma_m`, one sigma along and across: its expectation
 * less the map's height at the place itself, and its standard deviation. From 24 points, each as
 * likely as the others, on three rings whose radii are the 1/6, 1/2 and 5/6 quantiles of the Rayleigh
 * distribution, widened by 6 % so that a plane of slope g scatters by g sigma_m. A point off the map
 * counts as the place itself. */
void ob_map_scatter(const ob_terrain_map *map, double along_m, double cross_m, double sigma_m,
                    double *offset_m, double *scatter_m);

/* Where a ray meets the mapped ground: distance along the unit direction and the sigma of the height
 * there. At most 160 heights are looked up. The march takes no step in which ground sloping less
 * than 35 deg (bodies above it would be fresh crater walls) could be passed unseen; the crossing is
 * then refined to 5 mm by the Illinois method (Dowell & Jarratt 1971). Returns 1 for a hit; 0 for
 * none within max_range_m, for an origin below the ground, or a hit off the map. */
int ob_map_raycast(const ob_terrain_map *map, const double origin_mcmf[3],
                   const double direction_mcmf[3], double max_range_m, double *range_m,
                   double *sigma_m);

#endif
