/* Would it show if this fix was wrong? Tests of the matches that a position was computed from.
 *
 * A position x was fitted, by weighted least squares, to n pairs of a point on the map and where it was
 * detected, and to what was known of it before. With the residual r_i of a pair, its covariance S_i, the
 * derivative J_i of the pixel by the position, and the information I of the prior, the covariance of
 * the fix is P = (I + sum J_i^T S_i^-1 J_i)^-1. Four tests, none of which costs more than a few sums
 * over the pairs:
 *
 * 1. Growth. Left out, pair i makes P grow by at most 1 / (1 - h) in any direction, where h is the
 *    largest eigenvalue of J_i P J_i^T S_i^-1, its leverage; and without the prior P grows by no more
 *    than trace (P^-1 (P^-1 - I)^-1) - 2. A fix that hinges on one of them has nothing that would
 *    show an error of that one. This is the availability of receiver autonomous integrity monitoring.
 * 2. Deviation. r_i^T (S_i - J_i P J_i^T)^-1 r_i, of chi-square distribution with two degrees of
 *    freedom, is the square of the separation of the fix from the one without pair i, in its own
 *    sigmas: solution separation (Brown and McBurney 1988, "Self-Contained GPS Integrity Check Using
 *    Maximum Solution Separation"; Blanch et al. 2015, "Baseline Advanced RAIM User Algorithm and
 *    Possible Improvements").
 * 3. Scatter. sum r_i^T S_i^-1 r_i / (2 n) is about 1 (Parkinson and Axelrad 1988, "Autonomous GPS
 *    Integrity Monitoring Using the Pseudorange Residual"), or 0.93 behind a gate of 3 sigma. Pairs of
 *    chance fill the gate evenly: 2.25. The mean and not its significance is tested, so that a noise
 *    that is half as large again as stated, which many pairs would tell, is no reason to refuse.
 * 4. Turn. A small turn t of all that is seen moves pixels by K_i t. What of that no shift of the position
 *    undoes has the information F = C - B^T P B, with C = sum K_i^T S_i^-1 K_i, B = sum J_i^T S_i^-1 K_i,
 *    and the score u = sum K_i^T S_i^-1 r_i - B^T P sum J_i^T S_i^-1 r_i. With the attitude known to
 *    sigma per axis, u has the covariance F + sigma^2 F^2, and u^T (F + sigma^2 F^2)^-1 u is of
 *    chi-square distribution with three degrees of freedom (Rao 1948, the score test). It is the
 *    separation of the attitude in the image from that which was taken for granted.
 *
 * Test 4 sees what the view lets it see: straight down, a tilt is nearly a shift.
 *
 * Behind a gate of g sigma, one wrong pair that is not seen shifts the fix by g sqrt(h) at most, in sigmas
 * of P: with K for the noise, K + g sqrt(1 - 1 / growth) is the protection level of the fix.
 */
#ifndef VISION_INTEGRITY_H
#define VISION_INTEGRITY_H

#include <stdint.h>

#define OB_INTEGRITY_PAIRS_MAX 512

typedef struct {
  double residual_px[2];    /* detected less predicted: column, row */
  double covariance_px2[3]; /* S: column-column, column-row, row-row; positive definite */
  double point_m[3];        /* of the map, camera axes, as the fix puts it; z > 0 */
} ob_integrity_pair;

typedef struct {
  double focal_px;
  double information[9];     /* I, camera axes, 1/m2, row major */
  double attitude_sigma_rad; /* about each axis of the camera; 0: not known, test 4 is left out */
} ob_integrity_view;

/* Largest that is accepted. */
typedef struct {
  double growth;    /* of a variance, > 1 */
  double deviation; /* chi-square, 2 degrees of freedom */
  double scatter;   /* mean square in sigmas, per axis */
  double turn;      /* chi-square, 3 degrees of freedom */
} ob_integrity_limits;

enum {
  OB_INTEGRITY_HOLDS = 0,
  OB_INTEGRITY_BAD_INPUT = 1, /* too many pairs, or numbers out of range: the figures are 0 */
  OB_INTEGRITY_HINGES = 2,    /* on one pair, or on the prior */
  OB_INTEGRITY_DEVIATES = 3,  /* one pair from the fix by the others */
  OB_INTEGRITY_SCATTERS = 4,
  OB_INTEGRITY_TURNED = 5
};

/* The figures of the four tests; and P B, the shift of the fix by a turn of what is seen, in camera axes:
 * with it, a fix that took the attitude for exact has its covariance for any error of the attitude. */
typedef struct {
  double growth, deviation, scatter, turn;
  double shift_by_turn_m_rad[9];
} ob_integrity;

/* The first test that does not hold, in the order above, or OB_INTEGRITY_HOLDS. */
int64_t ob_integrity_test(const ob_integrity_pair *pairs, int64_t count, const ob_integrity_view *view,
                          const ob_integrity_limits *limits, ob_integrity *figures);

#endif
