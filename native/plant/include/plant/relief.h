/* The ground as nested height grids, for a picture of it: fine where the camera is near, coarse far away,
 * with the shadows that the Sun casts.
 *
 * Grids lie on the tangent plane at a point of the ground: x runs on along the ground away from the Sun,
 * z up, y completes. Level l has the spacing s 2^l, its samples at integer multiples of it, and holds in
 * z the true surface above the plane, with the Moon's curvature: the ground of plant/terrain.h without
 * craters smaller than two spacings and roughness of wavelengths below four (eight on the finest).
 *
 * Coarse levels are made first. A finer level starts from its parent, interpolated, and adds only what
 * the parent could not hold (craters are stamped, one octave of roughness is summed), so that a point
 * costs some 50 ns instead of the microseconds of a height query. A crater enters when it spans eight
 * spacings, where cubic interpolation from then on keeps it to about 1 % of its depth.
 */
#ifndef PLANT_RELIEF_H
#define PLANT_RELIEF_H

#include <stdint.h>

#include "plant/terrain.h"

#define PL_RELIEF_LEVELS 14
#define PL_RELIEF_EDGE 8 /* samples of the arrays around the rectangle of the octagon */

/* Samples i0 <= i < i0 + ni along x and j0 <= j < j0 + nj along y, in units of the spacing; of these the
 * octagon whose corners are cut off at the limits of i + j and i - j is filled in. */
typedef struct {
  double spacing_m, per_m;
  int64_t i0, j0, ni, nj;
  int64_t sum_low, sum_high, difference_low, difference_high;
  float *height_m; /* [nj][ni]: z */
  float *shade;    /* [nj][ni]: height of the Sun's shadow (z); then whatever the renderer makes of it */
} pl_relief_level;

typedef struct {
  const pl_terrain *terrain;
  double origin_radius_m;       /* from the Moon's centre, along the plane's normal */
  double C_plane_from_mcmf[9];  /* rows: x, y, z */
  double sun_slope;             /* tangent of the Sun's elevation over the plane */
  double sun_plane[3];
  int64_t levels;
  pl_relief_level level[PL_RELIEF_LEVELS];
} pl_relief;

/* The plane at the ground below or above `unit_mcmf`; no levels yet. The Sun not at the zenith. */
void pl_relief_init(pl_relief *relief, const pl_terrain *terrain, const double unit_mcmf[3],
                    const double sun_mcmf[3]);

/* Lays out `levels` grids from the finest: level l covers the octagon `octagon_m[l]` = least and greatest
 * x, y, x + y, x - y and, with a margin, the finer levels. Returns the number of floats of memory needed; 0 when there are none to
 * make or more than PL_RELIEF_LEVELS. */
int64_t pl_relief_layout(pl_relief *relief, double spacing_m, int64_t levels,
                         const double (*octagon_m)[8]);

/* Makes heights and shadows in `memory`, of at least the size above, owned by the caller. */
void pl_relief_build(pl_relief *relief, float *memory);

/* z of the highest sample. */
double pl_relief_highest_m(const pl_relief *relief);

/* Calls `visit` for the part of each row, columns `from` to `to` (excluded) of the arrays, that is filled
 * in with neighbours all around. */
void pl_relief_each_row(const pl_relief_level *level, void *context,
                        void (*visit)(void *context, int64_t row, int64_t from, int64_t to));

/* Plane coordinates of a point in mcmf. */
void pl_relief_from_mcmf(const pl_relief *relief, const double r_mcmf_m[3], double out_m[3]);

/* A place between four samples of a level. */
typedef struct {
  int64_t index; /* of the sample at its lower left */
  double p, q;   /* across and up from there, in spacings */
} pl_relief_place;

/* Finds (x, y) on the level: 1, or 0 when the level does not have samples all around. */
static inline int pl_relief_find(const pl_relief_level *level, double x_m, double y_m, pl_relief_place *place) {
  const double x = x_m * level->per_m, y = y_m * level->per_m;
  const double u = x - (double)level->i0, v = y - (double)level->j0;
  if (!(u >= PL_RELIEF_EDGE && v >= PL_RELIEF_EDGE && u <= (double)(level->ni - 1 - PL_RELIEF_EDGE) &&
        v <= (double)(level->nj - 1 - PL_RELIEF_EDGE) && x + y >= (double)level->sum_low && x + y <= (double)level->sum_high &&
        x - y >= (double)level->difference_low && x - y <= (double)level->difference_high)) {
    return 0;
  }
  const int64_t i = (int64_t)u, j = (int64_t)v;
  place->index = j * level->ni + i;
  place->p = u - (double)i;
  place->q = v - (double)j;
  return 1;
}

/* Bilinear value of one of the level's grids. */
static inline double pl_relief_sample(const pl_relief_level *level, const float *grid, const pl_relief_place *at) {
  const float *a = grid + at->index, *b = a + level->ni;
  const double low = (double)a[0] + at->p * ((double)a[1] - (double)a[0]);
  const double high = (double)b[0] + at->p * ((double)b[1] - (double)b[0]);
  return low + at->q * (high - low);
}

#endif
