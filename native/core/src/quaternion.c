#include "onboard/quaternion.h"

#include "onboard/vector.h"

#include <stdint.h>

void ob_q_mul(double out[4], const double a[4], const double b[4]) {
  out[0] = a[0] * b[0] - a[1] * b[1] - a[2] * b[2] - a[3] * b[3];
  out[1] = a[0] * b[1] + a[1] * b[0] + a[2] * b[3] - a[3] * b[2];
  out[2] = a[0] * b[2] - a[1] * b[3] + a[2] * b[0] + a[3] * b[1];
  out[3] = a[0] * b[3] + a[1] * b[2] - a[2] * b[1] + a[3] * b[0];
}

void ob_q_conj(double out[4], const double q[4]) {
  out[0] = q[0];
  ob_v3_scale(out + 1, q + 1, -1.0);
}

static void rotate(double out[3], double w, const double u[3], const double v[3]) {
  double t[3];
  double u_cross_t[3];
  ob_v3_cross(t, u, v);
  ob_v3_scale(t, t, 2.0);
  ob_v3_cross(u_cross_t, u, t);
  for (int i = 0; i < 3; i++) {
    out[i] = v[i] + (w * t[i] + u_cross_t[i]);
  }
}

void ob_q_rotate(double out[3], const double q[4], const double v[3]) {
  rotate(out, q[0], q + 1, v);
}

void ob_q_rotate_back(double out[3], const double q[4], const double v[3]) {
  rotate(out, -q[0], q + 1, v);
}

void ob_q_from_rotvec(double out[4], const double r[3]) {
  double angle = ob_v3_norm(r);
  double sine;
  ob_sincos(0.5 * angle, &sine, &out[0]);
  /* sin(angle/2) / angle; 1/2 - angle^2/48 is exact to double below 1e-4 rad */
  double ratio = angle > 1.0e-4 ? sine / angle : 0.5 - angle * angle / 48.0;
  ob_v3_scale(out + 1, r, ratio);
}

void ob_q_to_rotvec(double out[3], const double q[4]) {
  double sine = ob_v3_norm(q + 1);
  double sign = q[0] < 0.0 ? -1.0 : 1.0;
  /* angle / sin(angle/2); 2 / w (1 - tan^2/3) is exact to double below 1e-4 rad */
  double w = sign * q[0];
  double tangent2 = w > 0.0 ? (sine / w) * (sine / w) : 1.0;
  double ratio = sine > 1.0e-4 ? 2.0 * ob_atan2(sine, w) / sine : 2.0 / w * (1.0 - tangent2 / 3.0);
  ob_v3_scale(out, q + 1, sign * ratio);
}

void ob_q_normalize(double q[4]) {
  double norm = ob_sqrt(q[0] * q[0] + ob_v3_dot(q + 1, q + 1));
  if (!(norm > 0.0)) {
    q[0] = 1.0;
    ob_v3_set(q + 1, 0.0, 0.0, 0.0);
    return;
  }
  double scale = 1.0 / norm;
  for (int i = 0; i < 4; i++) {
    q[i] *= scale;
  }
}

void ob_q_to_matrix(double out[9], const double q[4]) {
  double w = q[0], x = q[1], y = q[2], z = q[3];
  ob_v3_set(out, 1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - w * z), 2.0 * (x * z + w * y));
  ob_v3_set(out + 3, 2.0 * (x * y + w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - w * x));
  ob_v3_set(out + 6, 2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y));
}

void ob_q_from_matrix(double out[4], const double C[9]) {
  /* 4 q_i q_j for all pairs; the row of the largest diagonal element is 4 q_i times q. */
  double pairs[4][4] = {
      {1.0 + C[0] + C[4] + C[8], C[7] - C[5], C[2] - C[6], C[3] - C[1]},
      {C[7] - C[5], 1.0 + C[0] - C[4] - C[8], C[1] + C[3], C[2] + C[6]},
      {C[2] - C[6], C[1] + C[3], 1.0 - C[0] + C[4] - C[8], C[5] + C[7]},
      {C[3] - C[1], C[2] + C[6], C[5] + C[7], 1.0 - C[0] - C[4] + C[8]},
  };
  int largest = 0;
  for (int i = 1; i < 4; i++) {
    largest = pairs[i][i] > pairs[largest][largest] ? i : largest;
  }
  double sign = pairs[largest][0] < 0.0 ? -1.0 : 1.0;
  for (int i = 0; i < 4; i++) {
    out[i] = sign * pairs[largest][i];
  }
  ob_q_normalize(out);
}
