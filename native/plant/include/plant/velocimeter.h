/* Radar velocimeter: velocity relative to the ground in body axes.
 *
 * v = (1 + scale) R v_true + (noise + noise_proportional |v_true|) n per axis, R a small constant
 * rotation (the misalignment of the beam assembly). Valid between the altitude limits, within a
 * cone about the vertical, except for dropouts; otherwise the velocity is 0 and valid 0.
 */
#ifndef PLANT_VELOCIMETER_H
#define PLANT_VELOCIMETER_H

#include <stdint.h>

#include "plant/data_row.h"
#include "plant/random.h"

typedef struct {
  double altitude_minimum_m, altitude_maximum_m;
  double tilt_maximum_rad;    /* between -z and straight down */
  double noise_m_s;           /* one sigma per axis */
  double noise_proportional;  /* one sigma per axis, of the speed */
  double scale;               /* one sigma, constant */
  double misalignment_rad;    /* one sigma per axis, constant */
  double dropout_probability; /* of a sample */
} pl_velocimeter_spec;

typedef struct {
  pl_velocimeter_spec spec;
  double misalignment_rad[3];
  double scale;
  double cosine_minimum;
  pl_random random;
  int64_t samples;
} pl_velocimeter;

void pl_velocimeter_init(pl_velocimeter *v, const pl_velocimeter_spec *spec, uint64_t seed,
                         uint64_t stream);

/* velocity_body_m_s: relative to the ground; cosine_tilt: of body z with the local vertical. */
void pl_velocimeter_step(pl_velocimeter *v, const double velocity_body_m_s[3], double altitude_m,
                         double cosine_tilt, int64_t time_ns, pl_velocity_row *row);

uint64_t pl_velocimeter_hash(uint64_t hash, const pl_velocimeter *v);

#endif
