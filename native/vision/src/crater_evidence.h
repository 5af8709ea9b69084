/* Private to crater identification: how sure a pose is, step 4 of crater_identify.h. */
#ifndef VISION_CRATER_EVIDENCE_H
#define VISION_CRATER_EVIDENCE_H

#include "crater_pose.h"

/* Readies the workspace for a pose and its pairs: likelihoods of all detections over clutter. */
void ob_crater_weigh(const crater_problem *problem, const crater_solution *solution);

/* The logarithm of the ratio of likelihoods of the other detections, in the mean over the poses that
 * detection `anchor`, taken for its crater, leaves. `C` is camera from mcmf as known. After
 * ob_crater_weigh. */
double ob_crater_log_ratio(const crater_problem *problem, const double C[9],
                           const crater_solution *solution, int64_t anchor);

/* The logarithm of the mean of that ratio over all hypotheses of all anchors; of those that are not
 * this pose, and of anchors not looked through, nothing is counted. After ob_crater_weigh. */
double ob_crater_log_evidence(const crater_problem *problem, const double C[9],
                              const crater_solution *solution);

#endif
