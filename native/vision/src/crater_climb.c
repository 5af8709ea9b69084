#include "crater_climb.h"

#include "onboard/elementary.h"

#define CLIMB_STEPS 8

/* Vertex of the parabola through three values, in steps from the middle one, which is the largest. */
static double vertex(double before, double here, double after) {
  const double curvature = 2.0 * here - before - after;
  return curvature > 0.0 ? ob_max(-0.5, ob_min(0.5, 0.5 * (after - before) / curvature)) : 0.0;
}

static double correlation_at(const ob_crater_level *level, const ob_crater_template *templates, const int32_t at[3], int64_t simd) {
  const int known = at[2] >= 0 && at[2] < OB_CRATER_TEMPLATES;
  return known ? ob_crater_correlation(level, &templates[at[2]], at[0], at[1], simd) : -1.0;
}

/* Looks at the six neighbours, but for `known`; returns the best that is better, -1 where none is. */
static int32_t look_around(const ob_crater_level *level, const ob_crater_template *templates, ob_crater_summit *t, int32_t known, int64_t simd) {
  int32_t best = -1;
  double most = t->here;
  for (int32_t k = 0; k < 6; k++) {
    if (k != known) {
      int32_t to[3] = {t->at[0], t->at[1], t->at[2]};
      to[k / 2] += k % 2 == 0 ? -1 : 1;
      t->around[k] = correlation_at(level, templates, to, simd);
    }
    if (t->around[k] > most) {
      most = t->around[k];
      best = k;
    }
  }
  return best;
}

int ob_crater_climb(const ob_crater_level *level, const ob_crater_template *templates, double least, int64_t simd,
                    ob_crater_summit *t) {
  t->here = correlation_at(level, templates, t->at, simd);
  int32_t known = -1;
  for (int32_t step = 0; step < CLIMB_STEPS && t->here >= least - OB_CRATER_HOPELESS; step++) {
    const int32_t best = look_around(level, templates, t, known, simd);
    if (best < 0) {
      return t->here >= least;
    }
    const double before = t->here;
    t->at[best / 2] += best % 2 == 0 ? -1 : 1;
    t->here = t->around[best];
    known = best ^ 1;
    t->around[known] = before;
  }
  return 0;
}

void ob_crater_summit_place(const ob_crater_summit *t, const ob_crater_template *templates, double place[3]) {
  const double larger = vertex(t->around[4], t->here, t->around[5]);
  place[0] = t->at[0] + vertex(t->around[0], t->here, t->around[1]);
  place[1] = t->at[1] + vertex(t->around[2], t->here, t->around[3]);
  place[2] = templates[t->at[2]].radius * (1.0 + (OB_CRATER_TEMPLATE_STEP - 1.0) * larger);
}
