#include "crater_match_steps.h"
#include "onboard/vector.h"

#define OUTSIDE_SIGMAS2 25.0
#define LN_10 2.302585092994045684

/* Right fixes are beyond these in 1 of 1,000 or fewer each (docs/vision.md). The gate of 3 sigma, to the
 * fix with a match in it, leaves little beyond 11 to the fix without. */
static const ob_integrity_limits LIMITS = {4.0, 14.0, 1.8, 22.0};

/* --- Acceptance -------------------------------------------------------------------------------------- */

/* Chance matches expected with detections scattered at random, and the mean area of a gate. */
static double expected_by_chance(const match_problem *p, const ob_crater_matcher *m,
                                 const double offset_m[3], double *gate_area_px2) {
  const double area = (double)p->view->camera->width * (double)p->view->camera->height;
  const double gate2 = p->settings->gate_sigma * p->settings->gate_sigma;
  double expected = 0.0, gates = 0.0, pairs = 0.0;
  for (int64_t j = 0; j < m->predicted_count; j++) {
    double c[3], pixel[2], sum = 0.0;
    ob_match_seen_from(p->view, m, j, offset_m, c);
    if (!ob_camera_project(p->view->camera, c, pixel)) continue;
    const double sigma = ob_match_map_sigma_px(p, &m->predicted[j], c[2]);
    for (int64_t i = 0; i < p->detection_count; i++) {
      const ob_crater_detection *d = &p->detections[i];
      if (!match_detection_ok(p->view, d) ||
          !match_radii_agree(p->settings, d->radius_px, m->predicted[j].radius_px)) {
        continue;
      }
      double s[3];
      ob_match_pair_covariance(p, i, sigma, 0.0, s);
      sum += OB_PI * gate2 * ob_sqrt(s[0] * s[2] - s[1] * s[1]);
      pairs += 1.0;
    }
    gates += sum;
    expected += ob_min(1.0, sum / area);
  }
  *gate_area_px2 = pairs > 0.0 ? gates / pairs : 1.0;
  return expected;
}

/* log10 of the bound on the chance that any position searched gives `count` matches. */
static double log10_chance(const match_grid *g, double metres_per_px, int64_t count,
                           double expected, double gate_area_px2) {
  const double search_m2 = 4.0 * g->half_x_m * g->half_y_m;
  const double places =
      ob_max(1.0, search_m2 / (gate_area_px2 * metres_per_px * metres_per_px)) * (double)g->layers;
  const double k = (double)(count - 2);
  if (!(k > expected)) return 0.0;
  const double tail = expected > 0.0 ? k - expected + k * ob_log(expected / k) : -700.0;
  return ob_min(0.0, (ob_log(places) + tail) / LN_10);
}

static int apart(const match_solution *a, const match_solution *b, const match_grid *g) {
  double d[3];
  ob_v3_sub(d, a->offset_m, b->offset_m);
  return d[0] * d[0] + d[1] * d[1] > 4.0 * g->bin_m * g->bin_m || ob_fabs(d[2]) > 2.0 * g->step_z_m;
}

/* The solution with most matches (then the smaller residual); its pairs go to best_partner. */
static match_solution best_of(const match_problem *p, const match_grid *g, const match_peak peaks[MATCH_PEAKS],
                              double metres_per_px, ob_crater_matcher *m, int64_t *rival_count) {
  match_solution found[MATCH_PEAKS], best = {{0.0}, {0.0}, 0.0, 0, 0};
  for (int32_t k = 0; k < MATCH_PEAKS; k++) {
    found[k] = best;
    found[k].count = 0;
    if (peaks[k].votes < 2) continue;
    found[k] = ob_match_refine(p, g, &peaks[k], metres_per_px, best.count, m);
    if (found[k].count > best.count || (found[k].count == best.count && found[k].count > 0 &&
                                        found[k].square_sum_px2 < best.square_sum_px2)) {
      best = found[k];
      for (int64_t j = 0; j < m->predicted_count; j++) m->best_partner[j] = m->partner[j];
    }
  }
  *rival_count = 0;
  for (int32_t k = 0; k < MATCH_PEAKS; k++) {
    if (found[k].count > *rival_count && apart(&found[k], &best, g)) *rival_count = found[k].count;
  }
  return best;
}

static int64_t judge(const match_problem *p, const ob_crater_fix *fix, const match_solution *s) {
  double pull[3];
  if (fix->count < p->settings->count_min) return OB_CRATER_FIX_FEW_MATCHED;
  if (!(fix->log10_chance <= p->settings->log10_chance_max)) return OB_CRATER_FIX_CHANCE;
  if ((double)fix->rival_count > p->settings->rival_fraction_max * (double)fix->count) {
    return OB_CRATER_FIX_RIVAL;
  }
  ob_m3_v3(pull, p->view->information, s->offset_m);
  if (ob_v3_dot(pull, s->offset_m) > OUTSIDE_SIGMAS2) return OB_CRATER_FIX_OUTSIDE_PRIOR;
  return OB_CRATER_FIX_ACCEPTED;
}

/* --- Integrity ----------------------------------------------------------------------------------- */

static ob_integrity_pair integrity_pair(const match_problem *p, const ob_crater_matcher *m, int64_t j,
                                        const double offset_m[3]) {
  const ob_crater_detection *d = &p->detections[m->best_partner[j]];
  ob_integrity_pair pair;
  double pixel[2];
  ob_match_seen_from(p->view, m, j, offset_m, pair.point_m);
  ob_camera_project(p->view->camera, pair.point_m, pixel);
  pair.residual_px[0] = d->pixel[0] - pixel[0];
  pair.residual_px[1] = d->pixel[1] - pixel[1];
  ob_match_pair_covariance(p, m->best_partner[j],
                           ob_match_map_sigma_px(p, &m->predicted[j], pair.point_m[2]), 0.0,
                           pair.covariance_px2);
  return pair;
}

static int64_t check_integrity(const match_problem *p, const match_solution *s, double sigma_rad,
                               ob_crater_matcher *m, ob_crater_fix *fix) {
  static const int64_t STATUS[] = {OB_CRATER_FIX_ACCEPTED, OB_CRATER_FIX_HINGES,
                                   OB_CRATER_FIX_HINGES,   OB_CRATER_FIX_DEVIATES,
                                   OB_CRATER_FIX_SCATTERS, OB_CRATER_FIX_TURNED};
  ob_integrity_view view = {p->view->camera->focal_px, {0.0}, sigma_rad};
  double C_mcmf_from_camera[9], C_mcmf_from_grid[9], C_grid_from_camera[9];
  int64_t count = 0;
  ob_match_turn(view.information, p->view->C_camera_from_grid, p->view->information);
  for (int64_t j = 0; j < m->predicted_count; j++) {
    if (m->best_partner[j] >= 0) m->pairs[count++] = integrity_pair(p, m, j, s->offset_m);
  }
  const int64_t verdict = ob_integrity_test(m->pairs, count, &view, &LIMITS, &fix->integrity);
  ob_m3_transpose(C_mcmf_from_grid, p->view->C_grid_from_mcmf);
  ob_m3_transpose(C_grid_from_camera, p->view->C_camera_from_grid);
  ob_m3_mul(C_mcmf_from_camera, C_mcmf_from_grid, C_grid_from_camera);
  ob_m3_mul(fix->shift_by_turn_m_rad, C_mcmf_from_camera, fix->integrity.shift_by_turn_m_rad);
  return STATUS[verdict];
}

/* Detections of a compatible radius that no crater has, and one more, per px2: those that could stand
 * where they are by chance. */
static double clutter_density(const match_problem *p, const ob_crater_matcher *m, double radius_px) {
  double count = 1.0;
  for (int64_t i = 0; i < p->detection_count; i++) {
    const ob_crater_detection *d = &p->detections[i];
    count += m->claimed[i] < 0 && match_detection_ok(p->view, d) &&
             match_radii_agree(p->settings, d->radius_px, radius_px);
  }
  return count / ((double)p->view->camera->width * (double)p->view->camera->height);
}

/* Bayes: a right pair is distributed as its covariance says; a wrong one evenly over the image, and the
 * crater's own detection is missing or further away. `rate`: of detection. */
static double pair_probability(double rate, double far2, const double s[3], double density) {
  const double further = ob_exp(-0.5 * far2);
  const double right = rate * further / (2.0 * OB_PI * ob_sqrt(s[0] * s[2] - s[1] * s[1]));
  return right / (right + density * (1.0 - rate + rate * further));
}

/* Writes the pairs of the accepted solution, in the order of `m->pairs`. */
static void write_out(const match_problem *p, ob_crater_matcher *m, const match_solution *s,
                      ob_crater_matched *matched, int64_t capacity) {
  const double rate = (double)s->count / (double)s->visible;
  int64_t n = 0;
  for (int64_t i = 0; i < p->detection_count; i++) m->claimed[i] = -1;
  for (int64_t j = 0; j < m->predicted_count; j++) {
    if (m->best_partner[j] >= 0) m->claimed[m->best_partner[j]] = (int16_t)j;
  }
  for (int64_t j = 0; j < m->predicted_count && n < capacity; j++) {
    if (m->best_partner[j] < 0) continue;
    const ob_integrity_pair *pair = &m->pairs[n];
    const ob_crater_detection *d = &p->detections[m->best_partner[j]];
    const ob_crater_map_entry *entry = &p->catalogue[m->predicted[j].catalogue_index];
    const double far2 = ob_match_distance2(pair->residual_px, pair->covariance_px2);
    matched[n++] = (ob_crater_matched){
        {d->pixel[0], d->pixel[1]},
        {d->pixel_covariance[0], d->pixel_covariance[1], d->pixel_covariance[2]},
        {entry->position_mcmf_m[0], entry->position_mcmf_m[1], entry->position_mcmf_m[2]},
        entry->position_sigma_m, entry->diameter_m,
        pair_probability(rate, far2, pair->covariance_px2,
                         clutter_density(p, m, m->predicted[j].radius_px)),
        m->predicted[j].catalogue_index};
  }
}

/* --- Entry ------------------------------------------------------------------------------------------- */

static int64_t solve(const match_problem *p, double attitude_sigma_rad, ob_crater_matcher *m,
                     ob_crater_matched *matched, int64_t capacity, ob_crater_fix *fix) {
  const double metres_per_px = ob_match_mean_depth_m(p->view, m) / p->view->camera->focal_px;
  const match_grid g = ob_match_lay_grid(p->view, metres_per_px);
  match_peak peaks[MATCH_PEAKS];
  ob_match_vote(p, &g, m, peaks);
  const match_solution s = best_of(p, &g, peaks, metres_per_px, m, &fix->rival_count);
  fix->count = s.count;
  fix->predicted = s.visible;
  if (s.count == 0) return OB_CRATER_FIX_FEW_MATCHED;
  double gate_area_px2;
  const double expected = expected_by_chance(p, m, s.offset_m, &gate_area_px2);
  fix->log10_chance = log10_chance(&g, metres_per_px, s.count, expected, gate_area_px2);
  fix->residual_rms_px = ob_sqrt(s.square_sum_px2 / (2.0 * (double)s.count));
  ob_m3t_v3(fix->position_offset_mcmf_m, p->view->C_grid_from_mcmf, s.offset_m);
  double C_mcmf_from_grid[9];
  ob_m3_transpose(C_mcmf_from_grid, p->view->C_grid_from_mcmf);
  ob_match_turn(fix->position_covariance_m2, C_mcmf_from_grid, s.covariance_m2);
  int64_t status = judge(p, fix, &s);
  if (status == OB_CRATER_FIX_ACCEPTED) status = check_integrity(p, &s, attitude_sigma_rad, m, fix);
  if (status == OB_CRATER_FIX_ACCEPTED) write_out(p, m, &s, matched, capacity);
  return status;
}

int64_t ob_crater_match(const ob_camera *camera, const ob_crater_prior *prior,
                        const ob_crater_map_entry *catalogue, int64_t catalogue_count,
                        const ob_crater_detection *detections, int64_t detection_count,
                        const ob_crater_match_settings *settings, ob_crater_matcher *matcher,
                        ob_crater_matched *matched, int64_t capacity, ob_crater_fix *fix) {
  match_view v;
  *fix = (ob_crater_fix){0};
  matcher->predicted_count = 0;
  fix->status = OB_CRATER_FIX_BAD_INPUT;
  if (!ob_match_settings_ok(settings) || !ob_match_set_view(&v, camera, prior) || catalogue_count < 0 ||
      detection_count < 0) {
    return fix->status;
  }
  const int64_t used = detection_count < OB_CRATER_DETECTED ? detection_count : OB_CRATER_DETECTED;
  match_problem p = {&v, catalogue, detections, used, settings, 0.0};
  ob_match_predict(&v, catalogue, catalogue_count, settings, matcher);
  fix->predicted = matcher->predicted_count;
  const int64_t good = ob_match_file_detections(&p, matcher);
  if (matcher->predicted_count < settings->count_min) {
    fix->status = OB_CRATER_FIX_FEW_PREDICTED;
  } else if (good < settings->count_min) {
    fix->status = OB_CRATER_FIX_FEW_DETECTED;
  } else {
    fix->status = solve(&p, prior->attitude_sigma_rad, matcher, matched, capacity, fix);
  }
  return fix->status;
}
