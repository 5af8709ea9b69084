/* Landing legs: spring and damper along the ground's normal, Coulomb friction across it.
 *
 * A foot that is `compression` deep in the tangent plane of the ground pushes back with
 *   N = max(0, k d + c d'),
 * and sideways with a spring and damper to the point where it first stuck, cut off at mu N (Cundall
 * and Strack, Geotechnique 29, 1979). Past the cut the stuck point is dragged along.
 * Unlike a friction that is a smooth function of speed, this one holds a lander at rest on a slope
 * without creep. Forces and speeds are in mcmf axes, relative to the ground.
 */
#ifndef PLANT_LEG_H
#define PLANT_LEG_H

#include <stdint.h>

#include "plant/terrain.h"

#define PL_LEGS 4

typedef struct {
  double foot_body_m[PL_LEGS][3]; /* uncompressed */
  double stiffness_n_m;
  double damping_n_s_m;
  double friction;
  double tangential_stiffness_n_m;
  double tangential_damping_n_s_m;
  double stroke_m;             /* a deeper compression breaks the leg */
  double switch_compression_m; /* at which the touchdown switch closes */
} pl_leg_spec;

typedef struct {
  double stretch_mcmf_m[3]; /* of the tangential spring */
  double compression_m;     /* 0 when off the ground */
  double compression_max_m;
} pl_leg;

/* The ground near a foot, as its tangent plane. */
typedef struct {
  double point_mcmf_m[3];
  double normal_mcmf[3]; /* unit, outward */
} pl_plane;

/* Tangent plane of the terrain straight below (or above) a position. */
void pl_plane_below(pl_plane *plane, const pl_terrain *terrain, const double position_mcmf_m[3],
                    double resolution_m);

/* Height of a point above the plane, along its normal. */
double pl_plane_distance_m(const pl_plane *plane, const double position_mcmf_m[3]);

/* Force of the ground on one foot; updates compression and stretch over dt_s. */
void pl_leg_step(pl_leg *leg, const pl_leg_spec *spec, const pl_plane *plane,
                 const double foot_mcmf_m[3], const double velocity_m_s[3], double dt_s,
                 double force_n[3]);

uint64_t pl_leg_hash(uint64_t hash, const pl_leg *leg);

#endif
