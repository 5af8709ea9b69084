/* Private to crater identification: pairs of a crater and a detection, as a pose has them. */
#ifndef VISION_CRATER_PAIRS_H
#define VISION_CRATER_PAIRS_H

#include "crater_pose.h"

typedef struct {
  crater_image image;
  double residual[3], noise[3]; /* column, row, radius: px; variances */
  double log_density; /* of the residual, over that of clutter */
} crater_pair;

/* 0 when the pose does not show the crater. */
int ob_crater_measure_pair(const crater_problem *problem, const crater_pose *pose,
                           const crater_candidate *crater, int64_t detection, crater_pair *pair);

/* The same for the crater that has the detection, if one has. */
int ob_crater_pair_of(const crater_problem *problem, const crater_pose *pose, int64_t detection,
                      crater_pair *pair);

/* Pairs that are each other's nearest within the gate, in the candidates and in `claimed`; returns how
 * many. The gate of a crater is that of the pose's covariance and the noise. */
int64_t ob_crater_pair_up(const crater_problem *problem, const crater_pose *pose,
                          const double covariance[36], double gate2);

/* Adds a pair to information (lower part) and gradient. */
void ob_crater_add_pair(const crater_pair *pair, double weight, double information[36],
                        double gradient[6]);

/* Information and gradient of what is known before: the attitude. `C` is camera from mcmf as known. */
void ob_crater_add_prior(const crater_problem *problem, const double C[9], const crater_pose *pose,
                         double information[36], double gradient[6]);

#endif
