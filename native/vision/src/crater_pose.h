/* Private to crater identification: projection, matching and refinement of one pose. */
#ifndef VISION_CRATER_POSE_H
#define VISION_CRATER_POSE_H

#include "vision/crater_identify.h"

typedef struct {
  double C[9];      /* camera from mcmf */
  double centre[3]; /* mcmf, m */
} crater_pose;

/* A crater as a pose shows it. */
typedef struct {
  double uvr[3];      /* column, row, radius, px */
  double jacobian[18]; /* of these, by turn (camera axes) and position */
} crater_image;

typedef struct {
  int32_t index;  /* in the catalogue */
  int32_t partner; /* detection, or -1 */
  double centre[3], normal[3], radius_m;
} crater_candidate;

/* Workspace of one call. Detections are the good ones, largest first. */
struct ob_crater_identifier {
  ob_crater_ellipse detection[OB_IDENTIFY_DETECTIONS];
  int32_t source[OB_IDENTIFY_DETECTIONS]; /* index in the caller's array */
  double clutter[OB_IDENTIFY_DETECTIONS]; /* density, per px^2 and px of radius */
  int32_t by_column[OB_IDENTIFY_DETECTIONS];
  int32_t claimed[OB_IDENTIFY_DETECTIONS]; /* candidate, or -1 */
  double claim[OB_IDENTIFY_DETECTIONS];
  double weight[OB_IDENTIFY_DETECTIONS]; /* probability that the pair is right, the pose being so */
  int64_t detection_count;
  int64_t left_out; /* a detection that finds no crater, or -1 */
  int64_t hypotheses[OB_IDENTIFY_DETECTIONS]; /* of each as an anchor: 0 until looked through */
  int64_t anchors;                            /* to be looked through at most */
  double ratio[OB_IDENTIFY_DETECTIONS]; /* of the likelihoods of right and of clutter */
  double log_likelihood[OB_IDENTIFY_RATES]; /* of all, by the rate of detection */
  ob_crater_ellipse widest; /* with the largest sigmas of any */
  double compatible; /* share of the detections that could be of the size of another */
  crater_candidate candidate[OB_IDENTIFY_PREDICTED];
  int64_t candidate_count;
  double cell_px; /* of the raster */
  int16_t raster[OB_IDENTIFY_RASTER * OB_IDENTIFY_RASTER];
  float raster_distance2[OB_IDENTIFY_RASTER * OB_IDENTIFY_RASTER];
  double depth[OB_IDENTIFY_BLOCK];
};

typedef struct {
  const ob_crater_catalogue *catalogue;
  const ob_crater_view *view;
  const ob_identify_settings *settings;
  ob_crater_identifier *work;
} crater_problem;

typedef struct {
  crater_pose pose;
  double covariance[36];
  double log_determinant; /* of the information */
  double log_ratio;       /* of "this is it" over clutter, from the hypothesis refined */
  double log_evidence;    /* the same over all hypotheses */
  double rate; /* of detection */
  double square_sum_px2; /* of the pairs counted */
  int64_t count, predicted; /* pairs more likely right than not; craters expected in the image */
} crater_solution;

/* 0 when the crater is behind the camera or seen from below. */
int ob_crater_project(const ob_crater_view *view, const crater_pose *pose, const double centre[3],
                      const double normal[3], double radius_m, double uvr[3]);

/* The same with the derivatives: of the centre's projection, and of radius ~ sqrt(height / z^3). */
int ob_crater_image_of(const ob_crater_view *view, const crater_pose *pose,
                       const crater_candidate *c, crater_image *image);

/* Fills the candidates: crater `index`, which is the first if it shows at all, and its neighbours; or
 * all craters in and about the image, the largest classes first: should they not all fit, the smallest
 * are left out. */
void ob_crater_gather_near(const crater_problem *problem, const crater_pose *pose, int64_t index);
void ob_crater_gather_all(const crater_problem *problem, const crater_pose *pose);

/* Variances of column and row, and of radius: the detection's and the catalogue's. */
void ob_crater_noise(const crater_problem *problem, const ob_crater_ellipse *d,
                     const crater_candidate *c, const crater_image *image, double noise[3]);

/* Detection less image: column, row, radius. */
void ob_crater_residual(const ob_crater_ellipse *d, const crater_image *image, double residual[3]);

/* Adds a measurement to the lower half of the information and to the gradient. */
void ob_crater_add(double information[36], double gradient[6], const crater_image *image,
                   const double residual[3], const double noise[3], double weight);

/* J P J^T, upper part: uu, uv, ur, vv, vr, rr. */
void ob_crater_spread(const crater_image *image, const double P[36], double s[6]);

/* Turns and moves a pose by a step in its six unknowns. */
void ob_crater_move(crater_pose *pose, const double step[6]);

/* The detection nearest to a crater by the covariance P of the pose, within the gate, and its squared
 * distance; -1 for none, or when the gate is likely to hold clutter. */
int32_t ob_crater_nearest(const crater_problem *problem, const crater_candidate *c,
                          const crater_image *image, const double P[36], double gate2,
                          double *distance2);

/* Detection `anchor` taken for crater `index`: the pose for the attitude as known, and what the
 * neighbours tell of it. */
typedef struct {
  int64_t anchor, index;
  double depth;         /* of the crater along the boresight, m */
  double scale, turn;   /* of the image about the anchor, against what this pose makes expect */
  double scale2, turn2; /* variances */
  double log_ratio;     /* of the neighbours */
} crater_hypothesis;

/* ln det of what `lower` is the Cholesky factor of. */
double ob_crater_log_determinant(const double lower[36]);

/* Refines the pose of a hypothesis; `C` is camera from mcmf as known. Leaves the matches in the
 * candidates. 0 when fewer than 4 matches or a singular system came of it. */
int ob_crater_refine(const crater_problem *problem, const double C[9], const crater_hypothesis *of,
                     crater_solution *solution);

/* Takes the good detections of the caller's, in order, with the clutter about them; and the raster of
 * those near. Of `crater_detections.c`. */
void ob_crater_take_detections(ob_crater_identifier *w, const ob_crater_view *view,
                               const ob_crater_ellipse *detections, int64_t count);
void ob_crater_fill_raster(ob_crater_identifier *w, double size_px);

/* Of `crater_identify.c`: settings in range; the answer. */
int ob_crater_settings_ok(const ob_identify_settings *s);
void ob_crater_write_fix(const crater_solution *best, double log10_chance, ob_identify_fix *fix);
void ob_crater_write_matches(const ob_crater_identifier *w, int32_t *row_of);

#endif
