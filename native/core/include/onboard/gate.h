/* The gate of one measurement stream: rejection is a state, never a verdict.
 *
 * Every sample of the stream is scored, accepted or not. A sample passes when its normalised
 * innovation squared (NIS) is within the threshold. A stream whose samples fail `reject_count` times
 * in a row is REJECTING; from there two ways lead back:
 *
 * - `recover_count` passes in a row: the disagreement is over;
 * - a run of samples that fail the threshold but prove the sensor right and the filter wrong:
 *   each is `plausible` (the filter's owner of the stream says whether the map prior can explain the
 *   innovation, see filter.h), and the innovation moves between samples, and since the run began, no
 *   faster than the sensor's noise and the filter's own rate error allow. Such a stream is
 *   REACQUIRING; after `reacquire_count` samples over at least `reacquire_ns` the caller is told to
 *   widen its covariance by the innovation and accept. Each re-acquisition doubles what the next one
 *   needs (up to 16 times), so a sensor that deceives once cannot do it at its own rate; a sensor that
 *   another one corroborates is spared that.
 *
 * A stream that is due but silent is evidence too: `ob_gate_watch` flags it.
 *
 * This is what the loss of HAKUTO-R M1 (2023) teaches: its healthy rangefinder was shut out for good
 * when the ground fell by 3 km at a crater rim.
 */
#ifndef ONBOARD_GATE_H
#define ONBOARD_GATE_H

#include <stdint.h>

typedef enum { OB_GATE_ACCEPTING = 0, OB_GATE_REJECTING = 1, OB_GATE_REACQUIRING = 2 } ob_gate_state;

typedef enum { OB_GATE_REJECT = 0, OB_GATE_ACCEPT = 1, OB_GATE_REACQUIRE = 2 } ob_gate_decision;

typedef struct {
  double threshold;        /* of the NIS: chi squared at the degrees of freedom of one sample */
  double rate_sigmas;      /* sigmas that the innovation may move by within a run */
  int64_t reject_count;    /* failures in a row that make the stream REJECTING, >= 1 */
  int64_t recover_count;   /* passes in a row that end REJECTING, >= 1 */
  int64_t reacquire_count; /* consistent samples in a row that re-acquire, >= 2 */
  int64_t reacquire_ns;    /* and the time that they must span */
  int64_t gap_ns;          /* a longer gap ends a run */
  int64_t due_ns;          /* silence for longer than this, while samples are due, is flagged */
} ob_gate_limits;

typedef struct {
  int64_t time_ns;
  int64_t dimension;      /* 1 to 3 */
  double innovation[3];   /* measured minus predicted, in the unit of the measurement */
  double sigma[3];        /* of the innovation */
  double noise[3];        /* the part of sigma that is new in each sample */
  double rate_sigma[3];   /* of the filter's rate of change of the prediction, unit/s */
  double nis;
  int64_t plausible;      /* 1 when the prior can explain the innovation */
  int64_t corroborated;   /* 1 when another instrument says the same */
} ob_gate_sample;

typedef struct {
  int64_t state; /* ob_gate_state */
  double score;  /* moving mean (1/8) of NIS / threshold, each capped at 4: above 1 is bad */
  int64_t accepted_count, rejected_count, reacquired_count; /* samples, samples, events */
  int64_t consecutive_rejected;
  int64_t consecutive_passed;
  int64_t consecutive_consistent; /* length of the present run */
  int64_t run_since_ns;           /* its first sample */
  double run_innovation[3];       /* innovation of its first sample */
  int64_t last_time_ns;           /* of the last sample scored */
  int64_t last_accepted_ns;
  double innovation[3], sigma[3]; /* of the last sample scored */
  double nis;
  int64_t due;        /* 1 while samples are expected */
  int64_t due_since_ns;
  int64_t silent;     /* 1 when due and silent for longer than due_ns */
} ob_gate;

void ob_gate_init(ob_gate *gate, int64_t time_ns);

/* Score one sample. The caller uses the sample on ACCEPT; on REACQUIRE it first widens its covariance
 * by the innovation. */
ob_gate_decision ob_gate_score(ob_gate *gate, const ob_gate_limits *limits,
                               const ob_gate_sample *sample);

/* Say at `now_ns` whether samples are due; sets `silent`. */
void ob_gate_watch(ob_gate *gate, const ob_gate_limits *limits, int64_t now_ns, int due);

/* Everything that bears on later decisions. */
uint64_t ob_gate_hash(const ob_gate *gate, uint64_t hash);

#endif
