/* Soil under a driven wheel: how deep it sinks, what it pulls, and what rolling costs.
 *
 * The closed forms of Bekker and of Janosi and Hanamoto (Wong, Theory of Ground Vehicles, 4th ed. 2008,
 * section 2.4; Janosi and Hanamoto 1961) for a rigid wheel of diameter D and width b, sunk by z, in soil of
 * pressure-sinkage exponent 1:
 *   load        W(z) = 2/3 (k_c + b k_phi) sqrt(D) z^(3/2)            (parabola for the circle)
 *   compaction  R(z) = (k_c + b k_phi) z^2 / 2                        against the motion of the hub
 *   contact     l(z) = sqrt(D z - z^2)
 *   strength    T    = b l c + W tan(phi)
 *   traction    H    = T (1 - K/j (1 - exp(-j/K))),  j = i l at the rear of the contact, i the slip
 * Here j is a state, along and across the wheel, so that a wheel that stands holds on a slope:
 *   j' = (tread over ground) - |omega r| j / l
 * which in steady rolling is j = i l (the tread carries its shear out of the contact: the relaxation length of
 * Pacejka, Tire and Vehicle Dynamics, 3rd ed. 2012, chapter 7). Traction has the direction of j; the damping
 * that a standing vehicle needs to come to rest is added, and both together stay within the strength.
 *
 * Left out: rebound and memory of the soil (the rear wheels do not find the ruts of the front ones), sinkage
 * by slip, bulldozing at the wheel's side, grousers.
 */
#ifndef PLANT_SOIL_H
#define PLANT_SOIL_H

#include <stdint.h>

typedef struct {
  double cohesive_modulus_n_m2;    /* k_c */
  double frictional_modulus_n_m3;  /* k_phi */
  double cohesion_pa;              /* c */
  double friction_rad;             /* phi */
  double shear_modulus_m;          /* K */
  double sinkage_damping_n_s_m;    /* of one wheel, along the normal */
  double shear_damping_n_s_m;      /* of one wheel, along the ground */
} pl_soil;

typedef struct {
  double radius_m;
  double width_m;
} pl_wheel_shape;

/* Shear displacement at the rear of the contact: along the wheel and to its left. */
typedef struct {
  double shear_m[2];
} pl_wheel_contact;

/* How a wheel moves over the tangent plane of the ground. */
typedef struct {
  double sinkage_m;       /* below 0: clear of the ground */
  double sinking_m_s;
  double tread_m_s;       /* omega r */
  double hub_m_s[2];      /* along the wheel and to its left */
} pl_wheel_motion;

/* What the ground does to a wheel. */
typedef struct {
  double normal_n;
  double traction_n[2];   /* along, left; the first brakes the wheel with the torque traction r */
  double compaction_n;    /* along; acts on the hub only */
} pl_wheel_force;

double pl_soil_load_n(const pl_soil *soil, const pl_wheel_shape *wheel, double sinkage_m);
double pl_soil_sinkage_m(const pl_soil *soil, const pl_wheel_shape *wheel, double load_n); /* inverse */
double pl_soil_compaction_n(const pl_soil *soil, const pl_wheel_shape *wheel, double sinkage_m);
double pl_soil_contact_m(const pl_wheel_shape *wheel, double sinkage_m);
double pl_soil_strength_n(const pl_soil *soil, const pl_wheel_shape *wheel, double sinkage_m,
                          double load_n);

/* Share of the strength that a shear displacement j >= 0 mobilises, averaged over the contact. */
double pl_soil_mobilised(const pl_soil *soil, double shear_m);

/* One short step of one wheel. A wheel clear of the ground feels nothing and forgets its shear. */
void pl_soil_step(const pl_soil *soil, const pl_wheel_shape *wheel, pl_wheel_contact *contact,
                  const pl_wheel_motion *motion, double dt_s, pl_wheel_force *force);

#endif
