#include "crater_evidence.h"

#include "cholesky.h"
#include "crater_pairs.h"
#include "onboard/vector.h"

#define RATIO_MAX 1e20 /* of one detection; less than the truth is safe */
#define NOTHING (-1e30)

static double rate_of(int k) { return ((double)k + 0.5) / (double)OB_IDENTIFY_RATES; }

static double one_of(double rate, double ratio) { return 1.0 - rate + rate * ratio; }

/* ln(e^a + e^b) */
static double log_sum(double a, double b) {
  const double most = ob_max(a, b), least = ob_min(a, b);
  return most + ob_log(1.0 + ob_exp(ob_max(least - most, -700.0)));
}

/* Logarithm of the product over the detections for one rate of detection. */
static double log_product(const ob_crater_identifier *w, double rate) {
  double sum = 0.0, product = 1.0;
  for (int64_t i = 0; i < w->detection_count; i++) {
    product *= one_of(rate, w->ratio[i]);
    if (!(product > 1e-100 && product < 1e100)) {
      sum += ob_log(product);
      product = 1.0;
    }
  }
  return sum + ob_log(product);
}

void ob_crater_weigh(const crater_problem *p, const crater_solution *s) {
  ob_crater_identifier *w = p->work;
  int64_t missed = s->predicted;
  for (int64_t i = 0; i < w->detection_count; i++) {
    crater_pair of;
    w->ratio[i] = 1.0;
    if (w->claimed[i] < 0) continue;
    missed--;
    w->ratio[i] = 0.0;
    if (!ob_crater_pair_of(p, &s->pose, i, &of)) continue;
    w->ratio[i] = ob_min(RATIO_MAX, ob_exp(ob_max(of.log_density, -700.0)));
  }
  for (int k = 0; k < OB_IDENTIFY_RATES; k++) {
    const double rate = rate_of(k);
    w->log_likelihood[k] = log_product(w, rate) + (double)missed * ob_log(1.0 - rate);
  }
}

double ob_crater_log_determinant(const double lower[36]) {
  double product = 1.0;
  for (int k = 0; k < 6; k++) product *= lower[7 * k];
  return 2.0 * ob_log(product);
}

/* Laplace's method: the peak is narrower than what the anchor and the attitude leave, and off it. */
static double log_freedom(const crater_problem *p, const double C[9], const crater_solution *s,
                          int64_t anchor) {
  double information[36] = {0.0}, gradient[6] = {0.0}, lower[36];
  crater_pair of;
  ob_crater_add_prior(p, C, &s->pose, information, gradient);
  double square = 0.0;
  for (int k = 0; k < 3; k++) square += gradient[k] * gradient[k] / information[7 * k];
  if (!ob_crater_pair_of(p, &s->pose, anchor, &of)) return NOTHING;
  for (int k = 0; k < 3; k++) square += of.residual[k] * of.residual[k] / of.noise[k];
  ob_crater_add_pair(&of, 1.0, information, gradient);
  if (!ob_cholesky_factor(lower, information, 6, 0.0)) return NOTHING;
  return 0.5 * (ob_crater_log_determinant(lower) - s->log_determinant - square);
}

double ob_crater_log_ratio(const crater_problem *p, const double C[9], const crater_solution *s,
                           int64_t anchor) {
  const ob_crater_identifier *w = p->work;
  double sum = NOTHING;
  for (int k = 0; k < OB_IDENTIFY_RATES; k++) {
    sum = log_sum(sum, w->log_likelihood[k] - ob_log(one_of(rate_of(k), w->ratio[anchor])));
  }
  return sum - ob_log((double)OB_IDENTIFY_RATES) + log_freedom(p, C, s, anchor);
}

double ob_crater_log_evidence(const crater_problem *p, const double C[9],
                              const crater_solution *s) {
  const ob_crater_identifier *w = p->work;
  double sum = NOTHING;
  for (int64_t i = 0; i < w->detection_count; i++) {
    if (w->claimed[i] < 0 || w->hypotheses[i] == 0) continue;
    sum = log_sum(sum, ob_crater_log_ratio(p, C, s, i) - ob_log((double)w->hypotheses[i]));
  }
  return sum - ob_log((double)w->anchors);
}
