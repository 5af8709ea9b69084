/* Star tracker: attitude q_mci_from_body with small noise across the boresight and more about it.
 *
 * q = q_true exp(m + n), m a constant misalignment, n noise, both rotation vectors in body axes.
 * Valid while the body turns slower than the limit, the main engines are off, and the boresight
 * stays clear of the Moon's limb.
 */
#ifndef PLANT_STAR_TRACKER_H
#define PLANT_STAR_TRACKER_H

#include <stdint.h>

#include "plant/data_row.h"
#include "plant/random.h"

typedef struct {
  double boresight_body[3];     /* unit */
  double noise_cross_rad;       /* one sigma per axis across the boresight */
  double noise_roll_rad;        /* one sigma about the boresight */
  double misalignment_rad;      /* one sigma per axis, constant */
  double rate_maximum_rad_s;
  double limb_exclusion_rad;    /* smallest angle between boresight and limb */
  double dropout_probability;   /* of a sample */
} pl_star_tracker_spec;

typedef struct {
  pl_star_tracker_spec spec;
  double misalignment_rad[3];
  pl_random random;
  int64_t samples;
} pl_star_tracker;

void pl_star_tracker_init(pl_star_tracker *s, const pl_star_tracker_spec *spec, uint64_t seed,
                          uint64_t stream);

/* position_mci_m from the Moon's centre; `burning`: a main engine is on. */
void pl_star_tracker_step(pl_star_tracker *s, const double q_mci_from_body[4],
                          const double rate_body_rad_s[3], const double position_mci_m[3],
                          int64_t burning, int64_t time_ns, pl_attitude_row *row);

uint64_t pl_star_tracker_hash(uint64_t hash, const pl_star_tracker *s);

#endif
