#include "plant/star_tracker.h"

#include "onboard/elementary.h"
#include "onboard/frame.h"
#include "onboard/hash.h"
#include "onboard/quaternion.h"
#include "onboard/vector.h"

void pl_star_tracker_init(pl_star_tracker *s, const pl_star_tracker_spec *spec, uint64_t seed,
                          uint64_t stream) {
  *s = (pl_star_tracker){.spec = *spec};
  pl_random_init(&s->random, seed, stream);
  for (int32_t i = 0; i < 3; i++) {
    s->misalignment_rad[i] = spec->misalignment_rad * pl_random_normal(&s->random);
  }
}

/* The limb stands asin(R / r) from the direction to the Moon's centre. */
static int clear_of_moon(const pl_star_tracker *s, const double q_mci_from_body[4],
                         const double position_mci_m[3]) {
  double boresight[3], up[3];
  ob_q_rotate(boresight, q_mci_from_body, s->spec.boresight_body);
  const double radius_m = ob_v3_unit(up, position_mci_m);
  const double from_centre = ob_acos(ob_clamp(-ob_v3_dot(boresight, up), -1.0, 1.0));
  const double limb = ob_asin(ob_min(1.0, OB_MOON_RADIUS_M / radius_m));
  return from_centre - limb >= s->spec.limb_exclusion_rad;
}

/* An isotropic deviate whose part along the boresight is stretched from cross to roll noise. */
static void draw_noise(pl_star_tracker *s, double noise_rad[3]) {
  const double *boresight = s->spec.boresight_body;
  for (int32_t i = 0; i < 3; i++) {
    noise_rad[i] = pl_random_normal(&s->random);
  }
  const double along = ob_v3_dot(noise_rad, boresight);
  ob_v3_scale(noise_rad, noise_rad, s->spec.noise_cross_rad);
  ob_v3_axpy(noise_rad, along * (s->spec.noise_roll_rad - s->spec.noise_cross_rad), boresight);
}

void pl_star_tracker_step(pl_star_tracker *s, const double q_mci_from_body[4],
                          const double rate_body_rad_s[3], const double position_mci_m[3],
                          int64_t burning, int64_t time_ns, pl_attitude_row *row) {
  double error_rad[3], turn[4];
  draw_noise(s, error_rad);
  ob_v3_add(error_rad, error_rad, s->misalignment_rad);
  ob_q_from_rotvec(turn, error_rad);
  const double drop = pl_random_uniform(&s->random);
  row->time_ns = time_ns;
  row->sequence = s->samples++;
  row->valid = !burning && drop >= s->spec.dropout_probability &&
               ob_v3_norm(rate_body_rad_s) < s->spec.rate_maximum_rad_s &&
               clear_of_moon(s, q_mci_from_body, position_mci_m);
  ob_q_mul(row->q_mci_from_body, q_mci_from_body, turn);
  if (!row->valid) {
    row->q_mci_from_body[0] = 1.0;
    ob_v3_set(row->q_mci_from_body + 1, 0.0, 0.0, 0.0);
  }
}

uint64_t pl_star_tracker_hash(uint64_t hash, const pl_star_tracker *s) {
  return pl_random_hash(ob_hash_u64(hash, (uint64_t)s->samples), &s->random);
}
