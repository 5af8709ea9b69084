#include "crater_pose.h"
#include "onboard/vector.h"

#define MARGIN 0.02       /* about the image, of its width and height together */
#define RADIUS_MARGIN 0.8 /* of the least radius expected: smaller craters may match */

/* --- Projection ------------------------------------------------------------------------------- */

int ob_crater_project(const ob_crater_view *view, const crater_pose *pose, const double centre[3],
                      const double normal[3], double radius_m, double uvr[3]) {
  double offset[3], p[3], n[3];
  ob_v3_sub(offset, centre, pose->centre);
  ob_m3_v3(p, pose->C, offset);
  ob_m3_v3(n, pose->C, normal);
  const double height = -ob_v3_dot(n, p), r2 = radius_m * radius_m;
  const double s = p[2] * p[2] - r2 * (n[0] * n[0] + n[1] * n[1]);
  if (!(height > 0.1 * ob_v3_norm(p)) || !(p[2] > 0.0) || !(s > 0.25 * p[2] * p[2])) return 0;
  const double scale = view->focal_px / s;
  uvr[0] = view->center_column_px + scale * (p[0] * p[2] + r2 * n[0] * n[2]);
  uvr[1] = view->center_row_px + scale * (p[1] * p[2] + r2 * n[1] * n[2]);
  uvr[2] = view->focal_px * radius_m * ob_sqrt(height / (s * ob_sqrt(s)));
  return 1;
}

/* With p and n the centre and the normal in camera axes and s as above, the rows are
 *
 *   d u = f / s (p2 dp0 + p0 dp2 + r^2 (n2 dn0 + n0 dn2)) - (u - u0) ds / s
 *   d radius = radius (dh / 2 h - 3 ds / 4 s),   ds = 2 p2 dp2 - 2 r^2 (n0 dn0 + n1 dn1);
 *
 * a turn w moves p by w x p and n by w x n; the height h over the rim plane it leaves. */
int ob_crater_image_of(const ob_crater_view *view, const crater_pose *pose,
                       const crater_candidate *c, crater_image *image) {
  double *uvr = image->uvr;
  if (!ob_crater_project(view, pose, c->centre, c->normal, c->radius_m, uvr)) return 0;
  double offset[3], p[3], n[3];
  ob_v3_sub(offset, c->centre, pose->centre);
  ob_m3_v3(p, pose->C, offset);
  ob_m3_v3(n, pose->C, c->normal);
  const double height = -ob_v3_dot(n, p), r2 = c->radius_m * c->radius_m;
  const double s = p[2] * p[2] - r2 * (n[0] * n[0] + n[1] * n[1]);
  const double f = view->focal_px / s, g = f * r2, k = 2.0 / s;
  const double u = k * (uvr[0] - view->center_column_px), v = k * (uvr[1] - view->center_row_px);
  const double w = 0.75 * k * uvr[2];
  const double by_p[3][3] = {{f * p[2], 0.0, f * p[0] - u * p[2]},
                             {0.0, f * p[2], f * p[1] - v * p[2]},
                             {0.0, 0.0, -w * p[2]}};
  const double by_n[3][3] = {{g * n[2] + u * r2 * n[0], u * r2 * n[1], g * n[0]},
                             {v * r2 * n[0], g * n[2] + v * r2 * n[1], g * n[1]},
                             {w * r2 * n[0], w * r2 * n[1], 0.0}};
  for (int row = 0; row < 3; row++) {
    double *turn = image->jacobian + 6 * row, *shift = turn + 3, of_n[3];
    ob_v3_cross(turn, p, by_p[row]); /* row . (w x p) = w . (p x row) */
    ob_v3_cross(of_n, n, by_n[row]);
    ob_v3_add(turn, turn, of_n);
    ob_m3t_v3(shift, pose->C, by_p[row]);
    ob_v3_scale(shift, shift, -1.0);
  }
  ob_v3_axpy(image->jacobian + 15, 0.5 * uvr[2] / height, c->normal);
  return 1;
}

/* --- Craters in view -------------------------------------------------------------------------- */

/* The cone about the boresight that holds the image and what an error of attitude may bring in. */
typedef struct {
  double cosine, sine;
  double horizon_cosine, horizon_sine;
  double up[3];
} cone;

static cone cone_of(const ob_crater_view *v, const crater_pose *pose) {
  const double half = 0.5 * ob_sqrt((double)(v->width * v->width + v->height * v->height));
  const double angle = ob_atan2(half, v->focal_px) + 2.0 * MARGIN;
  cone c;
  ob_sincos(ob_min(angle, 1.4), &c.sine, &c.cosine);
  c.horizon_cosine = ob_min(1.0, OB_MOON_SPHERE_M / ob_v3_unit(c.up, pose->centre));
  c.horizon_sine = ob_sqrt(1.0 - c.horizon_cosine * c.horizon_cosine);
  return c;
}

static int tile_in(const cone *c, const crater_pose *pose, const ob_crater_tile *t) {
  const double at[3] = {(double)t->centre[0], (double)t->centre[1], (double)t->centre[2]};
  const double over = ob_v3_dot(at, c->up), sine = (double)t->sine;
  if (over < c->horizon_cosine * (double)t->cosine - c->horizon_sine * sine) return 0;
  double offset[3], p[3];
  ob_v3_scale(offset, at, OB_MOON_SPHERE_M);
  ob_v3_sub(offset, offset, pose->centre);
  ob_m3_v3(p, pose->C, offset);
  const double across = ob_sqrt(p[0] * p[0] + p[1] * p[1]);
  return across * c->cosine - p[2] * c->sine < 1.1 * sine * OB_MOON_SPHERE_M;
}

/* Takes crater `index` if it shows up in or near the image. */
static void gather_one(const crater_problem *p, const crater_pose *pose, int64_t index) {
  ob_crater_identifier *w = p->work;
  const ob_crater_view *v = p->view;
  if (w->candidate_count == OB_IDENTIFY_PREDICTED) return;
  crater_candidate *c = &w->candidate[w->candidate_count];
  double uvr[3];
  ob_crater_centre(p->catalogue, index, c->centre, c->normal);
  c->radius_m = ob_crater_radius_m(p->catalogue, index);
  if (!ob_crater_project(v, pose, c->centre, c->normal, c->radius_m, uvr)) return;
  const double margin = MARGIN * (double)(v->width + v->height);
  if (uvr[2] < RADIUS_MARGIN * p->settings->radius_min_px || uvr[0] < -margin ||
      uvr[0] > (double)v->width + margin || uvr[1] < -margin ||
      uvr[1] > (double)v->height + margin) {
    return;
  }
  c->index = (int32_t)index;
  c->partner = -1;
  w->candidate_count++;
}

void ob_crater_gather_near(const crater_problem *p, const crater_pose *pose, int64_t index) {
  const ob_crater_catalogue *c = p->catalogue;
  p->work->candidate_count = 0;
  gather_one(p, pose, index);
  for (int64_t k = 0; k < c->neighbour_count; k++) {
    const int64_t near = c->neighbours[index * c->neighbour_count + k];
    if (near != index) gather_one(p, pose, near);
  }
}

void ob_crater_gather_all(const crater_problem *p, const crater_pose *pose) {
  const ob_crater_catalogue *catalogue = p->catalogue;
  const cone c = cone_of(p->view, pose);
  const double altitude = ob_v3_norm(pose->centre) - OB_MOON_SPHERE_M;
  const double smallest = 0.5 * p->settings->radius_min_px * altitude * c.cosine / p->view->focal_px;
  p->work->candidate_count = 0;
  for (int64_t k = catalogue->class_count - 1; k >= 0; k--) {
    const ob_crater_class *of = &catalogue->classes[k];
    if ((double)of->radius_max_m < smallest) break;
    for (int64_t t = of->first_tile; t < (int64_t)of->first_tile + of->tile_count; t++) {
      const ob_crater_tile *tile = &catalogue->tiles[t];
      if (!tile_in(&c, pose, tile)) continue;
      for (int64_t i = 0; i < tile->count; i++) gather_one(p, pose, tile->first + i);
    }
  }
}
