#include "crater_quad_queue.h"

#include "onboard/elementary.h"

#define AS_LARGE 0.85     /* of the anchor's radius: neighbours in the image, seen from aslant */
#define FLATTEST 0.08     /* least triangle of a quad over its largest */
#define MODEL_SIGMA 0.04  /* of an invariant: the ground is no plane */
#define VOLUME_LEAST 2e-5 /* of a window: what the trial of a quad costs anyway */
#define DEMOTION 0.3      /* of a quad for each failure of one of its detections */

/* --- Quads of the image ----------------------------------------------------------------------- */

/* Offset of a detection from another, row upwards. */
static void offset_of(const quad_queue *u, int64_t from, int64_t to, double offset[2]) {
  const ob_crater_ellipse *d = u->problem->work->detection;
  offset[0] = d[to].pixel[0] - d[from].pixel[0];
  offset[1] = d[from].pixel[1] - d[to].pixel[1];
}

static double across(const double a[2], const double b[2]) { return a[0] * b[1] - a[1] * b[0]; }

void ob_quad_areas(const quad_queue *u, const int16_t detection[4], double area[4]) {
  double b[2], c[2], d[2];
  offset_of(u, detection[0], detection[1], b);
  offset_of(u, detection[0], detection[2], c);
  offset_of(u, detection[0], detection[3], d);
  area[0] = across(b, c);
  area[1] = across(c, d);
  area[2] = across(d, b);
  area[3] = area[0] + area[1] + area[2];
}

void ob_quad_rotate(int16_t detection[4], double area[4]) {
  const int16_t b = detection[1];
  const double first = area[0];
  detection[1] = detection[2];
  detection[2] = detection[3];
  detection[3] = b;
  area[0] = area[1];
  area[1] = area[2];
  area[2] = first;
}

/* Puts b, c, d into the order of the index, but for which is first where the anchor is within them.
 * 0 when the quad is flat. */
static int arrange(const quad_queue *u, sighted_quad *q, double area[4]) {
  ob_quad_areas(u, q->detection, area);
  if ((area[0] > 0.0) + (area[1] > 0.0) + (area[2] > 0.0) < 2) {
    const int16_t c = q->detection[2];
    q->detection[2] = q->detection[3];
    q->detection[3] = c;
    ob_quad_areas(u, q->detection, area);
  }
  double least = ob_fabs(area[3]), most = least;
  for (int k = 0; k < 3; k++) {
    least = ob_min(least, ob_fabs(area[k]));
    most = ob_max(most, ob_fabs(area[k]));
  }
  if (!(least > FLATTEST * most)) return 0;
  for (int k = 0; k < 2 && (area[0] < 0.0 || area[1] < 0.0); k++) ob_quad_rotate(q->detection, area);
  q->kind = area[2] > 0.0 ? 0 : area[3] > 0.0 ? 1 : 2;
  return 1;
}

static double edge2(const quad_queue *u, int64_t from, int64_t to) {
  double e[2];
  offset_of(u, from, to, e);
  const double sigma = u->problem->work->detection[to].sigma_px;
  return (e[0] * e[0] + e[1] * e[1]) * sigma * sigma;
}

void ob_quad_sigmas(const quad_queue *u, const int16_t detection[4], const double area[4],
                      double sigma[4]) {
  static const uint8_t corner[4][3] = {{0, 1, 2}, {0, 2, 3}, {0, 3, 1}, {1, 2, 3}};
  const double *error2 = u->error2;
  for (int k = 0; k < 4; k++) {
    const int64_t i = detection[corner[k][0]], j = detection[corner[k][1]];
    const int64_t l = detection[corner[k][2]];
    const double edges = edge2(u, i, j) + edge2(u, j, l) + edge2(u, l, i);
    sigma[k] = ob_sqrt(4.0 / 9.0 * (error2[i] + error2[j] + error2[l]) + edges / (area[k] * area[k]) +
                       MODEL_SIGMA * MODEL_SIGMA);
  }
}

static double cost_of(const quad_queue *u, const sighted_quad *q) {
  int32_t failures = 0;
  for (int k = 0; k < 4; k++) failures += u->failures[q->detection[k]];
  return q->first_cost * (1.0 + DEMOTION * failures);
}

/* --- Heap ------------------------------------------------------------------------------------- */

static void sink(sighted_quad *heap, int64_t count, int64_t at) {
  if (at >= count) return;
  const sighted_quad own = heap[at];
  for (int64_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
    if (child + 1 < count && heap[child + 1].cost < heap[child].cost) child++;
    if (heap[child].cost >= own.cost) break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = own;
}

/* Those that were demoted since sink first. */
int ob_quad_queue_next(quad_queue *u, sighted_quad *next) {
  if (u->count == 0) return 0;
  for (double cost = cost_of(u, u->heap); cost > u->heap[0].cost; cost = cost_of(u, u->heap)) {
    u->heap[0].cost = cost;
    sink(u->heap, u->count, 0);
  }
  *next = u->heap[0];
  u->heap[0] = u->heap[--u->count];
  sink(u->heap, u->count, 0);
  return 1;
}

void ob_quad_queue_failed(quad_queue *u, const sighted_quad *q) {
  for (int k = 0; k < 4; k++) u->failures[q->detection[k]]++;
}

/* --- Which quads ------------------------------------------------------------------------------ */

/* The nearest to detection `i` of those about as large and larger, nearest first. */
static int64_t nearest_to(const quad_queue *u, int64_t i, int64_t most,
                          int16_t near[OB_LOST_NEAR]) {
  const ob_crater_identifier *w = u->problem->work;
  const double least = AS_LARGE * w->detection[i].radius_px;
  double distance2[OB_LOST_NEAR];
  int64_t count = 0;
  for (int64_t k = 0; k < w->detection_count && w->detection[k].radius_px >= least; k++) {
    double o[2];
    offset_of(u, i, k, o);
    const double apart2 = o[0] * o[0] + o[1] * o[1];
    if (k == i || (count == most && apart2 >= distance2[count - 1])) continue;
    int64_t at = count < most ? count++ : count - 1;
    for (; at > 0 && distance2[at - 1] > apart2; at--) {
      distance2[at] = distance2[at - 1];
      near[at] = near[at - 1];
    }
    distance2[at] = apart2;
    near[at] = (int16_t)k;
  }
  return count;
}

/* How much of a square of half width `reach` about a detection is in the image. */
static double share_in_image(const quad_queue *u, int64_t i, double reach) {
  const double *at = u->problem->work->detection[i].pixel;
  const double size[2] = {(double)u->problem->view->width, (double)u->problem->view->height};
  double share = 1.0;
  for (int k = 0; k < 2; k++) {
    share *= (ob_min(size[k], at[k] + reach) - ob_max(0.0, at[k] - reach)) / (2.0 * reach);
  }
  return share;
}

/* `crowd`: craters expected about the anchor as near as the farthest of the quad, also beyond the
 * image; the index has neighbour_count of them. */
static void add_quad(quad_queue *u, int64_t a, int64_t b, int64_t c, int64_t d, double crowd) {
  sighted_quad *q = &u->heap[u->count];
  double area[4], sigma[4], volume = 1.0;
  *q = (sighted_quad){0.0, 0.0, {(int16_t)a, (int16_t)b, (int16_t)c, (int16_t)d}, 0};
  if (!arrange(u, q, area)) return;
  ob_quad_sigmas(u, q->detection, area, sigma);
  for (int k = 0; k < 4; k++) volume *= sigma[k];
  const double over = crowd / (double)u->neighbour_count, over2 = over * over;
  q->first_cost = q->cost = (volume + VOLUME_LEAST) * (1.0 + over2 * over2);
  u->count++;
}

static void add_anchor(quad_queue *u, int64_t i, int64_t most) {
  int16_t near[OB_LOST_NEAR];
  const int64_t count = nearest_to(u, i, most, near);
  for (int64_t d = 2; d < count; d++) {
    double o[2];
    offset_of(u, i, near[d], o);
    const double reach = ob_sqrt(o[0] * o[0] + o[1] * o[1]);
    const double crowd = ((double)d + 1.0) / share_in_image(u, i, reach);
    for (int64_t c = 1; c < d; c++) {
      for (int64_t b = 0; b < c; b++) add_quad(u, i, near[b], near[c], near[d], crowd);
    }
  }
}

static int64_t combinations(int64_t n) { return n * (n - 1) * (n - 2) / 6; }

void ob_quad_queue_fill(quad_queue *u, const crater_problem *problem, int64_t neighbour_count) {
  const int64_t all = problem->work->detection_count, allowed = problem->settings->anchors;
  const int64_t anchors = all < allowed ? all : allowed;
  const double map = problem->settings->catalogue_radius_sigma;
  int64_t most = OB_LOST_NEAR;
  u->problem = problem;
  u->neighbour_count = neighbour_count;
  u->count = 0;
  for (int64_t i = 0; i < all; i++) {
    const ob_crater_ellipse *d = &problem->work->detection[i];
    const double error = d->radius_sigma_px / d->radius_px;
    u->error2[i] = error * error + map * map;
    u->failures[i] = 0;
  }
  while (anchors * combinations(most) > OB_LOST_QUADS) most--;
  for (int64_t i = 0; i < anchors; i++) add_anchor(u, i, most);
  for (int64_t k = u->count / 2 - 1; k >= 0; k--) sink(u->heap, u->count, k);
}
