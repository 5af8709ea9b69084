#include "onboard/gravity.h"

#include "onboard/frame.h"
#include "onboard/vector.h"

#include <assert.h>

/* The gradient of U, with x, y, z in units of r:
 * central  -mu/r^2 (x, y, z)
 * J2       -3/2 mu/r^2 J2 (R/r)^2 (x (1 - 5 z^2), y (1 - 5 z^2), z (3 - 5 z^2))
 * C22       3 mu/r^2 C22 (R/r)^2 (x (2 - 5 d), y (-2 - 5 d), -5 z d),  d = x^2 - y^2 */
void ob_gravity_mcmf(const double r_mcmf_m[3], double out_m_s2[3]) {
  double n[3];
  double radius_m = ob_v3_unit(n, r_mcmf_m);
  assert(radius_m > 0.0);
  double central = OB_MOON_MU_M3_S2 / (radius_m * radius_m);
  double ratio2 = (OB_GRAVITY_RADIUS_M / radius_m) * (OB_GRAVITY_RADIUS_M / radius_m);
  double j2 = -1.5 * OB_GRAVITY_J2 * ratio2;
  double c22 = 3.0 * OB_GRAVITY_C22 * ratio2;
  double five_z2 = 5.0 * (n[2] * n[2]);
  double five_d = 5.0 * (n[0] * n[0] - n[1] * n[1]);
  ob_v3_set(out_m_s2, n[0] * (j2 * (1.0 - five_z2) + c22 * (2.0 - five_d) - 1.0),
            n[1] * (j2 * (1.0 - five_z2) - c22 * (2.0 + five_d) - 1.0),
            n[2] * (j2 * (3.0 - five_z2) - c22 * five_d - 1.0));
  ob_v3_scale(out_m_s2, out_m_s2, central);
}
