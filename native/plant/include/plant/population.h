/* The Moon's small craters: a population without end, made from integer cell coordinates and a seed.
 *
 * Each octave of diameter [D, 2D), D = 0.5 m * 2^k, covers the sphere with the cells of a cube whose
 * faces are projected from the centre (cubic spacing, to even out the cells' area). The hash of
 * (seed, octave, face, i, j) gives the number of crater centres in a cell (Poisson), and each one's
 * place, diameter and age. A face is asked only for its own cells, also when the point lies a little
 * outside of it, so there is no seam, no pole and no order of access.
 *
 * Density, per m^2 of mare 3.5 Ga old: the lesser of
 *   production  N(>D) = N(1 km) 10^(sum a_i (log10 D_km)^i - a_0), Neukum, Ivanov and Hartmann 2001,
 *               table 1, with N(1 km) = 4.8e-3 per km^2 from their chronology, eq. 5, at 3.5 Ga; below 10 m
 *               continued with its slope there;
 *   equilibrium N(>D) = 3.5 % of geometric saturation, 1.54 D^-2 (D in m; Gault 1970; "a few percent",
 *               Minton et al. 2019),
 * taken octave by octave; they meet near 250 m. Ages: where equilibrium binds, craters last just until
 * they have faded (age uniform in [0, 1]); above, age is uniform in [0, production / equilibrium], but
 * to 0.2 at least. Half of the craters are secondaries, half as deep (Pike and Wilhelms 1978). So craters
 * of 1 to 2 km get depths over diameter of 0.04, 0.08, 0.17 (5th, 50th, 95th percentile; the LU1319381
 * catalogue has 0.038, 0.068, 0.129 in western Mare Frigoris, from an elevation model that blurs them).
 */
#ifndef PLANT_POPULATION_H
#define PLANT_POPULATION_H

#include <stdint.h>

#include "plant/crater_profile.h"

#define PL_OCTAVES 14            /* 0.5 m to 8.2 km */
#define PL_OCTAVE_MIN_M 0.5
#define PL_CELL_CRATERS_MAX 12   /* in one cell; the mean is below 2 */
#define PL_QUANTILES 33

typedef struct {
  double unit_mcmf[3]; /* direction of the centre */
  double diameter_m;
  double depth_m;      /* rim to floor when fresh */
  double age;          /* 0 fresh to 1 faded */
} pl_crater;

typedef struct {
  double diameter_min_m;
  int64_t cells;                          /* along a face */
  uint64_t key;                           /* of seed and octave */
  double cdf[PL_CELL_CRATERS_MAX];        /* of the number in a cell */
  double diameter_m[PL_QUANTILES];        /* quantiles */
  double depth_ratio[2];                  /* fresh depth over diameter at both ends */
  double age_max;
  double density_per_m2;
} pl_octave;

typedef struct {
  pl_octave octave[PL_OCTAVES];
} pl_population;

/* A direction in the coordinates of one face of the cube. */
typedef struct {
  int64_t face;    /* 0..5: +x, -x, +y, -y, +z, -z */
  double place[2]; /* in [-1, 1] inside, a little beyond outside */
} pl_face_place;

/* The present shape of each of n craters: depth, height of the crest, diameter of the crest. */
void pl_crater_shapes(const pl_profile_table *table, const pl_crater *craters, int64_t n, pl_crater_shape *out);

/* Density of the mare, cumulative per m^2 above a diameter: production and equilibrium. */
double pl_production_per_m2(double diameter_m);
double pl_equilibrium_per_m2(double diameter_m);

void pl_population_init(pl_population *p, uint64_t seed);

/* Coordinates of a direction on one face; 0 when it lies more than `margin` (gnomonic) outside. */
int pl_face_project(int64_t face, const double unit_mcmf[3], double margin, pl_face_place *place);

/* The faces on which `unit` lies or nearly lies (margin 0.02 in gnomonic coordinates); returns 1 to 3.
 * Lowest face first. */
int pl_face_places(const double unit_mcmf[3], pl_face_place places[3]);

/* Direction of a place on a face; the inverse of the above. */
void pl_face_unit(const pl_face_place *place, double unit_mcmf[3]);

/* Sum of the heights (m) of all craters of one octave at a direction. */
double pl_population_height_m(const pl_population *p, const pl_profile_table *table, int octave,
                              const double unit_mcmf[3], const pl_face_place *places, int place_count);

/* Calls `visit` with every crater of one octave in the box of directions that spans `box_units` (points
 * along the outline of a patch no wider than 20 deg), widened by `margin_m`; and with some around it. */
typedef void pl_crater_visit(void *context, const pl_crater *crater);
void pl_population_visit(const pl_population *p, int octave, const double (*box_units)[3], int32_t units,
                         double margin_m, pl_crater_visit *visit, void *context);

/* The same craters into `out`. Writes at most `capacity`; returns how many there are. */
int64_t pl_population_box(const pl_population *p, int octave, const double (*box_units)[3], int32_t units,
                          double margin_m, pl_crater *out, int64_t capacity);

#endif
