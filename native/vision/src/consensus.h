/* The search for a model that many matches agree with, and its refinement: the method of robust.h for
 * whatever an `ob_estimator` describes. */
#ifndef VISION_CONSENSUS_H
#define VISION_CONSENSUS_H

#include <stdint.h>

#include "cholesky.h"
#include "field.h"

#define OB_MODEL 12         /* numbers of a model, at most */
#define OB_KERNEL 21        /* and of what the loops over matches take */
#define OB_SOLUTIONS_MAX 10 /* of a minimal sample */
#define OB_BLOCK 64         /* matches between two looks at a hypothesis */
#define OB_NO_THRESHOLD 1e150 /* its square is a number */
#define OB_IMPOSSIBLE 1e301  /* squared error of a match that the model cannot have */

/* Sums over the matches whose error is below the threshold. */
typedef struct {
  double normal[OB_CHOLESKY_MAX * OB_CHOLESKY_MAX]; /* J'J, unknowns x unknowns */
  double gradient[OB_CHOLESKY_MAX];                 /* J'r */
  double squares;                                   /* of the residuals */
  double cost;    /* squares, and the threshold's square for each other match */
  double inliers;
} ob_sums;

/* Squared errors of `count` matches from `at` on, both multiples of 8; NaN for a match that the model
 * cannot have. */
typedef void (*ob_errors)(const ob_field *field, int64_t at, int64_t count, const float *kernel,
                          float *squares);

/* A kind of model. `kernel` is what the loops over matches take, made of a model. */
typedef struct {
  int32_t sample;    /* matches that give models */
  int32_t least;     /* matches an answer must have */
  int32_t unknowns;  /* of a small step */
  int32_t residuals; /* numbers that a match gives */
  double width;      /* of the last kernel, in standard deviations of a residual: robust.h */
  int64_t distinct;  /* the first columns, in which `least` of the inliers must differ */
  void (*expand)(const double *model, double *kernel);
  /* Models of a sample, OB_MODEL numbers each; returns how many. */
  int32_t (*solve)(const ob_field *field, const int64_t *place, double *models);
  ob_errors errors[2]; /* plain and AVX2: lanes_targets.h */
  void (*sum)(const ob_field *field, int64_t count, const double *model, double threshold, ob_sums *sums);
  /* Makes the model one that `move` may take; 0 where it cannot be one. */
  int32_t (*settle)(double *model);
  /* 0 where the step is too long for the linear model. */
  int32_t (*move)(double *out, const double *model, const double *step);
  /* The squared error of one match, in doubles; OB_IMPOSSIBLE where the model cannot have it. */
  double (*square)(const ob_field *field, int64_t at, const double *kernel);
} ob_estimator;

typedef struct {
  double model[OB_MODEL];
  double cost; /* truncated, per squared threshold */
  int64_t inliers;
} ob_hypothesis;

typedef struct {
  double inverse[OB_CHOLESKY_MAX * OB_CHOLESKY_MAX]; /* of the normal matrix */
  double variance;                                   /* of a residual */
  double residual_rms;
  int64_t inliers;
} ob_conclusion;

/* 1 where all are in their ranges; the threshold below 1e150. */
int32_t ob_consensus_allowed(const ob_robust_settings *settings);

/* Returns the samples drawn; `best` has no inliers where nothing was found. `inlier` is written where
 * the matches come by quality. `threshold`: in the field's scale. */
int64_t ob_consensus_search(const ob_estimator *e, const ob_field *field,
                            const ob_robust_settings *settings, double threshold, ob_hypothesis *best,
                            uint8_t *inlier);

/* At most `steps` of Levenberg-Marquardt over the first `count` places (a multiple of 4, or all).
 * Returns 0 where the normal matrix is singular. */
int32_t ob_consensus_optimize(const ob_estimator *e, const ob_field *field, int64_t count,
                              double threshold, int32_t steps, double *model, ob_sums *sums);

/* Flags of the matches within the threshold, in the caller's order; returns how many. */
int64_t ob_consensus_flag(const ob_estimator *e, const ob_field *field, const double *model,
                          double threshold, uint8_t *inlier);

/* Optimizes over all matches, flags the inliers; `sigma` in the field's scale. Without `inlier` every
 * match must count. Returns a status. */
int64_t ob_consensus_conclude(const ob_estimator *e, const ob_field *field, double threshold,
                              double sigma, double *model, ob_conclusion *out, uint8_t *inlier);

/* The normal matrix from its upper triangle, row by row. */
void ob_sums_spread(ob_sums *sums, const double *upper, int32_t unknowns);

/* The cost of `count` matches, of which the inliers' residuals have that sum of squares. */
static inline void ob_sums_total(ob_sums *sums, double squares, double inliers, int64_t count,
                                 double threshold) {
  sums->squares = squares;
  sums->inliers = inliers;
  sums->cost = squares + ((double)count - inliers) * (threshold * threshold);
}

/* variance map inner map', for a map of rows x columns (at most 9 each), row-major. */
void ob_covariance_of(double *out, const double *map, int32_t rows, int32_t columns,
                      const double *inner, double variance);

#endif
