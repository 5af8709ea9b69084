/* Gravity: the gradient of its own potential, and values that a text book gives. */
#include "arguments.h"
#include "onboard/frame.h"
#include "onboard/gravity.h"
#include "onboard/vector.h"

#include <assert.h>

/* The potential in latitude and longitude, as Kaula writes it: not the form of gravity.c. */
static double potential(const double r[3]) {
  double radius = ob_v3_norm(r);
  double latitude = ob_atan2(r[2], ob_sqrt(r[0] * r[0] + r[1] * r[1]));
  double longitude = ob_atan2(r[1], r[0]);
  double sine = ob_sin(latitude), cosine = ob_cos(latitude);
  double ratio2 = (OB_GRAVITY_RADIUS_M / radius) * (OB_GRAVITY_RADIUS_M / radius);
  return OB_MOON_MU_M3_S2 / radius *
         (1.0 - OB_GRAVITY_J2 * ratio2 * 0.5 * (3.0 * sine * sine - 1.0) +
          OB_GRAVITY_C22 * ratio2 * 3.0 * cosine * cosine * ob_cos(2.0 * longitude));
}

/* Central differences over h = 100 m: truncation g h^2/r^2 = 5e-9 m/s2; rounding of U = 3e6 J/kg
 * through a dozen operations, 12 x 3e6 x 2^-53 / 100 m = 4e-11 m/s2. The test allows twice that. */
static void check_gradient(uint64_t *stream) {
  double r[3], a[3];
  const double h = 100.0;
  argument_vector(stream, r, 1.0);
  ob_v3_unit(r, r);
  ob_v3_scale(r, r, argument_between(stream, 1.72e6, 2.5e6));
  ob_gravity_mcmf(r, a);
  for (int i = 0; i < 3; i++) {
    double plus[3], minus[3];
    ob_v3_copy(plus, r);
    ob_v3_copy(minus, r);
    plus[i] += h;
    minus[i] -= h;
    double difference = (potential(plus) - potential(minus)) / (2.0 * h);
    assert(ob_fabs(difference - a[i]) < 1e-8);
  }
}

int main(void) {
  uint64_t stream = 11;
  for (int i = 0; i < 5000; i++) {
    check_gradient(&stream);
  }
  double far[3] = {0.0, 3e9, 0.0};
  ob_gravity_mcmf(far, far); /* in place; from afar a point */
  assert(ob_fabs(far[1] + OB_MOON_MU_M3_S2 / 9e18) < 1e-8 * OB_MOON_MU_M3_S2 / 9e18);
  assert(far[0] == 0.0 && far[2] == 0.0);
  return 0;
}
