/* What the robust estimators ask for and answer: pose.h, homography.h, essential.h and others.
 *
 * Method of all of them: RANSAC (Fischler and Bolles 1981) on minimal samples, uniform or by quality
 * (sampling.h), ranked by the truncated square of the error (MSAC: Torr and Zisserman 2000), each new
 * best locally optimized (Chum, Matas and Kittler 2003), as many samples as the confidence asks for and
 * never more than `iterations_max`. The matches are looked at in a random order, so that a hypothesis
 * can be dropped early: as soon as it cannot become the best, or, at 64 matches and each 64 after, when
 * it lies three standard deviations of a sample mean (at most 1/2 a match) behind the best (a
 * preemptive test in the sense of Matas and Chum 2005, with a fixed width). At the end
 * Levenberg-Marquardt over all matches within the threshold, or, where that is less, within 4.5 standard
 * deviations of the residuals (another width where a header says so; not beyond twice the threshold), until a step is below 1e-3 standard
 * deviations, at most 20 steps. Doubles in a fixed order (four lanes); matches are ranked with floats in
 * eight lanes.
 *
 * A covariance is sigma^2 (J'J)^-1 over the inliers.
 */
#ifndef VISION_ROBUST_H
#define VISION_ROBUST_H

#include <stdint.h>

#define OB_ROBUST_MATCHES_MAX 65536
#define OB_ROBUST_ITERATIONS_MAX 100000

typedef struct {
  double threshold;  /* an inlier's error is below it; > 0 */
  double sigma;      /* standard deviation of a coordinate; 0: from the inliers' residuals */
  double confidence; /* of having met a sample without outliers, in (0, 1) */
  uint64_t seed;
  int64_t iterations_max; /* 1 to OB_ROBUST_ITERATIONS_MAX */
  int64_t by_quality;     /* 1: the matches come in the order of quality, the best first */
  int64_t simd;           /* ob_simd; the same bits for each */
} ob_robust_settings;

/* With a status other than OB_ROBUST_OK an answer is not to be used, but where a header says so. */
enum {
  OB_ROBUST_OK = 0,
  OB_ROBUST_BAD_COUNT = 1,   /* fewer matches than the estimator needs, or more than allowed */
  OB_ROBUST_BAD_SETTING = 2, /* a setting outside its range, or not a number */
  OB_ROBUST_NOT_FINITE = 3,  /* a coordinate, or what to start from */
  OB_ROBUST_DEGENERATE = 4,  /* the inliers do not fix the answer */
  OB_ROBUST_NONE = 5,        /* nothing found has inliers enough */
  OB_ROBUST_NO_PARALLAX = 6, /* essential.h, two_point.h: the camera turned, but did not move enough */
};

/* Octets of workspace, aligned for doubles, for `count` matches of `columns` coordinates: the headers
 * name the columns. 0 for a count that is not allowed. */
int64_t ob_robust_workspace_octets(int64_t count, int64_t columns);

#endif
