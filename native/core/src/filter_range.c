/* Slant range against the terrain map. */
#include "filter_private.h"
#include "onboard/elementary.h"
#include "onboard/vector.h"

#define PEER_NS INT64_C(1000000000)
#define CORROBORATION_SIGMAS 3.0

typedef struct {
  double direction_site[3];
  double predicted_m, sigma_map_m;
  double hit[3];         /* corridor */
  double normal_site[3]; /* of the ground at the hit */
  double incidence;      /* normal . direction, < 0 */
  double up_site[3];
  double upward; /* normal . up */
} footprint;

static double square(double x) { return x * x; }

static int find_footprint(const ob_filter *f, const ob_pose *pose, const ob_range_beam *beam,
                          footprint *at) {
  double origin[3], direction_mcmf[3], hit_mcmf[3], normal_mcmf[3];
  ob_m3_v3(origin, pose->C_site_from_body, beam->position_body_m);
  ob_v3_add(origin, origin, pose->position_site_m);
  ob_mcmf_from_site(&f->site, origin, origin);
  ob_m3_v3(at->direction_site, pose->C_site_from_body, beam->direction_body);
  ob_m3t_v3(direction_mcmf, f->site.C_site_from_mcmf, at->direction_site);
  if (!ob_map_raycast(f->map, origin, direction_mcmf, 2.0 * beam->maximum_m, &at->predicted_m,
                      &at->sigma_map_m)) {
    return 0;
  }
  ob_v3_copy(hit_mcmf, origin);
  ob_v3_axpy(hit_mcmf, at->predicted_m, direction_mcmf);
  ob_corridor_from_mcmf(&f->map->corridor, hit_mcmf, at->hit);
  double baseline_m = ob_clamp(ob_filter_horizontal_sigma(f), 20.0, 2000.0);
  ob_map_normal(f->map, at->hit[0], at->hit[1], baseline_m, normal_mcmf);
  ob_m3_v3(at->normal_site, f->site.C_site_from_mcmf, normal_mcmf);
  ob_v3_unit(hit_mcmf, hit_mcmf);
  ob_m3_v3(at->up_site, f->site.C_site_from_mcmf, hit_mcmf);
  at->upward = ob_v3_dot(at->normal_site, at->up_site);
  at->incidence = ob_v3_dot(at->normal_site, at->direction_site);
  return at->incidence < -0.05;
}

/* range = n . (ground - origin) / (n . d), and the ground rises with the map error. Of an error of
 * position or attitude only how it moves the hit up and down counts: what moving it sideways does to
 * the height of the ground is in the map error state. (To count it for the attitude alone lets a slope
 * turn position error into attitude error, which the next crater fix turns into more position error.) */
static void partials(const ob_pose *pose, int32_t beam, const footprint *at, double h[N]) {
  double d_cross_up[3];
  double scale = 1.0 / at->incidence;
  ob_v3_scale(h + POSITION, at->up_site, -scale * at->upward);
  ob_v3_scale(h + VELOCITY, h + POSITION, -pose->age_s);
  ob_v3_cross(d_cross_up, at->direction_site, at->up_site);
  ob_v3_scale(h + ATTITUDE, d_cross_up, -scale * at->upward * at->predicted_m);
  h[MAP + beam] = scale * at->upward;
}

/* Bring the map error of a beam to where it meets the ground now. Returns the variance that is new. */
static double carry_map_error(ob_filter *f, int32_t beam, const footprint *at) {
  ob_ground now, *last = &f->ground[beam];
  ob_filter_expect_ground(f, at->hit[0], at->hit[1], at->sigma_map_m, &now);
  double before = ob_filter_ground_covariance(f, last, last);
  double after = ob_filter_ground_covariance(f, &now, &now);
  double kept = ob_min(ob_filter_ground_covariance(f, last, &now) / before, 1.0);
  double fresh = ob_max(after - kept * kept * before, 0.0);
  ob_ud_markov(&f->ud, MAP + beam, kept, fresh);
  f->map_error_m[beam] *= kept;
  *last = now;
  return fresh;
}

static int peer_is_accepted(const ob_filter *f, int32_t beam, int64_t time_ns) {
  const ob_gate *peer = &f->gate[1 - beam];
  return peer->state == OB_GATE_ACCEPTING && peer->accepted_count > 0 &&
         time_ns - peer->last_accepted_ns <= PEER_NS;
}

/* Could ground within the mistrusted horizontal error, or that vertical error, explain the range? */
static int plausible(const ob_filter *f, const footprint *at, double innovation_m, double sigma_m) {
  double lowest_m, highest_m;
  double vertical_m = f->params.reacquire_sigmas * sigma_m;
  double radius_m = f->params.reacquire_sigmas * ob_filter_horizontal_sigma(f);
  ob_map_relief(f->map, at->hit[0], at->hit[1], radius_m, &lowest_m, &highest_m);
  double per_height = -1.0 / at->incidence; /* range per metre of lower ground */
  return innovation_m <= per_height * (at->hit[2] - lowest_m) + vertical_m &&
         innovation_m >= per_height * (at->hit[2] - highest_m) - vertical_m;
}

/* Note what the beam says; does the other one say the same, or has it within the last second? (At the edge
 * of three sigmas noise alone would end a run of samples at every tenth.) */
static int is_corroborated(ob_filter *f, int32_t beam, int64_t time_ns, double rise_m, double sigma_m) {
  const ob_disagreement *peer = &f->disagreement[1 - beam];
  ob_disagreement *own = &f->disagreement[beam];
  own->time_ns = time_ns;
  own->rise_m = rise_m;
  own->sigma_m = sigma_m;
  if (peer->sigma_m > 0.0 && time_ns - peer->time_ns <= PEER_NS &&
      ob_fabs(rise_m - peer->rise_m) <=
          CORROBORATION_SIGMAS * ob_sqrt(square(sigma_m) + square(peer->sigma_m))) {
    own->corroborated_until_ns = time_ns + PEER_NS;
  }
  return time_ns < own->corroborated_until_ns;
}

/* How fast the predicted range may go wrong by the velocity error. */
static double rate_sigma(const ob_filter *f, const double h[N]) {
  double g[N] = {0.0};
  ob_v3_copy(g + VELOCITY, h + POSITION);
  return ob_sqrt(ob_ud_variance(&f->ud, g));
}

/* Position along the row by the innovation. Not the velocity: where the accelerometers were saturated or
 * silent it has been widened already, and otherwise they exclude what such a drift would take. */
static void widen_position(ob_filter *f, const double h[N], double innovation_m) {
  double position[N] = {0.0};
  double norm2 = ob_v3_dot(h + POSITION, h + POSITION);
  ob_v3_scale(position + POSITION, h + POSITION, innovation_m / norm2);
  ob_ud_add(&f->ud, position, 1.0);
}

/* Both beams say that the vehicle is not where its accelerometers take it: widen by the error of a push a
 * that they did not feel. Position by the innovation a t^2/2, velocity by the rate a t that the run shows
 * beyond the noise, and, where the two agree in sign, accelerometer bias by a; all three as one error. */
static void widen_push(ob_filter *f, const ob_pose *pose, const double h[N], const ob_gate *gate,
                       const ob_gate_sample *sample) {
  double error[N] = {0.0};
  double innovation_m = sample->innovation[0], moved_m = innovation_m - gate->run_innovation[0];
  double shown_m = ob_max(ob_fabs(moved_m) - 1.4142135623730951 * sample->noise[0], 0.0);
  double tick_s = 1.0e-9 * (double)f->params.tick_ns;
  double run_s = ob_max(1.0e-9 * (double)(sample->time_ns - gate->run_since_ns), tick_s);
  double rate_m_s = (moved_m < 0.0 ? -shown_m : shown_m) / run_s;
  double push_per_s = ob_max(rate_m_s / (2.0 * innovation_m), 0.0); /* a over a t: 1/t */
  double per_m = 1.0 / ob_v3_dot(h + POSITION, h + POSITION);
  ob_v3_scale(error + POSITION, h + POSITION, per_m * innovation_m);
  ob_v3_scale(error + VELOCITY, h + POSITION, per_m * rate_m_s);
  ob_m3t_v3(error + ACCEL, pose->C_site_from_body, error + VELOCITY);
  ob_v3_scale(error + ACCEL, error + ACCEL, -push_per_s);
  ob_ud_add(&f->ud, error, 1.0);
}

int ob_filter_range(ob_filter *f, int64_t time_ns, int32_t beam, double range_m) {
  const ob_range_beam *b = &f->params.beam[beam];
  ob_pose pose;
  footprint at;
  if (!(range_m >= b->minimum_m && range_m <= b->maximum_m) ||
      !ob_filter_pose_at(f, time_ns, &pose)) {
    return OB_GATE_REJECT;
  }
  ob_filter_settle(f);
  if (!find_footprint(f, &pose, b, &at)) {
    return OB_GATE_REJECT;
  }
  double h[N] = {0.0}, error[N] = {0.0};
  partials(&pose, beam, &at, h);
  double per_rise = h[MAP + beam];
  double fresh = square(per_rise) * carry_map_error(f, beam, &at);
  double variance = square(b->sigma_m) + square(b->sigma_fraction * range_m);
  double rise_m = f->ground[beam].offset_m + f->map_error_m[beam];
  double innovation_m = range_m - (at.predicted_m + per_rise * rise_m);
  double total = ob_ud_variance(&f->ud, h) + variance;
  ob_gate_sample sample = {.time_ns = time_ns,
                           .dimension = 1,
                           .innovation = {innovation_m},
                           .sigma = {ob_sqrt(total)},
                           .noise = {ob_sqrt(variance + fresh)},
                           .rate_sigma = {rate_sigma(f, h)},
                           .nis = square(innovation_m) / total};
  const ob_gate_limits *limits = &f->params.gate[OB_STREAM_RANGE_A + beam];
  int corroborated =
      is_corroborated(f, beam, time_ns, f->map_error_m[beam] + innovation_m / per_rise,
                      sample.sigma[0] / -per_rise);
  sample.plausible = sample.nis <= limits->threshold || corroborated ||
                     (!peer_is_accepted(f, beam, time_ns) &&
                      plausible(f, &at, innovation_m, sample.sigma[0]));
  sample.corroborated = corroborated;
  if (corroborated) {
    sample.rate_sigma[0] *= f->params.reacquire_sigmas;
  }
  ob_gate *gate = &f->gate[OB_STREAM_RANGE_A + beam];
  ob_gate_decision decision = ob_gate_score(gate, limits, &sample);
  if (decision == OB_GATE_REACQUIRE && sample.nis > limits->threshold) {
    if (corroborated) {
      widen_push(f, &pose, h, gate, &sample);
    } else {
      widen_position(f, h, innovation_m);
    }
  }
  if (decision != OB_GATE_REJECT) {
    ob_filter_fuse(f, h, innovation_m, variance, HOLD_PLACE | HOLD_ATTITUDE, error);
    ob_filter_correct(f, error);
  }
  return decision;
}
