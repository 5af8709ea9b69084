/* The emulated Moon's ground: one height function of the direction from the Moon's centre.
 *
 * height = base (global elevation, bicubic) + catalogue craters that the base does not resolve
 *        + procedural craters (plant/population.h) + roughness (plant/roughness.h).
 *
 * Everything derives from the base grid, the catalogue and a seed; a query depends on nothing else,
 * so that results are the same in any order and on any thread. Heights are above the sphere of
 * 1,737,400 m; directions are unit vectors in mcmf. `resolution_m` leaves features out that are finer:
 * an octave of crater diameters [D, 2D), or of roughness with wavelengths 2D, fades out while the
 * resolution goes from D to 2D. Anything up to 0.5 m asks for full detail.
 */
#ifndef PLANT_TERRAIN_H
#define PLANT_TERRAIN_H

#include <stdint.h>

#include "plant/crater_profile.h"
#include "plant/population.h"
#include "plant/roughness.h"

#define PL_CATALOGUE_CELLS 32            /* along a face of the cube */
#define PL_CATALOGUE_DIAMETER_MAX_M 6e4  /* what the base resolves is not carved again */
#define PL_CATALOGUE_STARTS (6 * PL_CATALOGUE_CELLS * PL_CATALOGUE_CELLS + 1)

typedef struct {
  uint64_t seed;
  /* Simple cylindrical grid, rows from north to south, columns from 180 W eastwards, samples at the
   * centres of their cells; owned by the caller. */
  const int16_t *base;
  int64_t base_rows, base_columns;
  double base_unit_m; /* height of one count */
  double pole_height_m[2]; /* north, south: mean of the nearest row */
  /* Craters of a catalogue, and for each cell of the cube the range of `catalogue_index` that lists the
   * craters reaching into it; owned by the caller. */
  const pl_crater *catalogue;
  int64_t catalogue_count;
  const int32_t *catalogue_start; /* [PL_CATALOGUE_STARTS] */
  const int32_t *catalogue_index;
  pl_profile_table profiles;
  pl_population population;
  pl_roughness roughness;
} pl_terrain;

/* Craters of `catalogue` into `start` and `index` (see above). Returns the length of index that is
 * needed; nothing beyond `capacity` is written. Diameters up to PL_CATALOGUE_DIAMETER_MAX_M. */
int64_t pl_catalogue_index(const pl_crater *catalogue, int64_t count, int32_t *start, int32_t *index,
                           int64_t capacity);

/* base_rows >= 4, base_columns even and >= 4. */
void pl_terrain_init(pl_terrain *terrain, uint64_t seed, const int16_t *base, int64_t base_rows,
                     int64_t base_columns, double base_unit_m, const pl_crater *catalogue,
                     int64_t catalogue_count, const int32_t *catalogue_start, const int32_t *catalogue_index);

/* Height (m). About 1.5 us at full detail. */
double pl_terrain_height_m(const pl_terrain *terrain, const double unit_mcmf[3], double resolution_m);

/* Heights of n directions, the same bits; cheaper where neighbours follow each other. */
void pl_terrain_heights_m(const pl_terrain *terrain, const double (*unit_mcmf)[3], int64_t n,
                          double resolution_m, double *height_m);

/* Outward unit normal, from heights one resolution (at least 0.25 m) to either side. */
void pl_terrain_normal(const pl_terrain *terrain, const double unit_mcmf[3], double resolution_m,
                       double normal_mcmf[3]);

/* Distance along a ray (unit direction) to the ground: 1 and `range_m`, or 0 when it meets none within
 * `max_range_m`, also when it starts below the ground or follows it closely for very long. The ground is
 * searched in steps that slopes up to 35 deg cannot pass; the range is good to a hundredth of the
 * resolution (at least 1 mm). */
int pl_terrain_raycast(const pl_terrain *terrain, const double origin_mcmf_m[3],
                       const double direction_mcmf[3], double max_range_m, double resolution_m,
                       double *range_m);

/* The parts of the sum, for the renderer, which makes grids of them, and for tests. */
double pl_terrain_base_m(const pl_terrain *terrain, const double unit_mcmf[3]);
double pl_terrain_catalogue_m(const pl_terrain *terrain, const double unit_mcmf[3], double resolution_m);
double pl_octave_weight(int octave, double resolution_m); /* of procedural octave k */
double pl_catalogue_weight(double diameter_m, double resolution_m);
/* Depth of a catalogue crater that the base leaves to be carved (m, fresh). */
double pl_catalogue_depth_m(const pl_crater *crater);

#endif
