#include "vision/crater_identify.h"

#include <assert.h>
#include <string.h>

#include "crater_pose.h"
#include "onboard/quaternion.h"
#include "onboard/vector.h"
#include "vision/simd.h"

#define INCIDENCE_COSINE 0.25 /* craters seen from lower than 14 degrees are no anchors */
#define GATE2 16.0            /* squared sigmas in the image */
#define TILT_ERROR 0.03       /* of the apparent radius by an error of attitude */
#define ANCHOR_MAX 0.1        /* radius of the first anchors, of the image's size */
#define RATE 0.6              /* of detection, in the sequential test */
#define MISS (-0.916290731874155) /* ln(1 - RATE) */
#define LOG_RATE_2PI (-3.267641223380009) /* ln RATE - 1.5 ln(2 pi) */
#define LOG_RATIO_DROP (-3.6)     /* a hypothesis that falls below is left */
#define LOG_RATIO_KEEP 1.0
#define LOG_RATIO_TRY 9.0     /* tried at once; the others when all anchors are through */
#define RATE_SURE 0.5         /* a fix that explains less of the craters is not taken at once */
#define DOUBTFUL_ANCHORS 4
#define DOUBTFUL_TRIALS 12
#define LN_10 2.302585092994045684

/* One detection as an anchor. */
typedef struct {
  int64_t detection;
  double ray[3];       /* camera axes, of unit depth */
  double direction[3]; /* the same, mcmf */
  double length2;
  double scale;        /* depth over crater radius and root of the cosine */
  double low2, high2;  /* squared distance of the camera from the Moon's centre */
  double range_error; /* relative */
} anchor;

/* A hypothesis while its neighbours are judged. The image about the anchor is scaled and turned
 * against what is expected; both errors are estimated from the hits. */
typedef struct {
  double place[3]; /* of the anchor's crater */
  double depth;
  double scale, turn; /* errors, estimated */
  double scale2, turn2; /* variances */
  double map2;          /* squared, px: error of the catalogue's centres, of both craters */
  uint64_t claimed[OB_IDENTIFY_DETECTIONS / 64]; /* bits: detections that have a crater */
} sighting;

typedef struct {
  crater_problem problem;
  double C[9]; /* camera from mcmf, as known */
  double size_px;
  double tilt_per_px;   /* shift of a crater, over its squared distance, by an error of attitude */
  double radius_error2; /* squared, relative: of the catalogue's radius, and by an error of attitude */
  int64_t simd;
  crater_hypothesis kept[OB_IDENTIFY_KEPT];
  int64_t kept_count;
  ob_identify_fix *fix;
  crater_solution best;
  crater_hypothesis best_from;
  int64_t doubtful_trials;
  int best_is_last; /* its matches are still in the workspace */
} search;

/* --- Input ------------------------------------------------------------------------------------ */

static int view_ok(const ob_crater_view *v) {
  const double *q = v->q_camera_from_mcmf;
  const double norm2 = q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3];
  return v->width >= 64 && v->width <= 8192 && v->height >= 64 && v->height <= 8192 &&
         v->focal_px >= 0.25 * (double)v->width && v->focal_px < 1e6 &&
         ob_fabs(v->center_column_px) < 1e5 && ob_fabs(v->center_row_px) < 1e5 &&
         ob_fabs(norm2 - 1.0) < 1e-3 && v->attitude_sigma_rad > 0.0 &&
         v->attitude_sigma_rad <= 0.2 && v->altitude_min_m >= 1e3 &&
         v->altitude_min_m <= v->altitude_max_m && v->altitude_max_m <= 1e7;
}

int ob_crater_settings_ok(const ob_identify_settings *s) {
  return s->radius_min_px >= 1.0 && s->radius_min_px <= 100.0 && s->catalogue_sigma_m >= 0.0 &&
         s->catalogue_sigma_m <= 1e5 && s->catalogue_radius_sigma >= 0.0 &&
         s->catalogue_radius_sigma <= 0.5 && s->log10_chance_max < 0.0 && s->rate_min >= 0.0 &&
         s->rate_min <= 1.0 && s->anchors >= 1 &&
         s->anchors <= OB_IDENTIFY_ANCHORS;
}

/* --- Anchors ---------------------------------------------------------------------------------- */

static double relative_error(const search *s, int64_t i) {
  const ob_crater_ellipse *d = &s->problem.work->detection[i];
  const double a = d->radius_sigma_px / d->radius_px, b = s->problem.settings->catalogue_radius_sigma;
  return ob_min(0.3, ob_sqrt(a * a + b * b));
}

static void set_anchor(const search *s, anchor *a, int64_t i) {
  const ob_crater_view *v = s->problem.view;
  const ob_crater_ellipse *d = &s->problem.work->detection[i];
  const double error = relative_error(s, i), slack = 2.0 * error + 0.02;
  a->detection = i;
  ob_v3_set(a->ray, (d->pixel[0] - v->center_column_px) / v->focal_px,
            (d->pixel[1] - v->center_row_px) / v->focal_px, 1.0);
  ob_m3t_v3(a->direction, s->C, a->ray);
  a->length2 = ob_v3_dot(a->ray, a->ray);
  a->scale = v->focal_px / d->radius_px;
  const double low = OB_MOON_SPHERE_M + v->altitude_min_m * (1.0 - slack);
  const double high = OB_MOON_SPHERE_M + v->altitude_max_m * (1.0 + slack);
  a->low2 = low * low;
  a->high2 = high * high;
  a->range_error = error;
}

/* --- Pass over the catalogue ------------------------------------------------------------------ */

/* Depth of the anchor were it each of `count` craters from `first`; 0 where that is no camera. Each by
 * itself: as many at once as the vectors hold, with the same bits. */
static inline __attribute__((always_inline)) void depths(const ob_crater_catalogue *c,
                                                         const anchor *a, double cosine_min,
                                                         int64_t first, int64_t count,
                                                         double *restrict depth) {
  const int32_t *restrict x = c->x + first, *restrict y = c->y + first, *restrict z = c->z + first;
  const uint16_t *restrict radius = c->radius + first;
  const double dx = -a->direction[0] * OB_CRATER_DIRECTION_UNIT;
  const double dy = -a->direction[1] * OB_CRATER_DIRECTION_UNIT;
  const double dz = -a->direction[2] * OB_CRATER_DIRECTION_UNIT;
  const double scale = a->scale * c->radius_unit_m, low2 = a->low2, high2 = a->high2;
  const double sphere2 = OB_MOON_SPHERE_M * OB_MOON_SPHERE_M, length2 = a->length2;
  for (int64_t k = 0; k < count; k++) {
    const double cosine = (double)x[k] * dx + (double)y[k] * dy + (double)z[k] * dz;
    const double held = cosine > 0.0 ? cosine : 0.0;
    const double t = (double)radius[k] * scale * ob_sqrt(held);
    const double distance2 = sphere2 + t * (2.0 * OB_MOON_SPHERE_M * held + t * length2);
    const int good = (cosine > cosine_min) & (distance2 >= low2) & (distance2 <= high2);
    depth[k] = good ? t : 0.0;
  }
}

#if OB_HAS_X86
OB_AVX2 static void depths_avx2(const ob_crater_catalogue *c, const anchor *a, double cosine_min,
                                int64_t first, int64_t count, double *depth) {
  depths(c, a, cosine_min, first, count, depth);
}
#endif

static void depths_by(int64_t simd, const ob_crater_catalogue *c, const anchor *a, double cosine_min,
                      int64_t first, int64_t count, double *depth) {
#if OB_HAS_X86
  if (simd == OB_SIMD_AVX2) {
    depths_avx2(c, a, cosine_min, first, count, depth);
    return;
  }
#endif
  (void)simd;
  depths(c, a, cosine_min, first, count, depth);
}

/* --- Neighbours ------------------------------------------------------------------------------- */

static void place(const ob_crater_catalogue *c, int64_t k, double out[3]) {
  const double radius = (OB_MOON_SPHERE_M + c->height_m[k]) * OB_CRATER_DIRECTION_UNIT;
  ob_v3_set(out, c->x[k] * radius, c->y[k] * radius, c->z[k] * radius);
}

/* Where neighbour `b` would be: offset from the anchor in pixels, apparent radius. 0 when it is not
 * in the image or too small. */
static int expect(const search *s, const anchor *a, const sighting *h, int64_t b, double offset[2],
                  double *radius_px) {
  const crater_problem *p = &s->problem;
  const ob_crater_catalogue *c = p->catalogue;
  const ob_crater_view *v = p->view;
  const double radius = ob_crater_radius_m(c, b) * v->focal_px;
  if (radius < 0.7 * p->settings->radius_min_px * h->depth) return 0;
  double to[3], q[3];
  place(c, b, to);
  ob_v3_sub(to, to, h->place);
  ob_m3_v3(q, s->C, to);
  ob_v3_axpy(q, h->depth, a->ray);
  if (!(q[2] > 0.0) || radius < p->settings->radius_min_px * q[2]) return 0;
  const double inverse = 1.0 / q[2], u = OB_CRATER_DIRECTION_UNIT;
  offset[0] = v->focal_px * (q[0] * inverse - a->ray[0]);
  offset[1] = v->focal_px * (q[1] * inverse - a->ray[1]);
  const double cosine = -u * (c->x[b] * (to[0] + h->depth * a->direction[0]) +
                              c->y[b] * (to[1] + h->depth * a->direction[1]) +
                              c->z[b] * (to[2] + h->depth * a->direction[2]));
  if (!(cosine > 0.0)) return 0;
  *radius_px = radius * inverse * ob_sqrt(cosine * inverse);
  return 1;
}

/* Nearest detection that is free, -1 where there is none about. */
static int32_t look_up(const search *s, const sighting *h, double column, double row) {
  const ob_crater_identifier *w = s->problem.work;
  const int64_t cell =
      (int64_t)(row / w->cell_px) * OB_IDENTIFY_RASTER + (int64_t)(column / w->cell_px);
  assert(cell >= 0 && cell < OB_IDENTIFY_RASTER * OB_IDENTIFY_RASTER);
  const int32_t i = w->raster[cell];
  return i < 0 || (h->claimed[i / 64] >> (i % 64) & 1) != 0 ? -1 : i;
}

/* A scalar Kalman filter's step: `measured` has variance `noise2` besides the estimate's. */
static void learn(double *estimate, double *variance, double measured, double noise2) {
  const double gain = *variance / (*variance + noise2);
  *estimate += gain * (measured - *estimate);
  *variance *= 1.0 - gain;
}

/* What neighbour `b` adds to the logarithm of the ratio: a hit, a miss, or nothing as it is not in
 * the image. Densities are predictive ones, given the hits before. */
static double judge(const search *s, const anchor *a, sighting *h, int64_t b) {
  const crater_problem *p = &s->problem;
  const ob_crater_view *v = p->view;
  const ob_crater_ellipse *from = &p->work->detection[a->detection];
  double o[2], radius_px;
  if (!expect(s, a, h, b, o, &radius_px)) return 0.0;
  const double x = o[0] + h->scale * o[0] - h->turn * o[1];
  const double y = o[1] + h->scale * o[1] + h->turn * o[0];
  const double column = from->pixel[0] + x, row = from->pixel[1] + y;
  if (!(column >= 0.0 && row >= 0.0 && column < (double)v->width && row < (double)v->height)) {
    return 0.0;
  }
  const int32_t i = look_up(s, h, column, row);
  if (i < 0) return MISS;
  const ob_crater_ellipse *d = &p->work->detection[i];
  const double ex = d->pixel[0] - column, ey = d->pixel[1] - row;
  const double apart2 = o[0] * o[0] + o[1] * o[1] + 1.0, tilt = s->tilt_per_px * apart2;
  const double noise2 = d->sigma_px * d->sigma_px + from->sigma_px * from->sigma_px + h->map2 +
                        tilt * tilt;
  const double along2 = noise2 + apart2 * h->scale2, across2 = noise2 + apart2 * h->turn2;
  const double along = ex * o[0] + ey * o[1], across = ey * o[0] - ex * o[1];
  const double square = (along * along / along2 + across * across / across2) / apart2;
  if (square > GATE2) return MISS;
  const double off = radius_px * (1.0 + h->scale) - d->radius_px;
  const double error2 = d->radius_sigma_px * d->radius_sigma_px +
                        radius_px * radius_px * (h->scale2 + s->radius_error2);
  const double clutter = p->work->clutter[i];
  const double hit = LOG_RATE_2PI - 0.5 * (square + off * off / error2 +
                                           ob_log(along2 * across2 * error2 * clutter * clutter));
  if (hit < MISS) return MISS;
  h->claimed[i / 64] |= UINT64_C(1) << (i % 64);
  learn(&h->scale, &h->scale2, h->scale + along / apart2, noise2 / apart2);
  learn(&h->turn, &h->turn2, h->turn + across / apart2, noise2 / apart2);
  return hit;
}

static void keep(search *s, const crater_hypothesis *h) {
  int64_t k = s->kept_count;
  if (k == OB_IDENTIFY_KEPT) {
    if (s->kept[k - 1].log_ratio >= h->log_ratio) return;
    k--;
  } else {
    s->kept_count++;
  }
  for (; k > 0 && s->kept[k - 1].log_ratio < h->log_ratio; k--) s->kept[k] = s->kept[k - 1];
  s->kept[k] = *h;
}

static void test_hypothesis(search *s, const anchor *a, int64_t j, double depth) {
  const ob_crater_catalogue *c = s->problem.catalogue;
  const uint32_t *neighbour = c->neighbours + j * c->neighbour_count;
  const double sigma = s->problem.view->attitude_sigma_rad;
  const double map_px =
      s->problem.settings->catalogue_sigma_m * s->problem.view->focal_px / depth;
  sighting h = {.depth = depth,
                .scale2 = a->range_error * a->range_error,
                .turn2 = sigma * sigma,
                .map2 = 2.0 * map_px * map_px};
  double sum = 0.0;
  h.claimed[a->detection / 64] = UINT64_C(1) << (a->detection % 64);
  place(c, j, h.place);
  s->fix->hypotheses++;
  s->problem.work->hypotheses[a->detection]++;
  for (int64_t k = 0; k < c->neighbour_count && sum > LOG_RATIO_DROP; k++) {
    if (neighbour[k] != j) sum += judge(s, a, &h, neighbour[k]);
  }
  if (sum > LOG_RATIO_KEEP) {
    const crater_hypothesis kept = {a->detection, j,        depth,   h.scale,
                                    h.turn,       h.scale2, h.turn2, sum};
    keep(s, &kept);
  }
}

/* Tiles that cannot face the camera are passed over. */
static void try_tile(search *s, const anchor *a, const ob_crater_tile *t) {
  const double length = ob_sqrt(a->length2), cosine_min = INCIDENCE_COSINE * length;
  const double facing = -((double)t->centre[0] * a->direction[0] +
                          (double)t->centre[1] * a->direction[1] +
                          (double)t->centre[2] * a->direction[2]);
  if (facing < cosine_min * (double)t->cosine - length * (double)t->sine) return;
  double *depth = s->problem.work->depth;
  for (int64_t from = 0; from < t->count; from += OB_IDENTIFY_BLOCK) {
    const int64_t first = t->first + from, left = t->count - from;
    const int64_t count = left < OB_IDENTIFY_BLOCK ? left : OB_IDENTIFY_BLOCK;
    depths_by(s->simd, s->problem.catalogue, a, cosine_min, first, count, depth);
    for (int64_t k = 0; k < count; k++) {
      if (depth[k] > 0.0) test_hypothesis(s, a, first + k, depth[k]);
    }
  }
}

/* Radii that the range of altitudes leaves: the depth of the anchor is at least that straight down at
 * the least altitude, at most that at the least incidence from the greatest. */
static void radius_range(const anchor *a, double range[2]) {
  const double length = ob_sqrt(a->length2), R = OB_MOON_SPHERE_M;
  const double shortest = (ob_sqrt(a->low2) - R) / length;
  const double fall = INCIDENCE_COSINE * R;
  const double longest = (ob_sqrt(fall * fall + a->high2 - R * R) - fall) / length;
  range[0] = shortest / (a->scale * ob_sqrt(length));
  range[1] = longest / (a->scale * ob_sqrt(INCIDENCE_COSINE * length));
}

static void try_anchor(search *s, int64_t i) {
  const ob_crater_catalogue *c = s->problem.catalogue;
  anchor a;
  double range[2];
  set_anchor(s, &a, i);
  radius_range(&a, range);
  s->fix->anchors++;
  for (int64_t k = 0; k < c->class_count; k++) {
    const ob_crater_class *of = &c->classes[k];
    if ((double)of->radius_max_m < range[0] || (double)of->radius_min_m > range[1]) continue;
    for (int64_t t = of->first_tile; t < (int64_t)of->first_tile + of->tile_count; t++) {
      try_tile(s, &a, &c->tiles[t]);
    }
  }
}

/* --- Trials ----------------------------------------------------------------------------------- */

static int acceptable(const search *s) {
  const ob_identify_settings *settings = s->problem.settings;
  return s->best.count > 0 && -s->best.log_evidence / LN_10 <= settings->log10_chance_max &&
         s->best.rate >= settings->rate_min;
}

/* Refines the best hypothesis that waits. */
static void try_best(search *s) {
  const crater_hypothesis h = s->kept[0];
  crater_solution solution;
  s->kept_count--;
  memmove(s->kept, s->kept + 1, (size_t)s->kept_count * sizeof *s->kept);
  s->fix->trials++;
  s->doubtful_trials += acceptable(s);
  s->best_is_last = ob_crater_refine(&s->problem, s->C, &h, &solution) &&
                    solution.log_evidence > s->best.log_evidence;
  if (s->best_is_last) {
    s->best = solution;
    s->best_from = h;
  }
}

/* An acceptable fix that explains few of the craters may be the right region with a bent pose: others
 * are tried, from other anchors, and the best is taken. */
static int done(const search *s) {
  return acceptable(s) && (s->best.rate >= RATE_SURE || s->doubtful_trials >= DOUBTFUL_TRIALS);
}

/* Detections are largest first. Those above a tenth of the image come last: range from size takes
 * them for small. */
static int64_t first_anchor(const search *s) {
  const ob_crater_identifier *w = s->problem.work;
  int64_t i = 0;
  while (i < w->detection_count - 1 && w->detection[i].radius_px > ANCHOR_MAX * s->size_px) i++;
  return i;
}

static void look(search *s) {
  const int64_t count = s->problem.work->detection_count, anchors = s->problem.work->anchors;
  const int64_t from = first_anchor(s);
  int64_t doubtful = 0;
  for (int64_t k = 0; k < anchors && doubtful < DOUBTFUL_ANCHORS; k++) {
    doubtful += acceptable(s);
    try_anchor(s, (from + k) % count);
    while (s->kept_count > 0 && s->kept[0].log_ratio > LOG_RATIO_TRY &&
           s->fix->trials < OB_IDENTIFY_TRIALS - OB_IDENTIFY_KEPT) {
      try_best(s);
      if (done(s)) return;
    }
  }
  while (s->kept_count > 0 && s->fix->trials < OB_IDENTIFY_TRIALS && !acceptable(s)) try_best(s);
}

/* --- Answer ----------------------------------------------------------------------------------- */

void ob_crater_write_fix(const crater_solution *best, double log10_chance, ob_identify_fix *fix) {
  fix->count = best->count;
  fix->predicted = best->predicted;
  fix->log10_chance = log10_chance;
  fix->residual_px = ob_sqrt(best->square_sum_px2 / (2.0 * (double)best->count));
  ob_v3_copy(fix->position_mcmf_m, best->pose.centre);
  ob_q_from_matrix(fix->q_camera_from_mcmf, best->pose.C);
  memcpy(fix->covariance, best->covariance, sizeof fix->covariance);
}

void ob_crater_write_matches(const ob_crater_identifier *w, int32_t *row_of) {
  for (int64_t i = 0; i < w->detection_count; i++) {
    const int32_t k = w->claimed[i];
    if (k >= 0 && w->weight[i] > 0.5) row_of[w->source[i]] = w->candidate[k].index;
  }
}

static void begin(search *s) {
  const ob_crater_view *v = s->problem.view;
  double q[4];
  memcpy(q, v->q_camera_from_mcmf, sizeof q);
  ob_q_normalize(q);
  ob_q_to_matrix(s->C, q);
  s->size_px = (double)(v->width > v->height ? v->width : v->height);
  s->tilt_per_px = v->attitude_sigma_rad / v->focal_px;
  const double radius_sigma = s->problem.settings->catalogue_radius_sigma;
  s->radius_error2 = radius_sigma * radius_sigma + TILT_ERROR * TILT_ERROR;
  s->kept_count = 0;
  s->doubtful_trials = 0;
  s->best = (crater_solution){.log_evidence = -1e30};
  ob_crater_identifier *w = s->problem.work;
  const int64_t anchors = s->problem.settings->anchors;
  w->anchors = w->detection_count < anchors ? w->detection_count : anchors;
  ob_crater_fill_raster(w, s->size_px);
}

int64_t ob_identify_workspace(void) { return (int64_t)sizeof(ob_crater_identifier); }

int64_t ob_crater_identify(const ob_crater_catalogue *catalogue, const ob_crater_view *view,
                           const ob_identify_settings *settings, const ob_crater_ellipse *detections,
                           int64_t detection_count, void *workspace, int32_t *row_of,
                           ob_identify_fix *fix, int64_t simd) {
  ob_crater_identifier *w = workspace;
  memset(fix, 0, sizeof *fix);
  for (int64_t i = 0; i < detection_count; i++) row_of[i] = -1;
  if (catalogue->count == 0 || !view_ok(view) || !ob_crater_settings_ok(settings) || detection_count < 0 ||
      detection_count > INT32_MAX) {
    return fix->status = OB_IDENTIFY_BAD_INPUT;
  }
  ob_crater_take_detections(w, view, detections, detection_count);
  if (w->detection_count < 4) return fix->status = OB_IDENTIFY_FEW;
  search s = {.problem = {catalogue, view, settings, w}, .simd = simd, .fix = fix};
  begin(&s);
  look(&s);
  if (s.best.count == 0) return fix->status = OB_IDENTIFY_NONE;
  ob_crater_write_fix(&s.best, -s.best.log_evidence / LN_10, fix);
  const int found = acceptable(&s);
  if (found && !s.best_is_last) ob_crater_refine(&s.problem, s.C, &s.best_from, &s.best);
  if (found) ob_crater_write_matches(w, row_of);
  return fix->status = found ? OB_IDENTIFY_FOUND : OB_IDENTIFY_CHANCE;
}
