#include "vision/crater_lost.h"

#include <assert.h>
#include <string.h>

#include "crater_quad_pose.h"
#include "crater_quad_queue.h"
#include "onboard/vector.h"

#define LARGEST 0.8        /* of the largest radius of three: may be the largest */
#define WINDOW 2.5         /* sigmas of an invariant */
#define SQUARE_MAX 22.5    /* 99.9 per cent of chi-squared of six */
#define GATE2 14.0         /* squared, of three */
#define MISS (-0.916290731874155)         /* ln(1 - 0.6): a neighbour in the sequential test */
#define LOG_RATE_2PI (-3.267641223380009) /* ln 0.6 - 1.5 ln(2 pi) */
#define DROP (-3.6)
#define GO_ON 4.0          /* to the refinement */
#define PRIOR_SIGMAS 3.0   /* of the attitude of a quad's pose */
#define SIGMA_MIN 0.01
#define SIGMA_MAX 0.2
#define LN_10 2.302585092994045684
#define LN_ROTATIONS 1.6120857137646178 /* ln(8 pi^2 / (2 pi)^1.5) */

typedef struct {
  ob_crater_identifier identifier;
  quad_queue queue;
} workspace_of;

typedef struct {
  crater_problem problem;
  ob_crater_view view;
  const ob_quad_index *index;
  workspace_of *work;
  ob_identify_fix *fix;
  crater_solution best;
  double best_chance;
} search;

/* --- Trial of a hypothesis -------------------------------------------------------------------- */

static void set_candidate(const search *s, int64_t index, crater_candidate *c) {
  const ob_crater_catalogue *catalogue = s->problem.catalogue;
  c->index = (int32_t)index;
  c->partner = -1;
  ob_crater_centre(catalogue, index, c->centre, c->normal);
  c->radius_m = ob_crater_radius_m(catalogue, index);
}

static int in_image(const ob_crater_view *v, const double uvr[3]) {
  return uvr[0] >= 0.0 && uvr[1] >= 0.0 && uvr[0] < (double)v->width && uvr[1] < (double)v->height;
}

/* Log of the ratio of a hit: the density of its residuals by the pose over that of clutter. */
static double worth(const search *s, const quad_pose *at, const crater_candidate *c,
                    const crater_image *image, int32_t i, double distance2) {
  double S[6], noise[3];
  ob_crater_spread(image, at->covariance, S);
  ob_crater_noise(&s->problem, &s->problem.work->detection[i], c, image, noise);
  const double uu = S[0] + noise[0], vv = S[3] + noise[1], rr = S[5] + noise[2];
  const double det = uu * (vv * rr - S[4] * S[4]) - S[1] * (S[1] * rr - S[4] * S[2]) +
                     S[2] * (S[1] * S[4] - vv * S[2]);
  const double clutter = s->problem.work->clutter[i];
  return LOG_RATE_2PI - 0.5 * (distance2 + ob_log(det * clutter * clutter));
}

/* What crater `index` adds to the sequential test of a pose. */
static double judge(const search *s, const quad_pose *at, int64_t index) {
  crater_candidate c;
  crater_image image;
  double distance2;
  set_candidate(s, index, &c);
  if (!ob_crater_image_of(s->problem.view, &at->pose, &c, &image) ||
      !in_image(s->problem.view, image.uvr) ||
      image.uvr[2] < s->problem.settings->radius_min_px) {
    return 0.0;
  }
  const int32_t i =
      ob_crater_nearest(&s->problem, &c, &image, at->covariance, GATE2, &distance2);
  return i < 0 ? MISS : ob_max(MISS, worth(s, at, &c, &image, i, distance2));
}

static int neighbours_agree(const search *s, const quad_pose *at, const int64_t craters[4]) {
  const ob_crater_catalogue *catalogue = s->problem.catalogue;
  const uint32_t *near = catalogue->neighbours + craters[0] * catalogue->neighbour_count;
  double sum = 0.0;
  for (int64_t k = 0; k < catalogue->neighbour_count && sum > DROP && sum < GO_ON; k++) {
    const int64_t j = near[k];
    if (j == craters[0] || j == craters[1] || j == craters[2] || j == craters[3]) continue;
    sum += judge(s, at, j);
  }
  return sum >= GO_ON;
}

/* Variance along `unit` by the 3 x 3 block of the covariance that begins at `from`. */
static double variance(const double covariance[36], int from, const double unit[3]) {
  double sum = 0.0;
  for (int i = 0; i < 3; i++) {
    for (int j = 0; j < 3; j++) sum += unit[i] * covariance[6 * (i + from) + j + from] * unit[j];
  }
  return sum;
}

/* The hypothesis that the refinement begins with; sets the attitude's sigma in the view. */
static crater_hypothesis hypothesis_of(search *s, const quad_sight *sight, const quad_pose *at,
                                       const crater_candidate *anchor) {
  const double *P = at->covariance;
  const double sigma = PRIOR_SIGMAS * ob_sqrt((P[0] + P[7] + P[14]) / 3.0);
  double offset[3], along[3];
  s->view.attitude_sigma_rad = ob_clamp(sigma, SIGMA_MIN, SIGMA_MAX);
  ob_v3_sub(offset, anchor->centre, at->pose.centre);
  const double range = ob_v3_unit(along, offset);
  const double widest2 = s->view.attitude_sigma_rad * s->view.attitude_sigma_rad;
  return (crater_hypothesis){.anchor = sight->detection[0],
                             .index = anchor->index,
                             .depth = ob_v3_dot(at->pose.C + 6, offset),
                             .scale2 = variance(P, 3, along) / (range * range),
                             .turn2 = ob_min(widest2, variance(P, 0, sight->ray))};
}

static double log10_chance(const search *s, const crater_solution *solution) {
  const double pairs = (double)s->problem.catalogue->count * (double)s->work->identifier.detection_count;
  return (ob_log(pairs * ((double)solution->predicted + 1.0)) + LN_ROTATIONS -
          3.0 * ob_log(s->view.attitude_sigma_rad) - solution->log_ratio) / LN_10;
}

static int refine(search *s, const quad_sight *sight, const quad_pose *at,
                  const crater_candidate *anchor) {
  const ob_identify_settings *settings = s->problem.settings;
  const crater_hypothesis h = hypothesis_of(s, sight, at, anchor);
  crater_solution solution;
  s->fix->trials++;
  if (!ob_crater_refine(&s->problem, at->pose.C, &h, &solution)) return 0;
  const double chance = log10_chance(s, &solution);
  if (chance < s->best_chance) {
    s->best = solution;
    s->best_chance = chance;
  }
  return chance <= settings->log10_chance_max && solution.rate >= settings->rate_min;
}

/* The sizes of b, c, d over that of a are those of the image but for what perspective does: the
 * invariants leave depths free. */
static int sizes_agree(const search *s, const quad_sight *sight, const int64_t craters[4]) {
  const uint16_t *radius = s->problem.catalogue->radius;
  const double anchor = radius[craters[0]];
  for (int k = 0; k < 3; k++) {
    const double r = radius[craters[k + 1]];
    if (r < sight->low[k] * anchor || r > sight->high[k] * anchor) return 0;
  }
  return 1;
}

static int try_as(search *s, const quad_sight *sight, const ob_quad *as) {
  int64_t craters[4];
  crater_candidate candidates[4];
  quad_pose at;
  s->fix->hypotheses++;
  ob_quad_craters(s->index, as, craters);
  if (!sizes_agree(s, sight, craters)) return 0;
  for (int k = 0; k < 4; k++) set_candidate(s, craters[k], &candidates[k]);
  return ob_quad_solve(&s->problem, sight, candidates, SQUARE_MAX, &at) &&
         neighbours_agree(s, &at, craters) && refine(s, sight, &at, &candidates[0]);
}

/* --- Look-up ---------------------------------------------------------------------------------- */

typedef struct {
  int64_t low[4], high[4]; /* steps */
} window;

static int64_t step_of(double invariant) {
  return ob_to_i64(ob_floor((invariant - OB_QUAD_LOWEST) * OB_QUAD_STEPS));
}

static window window_of(const search *s, const int16_t detection[4], const double area[4]) {
  double log_radius[4], sigma[4];
  window w;
  ob_quad_sigmas(&s->work->queue, detection, area, sigma);
  for (int k = 0; k < 4; k++) {
    log_radius[k] = ob_log(s->work->identifier.detection[detection[k]].radius_px);
  }
  const double all = log_radius[0] + log_radius[1] + log_radius[2] + log_radius[3];
  const double left_out[4] = {log_radius[3], log_radius[1], log_radius[2], log_radius[0]};
  for (int k = 0; k < 4; k++) {
    const double invariant = ob_log(ob_fabs(area[k])) - 2.0 / 3.0 * (all - left_out[k]);
    const int64_t low = step_of(invariant - WINDOW * sigma[k]);
    const int64_t high = step_of(invariant + WINDOW * sigma[k]);
    w.low[k] = low < 0 ? 0 : low;
    w.high[k] = high > 255 ? 255 : high;
  }
  return w;
}

static int within(const window *w, const ob_quad *q) {
  int good = 1;
  for (int k = 0; k < 4; k++) good &= (q->step[k] >= w->low[k]) & (q->step[k] <= w->high[k]);
  return good;
}

/* The cells of one row: from `cell` on, `count` of them. */
static int try_row(search *s, const quad_sight *sight, const window *w, int64_t cell, int64_t count) {
  const uint32_t first = s->index->cells[cell], end = s->index->cells[cell + count];
  for (uint32_t k = first; k < end; k++) {
    if (!within(w, &s->index->quads[k])) continue;
    if (s->fix->hypotheses >= OB_LOST_HYPOTHESES || s->fix->trials >= OB_IDENTIFY_TRIALS) return 0;
    if (try_as(s, sight, &s->index->quads[k])) return 1;
  }
  return 0;
}

static int look_up(search *s, const sighted_quad *q, const double area[4]) {
  const window w = window_of(s, q->detection, area);
  const int64_t shift = s->index->cell_shift, side = 256 >> shift;
  for (int k = 0; k < 4; k++) {
    if (w.low[k] > w.high[k]) return 0;
  }
  quad_sight sight;
  const int32_t detection[4] = {q->detection[0], q->detection[1], q->detection[2], q->detection[3]};
  if (!ob_quad_look(&s->problem, detection, WINDOW, &sight)) return 0;
  const int64_t count = (w.high[3] >> shift) - (w.low[3] >> shift) + 1;
  for (int64_t i = w.low[0] >> shift; i <= w.high[0] >> shift; i++) {
    for (int64_t j = w.low[1] >> shift; j <= w.high[1] >> shift; j++) {
      for (int64_t k = w.low[2] >> shift; k <= w.high[2] >> shift; k++) {
        const int64_t row = ((q->kind * side + i) * side + j) * side + k;
        if (try_row(s, &sight, &w, row * side + (w.low[3] >> shift), count)) return 1;
      }
    }
  }
  return 0;
}

/* Where the anchor is within b, c, d, the first is the largest: all that may be are tried. */
static int try_quad(search *s, sighted_quad *q) {
  double area[4];
  const ob_crater_ellipse *d = s->work->identifier.detection;
  s->fix->anchors++;
  ob_quad_areas(&s->work->queue, q->detection, area);
  if (q->kind != 0) return look_up(s, q, area);
  const double largest = ob_max(ob_max(d[q->detection[1]].radius_px, d[q->detection[2]].radius_px),
                                d[q->detection[3]].radius_px);
  for (int k = 0; k < 3; k++) {
    if (d[q->detection[1]].radius_px >= LARGEST * largest && look_up(s, q, area)) return 1;
    ob_quad_rotate(q->detection, area);
  }
  return 0;
}

static int look(search *s) {
  quad_queue *queue = &s->work->queue;
  sighted_quad q;
  ob_quad_queue_fill(queue, &s->problem, s->index->neighbour_count);
  while (ob_quad_queue_next(queue, &q)) {
    if (try_quad(s, &q)) return 1;
    ob_quad_queue_failed(queue, &q);
  }
  return 0;
}

/* --- Answer ----------------------------------------------------------------------------------- */

static int camera_ok(const ob_lost_camera *c) {
  return c->width >= 64 && c->width <= 8192 && c->height >= 64 && c->height <= 8192 &&
         c->focal_px >= 0.25 * (double)c->width && c->focal_px < 1e6 &&
         ob_fabs(c->center_column_px) < 1e5 && ob_fabs(c->center_row_px) < 1e5;
}

static ob_crater_view view_of(const ob_lost_camera *c) {
  return (ob_crater_view){.focal_px = c->focal_px,
                          .center_column_px = c->center_column_px,
                          .center_row_px = c->center_row_px,
                          .width = c->width,
                          .height = c->height,
                          .q_camera_from_mcmf = {1.0, 0.0, 0.0, 0.0}};
}

int64_t ob_lost_workspace(void) { return (int64_t)sizeof(workspace_of); }

int64_t ob_crater_lost(const ob_crater_catalogue *catalogue, const ob_quad_index *index,
                       const ob_lost_camera *camera, const ob_identify_settings *settings,
                       const ob_crater_ellipse *detections, int64_t detection_count,
                       void *workspace, int32_t *row_of, ob_identify_fix *fix) {
  workspace_of *w = workspace;
  memset(fix, 0, sizeof *fix);
  for (int64_t i = 0; i < detection_count; i++) row_of[i] = -1;
  if (catalogue->count == 0 || index->crater_count != catalogue->count || !camera_ok(camera) ||
      !ob_crater_settings_ok(settings) || detection_count < 0 || detection_count > INT32_MAX) {
    return fix->status = OB_IDENTIFY_BAD_INPUT;
  }
  search s = {.view = view_of(camera), .index = index, .work = w, .fix = fix, .best_chance = 1e30};
  s.problem = (crater_problem){catalogue, &s.view, settings, &w->identifier};
  ob_crater_take_detections(&w->identifier, &s.view, detections, detection_count);
  if (w->identifier.detection_count < 4) return fix->status = OB_IDENTIFY_FEW;
  const int found = look(&s);
  if (s.best.count == 0) return fix->status = OB_IDENTIFY_NONE;
  ob_crater_write_fix(&s.best, s.best_chance, fix);
  if (found) ob_crater_write_matches(&w->identifier, row_of);
  return fix->status = found ? OB_IDENTIFY_FOUND : OB_IDENTIFY_CHANCE;
}
