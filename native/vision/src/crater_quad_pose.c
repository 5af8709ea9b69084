#include "crater_quad_pose.h"

#include <string.h>

#include "cholesky.h"
#include "onboard/vector.h"

#define STEPS 3
#define BENDS 3
#define DEPTH_MIN 0.3 /* along the anchor's ray, of places in the image plane of unit depth */
#define SLANT_TANGENT 1.5 /* of the incidence that sizes are looked up for */
#define SIZE_SLACK 0.08   /* relative: of sizes in the affine view, and */
#define SIZE_BEND 0.3     /* times the offset in the image over depth, as its slant has an error */
#define SIZE_SIGMAS 3.0
#define PLACE_SIGMA2 30.0 /* squared sigmas of places in the affine view, and */
#define PLACE_BEND 0.15   /* times the squared offset */
#define SLANT_MIN 0.15   /* cosine of the incidence */
#define SQUARE_FAR 400.0 /* residuals after the first step that no further ones mend */

/* --- Sight ------------------------------------------------------------------------------------ */

/* Two unit vectors square to the unit vector `axis`; the three are right-handed. */
static void square_to(const double axis[3], double first[3], double second[3]) {
  const double aside[3] = {0.0, ob_fabs(axis[1]) < 0.8 ? 1.0 : 0.0,
                           ob_fabs(axis[1]) < 0.8 ? 0.0 : 1.0};
  ob_v3_cross(first, aside, axis);
  ob_v3_unit(first, first);
  ob_v3_cross(second, axis, first);
}

static void ray_of(const ob_crater_view *v, const ob_crater_ellipse *d, double ray[3]) {
  ob_v3_set(ray, (d->pixel[0] - v->center_column_px) / v->focal_px,
            (d->pixel[1] - v->center_row_px) / v->focal_px, 1.0);
}

/* Squared relative error of a radius: the detection's and the catalogue's. */
static double error2_of(const crater_problem *p, const ob_crater_ellipse *d) {
  const double error = d->radius_sigma_px / d->radius_px, map = p->settings->catalogue_radius_sigma;
  return error * error + map * map;
}

/* Of the sizes over the anchor's, what noise and perspective make of them: sizes go by depth^-1.5, the
 * logarithm of depth by the offset in the image times the tangent of the incidence. */
static void look_at_size(const crater_problem *p, quad_sight *sight, double sigmas, int k) {
  const ob_crater_ellipse *anchor = &p->work->detection[sight->detection[0]];
  const ob_crater_ellipse *own = &p->work->detection[sight->detection[k + 1]];
  const double *o = sight->offset[k], apart = ob_sqrt(o[0] * o[0] + o[1] * o[1]);
  const double error = ob_sqrt(error2_of(p, own) + error2_of(p, anchor));
  const double factor = ob_exp(1.5 * SLANT_TANGENT * apart + sigmas * error);
  const double close = 1.0 + SIZE_SLACK + SIZE_BEND * apart + SIZE_SIGMAS * error;
  sight->size[k] = own->radius_px / anchor->radius_px;
  sight->low[k] = sight->size[k] / factor;
  sight->high[k] = sight->size[k] * factor;
  sight->slack2[k] = close * close;
}

static double square_max_of(const crater_problem *p, const quad_sight *sight) {
  const double sigma = p->work->widest.sigma_px / p->view->focal_px;
  double bend = 0.0;
  for (int k = 0; k < 3; k++) {
    const double *o = sight->offset[k];
    bend = ob_max(bend, PLACE_BEND * (o[0] * o[0] + o[1] * o[1]));
  }
  return 2.0 * PLACE_SIGMA2 * sigma * sigma + bend * bend;
}

int ob_quad_look(const crater_problem *p, const int32_t detection[4], double sigmas,
                 quad_sight *sight) {
  const ob_crater_ellipse *d = p->work->detection;
  memcpy(sight->detection, detection, sizeof sight->detection);
  ray_of(p->view, &d[detection[0]], sight->ray);
  const double length = ob_v3_unit(sight->ray, sight->ray);
  square_to(sight->ray, sight->to_ray, sight->to_ray + 3);
  ob_v3_copy(sight->to_ray + 6, sight->ray);
  for (int k = 0; k < 3; k++) {
    double ray[3];
    ray_of(p->view, &d[detection[k + 1]], ray);
    ob_m3_v3(ray, sight->to_ray, ray);
    if (!(ray[2] > DEPTH_MIN)) return 0;
    sight->offset[k][0] = ray[0] / ray[2];
    sight->offset[k][1] = ray[1] / ray[2];
    sight->axial[k] = length / ray[2];
    look_at_size(p, sight, sigmas, k);
  }
  sight->square_max = square_max_of(p, sight);
  return 1;
}

/* --- Affine view ------------------------------------------------------------------------------ */

/* The ground about the anchor: its tangent plane and normal, the offsets X of b, c, d in these, and
 * what makes of their offsets x in the image the affine view: A = sum of x B'. */
typedef struct {
  double local[9]; /* rows: two axes of the plane, the normal; mcmf */
  double X[3][3];
  double B[3][2];
} ground;

/* From these axes to those of the sight, and the depth of the anchor. */
typedef struct {
  double R[9];
  double depth;
  double bent[3][2]; /* offsets in the image as an affine view would have them */
} local_pose;

static int lay_out(const crater_candidate craters[4], ground *g) {
  double S[3] = {0.0};
  ob_v3_copy(g->local + 6, craters[0].normal);
  square_to(g->local + 6, g->local, g->local + 3);
  for (int k = 0; k < 3; k++) {
    double d[3];
    ob_v3_sub(d, craters[k + 1].centre, craters[0].centre);
    ob_m3_v3(g->X[k], g->local, d);
    S[0] += g->X[k][0] * g->X[k][0];
    S[1] += g->X[k][0] * g->X[k][1];
    S[2] += g->X[k][1] * g->X[k][1];
  }
  const double det = S[0] * S[2] - S[1] * S[1];
  if (!(det > 1e-6 * S[0] * S[2])) return 0;
  for (int k = 0; k < 3; k++) {
    g->B[k][0] = (g->X[k][0] * S[2] - g->X[k][1] * S[1]) / det;
    g->B[k][1] = (g->X[k][1] * S[0] - g->X[k][0] * S[1]) / det;
  }
  return 1;
}

static void affine_of(const ground *g, double x[3][2], double A[4]) {
  memset(A, 0, 4 * sizeof *A);
  for (int k = 0; k < 3; k++) {
    A[0] += x[k][0] * g->B[k][0];
    A[1] += x[k][0] * g->B[k][1];
    A[2] += x[k][1] * g->B[k][0];
    A[3] += x[k][1] * g->B[k][1];
  }
}

/* A is the upper left of a rotation over the depth: its larger singular value is that of the depth,
 * and the third row of the rotation follows but for its sign. 0 when the plane is seen from the side
 * or from below. */
static int from_affine(const double A[4], double sign, local_pose *at) {
  const double a = A[0] * A[0] + A[2] * A[2], b = A[0] * A[1] + A[2] * A[3];
  const double c = A[1] * A[1] + A[3] * A[3], det = A[0] * A[3] - A[1] * A[2];
  const double half = 0.5 * (a - c);
  const double largest = 0.5 * (a + c) + ob_sqrt(half * half + b * b);
  if (!(-det > SLANT_MIN * largest)) return 0;
  const double z = 1.0 / ob_sqrt(largest);
  const double g1 = sign * ob_sqrt(ob_max(0.0, 1.0 - a / largest));
  const double g2 = (b > 0.0 ? -sign : sign) * ob_sqrt(ob_max(0.0, 1.0 - c / largest));
  const double first[3] = {z * A[0], z * A[2], g1}, second[3] = {z * A[1], z * A[3], g2};
  double third[3];
  ob_v3_cross(third, first, second);
  for (int k = 0; k < 3; k++) ob_v3_set(at->R + 3 * k, first[k], second[k], third[k]);
  at->depth = z;
  return 1;
}

/* Depth of crater k + 1 over the anchor's. */
static double depth_of(const ground *g, const local_pose *at, int k) {
  return 1.0 + ob_v3_dot(at->R + 6, g->X[k]) / at->depth;
}

/* The affine view as the depths of a pose make it (DeMenthon and Davis 1995, "Model-based object
 * pose in 25 lines of code"). */
static void bend(const quad_sight *sight, const ground *g, local_pose *at) {
  for (int k = 0; k < 3; k++) {
    const double depth = depth_of(g, at, k), fall = g->X[k][2] / at->depth;
    at->bent[k][0] = sight->offset[k][0] * depth - at->R[2] * fall;
    at->bent[k][1] = sight->offset[k][1] * depth - at->R[5] * fall;
  }
}

/* 0 when the pose comes to leave more than some sigmas of noise in places or sizes. */
static int agrees(const quad_sight *sight, const ground *g, const double A[4],
                  const local_pose *at, const crater_candidate craters[4]) {
  double square = 0.0;
  for (int k = 0; k < 3; k++) {
    const double *X = g->X[k];
    const double x = at->bent[k][0] - A[0] * X[0] - A[1] * X[1];
    const double y = at->bent[k][1] - A[2] * X[0] - A[3] * X[1];
    const double depth = depth_of(g, at, k) * sight->axial[k];
    const double size = craters[k + 1].radius_m / craters[0].radius_m;
    const double shown2 = sight->size[k] * sight->size[k] * depth * depth * depth / (size * size);
    if (!(depth > 0.0) || shown2 > sight->slack2[k] || shown2 * sight->slack2[k] < 1.0) return 0;
    square += x * x + y * y;
  }
  return square < sight->square_max;
}

static int solve_locally(const quad_sight *sight, const ground *g,
                         const crater_candidate craters[4], double sign, local_pose *at) {
  double A[4];
  memcpy(at->bent, sight->offset, sizeof at->bent);
  for (int k = 0; k < BENDS; k++) {
    affine_of(g, at->bent, A);
    if (!from_affine(A, sign, at)) return 0;
    bend(sight, g, at);
  }
  affine_of(g, at->bent, A);
  return agrees(sight, g, A, at, craters) && from_affine(A, sign, at);
}

static void pose_of(const quad_sight *sight, const ground *g, const local_pose *at,
                    const crater_candidate *anchor, crater_pose *pose) {
  double turned[9], back[9], direction[3];
  ob_m3_mul(turned, at->R, g->local);
  ob_m3_transpose(back, sight->to_ray);
  ob_m3_mul(pose->C, back, turned);
  ob_m3t_v3(direction, pose->C, sight->ray);
  ob_v3_copy(pose->centre, anchor->centre);
  ob_v3_axpy(pose->centre, -at->depth, direction);
}

/* --- Gauss-Newton ----------------------------------------------------------------------------- */

/* Sum of squares at the pose, and the normal equations. 0 when a crater cannot be seen. */
static int collect(const crater_problem *p, const quad_sight *sight,
                   const crater_candidate craters[4], const crater_pose *pose,
                   double information[36], double gradient[6], double *square) {
  memset(information, 0, 36 * sizeof *information);
  memset(gradient, 0, 6 * sizeof *gradient);
  *square = 0.0;
  for (int k = 0; k < 4; k++) {
    const ob_crater_ellipse *d = &p->work->detection[sight->detection[k]];
    crater_image image;
    double residual[3], noise[3];
    if (!ob_crater_image_of(p->view, pose, &craters[k], &image)) return 0;
    ob_crater_residual(d, &image, residual);
    ob_crater_noise(p, d, &craters[k], &image, noise);
    for (int i = 0; i < 3; i++) *square += residual[i] * residual[i] / noise[i];
    ob_crater_add(information, gradient, &image, residual, noise, 1.0);
  }
  return 1;
}

static int descend(const crater_problem *p, const quad_sight *sight,
                   const crater_candidate craters[4], double square_max, quad_pose *at) {
  double information[36], gradient[6], lower[36], step[6], square;
  for (int k = 0; k < STEPS; k++) {
    if (!collect(p, sight, craters, &at->pose, information, gradient, &square) ||
        !ob_cholesky_factor(lower, information, 6, 0.0)) {
      return 0;
    }
    ob_cholesky_solve(step, lower, gradient, 6);
    at->square = square;
    for (int i = 0; i < 6; i++) at->square -= gradient[i] * step[i];
    if (!(ob_v3_norm(step) < 0.7) || !(at->square < (k == 0 ? SQUARE_FAR : 4.0 * square_max))) return 0;
    ob_crater_move(&at->pose, step);
  }
  if (!(at->square < square_max)) return 0;
  ob_cholesky_inverse(at->covariance, lower, 6);
  return 1;
}

int ob_quad_solve(const crater_problem *p, const quad_sight *sight,
                  const crater_candidate craters[4], double square_max, quad_pose *best) {
  ground g;
  if (!lay_out(craters, &g)) return 0;
  best->square = square_max;
  int found = 0;
  for (int k = 0; k < 2; k++) {
    local_pose local;
    quad_pose at;
    if (!solve_locally(sight, &g, craters, k == 0 ? 1.0 : -1.0, &local)) continue;
    pose_of(sight, &g, &local, &craters[0], &at.pose);
    if (!descend(p, sight, craters, square_max, &at) || at.square >= best->square) continue;
    *best = at;
    found = 1;
  }
  return found;
}
