/* Monitors: from numbers to readings, and from readings to values that persist. */
#include "fault_work.h"
#include "onboard/elementary.h"

/* -- from readings to values */

typedef struct {
  uint8_t verdict; /* ob_fault_verdict */
  int16_t counted;
} monitor_state;

static uint8_t verdict_value(monitor_state state) {
  static const uint8_t value[] = {OB_FAULT_STALE, OB_FAULT_FALSE, OB_FAULT_TRUE};
  return value[state.verdict];
}

/* One reading further, which is a trip or a clear. */
static monitor_state counted(const ob_fault_rule *rule, monitor_state state, int trips) {
  uint8_t verdict = trips ? OB_FAULT_TRIPPED : OB_FAULT_CLEARED;
  int16_t before = (int16_t)(trips ? state.counted : -state.counted);
  int16_t now = (int16_t)((before > 0 ? before : 0) + 1);
  if (state.verdict == verdict || now >= (trips ? rule->persistence : rule->clear)) {
    return (monitor_state){verdict, 0};
  }
  return (monitor_state){state.verdict, (int16_t)(trips ? now : -now)};
}

/* What stale and error readings count as. */
static uint8_t behaviour(const ob_fault_rule *rule, uint8_t reading) {
  return reading == OB_FAULT_READ_STALE ? rule->when_stale : rule->when_error;
}

/* One step of a monitor; returns the value that it answers now. */
static uint8_t count(const ob_fault_rule *rule, monitor_state *state, uint8_t reading) {
  int trips = reading == OB_FAULT_READ_TRIP;
  switch (reading) {
    case OB_FAULT_READ_NOT_VALID:
    case OB_FAULT_READ_HIDDEN:
      *state = (monitor_state){OB_FAULT_UNKNOWN, 0};
      return reading == OB_FAULT_READ_HIDDEN ? OB_FAULT_STALE : OB_FAULT_FALSE;
    case OB_FAULT_READ_FROZEN:
      return OB_FAULT_STALE;
    case OB_FAULT_READ_NO_NEWS:
      return verdict_value(*state);
    case OB_FAULT_READ_STALE:
    case OB_FAULT_READ_ERROR:
      switch (behaviour(rule, reading)) {
        case OB_FAULT_AS_UNKNOWN:
          return reading == OB_FAULT_READ_STALE ? OB_FAULT_STALE : OB_FAULT_ERROR;
        case OB_FAULT_HOLDS:
          return verdict_value(*state);
      }
      trips = behaviour(rule, reading) == OB_FAULT_AS_TRIP;
      break;
    case OB_FAULT_READ_HOLD: /* as the verdict stands */
      trips = state->verdict == OB_FAULT_TRIPPED;
      break;
  }
  *state = counted(rule, *state, trips);
  return verdict_value(*state);
}

/* What a monitor reads once its mask and its validity are seen to. */
static uint8_t looked_at(const ob_fault_table *table, const ob_fault_state *state,
                         ob_fault_code valid_when, uint32_t i, uint8_t reading,
                         const uint8_t *values) {
  uint8_t valid = valid_when.count == 0
                      ? OB_FAULT_TRUE
                      : ob_fault_evaluate(table, valid_when, values, state->mode);
  if (valid == OB_FAULT_FALSE) {
    return OB_FAULT_READ_NOT_VALID;
  }
  if (state->masked[i] > 0) {
    return OB_FAULT_READ_HIDDEN;
  }
  return valid == OB_FAULT_TRUE ? reading : OB_FAULT_READ_FROZEN;
}

void ob_fault_count(const ob_fault_table *table, const ob_fault_state *state,
                    const uint8_t *readings, ob_fault_state *after, uint8_t *values) {
  for (uint32_t i = 0; i < table->header.monitors; i++) {
    const ob_fault_rule rule = rule_row(table, i);
    monitor_state monitor = {state->verdict[i], state->counted[i]};
    uint8_t reading = looked_at(table, state, rule.valid_when, i, readings[i], values);
    values[i] = count(&rule, &monitor, reading);
    after->verdict[i] = monitor.verdict;
    after->counted[i] = monitor.counted;
  }
}

void ob_fault_values(const ob_fault_table *table, const ob_fault_state *state,
                     const uint8_t *readings, uint8_t *values) {
  ob_fault_state after;
  ob_fault_count(table, state, readings, &after, values);
}

/* -- from numbers to readings */

#define NONE (0.0 / 0.0) /* a NaN: there is no sample before */

static uint8_t magnitude(double size, double enter, double leave) {
  if (size <= leave) {
    return OB_FAULT_READ_CLEAR;
  }
  if (size > enter) {
    return OB_FAULT_READ_TRIP;
  }
  return size == size ? OB_FAULT_READ_HOLD : OB_FAULT_READ_ERROR;
}

static uint8_t limits(const ob_fault_check *check, double value) {
  if (check->exit_low <= value && value <= check->exit_high) {
    return OB_FAULT_READ_CLEAR;
  }
  if (value < check->enter_low || value > check->enter_high) {
    return OB_FAULT_READ_TRIP;
  }
  return value == value ? OB_FAULT_READ_HOLD : OB_FAULT_READ_ERROR;
}

static uint8_t within(const ob_fault_check *check, double value) {
  if (check->enter_low <= value && value <= check->enter_high) {
    return OB_FAULT_READ_TRIP;
  }
  if (value < check->exit_low || value > check->exit_high) {
    return OB_FAULT_READ_CLEAR;
  }
  return value == value ? OB_FAULT_READ_HOLD : OB_FAULT_READ_ERROR;
}

static uint8_t expected(const ob_fault_check *check, double value) {
  if (value == check->enter_high) {
    return OB_FAULT_READ_CLEAR;
  }
  return value == value ? OB_FAULT_READ_TRIP : OB_FAULT_READ_ERROR;
}

static uint8_t delta(const ob_fault_check *check, double *before, double value) {
  double last = *before;
  *before = value;
  if (value != value) {
    return OB_FAULT_READ_ERROR;
  }
  return last == last ? magnitude(ob_fabs(value - last), check->enter_high, check->exit_high)
                      : OB_FAULT_READ_NO_NEWS;
}

/* Of the change from one sample to the next, or of its rate; no news between samples. */
static uint8_t change(const ob_fault_check *check, double *before, double *time_ns, double value,
                      double now_ns) {
  double last = *before, since_ns = now_ns - *time_ns;
  if (value != value) {
    return OB_FAULT_READ_ERROR;
  }
  if (last == last && now_ns <= *time_ns) {
    return OB_FAULT_READ_NO_NEWS;
  }
  *before = value;
  *time_ns = now_ns;
  if (last != last) {
    return OB_FAULT_READ_NO_NEWS;
  }
  double moved = ob_fabs(value - last);
  if (check->kind == OB_FAULT_CHECK_STUCK) {
    return moved <= check->enter_high ? OB_FAULT_READ_TRIP : OB_FAULT_READ_CLEAR;
  }
  return magnitude(moved / (since_ns * 1e-9), check->enter_high, check->exit_high);
}

static uint8_t gap(const ob_fault_check *check, double *time_ns, double now_ns) {
  double before_ns = *time_ns;
  *time_ns = now_ns;
  if (before_ns != before_ns || now_ns == before_ns) {
    return OB_FAULT_READ_NO_NEWS;
  }
  return magnitude(now_ns - before_ns, check->enter_high, check->exit_high);
}

/* The checks of age, which are never stale themselves. */
static uint8_t read_age(const ob_fault_check *check, double *time_ns, int64_t now_ns,
                        int64_t age_ns) {
  if (check->kind == OB_FAULT_CHECK_STALE) {
    return magnitude((double)age_ns, check->enter_high, check->exit_high);
  }
  return age_ns >= OB_FAULT_NEVER_NS ? OB_FAULT_READ_NO_NEWS
                                     : gap(check, time_ns, (double)now_ns - (double)age_ns);
}

static uint8_t read_value(const ob_fault_check *check, double *before, double *time_ns,
                          double sample_ns, double value, double other) {
  switch ((ob_fault_check_kind)check->kind) {
    case OB_FAULT_CHECK_LIMITS:
      return limits(check, value);
    case OB_FAULT_CHECK_WITHIN:
      return within(check, value);
    case OB_FAULT_CHECK_EXPECTED:
      return expected(check, value);
    case OB_FAULT_CHECK_CONSISTENCY:
      return magnitude(ob_fabs(value - (check->scale * other + check->offset)), check->enter_high,
                       check->exit_high);
    case OB_FAULT_CHECK_DELTA:
      return delta(check, before, value);
    default:
      return change(check, before, time_ns, value, sample_ns);
  }
}

void ob_fault_memory_init(ob_fault_memory *memory) {
  for (uint32_t i = 0; i < OB_FAULT_MONITORS; i++) {
    memory->value[i] = memory->time_ns[i] = NONE;
  }
}

void ob_fault_read(const ob_fault_table *table, ob_fault_memory *memory, int64_t now_ns,
                   const double *values, const int64_t *ages_ns, uint8_t *readings) {
  for (uint32_t i = 0; i < table->header.monitors; i++) {
    const ob_fault_check check = check_row(table, i);
    int64_t age_ns = ages_ns[check.channel], other_ns = ages_ns[check.other];
    double *before = &memory->value[i], *time_ns = &memory->time_ns[i];
    if (check.kind == OB_FAULT_CHECK_STALE || check.kind == OB_FAULT_CHECK_GAP) {
      readings[i] = read_age(&check, time_ns, now_ns, age_ns);
    } else if (age_ns > check.stale_ns || other_ns > check.stale_ns) {
      *before = NONE;
      readings[i] = OB_FAULT_READ_STALE;
    } else {
      double sample_ns = (double)now_ns - (double)age_ns;
      readings[i] = read_value(&check, before, time_ns, sample_ns, values[check.channel],
                               values[check.other]);
    }
  }
}
