#include "plant/soil.h"

#include "onboard/elementary.h"

#define COMPACTION_SPEED_M_S 2.0e-3 /* of the hub, from which compaction resists in full */
#define SHEAR_MAX 20.0              /* in units of K: a dragged wheel has sheared all it can */

static double modulus_n_m2(const pl_soil *soil, const pl_wheel_shape *wheel) {
  return soil->cohesive_modulus_n_m2 + wheel->width_m * soil->frictional_modulus_n_m3;
}

static double load_modulus(const pl_soil *soil, const pl_wheel_shape *wheel) {
  return 2.0 / 3.0 * modulus_n_m2(soil, wheel) * ob_sqrt(2.0 * wheel->radius_m);
}

double pl_soil_load_n(const pl_soil *soil, const pl_wheel_shape *wheel, double sinkage_m) {
  return load_modulus(soil, wheel) * sinkage_m * ob_sqrt(sinkage_m);
}

double pl_soil_sinkage_m(const pl_soil *soil, const pl_wheel_shape *wheel, double load_n) {
  return ob_exp(2.0 / 3.0 * ob_log(load_n / load_modulus(soil, wheel)));
}

double pl_soil_compaction_n(const pl_soil *soil, const pl_wheel_shape *wheel, double sinkage_m) {
  return 0.5 * modulus_n_m2(soil, wheel) * sinkage_m * sinkage_m;
}

double pl_soil_contact_m(const pl_wheel_shape *wheel, double sinkage_m) {
  const double z = ob_min(sinkage_m, wheel->radius_m);
  return ob_sqrt(2.0 * wheel->radius_m * z - z * z);
}

double pl_soil_strength_n(const pl_soil *soil, const pl_wheel_shape *wheel, double sinkage_m,
                          double load_n) {
  return wheel->width_m * pl_soil_contact_m(wheel, sinkage_m) * soil->cohesion_pa +
         load_n * ob_tan(soil->friction_rad);
}

double pl_soil_mobilised(const pl_soil *soil, double shear_m) {
  const double x = shear_m / soil->shear_modulus_m;
  if (x < 1.0e-3) {
    return x * (0.5 - x / 6.0); /* the next term is x^3 / 24: 1e-10 */
  }
  return 1.0 - (1.0 - ob_exp(-x)) / x;
}

static double length2(const double v[2]) { return ob_sqrt(v[0] * v[0] + v[1] * v[1]); }

static void shorten(double v[2], double limit) {
  const double size = length2(v);
  if (size > limit) {
    v[0] *= limit / size;
    v[1] *= limit / size;
  }
}

/* Implicit in the share that leaves the contact, so that a fast wheel is no stiffer than a slow one. */
static void shear(const pl_soil *soil, pl_wheel_contact *contact, const double slip_m_s[2],
                  double tread_m_s, double contact_m, double dt_s) {
  const double stays = 1.0 / (1.0 + dt_s * ob_fabs(tread_m_s) / contact_m);
  for (int32_t i = 0; i < 2; i++) {
    contact->shear_m[i] = (contact->shear_m[i] + dt_s * slip_m_s[i]) * stays;
  }
  shorten(contact->shear_m, SHEAR_MAX * soil->shear_modulus_m);
}

void pl_soil_step(const pl_soil *soil, const pl_wheel_shape *wheel, pl_wheel_contact *contact,
                  const pl_wheel_motion *motion, double dt_s, pl_wheel_force *force) {
  *force = (pl_wheel_force){.normal_n = 0.0};
  if (!(motion->sinkage_m > 0.0)) {
    *contact = (pl_wheel_contact){{0.0, 0.0}};
    return;
  }
  const double z = motion->sinkage_m;
  const double slip_m_s[2] = {motion->tread_m_s - motion->hub_m_s[0], -motion->hub_m_s[1]};
  force->normal_n = ob_max(0.0, pl_soil_load_n(soil, wheel, z) +
                                    soil->sinkage_damping_n_s_m * motion->sinking_m_s);
  const double strength_n = pl_soil_strength_n(soil, wheel, z, force->normal_n);
  shear(soil, contact, slip_m_s, motion->tread_m_s, pl_soil_contact_m(wheel, z), dt_s);
  const double j = length2(contact->shear_m);
  const double share = j > 0.0 ? strength_n * pl_soil_mobilised(soil, j) / j : 0.0;
  for (int32_t i = 0; i < 2; i++) {
    force->traction_n[i] =
        share * contact->shear_m[i] + soil->shear_damping_n_s_m * slip_m_s[i];
  }
  shorten(force->traction_n, strength_n);
  force->compaction_n = -pl_soil_compaction_n(soil, wheel, z) *
                        ob_clamp(motion->hub_m_s[0] / COMPACTION_SPEED_M_S, -1.0, 1.0);
}
