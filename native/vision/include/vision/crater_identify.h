/* Which craters of a global catalogue are those in an image, and from where was it taken: the attitude
 * is known to a few degrees, the position not at all (a range of altitudes).
 *
 * 1. Anchors. A detected ellipse i of area pi rho^2 and a catalogue crater j of radius r with normal n
 *    give, for the attitude as known, the camera: in the direction d (of unit depth) at the depth
 *    z = r (f / rho) sqrt(-n . d). Every crater of the catalogue is tried with the largest detections;
 *    those that put the camera into the range of altitudes are hypotheses.
 * 2. Neighbours. For each hypothesis the neighbours of j in the catalogue are projected, nearest
 *    first, and looked up in a raster of nearest detections. Each hit tells of the turn of the image
 *    about the anchor (error of attitude) and of its scale (error of size), two scalar Kalman filters;
 *    so gates grow with the distance and shrink with the hits. A sequential test of the ratio of
 *    likelihoods of "this is it" over "clutter" (Wald 1945, "Sequential Tests of Statistical
 *    Hypotheses") ends most hypotheses after a few neighbours. The best are kept.
 * 3. Refinement. Attitude (with its prior) and position by Gauss-Newton on centres and radii. The
 *    covariance P of the pose gives the gate of each crater, J P J^T + noise; craters whose gate is
 *    likely to hold clutter wait. So matches spread from the anchor over the image. A detection has
 *    one crater at most.
 * 4. Influence. A wrong pair with leverage bends the pose to itself, and its residual does not tell.
 *    So each pair is judged by what the others foretell for it (deletion residual, chi-squared of
 *    three); beyond 99.9 per cent the worst is taken out and the pose without it matches anew, until
 *    none is left: a right pair falls with a chance of 10^-3. In sets of up to 16 each pair in turn is
 *    left out, and of these poses that of the most evidence is taken, since one wrong pair may push
 *    right ones out. Then pairs weigh by the probability that they are right, as the others foretell
 *    them, and the covariance has what that doubt costs: crater_influence.h.
 * 5. Evidence. Under clutter, a Poisson process of density kappa per px^2 and px of radius, the
 *    ratio of likelihoods of the detections for a pose,
 *
 *      L = product over craters predicted of ((1 - p) or, when matched, p N(residual) / kappa),
 *
 *    with p the rate of detection, has a mean of at most 1 (a pose can only claim part of all the
 *    ways to explain the detections). So has its mean E over all hypotheses of step 1, with the same
 *    weight for each anchor and for each crater of an anchor, over the poses that a hypothesis leaves
 *    (about L at the best times sqrt(det P / det P0) exp(-shift^2 / 2), Laplace's method), and over
 *    p, taken for uniform. By Markov's inequality clutter comes to E with a chance of at most 1 / E.
 *    Of E only the terms of the pose found and of the anchors looked through are counted; they are
 *    positive and E grows with each anchor, so that the bound holds for a search that ends as soon
 *    as it suffices (Ville's inequality; Vovk and Wang 2021, "E-values").
 * 6. Acceptance. The bound is below the limit of the settings, and the pose explains a share of the
 *    craters that should show; otherwise the answer is a refusal. (An a-contrario test: Desolneux,
 *    Moisan and Morel 2000, "Meaningful alignments".) One that explains less than half of the craters
 *    may be the right region with a bent pose: more anchors are tried before it is taken, and the
 *    pose of the most evidence counts.
 *
 * A circle's image is an ellipse; its centre and area come from the dual conic r^2 (I - n n^T) - p p^T
 * of a circle of radius r about p with normal n (Christian, Derksen and Watkins 2021, "Lunar Crater
 * Identification in Digital Images").
 *
 * Bounds: OB_IDENTIFY_ANCHORS passes over the catalogue, OB_IDENTIFY_TRIALS refinements, and the
 * caps below. Doubles in a fixed order: the same bits by every path.
 */
#ifndef VISION_CRATER_IDENTIFY_H
#define VISION_CRATER_IDENTIFY_H

#include <stdint.h>

#include "vision/crater_catalogue.h"

#define OB_IDENTIFY_DETECTIONS 512 /* used: the largest */
#define OB_IDENTIFY_PREDICTED 1024 /* craters that a pose puts into the image: the first found */
#define OB_IDENTIFY_ANCHORS 48
#define OB_IDENTIFY_TRIALS 128
#define OB_IDENTIFY_KEPT 32 /* hypotheses that wait for a trial */
#define OB_IDENTIFY_RASTER 128
#define OB_IDENTIFY_BLOCK 256
#define OB_IDENTIFY_RATES 8 /* of detection, over which the evidence is a mean */

typedef struct {
  double pixel[2];  /* centre of the ellipse: column, row */
  double radius_px; /* square root of the product of its half axes, > 0 */
  double sigma_px;  /* of the centre per axis, > 0 */
  double radius_sigma_px;
} ob_crater_ellipse;

typedef struct {
  double focal_px, center_column_px, center_row_px;
  int64_t width, height;         /* 64 to 8192 */
  double q_camera_from_mcmf[4];  /* as known: unit, scalar first */
  double attitude_sigma_rad;     /* of it, about each axis: above 0, at most 0.2 */
  double altitude_min_m, altitude_max_m; /* over OB_MOON_SPHERE_M: 1 km to 10,000 km */
} ob_crater_view;

typedef struct {
  double radius_min_px;        /* craters that appear smaller are not expected: 1 to 100 */
  double catalogue_sigma_m;    /* of a catalogued centre, per axis; >= 0 */
  double catalogue_radius_sigma; /* of a catalogued radius, of itself: 0 to 0.5 */
  double log10_chance_max;     /* < 0 */
  double rate_min;             /* share of the expected craters that are matched, at least: 0 to 1 */
  int64_t anchors;             /* 1 to OB_IDENTIFY_ANCHORS */
} ob_identify_settings;

enum {
  OB_IDENTIFY_FOUND = 0,
  OB_IDENTIFY_BAD_INPUT = 1, /* a number out of range or not finite; an empty catalogue */
  OB_IDENTIFY_FEW = 2,       /* fewer than 4 good detections */
  OB_IDENTIFY_NONE = 3,      /* no hypothesis came to a pose */
  OB_IDENTIFY_CHANCE = 4     /* the best could be chance, or explains too few of the craters */
};

typedef struct {
  int64_t status; /* OB_IDENTIFY_...; what follows is 0 unless FOUND or CHANCE */
  int64_t count;  /* matches */
  int64_t predicted;
  int64_t anchors, hypotheses, trials; /* tried, whatever the status */
  double log10_chance;                 /* bound on the chance that clutter gives such a fix */
  double residual_px;                  /* root mean square of the centres' residuals per axis */
  double position_mcmf_m[3];           /* of the camera */
  double q_camera_from_mcmf[4];
  double covariance[36]; /* turn (camera axes, rad) and position (mcmf, m), row major */
} ob_identify_fix;

typedef struct ob_crater_identifier ob_crater_identifier;

/* Octets of workspace; no state is kept in it. */
int64_t ob_identify_workspace(void);

/* `row_of`: for each detection the index in `catalogue` of the crater that it is, or -1; all -1 unless
 * FOUND. `workspace` begins at a multiple of 8 octets. Returns the status that also stands in `fix`. A
 * detection with numbers out of range or outside the image is left out. */
int64_t ob_crater_identify(const ob_crater_catalogue *catalogue, const ob_crater_view *view,
                           const ob_identify_settings *settings, const ob_crater_ellipse *detections,
                           int64_t detection_count, void *workspace, int32_t *row_of,
                           ob_identify_fix *fix, int64_t simd);

#endif
