#include "plant/rangefinder.h"

#include "onboard/elementary.h"
#include "onboard/hash.h"
#include "onboard/vector.h"

#define RESOLUTION_FINEST_M 0.1

void pl_rangefinder_init(pl_rangefinder *r, const pl_rangefinder_spec *spec, uint64_t seed,
                         uint64_t stream) {
  *r = (pl_rangefinder){.spec = *spec};
  pl_random_init(&r->random, seed, stream);
  r->bias_m = spec->bias_m * pl_random_normal(&r->random);
  r->scale = spec->scale * pl_random_normal(&r->random);
  r->cosine_minimum = ob_cos(spec->incidence_maximum_rad);
  for (int32_t i = 0; i < 3; i++) {
    r->direction_body[i] =
        spec->direction_body[i] + spec->misalignment_rad * pl_random_normal(&r->random);
  }
  ob_v3_unit(r->direction_body, r->direction_body);
}

/* True range of a shot that returns, or a negative number. */
static double returned_m(const pl_rangefinder *r, const pl_terrain *terrain,
                         const double origin_mcmf_m[3], const double beam_mcmf[3],
                         double resolution_m) {
  double range_m = 0.0, hit[3], up[3], normal[3];
  if (!pl_terrain_raycast(terrain, origin_mcmf_m, beam_mcmf, r->spec.maximum_m, resolution_m,
                          &range_m)) {
    return -1.0;
  }
  ob_v3_copy(hit, origin_mcmf_m);
  ob_v3_axpy(hit, range_m, beam_mcmf);
  ob_v3_unit(up, hit);
  pl_terrain_normal(terrain, up, resolution_m, normal);
  const double cosine = -ob_v3_dot(normal, beam_mcmf);
  const double farthest_m = r->spec.link_m * ob_sqrt(ob_max(cosine, 0.0));
  const int heard =
      cosine >= r->cosine_minimum && range_m >= r->spec.minimum_m && range_m <= farthest_m;
  return heard ? range_m : -1.0;
}

void pl_rangefinder_step(pl_rangefinder *r, const pl_terrain *terrain,
                         const double position_mcmf_m[3], const double C_mcmf_from_body[9],
                         double height_m, int64_t time_ns, pl_range_row *row) {
  double origin[3], beam[3];
  ob_m3_v3(origin, C_mcmf_from_body, r->spec.position_body_m);
  ob_v3_add(origin, origin, position_mcmf_m);
  ob_m3_v3(beam, C_mcmf_from_body, r->direction_body);
  const double resolution_m = ob_max(RESOLUTION_FINEST_M, r->spec.divergence_rad * height_m);
  /* Both deviates are drawn at every shot, so that a lost return does not shift the stream. */
  const double drop = pl_random_uniform(&r->random);
  const double deviate = pl_random_normal(&r->random);
  const double true_m = returned_m(r, terrain, origin, beam, resolution_m);
  const double sigma_m = r->spec.noise_m + r->spec.noise_proportional * true_m;
  row->time_ns = time_ns;
  row->sequence = r->samples++;
  row->valid = true_m >= 0.0 && drop >= r->spec.dropout_probability;
  row->range_m =
      row->valid ? ob_max(0.0, true_m * (1.0 + r->scale) + r->bias_m + sigma_m * deviate) : 0.0;
}

uint64_t pl_rangefinder_hash(uint64_t hash, const pl_rangefinder *r) {
  return pl_random_hash(ob_hash_u64(hash, (uint64_t)r->samples), &r->random);
}
