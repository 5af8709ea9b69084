/* The homography between two images of a plane from matches of which some, or most, are wrong.
 *
 * H takes a point (x, y, 1) of the first image to a multiple of (u, v, 1) in the second; both in any
 * unit, pixels for one. Its error is the distance from the match in the second image.
 *
 * Method: RANSAC on four points, samples uniform or by quality (sampling.h), ranked by the truncated
 * square of the error (MSAC: Torr and Zisserman 2000) in the preemptive way of pose.h, each new best
 * locally optimized (Chum, Matas and Kittler 2003), as many samples as the confidence asks for and never
 * more than `iterations_max`. Four points give H by the projective bases of both quadruples (Hartley
 * and Zisserman, Multiple View Geometry, 2nd ed. 2004, example 2.12 and section 4.1), whose coefficients
 * are triangle areas; their signs tell a sample in which three points lie on a line, or one that no
 * plane seen from one side can give (oriented projective geometry: Werner and Pajdla 2001), before
 * anything is solved. At the end Levenberg-Marquardt on eight parameters over all matches within the
 * threshold, or, where that is less, within 4.5 standard deviations of the residuals (but not beyond
 * twice the threshold), until a step is below 1e-3 standard deviations, at most 20 steps. Doubles in a fixed order (four lanes), floats in
 * eight lanes for the ranking, of coordinates moved to their mean and scaled to their spread.
 */
#ifndef VISION_HOMOGRAPHY_H
#define VISION_HOMOGRAPHY_H

#include <stdint.h>

#define OB_HOMOGRAPHY_MATCHES_MAX 65536
#define OB_HOMOGRAPHY_ITERATIONS_MAX 100000

typedef struct {
  /* Row-major, of Frobenius norm 1, with a positive third coordinate for every inlier. */
  double H[9];
  /* Row-major 9 x 9, of the entries of H at that norm (rank 8), for matches whose second image point
   * alone has noise: sigma^2 (J'J)^-1 (Hartley and Zisserman, section 5.2). */
  double covariance[81];
  double residual_rms; /* of a coordinate of the inliers, in the second image's unit */
  int64_t inliers;
  int64_t iterations;  /* samples drawn */
} ob_homography;

typedef struct {
  double threshold;  /* an inlier's error is below it, in the second image's unit; > 0 */
  double sigma;      /* standard deviation of a coordinate there; 0: from the inliers' residuals */
  double confidence; /* of having met a sample without outliers, in (0, 1) */
  uint64_t seed;
  int64_t iterations_max; /* 1 to OB_HOMOGRAPHY_ITERATIONS_MAX */
  int64_t by_quality;     /* 1: the matches come in the order of quality, the best first */
  int64_t simd;           /* ob_simd; the same bits for each */
} ob_homography_settings;

enum {
  OB_HOMOGRAPHY_OK = 0,
  OB_HOMOGRAPHY_BAD_COUNT = 1,   /* fewer than 5 matches, or more than OB_HOMOGRAPHY_MATCHES_MAX */
  OB_HOMOGRAPHY_BAD_SETTING = 2, /* a setting outside its range, or not a number */
  OB_HOMOGRAPHY_NOT_FINITE = 3,  /* a coordinate */
  OB_HOMOGRAPHY_DEGENERATE = 4,  /* inliers on a line but for one, or fewer than 5 different ones */
  OB_HOMOGRAPHY_NONE = 5,        /* no homography has 5 inliers */
};

/* Octets of workspace, aligned for doubles, for `count` matches. */
int64_t ob_homography_workspace_octets(int64_t count);

/* `first`, `second`: count x 2. `inlier`: count flags, set when OB_HOMOGRAPHY_OK. With another status
 * `homography` and `inlier` are not to be used. */
int64_t ob_homography_robust(const double *first, const double *second, int64_t count,
                             const ob_homography_settings *settings, ob_homography *homography,
                             uint8_t *inlier, void *workspace);

#endif
