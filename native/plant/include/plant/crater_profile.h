/* Shape of an impact crater: height against distance from its centre, for any degradation.
 *
 * A fresh crater is a paraboloid (simple) or a flat-floored bowl (complex) with an ejecta blanket
 * that falls with the cube of distance (McGetchin, Settle and Head 1973). It ages by topographic
 * diffusion, dz/dt = kappa laplacian z (Fassett and Thomson 2014): the table holds the solution of the
 * axisymmetric equation at PL_PROFILE_AGES values of kappa t / R^2 between 0 and PL_PROFILE_TAU_MAX,
 * at which a twenty-fifth of the depth is left and the crater has gone.
 *
 * Depth and rim height against diameter: Pike (1977), simple d = 0.196 D^1.010, h = 0.036 D^1.014,
 * complex d = 1.044 D^0.301, h = 0.236 D^0.399 (kilometres; they meet near D = 11 km). Below 400 m
 * fresh craters in regolith are shallower: d/D falls to 0.11 at 40 m (after Stopar et al. 2017).
 */
#ifndef PLANT_CRATER_PROFILE_H
#define PLANT_CRATER_PROFILE_H

#include <stdint.h>

#define PL_PROFILE_AGES 17
#define PL_PROFILE_STEPS 32 /* samples per crater radius */
#define PL_PROFILE_REACH 2  /* the shape ends at this many crater radii (one diameter) */
#define PL_PROFILE_SAMPLES (PL_PROFILE_STEPS * PL_PROFILE_REACH + 3)
#define PL_PROFILE_TAU_MAX 0.7

typedef struct {
  /* [simple, complex][age][sample]: height over the ground before the impact, in fresh depths;
   * sample s lies at distance (s - 1) / PL_PROFILE_STEPS crater radii. */
  double height[2][PL_PROFILE_AGES][PL_PROFILE_SAMPLES];
} pl_profile_table;

typedef struct {
  const double *younger, *older; /* rows of the table */
  double blend;                  /* weight of `older` */
  double depth_m;                /* rim to floor when fresh */
  double per_radius_m;           /* samples per metre */
} pl_profile;

void pl_profile_table_init(pl_profile_table *table);

/* Rim-to-floor depth of a fresh crater of the given rim-to-rim diameter, metres. */
double pl_crater_fresh_depth_m(double diameter_m);

/* The profile of one crater; `age` in [0, 1] is kappa t / R^2 over PL_PROFILE_TAU_MAX. */
void pl_profile_init(pl_profile *p, const pl_profile_table *table, double diameter_m, double depth_m,
                     double age);

/* Height (m) over the ground before the impact at a distance (m) from the centre; continuous with its
 * first derivative, zero from one diameter outwards. */
double pl_profile_height_m(const pl_profile *p, double distance_m);

/* What a survey measures of a crater as it is now, metres. */
typedef struct {
  double depth_m;          /* crest to floor */
  double crest_height_m;   /* over the ground before the impact */
  double crest_diameter_m; /* of the circle along the crest: wider than at first, when it has aged */
} pl_crater_shape;

pl_crater_shape pl_profile_shape(const pl_profile *p);

#endif
