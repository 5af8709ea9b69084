#include "crater_influence.h"

#include "onboard/vector.h"

#define LN_2PI_3_2 2.756815599614018 /* 1.5 ln(2 pi) */

static const double IDENTITY[9] = {1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0};

/* --- 3 x 3 ------------------------------------------------------------------------------------ */

static double determinant(const double m[9]) {
  double across[3];
  ob_v3_cross(across, m + 3, m + 6);
  return ob_v3_dot(m, across);
}

/* By cofactors: columns are cross products of the rows. */
static void invert(double out[9], const double m[9]) {
  const double scale = 1.0 / determinant(m);
  for (int k = 0; k < 3; k++) {
    double column[3];
    ob_v3_cross(column, m + 3 * ((k + 1) % 3), m + 3 * ((k + 2) % 3));
    for (int i = 0; i < 3; i++) out[3 * i + k] = scale * column[i];
  }
}

/* I + s a */
static void identity_plus(double out[9], double s, const double a[9]) {
  for (int k = 0; k < 9; k++) out[k] = IDENTITY[k] + s * a[k];
}

/* --- Pose ------------------------------------------------------------------------------------- */

/* J P, 3 x 6, which is P J^T transposed. */
static void by_covariance(double out[18], const double J[18], const double P[36]) {
  for (int k = 0; k < 3; k++) {
    for (int i = 0; i < 6; i++) {
      double sum = 0.0;
      for (int j = 0; j < 6; j++) sum += J[6 * k + j] * P[6 * j + i];
      out[6 * k + i] = sum;
    }
  }
}

int ob_crater_influence(const crater_pair *pair, double weight, const double covariance[36],
                        crater_influence *to) {
  double half[18], left[9];
  for (int k = 0; k < 3; k++) {
    const double scale = 1.0 / ob_sqrt(pair->noise[k]);
    for (int i = 0; i < 6; i++) to->jacobian[6 * k + i] = scale * pair->image.jacobian[6 * k + i];
    to->residual[k] = scale * pair->residual[k];
  }
  by_covariance(half, to->jacobian, covariance);
  for (int a = 0; a < 3; a++) {
    for (int b = 0; b < 3; b++) {
      to->A[3 * a + b] = 0.0;
      for (int i = 0; i < 6; i++) to->A[3 * a + b] += half[6 * a + i] * to->jacobian[6 * b + i];
    }
  }
  to->weight = weight;
  identity_plus(left, -weight, to->A);
  if (!(determinant(left) > 1e-9)) return 0;
  invert(to->G, left);
  ob_m3_v3(to->foretold, to->G, to->residual);
  ob_m3_mul(to->B, to->A, to->G);
  identity_plus(to->S, 1.0, to->B);
  invert(left, to->S);
  ob_m3_v3(to->pull, left, to->foretold);
  to->square = ob_v3_dot(to->foretold, to->pull);
  return 1;
}

void ob_crater_delete(const crater_influence *of, double covariance[36], double step[6]) {
  double half[18], gained[18];
  by_covariance(half, of->jacobian, covariance);
  for (int i = 0; i < 6; i++) {
    const double *e = of->foretold;
    step[i] = -of->weight * (half[i] * e[0] + half[6 + i] * e[1] + half[12 + i] * e[2]);
    for (int k = 0; k < 3; k++) {
      const double *G = of->G + 3 * k;
      gained[6 * k + i] = of->weight * (G[0] * half[i] + G[1] * half[6 + i] + G[2] * half[12 + i]);
    }
  }
  for (int i = 0; i < 6; i++) {
    for (int j = 0; j < 6; j++) {
      for (int k = 0; k < 3; k++) covariance[6 * i + j] += half[6 * k + i] * gained[6 * k + j];
    }
  }
}

double ob_crater_foretold_log_density(const crater_influence *of, const crater_pair *pair) {
  const double noise = pair->noise[0] * pair->noise[1] * pair->noise[2];
  return -0.5 * (of->square + ob_log(determinant(of->S) * noise)) - LN_2PI_3_2;
}

/* --- Doubt ------------------------------------------------------------------------------------ */

/* Information D of the Gaussian and its gradient at the pose that all pairs gave. Given the others the
 * pair's place has the covariance B; being right with probability p takes B M B from it and moves it
 * by p B q, with q = S^-1 e and M = p S^-1 - p (1 - p) q q^T. So D = (I - M B)^-1 M, and the Gaussian's
 * linear term about the place foretold is (I + D B) p q. */
static void doubtful(const crater_influence *of, double p, double D[9], double gradient[3]) {
  const double *q = of->pull;
  double M[9], left[9], right[9], linear[3], back[3];
  invert(M, of->S);
  for (int a = 0; a < 3; a++) {
    for (int b = 0; b < 3; b++) M[3 * a + b] = p * (M[3 * a + b] - (1.0 - p) * q[a] * q[b]);
  }
  ob_m3_mul(left, M, of->B);
  identity_plus(right, -1.0, left);
  invert(left, right);
  ob_m3_mul(D, left, M);
  ob_m3_mul(left, D, of->B);
  identity_plus(right, 1.0, left);
  ob_m3_v3(linear, right, q);
  ob_v3_sub(back, of->foretold, of->residual);
  ob_m3_v3(gradient, D, back);
  ob_v3_scale(gradient, gradient, -1.0);
  ob_v3_axpy(gradient, p, linear);
}

void ob_crater_add_doubtful(const crater_influence *of, double right, double information[36],
                            double gradient[6]) {
  double D[9], slope[3], half[18];
  const double *J = of->jacobian;
  doubtful(of, right, D, slope);
  for (int k = 0; k < 3; k++) {
    for (int i = 0; i < 6; i++) {
      half[6 * k + i] = D[3 * k] * J[i] + D[3 * k + 1] * J[6 + i] + D[3 * k + 2] * J[12 + i];
    }
  }
  for (int i = 0; i < 6; i++) {
    for (int k = 0; k < 3; k++) {
      gradient[i] += J[6 * k + i] * slope[k];
      for (int j = 0; j <= i; j++) information[6 * i + j] += J[6 * k + i] * half[6 * k + j];
    }
  }
}
