#include "onboard/fault.h"

#include <assert.h>

#include "fault_work.h"
#include "onboard/hash.h"

static_assert(sizeof(ob_fault_response) == 16, "no padding");
static_assert(sizeof(ob_fault_action) == 10, "no padding");
static_assert(OB_FAULT_COUNT <= INT16_MAX, "counts of a monitor");

void ob_fault_act(ob_fault_actions *actions, ob_fault_action action) {
  assert(actions->count < OB_FAULT_ACTIONS);
  actions->action[actions->count++] = action;
}

void ob_fault_init(const ob_fault_table *table, ob_fault_state *state, uint32_t mode) {
  assert(mode < table->header.modes);
  memset(state, 0, sizeof *state);
  state->mode = mode;
}

/* Masks count down by a step; where two overlap the longer one stands. */
static void mask(const ob_fault_table *table, ob_fault_state *state, const uint32_t *begun) {
  for (uint32_t i = 0; i < table->header.monitors; i++) {
    uint32_t left = state->masked[i] > 0 ? state->masked[i] - 1 : 0;
    state->masked[i] = begun[i] > left ? begun[i] : left;
  }
}

/* All faults in the order of priority; the bits of those that live afterwards. */
static uint64_t respond(fault_work *work, ob_fault_state *state, uint64_t clear) {
  uint64_t live = 0;
  for (uint32_t k = 0; k < work->table->header.faults; k++) {
    work->claimed |= ob_fault_claims(work->table, &state->fault[k], k);
  }
  for (uint32_t k = 0; k < work->table->header.faults; k++) {
    ob_fault_respond(work, &state->fault[k], k, (int)(clear >> k & 1));
    live |= (uint64_t)(state->fault[k].status != OB_FAULT_INACTIVE) << k;
  }
  return live;
}

void ob_fault_step(const ob_fault_table *table, ob_fault_state *state, const uint8_t *readings,
                   int32_t request, uint64_t clear, ob_fault_actions *actions) {
  assert(request >= OB_FAULT_REQUEST_SAFE && request < (int32_t)table->header.modes);
  assert(state->mode < table->header.modes);
  uint8_t values[OB_FAULT_MONITORS];
  fault_work work = {.table = table, .values = values, .mode = state->mode, .actions = actions};
  actions->count = 0;
  ob_fault_count(table, state, readings, state, values);
  uint64_t live = respond(&work, state, clear);
  mask(table, state, work.begun);
  state->mode = ob_fault_next_mode(&work, request, live);
}

/* What a fault is after the processor restarted: a running tier is sought again, unspent. */
static void resume(ob_fault_response *fault, int survives) {
  if (!survives || fault->status == OB_FAULT_INACTIVE) {
    *fault = (ob_fault_response){0};
  }
  fault->phase = fault->phase == OB_FAULT_RUNNING ? OB_FAULT_SEEKING : fault->phase;
  fault->tries = 0;
  fault->timer = 0;
}

void ob_fault_reset(const ob_fault_table *table, ob_fault_state *state, int within_window,
                    ob_fault_actions *actions) {
  const ob_fault_state before = *state;
  const ob_fault_mode mode = mode_row(table, before.mode);
  uint32_t budget = table->header.reset_count;
  uint32_t resets = within_window ? before.resets + 1 : 1;
  int over = resets > budget;
  ob_fault_init(table, state, over && !mode.finishes ? mode.fallback : mode.after_reset);
  state->resets = over ? budget + 1 : resets;
  for (uint32_t k = 0; k < table->header.faults; k++) {
    state->fault[k] = before.fault[k];
    resume(&state->fault[k], fault_row(table, k).survives_reset);
  }
  actions->count = 0;
  ob_fault_act(actions, (ob_fault_action){
                            .kind = over ? OB_FAULT_DO_BUDGET_SPENT : OB_FAULT_DO_RESET,
                            .mode = (uint8_t)state->mode,
                            .resets = (uint8_t)state->resets});
  ob_fault_enter(table, state->mode, actions);
}

static int response_is_sound(const ob_fault_table *table, const ob_fault_response *fault,
                             uint32_t k) {
  uint32_t tiers = fault_row(table, k).tiers;
  return fault->status <= OB_FAULT_LATCHED && fault->phase <= OB_FAULT_HOLDING &&
         fault->tier < tiers && fault->spent >> (tiers - 1) == 0 &&
         (fault->status == OB_FAULT_ACTIVE || fault->phase != OB_FAULT_RUNNING);
}

int ob_fault_state_is_sound(const ob_fault_table *table, const ob_fault_state *state) {
  int sound = state->mode < table->header.modes && state->resets <= table->header.reset_count + 1u;
  for (uint32_t i = 0; i < table->header.monitors; i++) {
    const ob_fault_rule rule = rule_row(table, i);
    sound = sound && state->verdict[i] <= OB_FAULT_TRIPPED &&
            state->counted[i] < rule.persistence && -state->counted[i] < rule.clear;
  }
  for (uint32_t k = 0; k < table->header.faults; k++) {
    sound = sound && response_is_sound(table, &state->fault[k], k);
  }
  return sound;
}

static uint64_t hash_response(const ob_fault_response *fault, uint64_t hash) {
  hash = ob_hash_u64(hash, (uint64_t)fault->timer << 32 | fault->spent);
  return ob_hash_u64(hash, (uint64_t)fault->kept << 32 | (uint64_t)fault->status << 24 |
                               (uint64_t)fault->phase << 16 | (uint64_t)fault->tier << 8 |
                               fault->tries);
}

uint64_t ob_fault_hash(const ob_fault_table *table, const ob_fault_state *state, uint64_t hash) {
  hash = ob_hash_u64(hash, (uint64_t)state->mode << 32 | state->resets);
  for (uint32_t i = 0; i < table->header.monitors; i++) {
    uint64_t counted = (uint16_t)state->counted[i];
    hash = ob_hash_u64(hash, (uint64_t)state->masked[i] << 32 | counted << 8 | state->verdict[i]);
  }
  for (uint32_t k = 0; k < table->header.faults; k++) {
    hash = hash_response(&state->fault[k], hash);
  }
  return hash;
}

uint64_t ob_fault_memory_hash(const ob_fault_table *table, const ob_fault_memory *memory,
                              uint64_t hash) {
  for (uint32_t i = 0; i < table->header.monitors; i++) {
    hash = ob_hash_f64(ob_hash_f64(hash, memory->value[i]), memory->time_ns[i]);
  }
  return hash;
}
