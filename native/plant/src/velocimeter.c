#include "plant/velocimeter.h"

#include "onboard/elementary.h"
#include "onboard/hash.h"
#include "onboard/vector.h"

void pl_velocimeter_init(pl_velocimeter *v, const pl_velocimeter_spec *spec, uint64_t seed,
                         uint64_t stream) {
  *v = (pl_velocimeter){.spec = *spec};
  pl_random_init(&v->random, seed, stream);
  v->scale = spec->scale * pl_random_normal(&v->random);
  v->cosine_minimum = ob_cos(spec->tilt_maximum_rad);
  for (int32_t i = 0; i < 3; i++) {
    v->misalignment_rad[i] = spec->misalignment_rad * pl_random_normal(&v->random);
  }
}

static int in_view(const pl_velocimeter *v, double altitude_m, double cosine_tilt) {
  return altitude_m >= v->spec.altitude_minimum_m && altitude_m <= v->spec.altitude_maximum_m &&
         cosine_tilt >= v->cosine_minimum;
}

void pl_velocimeter_step(pl_velocimeter *v, const double velocity_body_m_s[3], double altitude_m,
                         double cosine_tilt, int64_t time_ns, pl_velocity_row *row) {
  const double sigma_m_s =
      v->spec.noise_m_s + v->spec.noise_proportional * ob_v3_norm(velocity_body_m_s);
  const double drop = pl_random_uniform(&v->random);
  double skew[3];
  ob_v3_cross(skew, v->misalignment_rad, velocity_body_m_s);
  row->time_ns = time_ns;
  row->sequence = v->samples++;
  row->valid = in_view(v, altitude_m, cosine_tilt) && drop >= v->spec.dropout_probability;
  for (int32_t i = 0; i < 3; i++) {
    const double measured = (1.0 + v->scale) * (velocity_body_m_s[i] + skew[i]) +
                            sigma_m_s * pl_random_normal(&v->random);
    row->velocity_body_m_s[i] = row->valid ? measured : 0.0;
  }
}

uint64_t pl_velocimeter_hash(uint64_t hash, const pl_velocimeter *v) {
  return pl_random_hash(ob_hash_u64(hash, (uint64_t)v->samples), &v->random);
}
