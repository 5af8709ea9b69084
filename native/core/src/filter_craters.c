/* Matched craters of one frame. */
#include <string.h>

#include "filter_private.h"
#include "onboard/elementary.h"
#include "onboard/quaternion.h"
#include "onboard/vector.h"

#define PASSES 3

/* A matched crater at a pose. The rows of its two pixel coordinates are made when they are used: 64 of them are
 * not kept on the stack of a small board. */
typedef struct {
  double gradient[2][3]; /* of column and row, site axes, px/m */
  double sight_site_m[3];
  double residual[2];
  double noise[3]; /* covariance cc, cr, rr */
  double metres_per_px;
} sighting;

static double square(double x) { return x * x; }

/* Row of a pixel coordinate with gradient w: moving the camera moves the point the other way; turning the body by e
 * turns the line of sight s by s x e. */
static void partials(double age_s, const sighting *s, int32_t coordinate, double h[N]) {
  const double *w = s->gradient[coordinate];
  memset(h, 0, N * sizeof h[0]);
  ob_v3_scale(h + POSITION, w, -1.0);
  ob_v3_scale(h + VELOCITY, w, age_s);
  ob_v3_cross(h + ATTITUDE, w, s->sight_site_m);
}

static void camera_axes(const ob_pose *pose, const ob_camera *camera, double C[9]) {
  double q[4];
  ob_q_mul(q, pose->q_site_from_body, camera->q_body_from_camera);
  ob_q_to_matrix(C, q);
}

/* Predict one crater's pixel and its partials. Returns 0 when it is not in front of the camera. */
static int sight(const ob_filter *f, const ob_pose *pose, const ob_camera *camera,
                 const double C_site_from_camera[9], const ob_crater_matched *match, sighting *s) {
  double *s_site = s->sight_site_m, lever[3], at_camera[3], p[3];
  ob_site_from_mcmf(&f->site, match->position_mcmf_m, s_site);
  ob_v3_sub(s_site, s_site, pose->position_site_m);
  ob_m3_v3(lever, pose->C_site_from_body, camera->position_body_m);
  ob_v3_sub(at_camera, s_site, lever);
  ob_m3t_v3(p, C_site_from_camera, at_camera);
  double pixel[2] = {0.0, 0.0};
  ob_camera_project(camera, p, pixel);
  if (!(p[2] > 1.0)) {
    return 0;
  }
  double scale = camera->focal_px / p[2];
  const double column[3] = {scale, 0.0, -scale * p[0] / p[2]};
  const double row[3] = {0.0, scale, -scale * p[1] / p[2]};
  ob_m3_v3(s->gradient[0], C_site_from_camera, column);
  ob_m3_v3(s->gradient[1], C_site_from_camera, row);
  s->residual[0] = match->pixel[0] - pixel[0];
  s->residual[1] = match->pixel[1] - pixel[1];
  s->metres_per_px = 1.0 / scale;
  double map = f->params.crater_map_inflation * square(match->position_sigma_m);
  double floor = square(f->params.crater_pixel_sigma);
  s->noise[0] = match->pixel_covariance[0] + floor + map * ob_v3_dot(column, column);
  s->noise[1] = match->pixel_covariance[1] + map * ob_v3_dot(column, row);
  s->noise[2] = match->pixel_covariance[2] + floor + map * ob_v3_dot(row, row);
  return s->noise[0] > 0.0 && s->noise[0] * s->noise[2] > square(s->noise[1]);
}

/* With the second-order term of the projection, (h P h^T)^2 / focal^2, as further noise. */
static double nis_of(const ob_filter *f, double age_s, const sighting *s, double focal_px) {
  double h[2][N];
  partials(age_s, s, 0, h[0]);
  partials(age_s, s, 1, h[1]);
  double a = ob_ud_variance(&f->ud, h[0]);
  double c = ob_ud_variance(&f->ud, h[1]);
  double b = ob_ud_covariance(&f->ud, h[0], h[1]) + s->noise[1];
  a += s->noise[0] + square(a / focal_px);
  c += s->noise[2] + square(c / focal_px);
  const double *y = s->residual;
  return (c * y[0] * y[0] - 2.0 * b * y[0] * y[1] + a * y[1] * y[1]) / (a * c - b * b);
}

/* `residual` is at the estimate plus `at`. The second row less its regression on the first has noise
 * of its own. */
static void fuse(ob_filter *f, double age_s, const sighting *s, const double at[N],
                 double error[N]) {
  double h[2][N], own[N], factor = s->noise[1] / s->noise[0];
  double first = s->residual[0], second = s->residual[1];
  partials(age_s, s, 0, h[0]);
  partials(age_s, s, 1, h[1]);
  for (int32_t i = 0; i < N; i++) {
    first += h[0][i] * at[i];
    second += h[1][i] * at[i];
    own[i] = h[1][i] - factor * h[0][i];
  }
  ob_filter_fuse(f, h[0], first, s->noise[0], 0, error);
  ob_filter_fuse(f, own, second - factor * first, s->noise[2] - factor * s->noise[1], 0, error);
}

typedef struct {
  sighting seen[OB_FILTER_CRATERS];
  int32_t in_front[OB_FILTER_CRATERS];
  int32_t good[OB_FILTER_CRATERS];
  const ob_crater_matched *match[OB_FILTER_CRATERS];
  int32_t count, good_count;
  double nis[OB_FILTER_CRATERS]; /* ascending */
  double shift_site_m[3]; /* mean displacement asked for */
  double noise_m;         /* of one match, mean */
} frame;

/* Marks the matches that pass, and keeps the NIS of all, sorted. */
static void judge(const ob_filter *f, double threshold, double age_s, double focal_px,
                  frame *fr) {
  fr->good_count = 0;
  for (int32_t i = 0; i < fr->count; i++) {
    double nis = fr->in_front[i] ? nis_of(f, age_s, &fr->seen[i], focal_px) : 1.0e9;
    fr->good[i] = nis <= threshold;
    fr->good_count += fr->good[i];
    int32_t k = i;
    for (; k > 0 && fr->nis[k - 1] > nis; k--) {
      fr->nis[k] = fr->nis[k - 1];
    }
    fr->nis[k] = nis;
  }
}

/* As many matches as fit, evenly spaced: they come in order of radius, and large craters count too. */
static void choose(const ob_crater_matched *matches, int64_t count, frame *fr) {
  fr->count = (int32_t)(count < OB_FILTER_CRATERS ? count : OB_FILTER_CRATERS);
  for (int32_t i = 0; i < fr->count; i++) {
    fr->match[i] = &matches[count * i / fr->count];
  }
}

/* Keeps `seen` in step with the matches, so that it can be done again at another pose. */
static void look(const ob_filter *f, const ob_pose *pose, const ob_camera *camera,
                 frame *fr) {
  double C[9];
  camera_axes(pose, camera, C);
  for (int32_t i = 0; i < fr->count; i++) {
    fr->in_front[i] = sight(f, pose, camera, C, fr->match[i], &fr->seen[i]);
  }
}

static void mean_shift(const ob_pose *pose, const ob_camera *camera, frame *fr) {
  double C[9], shift[3] = {0.0, 0.0, 0.0}, count = 0.0;
  fr->noise_m = 0.0;
  for (int32_t i = 0; i < fr->count; i++) {
    const sighting *s = &fr->seen[i];
    if (fr->in_front[i]) {
      shift[0] -= s->residual[0] * s->metres_per_px;
      shift[1] -= s->residual[1] * s->metres_per_px;
      fr->noise_m += s->metres_per_px * ob_sqrt(0.5 * (s->noise[0] + s->noise[2]));
      count += 1.0;
    }
  }
  camera_axes(pose, camera, C);
  ob_v3_scale(shift, shift, 1.0 / ob_max(count, 1.0));
  ob_m3_v3(fr->shift_site_m, C, shift);
  fr->noise_m /= ob_max(count, 1.0);
}

static ob_gate_sample score_sample(const ob_filter *f, int64_t time_ns, const frame *fr) {
  ob_gate_sample sample = {.time_ns = time_ns, .dimension = 3, .plausible = 1};
  sample.nis = fr->nis[(fr->count - 1) / 2];
  for (int32_t i = 0; i < 3; i++) {
    sample.innovation[i] = fr->shift_site_m[i];
    sample.noise[i] = fr->noise_m;
    sample.sigma[i] = ob_sqrt(square(f->state.position_sigma_m[i]) + square(fr->noise_m));
    sample.rate_sigma[i] = f->state.velocity_sigma_m_s[i];
    double limit = f->params.reacquire_sigmas * sample.sigma[i];
    sample.plausible &= ob_fabs(sample.innovation[i]) <= limit;
  }
  return sample;
}

static void move_pose(const ob_pose *pose, const double error[N], ob_pose *moved) {
  double turn[4];
  *moved = *pose;
  ob_v3_add(moved->position_site_m, pose->position_site_m, error + POSITION);
  ob_v3_axpy(moved->position_site_m, -pose->age_s, error + VELOCITY);
  ob_q_from_rotvec(turn, error + ATTITUDE);
  ob_q_mul(moved->q_site_from_body, turn, pose->q_site_from_body);
  ob_q_to_matrix(moved->C_site_from_body, moved->q_site_from_body);
}

/* Iterated update (Gelb 1974, section 6.1): linearise where the last pass came out. */
static void use(ob_filter *f, const ob_pose *pose, const ob_camera *camera,
                frame *fr) {
  ob_ud before = f->ud;
  double at[N] = {0.0}, error[N];
  for (int32_t pass = 0; pass < PASSES; pass++) {
    f->ud = before;
    memset(error, 0, sizeof error);
    for (int32_t i = 0; i < fr->count; i++) {
      if (fr->good[i] && fr->in_front[i]) {
        fuse(f, pose->age_s, &fr->seen[i], at, error);
      }
    }
    memcpy(at, error, sizeof at);
    if (pass + 1 < PASSES) {
      ob_pose moved;
      move_pose(pose, at, &moved);
      look(f, &moved, camera, fr);
    }
  }
  ob_filter_correct(f, error);
}

int ob_filter_craters(ob_filter *f, int64_t time_ns, const ob_camera *camera,
                      const ob_crater_matched *matches, int64_t count) {
  const ob_gate_limits *limits = &f->params.gate[OB_STREAM_CRATERS];
  ob_pose pose;
  frame fr;
  if (count <= 0 || !ob_filter_pose_at(f, time_ns, &pose)) {
    return OB_GATE_REJECT;
  }
  choose(matches, count, &fr);
  ob_filter_settle(f);
  look(f, &pose, camera, &fr);
  mean_shift(&pose, camera, &fr);
  judge(f, limits->threshold, pose.age_s, camera->focal_px, &fr);
  ob_gate_sample sample = score_sample(f, time_ns, &fr);
  ob_gate_decision decision = ob_gate_score(&f->gate[OB_STREAM_CRATERS], limits, &sample);
  if (decision == OB_GATE_REACQUIRE) {
    double v[N] = {0.0};
    ob_v3_copy(v + POSITION, fr.shift_site_m);
    ob_ud_add(&f->ud, v, 1.0);
    judge(f, limits->threshold, pose.age_s, camera->focal_px, &fr);
  }
  if (decision != OB_GATE_REJECT && fr.good_count > 0) {
    use(f, &pose, camera, &fr);
  }
  return decision;
}
