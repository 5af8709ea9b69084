/* Laser rangefinder: slant range along one beam to the ground, with error terms and a link budget.
 *
 * range = true (1 + scale) + bias + (noise + noise_proportional true) n. The return of a beam on a
 * diffuse surface falls with cos(incidence) / range^2 (Gardner, IEEE Trans. Geosci. Remote Sensing
 * 30, 1992), so a shot gives a return up to link_m sqrt(cos(incidence)), within the range
 * gate [minimum_m, maximum_m] and up to the largest incidence; besides, each shot drops out with a
 * fixed probability. A shot without a return has range 0, valid 0. The ground is taken at the
 * resolution of the beam's footprint.
 */
#ifndef PLANT_RANGEFINDER_H
#define PLANT_RANGEFINDER_H

#include <stdint.h>

#include "plant/data_row.h"
#include "plant/random.h"
#include "plant/terrain.h"

typedef struct {
  double position_body_m[3];
  double direction_body[3];     /* of the beam, unit */
  double minimum_m, maximum_m;  /* range gate */
  double link_m;                /* largest range at perpendicular incidence */
  double noise_m;               /* one sigma */
  double noise_proportional;    /* one sigma, of the range */
  double bias_m;                /* one sigma, constant */
  double scale;                 /* one sigma, constant */
  double misalignment_rad;      /* one sigma per axis, constant */
  double divergence_rad;        /* full angle of the beam */
  double incidence_maximum_rad;
  double dropout_probability;   /* of a shot */
} pl_rangefinder_spec;

typedef struct {
  pl_rangefinder_spec spec;
  double direction_body[3]; /* with the misalignment */
  double bias_m, scale;
  double cosine_minimum;
  pl_random random;
  int64_t samples;
} pl_rangefinder;

void pl_rangefinder_init(pl_rangefinder *r, const pl_rangefinder_spec *spec, uint64_t seed,
                         uint64_t stream);

/* One shot from the pose of the vehicle; `height_m` above the ground sets the footprint. */
void pl_rangefinder_step(pl_rangefinder *r, const pl_terrain *terrain,
                         const double position_mcmf_m[3], const double C_mcmf_from_body[9],
                         double height_m, int64_t time_ns, pl_range_row *row);

uint64_t pl_rangefinder_hash(uint64_t hash, const pl_rangefinder *r);

#endif
