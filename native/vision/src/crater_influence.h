/* What one pair of a crater and a detection does to a pose: the pose without it, and how well the
 * other pairs foretell it.
 *
 * With J its Jacobian and r its residual, both over the standard deviations of the noise, and P the
 * covariance of the pose from all pairs, this one with the weight w:
 *
 *   A = J P J^T,  G = (I - w A)^-1
 *   pose without it   x - w P J^T G r,   covariance  P + w P J^T G J P
 *   its residual      e = G r,           covariance  S = I + A G
 *   T = e^T S^-1 e    chi-squared of three for a right pair
 *
 * The deletion (studentized) residual of regression: Belsley, Kuh and Welsch 1980, "Regression
 * Diagnostics", 2.1; Cook and Weisberg 1982, "Residuals and Influence in Regression", 2.2. A pair with
 * much leverage bends the pose to itself, so that r tells nothing; e tells it. With w = 1, T is what the
 * sum of squares falls by when the pair is left out: Baarda's test (1968, "A Testing Procedure for Use
 * in Geodetic Networks"), which receivers use for satellites (solution separation, Blanch et al. 2015,
 * "Baseline Advanced RAIM User Algorithm and Possible Improvements"). */
#ifndef VISION_CRATER_INFLUENCE_H
#define VISION_CRATER_INFLUENCE_H

#include "crater_pairs.h"

typedef struct {
  double jacobian[18], residual[3]; /* over the standard deviations */
  double weight;
  double A[9], G[9], B[9], S[9]; /* B = A G */
  double foretold[3], pull[3];   /* e, S^-1 e */
  double square;                 /* T */
} crater_influence;

/* 0 when the pose would be undetermined without the pair. */
int ob_crater_influence(const crater_pair *pair, double weight, const double covariance[36],
                        crater_influence *influence);

/* Takes the pair out of a pose and its covariance: the step to take, and the covariance without. */
void ob_crater_delete(const crater_influence *of, double covariance[36], double step[6]);

/* The logarithm of the density that the other pairs foretell for this one, `pair->noise` given. */
double ob_crater_foretold_log_density(const crater_influence *of, const crater_pair *pair);

/* Adds the pair to information (lower part) and gradient as the Gaussian that leaves the mean and the
 * covariance of "right with probability `right`, else nothing", given the other pairs: expectation
 * propagation (Minka 2001, "Expectation Propagation for Approximate Bayesian Inference", the clutter
 * problem; one pair's update is that of probabilistic data association). */
void ob_crater_add_doubtful(const crater_influence *of, double right, double information[36],
                            double gradient[6]);

#endif
