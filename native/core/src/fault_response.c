/* Faults and their responses; the rules are those of onboard/fault_protection/responses.py. */
#include <assert.h>

#include "fault_work.h"

static const ob_fault_response QUIET;

static ob_fault_tier tier_of(const ob_fault_table *table, uint32_t k, uint32_t tier) {
  const ob_fault_fault row = fault_row(table, k);
  assert(tier < row.tiers);
  return tier_row(table, row.first_tier + tier);
}

static void event(fault_work *work, ob_fault_action_kind kind, uint32_t k) {
  ob_fault_act(work->actions, (ob_fault_action){.kind = (uint8_t)kind, .fault = (uint8_t)k});
}

static void tier_event(fault_work *work, ob_fault_action_kind kind, uint32_t k, uint32_t tier,
                       uint32_t attempt) {
  ob_fault_act(work->actions, (ob_fault_action){.kind = (uint8_t)kind,
                                                .fault = (uint8_t)k,
                                                .tier = (uint8_t)(tier + 1),
                                                .attempt = (uint8_t)attempt});
}

uint32_t ob_fault_claims(const ob_fault_table *table, const ob_fault_response *fault, uint32_t k) {
  int running = fault->phase == OB_FAULT_RUNNING;
  return fault->kept | (running ? tier_of(table, k, fault->tier).claims : 0);
}

static void rest(ob_fault_response *fault, ob_fault_phase phase) {
  fault->phase = (uint8_t)phase;
  fault->tries = 0;
  fault->timer = 0;
}

static void cause_gone(fault_work *work, ob_fault_response *fault, uint32_t k) {
  static const uint8_t paused[] = {OB_FAULT_IDLE,      OB_FAULT_SEEKING,   OB_FAULT_SEEKING,
                                   OB_FAULT_SEEKING,   OB_FAULT_SUCCEEDED, OB_FAULT_SUCCEEDED,
                                   OB_FAULT_HOLDING};
  if (fault_row(work->table, k).latch) {
    event(work, OB_FAULT_DO_LATCHED, k);
    fault->status = OB_FAULT_LATCHED;
    rest(fault, (ob_fault_phase)paused[fault->phase]);
  } else {
    event(work, OB_FAULT_DO_CLEARED, k);
    *fault = QUIET;
  }
}

static void unlatch(fault_work *work, ob_fault_response *fault, uint32_t k, uint8_t value,
                    int clear) {
  ob_fault_code clear_when = fault_row(work->table, k).clear_when;
  if (value == OB_FAULT_FALSE && (clear || value_of(work, clear_when) == OB_FAULT_TRUE)) {
    event(work, OB_FAULT_DO_CLEARED, k);
    *fault = QUIET;
  }
}

/* The last tier holds; any other is spent. */
static void exhaust(fault_work *work, ob_fault_response *fault, uint32_t k) {
  int last = fault->tier == fault_row(work->table, k).tiers - 1;
  tier_event(work, last ? OB_FAULT_DO_HOLDING : OB_FAULT_DO_TIER_SPENT, k, fault->tier, 0);
  rest(fault, last ? OB_FAULT_HOLDING : OB_FAULT_SEEKING);
  if (!last) {
    fault->spent |= UINT32_C(1) << fault->tier;
  }
}

static void attempt(fault_work *work, ob_fault_response *fault, uint32_t k, uint32_t number) {
  const ob_fault_tier tier = tier_of(work->table, k, number);
  fault->status = OB_FAULT_ACTIVE;
  fault->phase = OB_FAULT_RUNNING;
  fault->tier = (uint8_t)number;
  fault->tries++;
  fault->timer = tier.timeout;
  fault->kept |= tier.keeps;
  tier_event(work, OB_FAULT_DO_TIER, k, number, fault->tries);
  ob_fault_act(work->actions,
               (ob_fault_action){.kind = OB_FAULT_DO_COMMAND, .command = tier.command});
  for (uint32_t i = 0; i < tier.masks; i++) {
    const ob_fault_mask mask = mask_row(work->table, tier.first_mask + i);
    uint32_t *begun = &work->begun[mask.monitor];
    *begun = mask.steps > *begun ? mask.steps : *begun;
  }
}

static void judge(fault_work *work, ob_fault_response *fault, uint32_t k) {
  const ob_fault_tier tier = tier_of(work->table, k, fault->tier);
  if (value_of(work, tier.success) == OB_FAULT_TRUE) {
    tier_event(work, OB_FAULT_DO_SUCCEEDED, k, fault->tier, 0);
    rest(fault, OB_FAULT_SUCCEEDED);
  } else if (fault->timer > 1) {
    fault->timer--;
  } else if (fault->tries >= tier.tries) {
    exhaust(work, fault, k);
  } else if (value_of(work, tier.allowed) != OB_FAULT_TRUE) {
    rest(fault, OB_FAULT_SEEKING); /* suspended, not spent */
  } else {
    attempt(work, fault, k, fault->tier);
  }
}

static void wait(fault_work *work, ob_fault_response *fault, uint32_t k, ob_fault_phase phase) {
  if (fault->phase != phase) {
    event(work, phase == OB_FAULT_BLOCKED ? OB_FAULT_DO_BLOCKED : OB_FAULT_DO_INHIBITED, k);
    fault->phase = (uint8_t)phase;
  }
}

static void seek(fault_work *work, ob_fault_response *fault, uint32_t k) {
  uint32_t tiers = fault_row(work->table, k).tiers;
  for (uint32_t number = 0; number < tiers; number++) {
    const ob_fault_tier tier = tier_of(work->table, k, number);
    if (fault->spent >> number & 1 || value_of(work, tier.allowed) != OB_FAULT_TRUE) {
      continue;
    }
    if (tier.claims & work->claimed & ~fault->kept) {
      wait(work, fault, k, OB_FAULT_BLOCKED);
      return;
    }
    work->claimed |= tier.claims;
    fault->tries = 0;
    attempt(work, fault, k, number);
    return;
  }
  wait(work, fault, k, OB_FAULT_INHIBITED);
}

static void go_on(fault_work *work, ob_fault_response *fault, uint32_t k) {
  if (fault->phase == OB_FAULT_RUNNING) {
    judge(work, fault, k);
  } else if (fault->phase == OB_FAULT_SUCCEEDED) {
    if (value_of(work, tier_of(work->table, k, fault->tier).success) == OB_FAULT_FALSE) {
      exhaust(work, fault, k);
    }
  } else if (fault->phase != OB_FAULT_HOLDING) {
    seek(work, fault, k);
  }
}

void ob_fault_respond(fault_work *work, ob_fault_response *fault, uint32_t k, int clear) {
  uint8_t value = value_of(work, fault_row(work->table, k).when);
  if (fault->status == OB_FAULT_ACTIVE) {
    if (value == OB_FAULT_FALSE) {
      cause_gone(work, fault, k);
      return;
    }
  } else if (value == OB_FAULT_TRUE) {
    event(work, OB_FAULT_DO_ACTIVE, k);
    fault->status = OB_FAULT_ACTIVE;
    fault->phase = fault->phase == OB_FAULT_HOLDING ? OB_FAULT_HOLDING : OB_FAULT_SEEKING;
  } else {
    if (fault->status == OB_FAULT_LATCHED) {
      unlatch(work, fault, k, value, clear);
    }
    return;
  }
  go_on(work, fault, k);
}
