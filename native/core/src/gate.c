#include "onboard/gate.h"

#include <assert.h>

#include "onboard/elementary.h"
#include "onboard/hash.h"

#define SCORE_WEIGHT 0.125
#define SCORE_CAP 4.0
#define MOST_DOUBLINGS 4

void ob_gate_init(ob_gate *gate, int64_t time_ns) {
  *gate = (ob_gate){.state = OB_GATE_ACCEPTING,
                    .last_time_ns = time_ns,
                    .last_accepted_ns = time_ns,
                    .due_since_ns = time_ns};
}

static double seconds(int64_t ns) { return 1.0e-9 * (double)ns; }

/* Whether the innovation moved from `from` no more than noise and rate error allow over `dt_s`. */
static int moved_little(const ob_gate_limits *limits, const ob_gate_sample *sample,
                        const double from[3], double dt_s) {
  for (int32_t i = 0; i < sample->dimension; i++) {
    double noise = 1.4142135623730951 * sample->noise[i]; /* of the difference of two samples */
    double tolerance = limits->rate_sigmas * (noise + sample->rate_sigma[i] * dt_s);
    if (!(ob_fabs(sample->innovation[i] - from[i]) <= tolerance)) {
      return 0;
    }
  }
  return 1;
}

static int continues_run(const ob_gate *gate, const ob_gate_limits *limits,
                         const ob_gate_sample *sample) {
  int64_t gap_ns = sample->time_ns - gate->last_time_ns;
  return gate->consecutive_consistent > 0 && gap_ns <= limits->gap_ns &&
         moved_little(limits, sample, gate->innovation, seconds(gap_ns)) &&
         moved_little(limits, sample, gate->run_innovation,
                      seconds(sample->time_ns - gate->run_since_ns));
}

static void follow_run(ob_gate *gate, const ob_gate_limits *limits, const ob_gate_sample *sample) {
  if (!sample->plausible) {
    gate->consecutive_consistent = 0;
  } else if (continues_run(gate, limits, sample)) {
    gate->consecutive_consistent++;
  } else {
    gate->consecutive_consistent = 1;
    gate->run_since_ns = sample->time_ns;
    for (int32_t i = 0; i < 3; i++) {
      gate->run_innovation[i] = sample->innovation[i];
    }
  }
}

static int run_is_long_enough(const ob_gate *gate, const ob_gate_limits *limits,
                              const ob_gate_sample *sample) {
  int64_t times = gate->reacquired_count < MOST_DOUBLINGS ? gate->reacquired_count : MOST_DOUBLINGS;
  int64_t doublings = sample->corroborated ? 0 : times;
  return gate->consecutive_consistent >= (limits->reacquire_count << doublings) &&
         sample->time_ns - gate->run_since_ns >= (limits->reacquire_ns << doublings);
}

static void remember(ob_gate *gate, const ob_gate_limits *limits, const ob_gate_sample *sample) {
  double ratio = sample->nis / limits->threshold;
  gate->score += SCORE_WEIGHT * ((ratio < SCORE_CAP ? ratio : SCORE_CAP) - gate->score);
  gate->nis = sample->nis;
  gate->last_time_ns = sample->time_ns;
  gate->silent = 0;
  for (int32_t i = 0; i < 3; i++) {
    gate->innovation[i] = sample->innovation[i];
    gate->sigma[i] = sample->sigma[i];
  }
}

static ob_gate_decision accept(ob_gate *gate, const ob_gate_sample *sample,
                               ob_gate_decision decision) {
  gate->state = OB_GATE_ACCEPTING;
  gate->accepted_count++;
  gate->consecutive_rejected = 0;
  gate->consecutive_consistent = 0;
  gate->last_accepted_ns = sample->time_ns;
  gate->reacquired_count += decision == OB_GATE_REACQUIRE ? 1 : 0;
  return decision;
}

static ob_gate_decision reject(ob_gate *gate, const ob_gate_limits *limits) {
  gate->rejected_count++;
  gate->consecutive_rejected++;
  if (gate->state != OB_GATE_ACCEPTING || gate->consecutive_rejected >= limits->reject_count) {
    gate->state = gate->consecutive_consistent > 1 ? OB_GATE_REACQUIRING : OB_GATE_REJECTING;
  }
  return OB_GATE_REJECT;
}

ob_gate_decision ob_gate_score(ob_gate *gate, const ob_gate_limits *limits,
                               const ob_gate_sample *sample) {
  assert(sample->dimension >= 1 && sample->dimension <= 3);
  assert(limits->reject_count >= 1 && limits->recover_count >= 1 && limits->reacquire_count >= 2);
  int passed = sample->nis <= limits->threshold;
  gate->consecutive_passed = passed ? gate->consecutive_passed + 1 : 0;
  follow_run(gate, limits, sample);
  remember(gate, limits, sample);
  if (passed && (gate->state == OB_GATE_ACCEPTING ||
                 gate->consecutive_passed >= limits->recover_count)) {
    return accept(gate, sample, OB_GATE_ACCEPT);
  }
  if (gate->state != OB_GATE_ACCEPTING && run_is_long_enough(gate, limits, sample)) {
    return accept(gate, sample, OB_GATE_REACQUIRE);
  }
  return reject(gate, limits);
}

void ob_gate_watch(ob_gate *gate, const ob_gate_limits *limits, int64_t now_ns, int due) {
  if (due && !gate->due) {
    gate->due_since_ns = now_ns;
  }
  gate->due = due;
  int64_t heard_ns =
      gate->last_time_ns > gate->due_since_ns ? gate->last_time_ns : gate->due_since_ns;
  gate->silent = due && now_ns - heard_ns > limits->due_ns;
}

uint64_t ob_gate_hash(const ob_gate *gate, uint64_t hash) {
  const int64_t words[] = {gate->state,
                           gate->accepted_count,
                           gate->rejected_count,
                           gate->reacquired_count,
                           gate->consecutive_rejected,
                           gate->consecutive_passed,
                           gate->consecutive_consistent,
                           gate->run_since_ns,
                           gate->last_time_ns,
                           gate->last_accepted_ns,
                           gate->due_since_ns,
                           gate->due * 2 + gate->silent};
  hash = ob_hash_i64s(hash, words, (int32_t)(sizeof words / sizeof words[0]));
  hash = ob_hash_f64(hash, gate->score);
  hash = ob_hash_f64s(hash, gate->innovation, 3);
  return ob_hash_f64s(hash, gate->run_innovation, 3);
}
