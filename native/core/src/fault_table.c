#include "onboard/fault_table.h"

#include <assert.h>

#include "fault_rows.h"
#include "onboard/crc32.h"

static_assert(sizeof(ob_fault_table) == sizeof(ob_fault_header) + 10 * sizeof(uint8_t *), "no padding");
static_assert(sizeof(ob_fault_header) == 56, "layout");
static_assert(sizeof(ob_fault_rule) == 10, "layout");
static_assert(sizeof(ob_fault_check) == 64, "layout");
static_assert(sizeof(ob_fault_fault) == 14, "layout");
static_assert(sizeof(ob_fault_tier) == 28, "layout");
static_assert(sizeof(ob_fault_mask) == 8, "layout");
static_assert(sizeof(ob_fault_mode) == 32, "layout");
static_assert(sizeof(ob_fault_edge) == 8, "layout");
static_assert(sizeof(ob_fault_command) == 4, "layout");
static_assert(OB_FAULT_FAULTS <= 64 && OB_FAULT_MODES <= 24 && OB_FAULT_TIERS <= 32, "bits");

#define CRC_BEGINS 16 /* the field after `crc` */

static int counts_fit(const ob_fault_header *h) {
  return h->channels <= OB_FAULT_CHANNELS && h->monitors <= OB_FAULT_MONITORS &&
         h->faults <= OB_FAULT_FAULTS && h->modes <= OB_FAULT_MODES && h->tiers <= OB_FAULT_ROWS &&
         h->masks <= OB_FAULT_ROWS && h->edges <= OB_FAULT_ROWS && h->entries <= OB_FAULT_ROWS &&
         h->commands <= OB_FAULT_ROWS && h->code <= OB_FAULT_ROWS;
}

static int header_is_sound(const ob_fault_header *h) {
  return h->initial_mode < h->modes && h->step_hz >= 1 && h->reset_count <= 100 &&
         h->reset_window_ns >= 0 && (h->zero[0] | h->zero[1] | h->zero[2]) == 0;
}

/* The sections one after the other; returns their end, as an offset. */
static uint32_t lay_out(ob_fault_table *t, const uint8_t *image) {
  const ob_fault_header *h = &t->header;
  const struct {
    const uint8_t **section;
    uint32_t bytes;
  } part[] = {
      {&t->rule, h->monitors * (uint32_t)sizeof(ob_fault_rule)},
      {&t->check, h->monitors * (uint32_t)sizeof(ob_fault_check)},
      {&t->fault, h->faults * (uint32_t)sizeof(ob_fault_fault)},
      {&t->tier, h->tiers * (uint32_t)sizeof(ob_fault_tier)},
      {&t->mask, h->masks * (uint32_t)sizeof(ob_fault_mask)},
      {&t->mode, h->modes * (uint32_t)sizeof(ob_fault_mode)},
      {&t->edge, h->edges * (uint32_t)sizeof(ob_fault_edge)},
      {&t->entry, h->entries * (uint32_t)sizeof(uint16_t)},
      {&t->command, h->commands * (uint32_t)sizeof(ob_fault_command)},
      {&t->code, h->code * (uint32_t)sizeof(uint32_t)},
  };
  uint32_t offset = sizeof(ob_fault_header);
  for (uint32_t i = 0; i < sizeof part / sizeof part[0]; i++) {
    *part[i].section = image + offset;
    offset += part[i].bytes;
  }
  return offset;
}

/* Whether one word can follow with `depth` values on the stack; the depth after it, or -1. */
static int32_t depth_after(const ob_fault_table *t, uint32_t word, int32_t depth, uint32_t monitors) {
  uint32_t operand = operand_of(word), of = operand & 0xfff, count = operand >> 12;
  switch (operation_of(word)) {
    case OB_FAULT_OP_CONSTANT:
      return operand < 4 ? depth + 1 : -1;
    case OB_FAULT_OP_MONITOR:
      return operand < monitors ? depth + 1 : -1;
    case OB_FAULT_OP_IN_MODE:
      return operand >> t->header.modes == 0 ? depth + 1 : -1;
    case OB_FAULT_OP_NOT:
      return depth >= 1 && operand == 0 ? depth : -1;
    case OB_FAULT_OP_VOTE:
      return of >= 1 && (int32_t)of <= depth && count <= of ? depth - (int32_t)of + 1 : -1;
    default:
      return -1;
  }
}

/* `monitors`: how many of them the expression may look at. */
static int code_is_sound(const ob_fault_table *t, ob_fault_code code, uint32_t monitors) {
  if ((uint32_t)code.first + code.count > t->header.code) {
    return 0;
  }
  int32_t depth = 0;
  for (uint32_t i = 0; i < code.count; i++) {
    depth = depth_after(t, code_word(t, code.first + i), depth, monitors);
    if (depth < 0 || depth > OB_FAULT_STACK) {
      return 0;
    }
  }
  return code.count == 0 || depth == 1;
}

static int every_code_is_sound(const ob_fault_table *t) {
  const ob_fault_header *h = &t->header;
  int sound = 1;
  for (uint32_t i = 0; i < h->monitors; i++) {
    sound = sound && code_is_sound(t, rule_row(t, i).valid_when, i);
  }
  for (uint32_t i = 0; i < h->faults; i++) {
    const ob_fault_fault row = fault_row(t, i);
    sound = sound && code_is_sound(t, row.when, h->monitors) &&
            code_is_sound(t, row.clear_when, h->monitors);
  }
  for (uint32_t i = 0; i < h->tiers; i++) {
    const ob_fault_tier row = tier_row(t, i);
    sound = sound && code_is_sound(t, row.allowed, h->monitors) &&
            code_is_sound(t, row.success, h->monitors);
  }
  for (uint32_t i = 0; i < h->modes; i++) {
    const ob_fault_mode row = mode_row(t, i);
    sound = sound && code_is_sound(t, row.exit_guard, h->monitors) &&
            code_is_sound(t, row.finished_when, h->monitors);
  }
  for (uint32_t i = 0; i < h->edges; i++) {
    sound = sound && code_is_sound(t, edge_row(t, i).when, h->monitors);
  }
  return sound;
}

static int counts_steps(uint16_t count) { return count >= 1 && count <= OB_FAULT_COUNT; }

static int monitor_is_sound(const ob_fault_table *t, uint32_t i) {
  const ob_fault_rule rule = rule_row(t, i);
  const ob_fault_check check = check_row(t, i);
  const double number[] = {check.enter_low, check.enter_high, check.exit_low,
                           check.exit_high, check.scale,      check.offset};
  for (uint32_t k = 0; k < sizeof number / sizeof number[0]; k++) {
    if (number[k] != number[k]) {
      return 0;
    }
  }
  return counts_steps(rule.persistence) && counts_steps(rule.clear) &&
         rule.when_stale <= OB_FAULT_AS_UNKNOWN && rule.when_error <= OB_FAULT_AS_UNKNOWN &&
         check.kind <= OB_FAULT_CHECK_CONSISTENCY && check.channel < t->header.channels &&
         (check.kind == OB_FAULT_CHECK_CONSISTENCY ? check.other < t->header.channels
                                             : check.other == check.channel) &&
         check.stale_ns >= 0 && check.zero == 0;
}

static int fault_is_sound(const ob_fault_table *t, uint32_t i) {
  const ob_fault_fault row = fault_row(t, i);
  return row.tiers >= 1 && row.tiers <= OB_FAULT_TIERS &&
         (uint32_t)row.first_tier + row.tiers <= t->header.tiers && row.latch <= 1 &&
         row.survives_reset <= 1 && row.zero == 0;
}

static int tier_is_sound(const ob_fault_table *t, uint32_t i) {
  const ob_fault_tier row = tier_row(t, i);
  return row.timeout >= 1 && row.tries >= 1 && row.command < t->header.commands &&
         (uint32_t)row.first_mask + row.masks <= t->header.masks && row.zero == 0;
}

static int mask_is_sound(const ob_fault_table *t, uint32_t i) {
  const ob_fault_mask row = mask_row(t, i);
  return row.steps >= 1 && row.monitor < t->header.monitors;
}

static int mode_is_sound(const ob_fault_table *t, uint32_t i) {
  const ob_fault_mode row = mode_row(t, i);
  return row.fallback < t->header.modes && row.after_reset < t->header.modes &&
         row.kind <= OB_FAULT_KIND_TERMINAL && row.finishes <= 1 && row.entries <= OB_FAULT_ENTRIES &&
         (uint32_t)row.first_edge + row.edges <= t->header.edges &&
         (uint32_t)row.first_entry + row.entries <= t->header.entries;
}

static int edge_is_sound(const ob_fault_table *t, uint32_t i) {
  const ob_fault_edge row = edge_row(t, i);
  return row.target < t->header.modes && row.by_command <= 1;
}

static int entry_is_sound(const ob_fault_table *t, uint32_t i) {
  return entry_row(t, i) < t->header.commands;
}

static int command_is_sound(const ob_fault_table *t, uint32_t i) {
  const ob_fault_command row = command_row(t, i);
  return row.request >= OB_FAULT_REQUEST_SAFE && row.request < (int32_t)t->header.modes &&
         row.zero == 0;
}

static int every_row_is_sound(const ob_fault_table *t) {
  const ob_fault_header *h = &t->header;
  const struct {
    int (*is_sound)(const ob_fault_table *, uint32_t);
    uint32_t count;
  } part[] = {
      {monitor_is_sound, h->monitors}, {fault_is_sound, h->faults},   {tier_is_sound, h->tiers},
      {mask_is_sound, h->masks},       {mode_is_sound, h->modes},     {edge_is_sound, h->edges},
      {entry_is_sound, h->entries},    {command_is_sound, h->commands},
  };
  for (uint32_t k = 0; k < sizeof part / sizeof part[0]; k++) {
    for (uint32_t i = 0; i < part[k].count; i++) {
      if (!part[k].is_sound(t, i)) {
        return 0;
      }
    }
  }
  return 1;
}

ob_fault_table_error ob_fault_table_check(ob_fault_table *table, const uint8_t *image, uint32_t size) {
  ob_fault_table t;
  if (size < sizeof t.header) {
    return OB_FAULT_TABLE_SIZE;
  }
  memcpy(&t.header, image, sizeof t.header);
  if (t.header.magic != OB_FAULT_MAGIC || t.header.version != OB_FAULT_VERSION) {
    return OB_FAULT_TABLE_HEADER;
  }
  if (t.header.size != size || !counts_fit(&t.header) || lay_out(&t, image) != size) {
    return OB_FAULT_TABLE_SIZE;
  }
  if (ob_crc32(0, image + CRC_BEGINS, size - CRC_BEGINS) != t.header.crc) {
    return OB_FAULT_TABLE_CRC;
  }
  if (!header_is_sound(&t.header) || !every_row_is_sound(&t)) {
    return OB_FAULT_TABLE_ROW;
  }
  if (!every_code_is_sound(&t)) {
    return OB_FAULT_TABLE_CODE;
  }
  *table = t;
  return OB_FAULT_TABLE_OK;
}
