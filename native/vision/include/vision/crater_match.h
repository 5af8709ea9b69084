/* Finds which craters of the map are those in an image, given a pose that is roughly known.
 *
 * Everything is in Moon-fixed axes (mcmf). The attitude is taken as good to a pixel or so (a star
 * tracker and gyroscopes); what is sought is the error of the position. Steps:
 *
 * 1. Prediction. Map craters are projected with the prior pose. A circle of radius r at camera
 *    coordinates p with ground normal n appears as an ellipse of area pi R^2, where
 *    R = r f sqrt(|n . p| / p_z^3): r^2 times the determinant of the projection of the tangent plane.
 * 2. Voting. A detection and a map crater of compatible radius fix the horizontal position of the
 *    camera for each assumed height. The votes fall into a horizontal grid over 3 sigma of the prior,
 *    one grid per height (a Hough transform; Ballard 1981, "Generalizing the Hough transform").
 * 3. Refinement. From the best cells: nearest neighbours one to one within a shrinking gate, and
 *    Gauss-Newton least squares for the position with the prior as a further measurement.
 * 4. Acceptance. Were the detections scattered at random, the number of matches within the gate would
 *    be Poisson with mean lambda = sum over predicted craters of rho A, where rho is the density of
 *    detections of compatible radius per px^2 and A the area of the gate. With n matches, two of
 *    which the three unknowns of position use up, and N distinguishable positions searched,
 *
 *      ln(chance) <= ln N - lambda + k + k ln(lambda / k),  k = n - 2 > lambda
 *
 *    (Chernoff's bound of the Poisson tail; the a-contrario test of Desolneux, Moisan and Morel 2000,
 *    "Meaningful alignments"). A fix whose chance exceeds the limit is refused, and so is one with a
 *    rival of nearly as many matches elsewhere, or one far outside the prior.
 * 5. Integrity. `integrity.h` looks whether the fix hinges on one match, whether one of them disagrees
 *    with the others, all scatter more than they should, or the attitude was not as it was said to be.
 *
 * Doubles in a fixed order, elementary functions of the core: the same bits on every target. Time is
 * bounded by the caps below. Nothing is kept between frames.
 */
#ifndef VISION_CRATER_MATCH_H
#define VISION_CRATER_MATCH_H

#include <stdint.h>

#include "onboard/camera.h"
#include "onboard/crater_matched.h"
#include "vision/integrity.h"

#define OB_CRATER_MATCH_SIDE_MIN 8    /* pixels, width and height of an image */
#define OB_CRATER_MATCH_SIDE_MAX 2048
#define OB_CRATER_PREDICTED 1024 /* map craters used in one frame: the largest, when there are more */
#define OB_CRATER_DETECTED 512   /* detections used: the first */
#define OB_CRATER_BINS 128       /* of the voting grid, each way */

typedef struct {
  double position_mcmf_m[3]; /* centre of the rim plane */
  double diameter_m;         /* rim to rim, > 0 */
  double position_sigma_m;   /* one sigma per axis, >= 0 */
} ob_crater_map_entry;

/* A crater seen in the image. */
typedef struct {
  double pixel[2]; /* column, row of the centre of light and shade */
  double radius_px;
  double pixel_covariance[3]; /* column-column, column-row, row-row, px2 */
} ob_crater_detection;

/* What is known before the frame: pose of the body at exposure. */
typedef struct {
  double position_mcmf_m[3];
  double q_mcmf_from_body[4];
  double position_covariance_m2[9]; /* mcmf axes, row major, positive definite */
  double attitude_sigma_rad;        /* about each axis, camera's mounting included; 0: not stated */
} ob_crater_prior;

typedef struct {
  double radius_min_px, radius_max_px; /* apparent radius of the map craters to use */
  double radius_ratio_max;             /* > 1: detected over predicted radius, either way */
  double gate_sigma;                   /* 1 to 6: of a match, in standard deviations */
  double log10_chance_max;             /* < 0: largest chance of a false fix */
  double rival_fraction_max;           /* 0 to 1: matches of a rival over those of the fix */
  int64_t count_min;                   /* >= 4: fewest matches of a fix */
} ob_crater_match_settings;

typedef struct {
  double pixel[2];
  double radius_px;
  int64_t catalogue_index;
} ob_crater_predicted;

enum {
  OB_CRATER_FIX_ACCEPTED = 0,
  OB_CRATER_FIX_BAD_INPUT = 1,     /* a number out of range or not finite */
  OB_CRATER_FIX_FEW_PREDICTED = 2, /* fewer than count_min map craters in view */
  OB_CRATER_FIX_FEW_DETECTED = 3,  /* fewer than count_min detections */
  OB_CRATER_FIX_FEW_MATCHED = 4,   /* fewer than count_min matches */
  OB_CRATER_FIX_CHANCE = 5,        /* so many matches could be chance */
  OB_CRATER_FIX_RIVAL = 6,         /* another position matches nearly as well */
  OB_CRATER_FIX_OUTSIDE_PRIOR = 7, /* more than 5 sigma from the prior */
  OB_CRATER_FIX_HINGES = 8,        /* on one match, or on the prior: integrity.h */
  OB_CRATER_FIX_DEVIATES = 9,      /* one match from the fix by the others */
  OB_CRATER_FIX_SCATTERS = 10,     /* residuals too large for their covariances */
  OB_CRATER_FIX_TURNED = 11        /* the image tells of another attitude */
};

typedef struct {
  int64_t status;                     /* OB_CRATER_FIX_... */
  int64_t count;                      /* matches; written out only when accepted */
  int64_t predicted;                  /* map craters in the image at the best position */
  int64_t rival_count;                /* matches of the best other position */
  double log10_chance;                /* bound on the chance of a false fix; 0 when not computed */
  double residual_rms_px;             /* of the matches, per axis */
  double position_offset_mcmf_m[3];   /* best position less the prior's */
  double position_covariance_m2[9];   /* of the best position, mcmf axes, the attitude taken as exact */
  double shift_by_turn_m_rad[9];      /* of the best position, mcmf, by a turn of what is seen, camera axes */
  ob_integrity integrity;             /* 0 unless nothing else was against the fix */
} ob_crater_fix;

/* Scratch memory of the matcher, about 160 KB; no state. After ob_crater_match, `predicted` holds the
 * map craters in and near the image at the prior pose, smallest first. */
typedef struct {
  ob_crater_predicted predicted[OB_CRATER_PREDICTED];
  int64_t predicted_count;
  double offset_m[OB_CRATER_PREDICTED][3]; /* from the camera, axes of the voting grid */
  int16_t partner[OB_CRATER_PREDICTED];    /* detection of each predicted crater, or -1 */
  int16_t best_partner[OB_CRATER_PREDICTED];
  int16_t claimed[OB_CRATER_DETECTED];    /* predicted crater of each detection, or -1 */
  double claim[OB_CRATER_DETECTED];       /* its squared distance */
  int16_t next[OB_CRATER_DETECTED];       /* chain of detections in one square of the image */
  int16_t square[64 * 64];                /* first detection of each square of 32 x 32 pixels */
  uint16_t votes[OB_CRATER_BINS * OB_CRATER_BINS];
  ob_integrity_pair pairs[OB_CRATER_DETECTED];
} ob_crater_matcher;

/* Map craters that the prior pose puts into the image, or within 3 sigma of it, with apparent radii in
 * the band of the settings; the largest, when there are more than `capacity`. Writes them in catalogue
 * order; returns their number, 0 as well for a bad input. */
int64_t ob_crater_predict(const ob_camera *camera, const ob_crater_prior *prior,
                          const ob_crater_map_entry *catalogue, int64_t catalogue_count,
                          const ob_crater_match_settings *settings, ob_crater_predicted *predicted,
                          int64_t capacity);

/* Matches detections with the catalogue. Writes up to `capacity` matches when the fix is accepted, in
 * order of growing apparent radius, and returns the status that also stands in `fix`. */
int64_t ob_crater_match(const ob_camera *camera, const ob_crater_prior *prior,
                        const ob_crater_map_entry *catalogue, int64_t catalogue_count,
                        const ob_crater_detection *detections, int64_t detection_count,
                        const ob_crater_match_settings *settings, ob_crater_matcher *matcher,
                        ob_crater_matched *matched, int64_t capacity, ob_crater_fix *fix);

#endif
