#include "plant/leg.h"

#include "onboard/elementary.h"
#include "onboard/frame.h"
#include "onboard/hash.h"
#include "onboard/vector.h"

void pl_plane_below(pl_plane *plane, const pl_terrain *terrain, const double position_mcmf_m[3],
                    double resolution_m) {
  double up[3];
  ob_v3_unit(up, position_mcmf_m);
  const double height_m = pl_terrain_height_m(terrain, up, resolution_m);
  ob_v3_scale(plane->point_mcmf_m, up, OB_MOON_RADIUS_M + height_m);
  pl_terrain_normal(terrain, up, resolution_m, plane->normal_mcmf);
}

double pl_plane_distance_m(const pl_plane *plane, const double position_mcmf_m[3]) {
  double offset[3];
  ob_v3_sub(offset, position_mcmf_m, plane->point_mcmf_m);
  return ob_v3_dot(offset, plane->normal_mcmf);
}

static void lift(pl_leg *leg) {
  leg->compression_m = 0.0;
  ob_v3_set(leg->stretch_mcmf_m, 0.0, 0.0, 0.0);
}

/* Component of v across the normal. */
static void tangential(double out[3], const double v[3], const double normal[3]) {
  ob_v3_copy(out, v);
  ob_v3_axpy(out, -ob_v3_dot(v, normal), normal);
}

/* Friction force; drags the stuck point when the limit is passed. */
static void friction(pl_leg *leg, const pl_leg_spec *spec, const double slip_m_s[3],
                     double limit_n, double force_n[3]) {
  ob_v3_scale(force_n, leg->stretch_mcmf_m, -spec->tangential_stiffness_n_m);
  ob_v3_axpy(force_n, -spec->tangential_damping_n_s_m, slip_m_s);
  const double size_n = ob_v3_norm(force_n);
  if (size_n > limit_n) {
    ob_v3_scale(force_n, force_n, limit_n / size_n);
    ob_v3_scale(leg->stretch_mcmf_m, force_n, -1.0 / spec->tangential_stiffness_n_m);
  }
}

void pl_leg_step(pl_leg *leg, const pl_leg_spec *spec, const pl_plane *plane,
                 const double foot_mcmf_m[3], const double velocity_m_s[3], double dt_s,
                 double force_n[3]) {
  const double depth_m = -pl_plane_distance_m(plane, foot_mcmf_m);
  ob_v3_set(force_n, 0.0, 0.0, 0.0);
  if (!(depth_m > 0.0)) {
    lift(leg);
    return;
  }
  leg->compression_m = depth_m;
  leg->compression_max_m = ob_max(leg->compression_max_m, depth_m);
  const double closing_m_s = -ob_v3_dot(velocity_m_s, plane->normal_mcmf);
  const double normal_n =
      ob_max(0.0, spec->stiffness_n_m * depth_m + spec->damping_n_s_m * closing_m_s);
  double slip_m_s[3];
  tangential(slip_m_s, velocity_m_s, plane->normal_mcmf);
  ob_v3_axpy(leg->stretch_mcmf_m, dt_s, slip_m_s);
  friction(leg, spec, slip_m_s, spec->friction * normal_n, force_n);
  ob_v3_axpy(force_n, normal_n, plane->normal_mcmf);
}

uint64_t pl_leg_hash(uint64_t hash, const pl_leg *leg) {
  hash = ob_hash_f64s(hash, leg->stretch_mcmf_m, 3);
  hash = ob_hash_f64(hash, leg->compression_m);
  return ob_hash_f64(hash, leg->compression_max_m);
}
