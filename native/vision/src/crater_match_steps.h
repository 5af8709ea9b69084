/* Private to crater matching with a pose prior: what its steps hand to each other. */
#ifndef VISION_CRATER_MATCH_STEPS_H
#define VISION_CRATER_MATCH_STEPS_H

#include "vision/crater_match.h"

#define MATCH_PEAKS 8          /* cells of the voting grid that are followed up */
#define MATCH_PRIOR_SIGMAS 3.0 /* half width of the search */

/* The camera at the prior pose. Grid axes: two horizontal ones and up, at the camera. */
typedef struct {
  const ob_camera *camera;
  double C_grid_from_mcmf[9];
  double C_camera_from_grid[9];
  double eye_mcmf_m[3];
  double covariance_m2[9]; /* of the position, grid axes */
  double information[9];   /* its inverse */
  double sigma_m[3];
} match_view;

/* A cell of the voting grid. */
typedef struct {
  int64_t votes, column, row, layer;
} match_peak;

typedef struct {
  double bin_m, half_x_m, half_y_m, step_z_m;
  int64_t columns, rows, layers;
} match_grid;

typedef struct {
  double offset_m[3]; /* of the camera from its prior position, grid axes */
  double covariance_m2[9];
  double square_sum_px2; /* of the residuals */
  int64_t count, visible;
} match_solution;

/* Detections and settings in the form that matching reads. */
typedef struct {
  const match_view *view;
  const ob_crater_map_entry *catalogue;
  const ob_crater_detection *detections;
  int64_t detection_count;
  const ob_crater_match_settings *settings;
  double sigma_max_px; /* largest of any detection */
} match_problem;

static inline int match_finite(double x) { return x - x == 0.0; }

static inline int match_detection_ok(const match_view *v, const ob_crater_detection *d) {
  const double *c = d->pixel_covariance;
  return d->pixel[0] >= -0.5 && d->pixel[0] < (double)v->camera->width && d->pixel[1] >= -0.5 &&
         d->pixel[1] < (double)v->camera->height && d->radius_px > 0.0 && match_finite(d->radius_px) &&
         c[0] > 0.0 && c[2] > 0.0 && c[0] < 1e6 && c[2] < 1e6 && c[0] * c[2] > c[1] * c[1];
}

static inline int match_radii_agree(const ob_crater_match_settings *s, double a, double b) {
  return a <= s->radius_ratio_max * b && b <= s->radius_ratio_max * a;
}

/* --- crater_predict.c --- */

int ob_match_invert(double out[9], const double m[9]);

/* out = C m C^T. */
void ob_match_turn(double out[9], const double C[9], const double m[9]);

int ob_match_settings_ok(const ob_crater_match_settings *s);

/* 1 when camera and prior are good. */
int ob_match_set_view(match_view *v, const ob_camera *camera, const ob_crater_prior *prior);

/* Fills in `predicted`, by radius, and `offset_m`. */
void ob_match_predict(const match_view *v, const ob_crater_map_entry *catalogue, int64_t count,
                      const ob_crater_match_settings *settings, ob_crater_matcher *m);

/* --- crater_vote.c --- */

double ob_match_mean_depth_m(const match_view *v, const ob_crater_matcher *m);
match_grid ob_match_lay_grid(const match_view *v, double metres_per_px);
double ob_match_layer_height_m(const match_grid *g, int64_t layer);
void ob_match_vote(const match_problem *p, const match_grid *g, ob_crater_matcher *m,
                   match_peak peaks[MATCH_PEAKS]);

/* --- crater_refine.c --- */

/* Files the good detections by square of the image; returns how many there are. */
int64_t ob_match_file_detections(match_problem *p, ob_crater_matcher *m);

/* Covariance of detection minus prediction: detection noise, map error, and the gate's allowance. */
void ob_match_pair_covariance(const match_problem *p, int64_t detection, double map_sigma_px,
                              double allowance_px, double out[3]);
double ob_match_distance2(const double residual[2], const double s[3]);
double ob_match_map_sigma_px(const match_problem *p, const ob_crater_predicted *crater, double depth_m);

/* Point in camera axes of predicted crater j with the camera moved by `offset_m`. */
void ob_match_seen_from(const match_view *v, const ob_crater_matcher *m, int64_t j,
                        const double offset_m[3], double camera_m[3]);

/* From a peak to the solution around it. The pairs stay in m->partner. Stops early when it can no longer
 * come near `count_to_beat` matches: they only become fewer as the gate closes. */
match_solution ob_match_refine(const match_problem *p, const match_grid *g, const match_peak *start,
                               double metres_per_px, int64_t count_to_beat, ob_crater_matcher *m);

#endif
