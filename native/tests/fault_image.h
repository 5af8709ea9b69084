/* Random images of fault protection tables, sound but otherwise without sense. */
#ifndef ONBOARD_TESTS_FAULT_IMAGE_H
#define ONBOARD_TESTS_FAULT_IMAGE_H

#include "arguments.h"
#include "onboard/crc32.h"
#include "onboard/fault_table.h"

#define FAULT_IMAGE_BYTES 16384
#define FAULT_IMAGE_ROWS 32
#define FAULT_IMAGE_WORDS 1024
#define FAULT_IMAGE_CHANNELS 3

typedef struct {
  uint64_t *stream;
  ob_fault_header header;
  uint32_t word[FAULT_IMAGE_WORDS];
} fault_maker;

static inline uint32_t fault_pick(fault_maker *maker, uint32_t count) {
  return (uint32_t)(argument_bits(maker->stream) % count);
}

static inline void fault_word(fault_maker *maker, ob_fault_operation operation, uint32_t operand) {
  maker->word[maker->header.code++] = (uint32_t)operation << 24 | operand;
}

static inline void fault_leaf(fault_maker *maker, uint32_t monitors) {
  if (monitors > 0 && fault_pick(maker, 4) > 0) {
    fault_word(maker, OB_FAULT_OP_MONITOR, fault_pick(maker, monitors));
  } else {
    fault_word(maker, OB_FAULT_OP_IN_MODE, fault_pick(maker, 1u << maker->header.modes));
  }
  if (fault_pick(maker, 4) == 0) {
    fault_word(maker, OB_FAULT_OP_NOT, 0);
  }
}

/* At least so many of one to three monitors and modes. */
static inline ob_fault_code fault_code(fault_maker *maker, uint32_t monitors) {
  ob_fault_code code = {maker->header.code, 0};
  uint32_t leaves = 1 + fault_pick(maker, 3);
  for (uint32_t i = 0; i < leaves; i++) {
    fault_leaf(maker, monitors);
  }
  fault_word(maker, OB_FAULT_OP_VOTE, (1 + fault_pick(maker, leaves)) << 12 | leaves);
  code.count = (uint16_t)(maker->header.code - code.first);
  return code;
}

static inline ob_fault_rule fault_rule(fault_maker *maker, uint32_t i) {
  ob_fault_rule rule = {.persistence = (uint16_t)(1 + fault_pick(maker, 4)),
                        .clear = (uint16_t)(1 + fault_pick(maker, 4)),
                        .when_stale = (uint8_t)fault_pick(maker, 4),
                        .when_error = (uint8_t)fault_pick(maker, 4)};
  if (fault_pick(maker, 2)) {
    rule.valid_when = fault_code(maker, i);
  }
  return rule;
}

static inline ob_fault_check fault_check(fault_maker *maker) {
  uint16_t channel = (uint16_t)fault_pick(maker, FAULT_IMAGE_CHANNELS);
  ob_fault_check check = {.stale_ns = 200000000,
                          .enter_low = -2.0,
                          .enter_high = 2.0,
                          .exit_low = -1.0,
                          .exit_high = 1.0,
                          .scale = 0.5,
                          .kind = (uint16_t)fault_pick(maker, OB_FAULT_CHECK_CONSISTENCY + 1),
                          .channel = channel,
                          .other = channel};
  if (check.kind == OB_FAULT_CHECK_STALE || check.kind == OB_FAULT_CHECK_GAP) {
    check.enter_high = 3e8;
    check.exit_high = 2e8;
  }
  if (check.kind == OB_FAULT_CHECK_CONSISTENCY) {
    check.other = (uint16_t)fault_pick(maker, FAULT_IMAGE_CHANNELS);
  }
  return check;
}

static inline ob_fault_tier fault_tier(fault_maker *maker) {
  uint16_t mask = (uint16_t)fault_pick(maker, maker->header.masks);
  return (ob_fault_tier){.allowed = fault_code(maker, maker->header.monitors),
                         .success = fault_code(maker, maker->header.monitors),
                         .timeout = 1 + fault_pick(maker, 5),
                         .claims = fault_pick(maker, 8),
                         .keeps = fault_pick(maker, 4) ? 0 : fault_pick(maker, 8),
                         .command = (uint16_t)fault_pick(maker, maker->header.commands),
                         .first_mask = mask,
                         .masks = (uint8_t)fault_pick(maker, maker->header.masks - mask + 1u),
                         .tries = (uint8_t)(1 + fault_pick(maker, 3))};
}

static inline ob_fault_mode fault_mode(fault_maker *maker, uint32_t i) {
  uint32_t modes = maker->header.modes;
  return (ob_fault_mode){.led_by = fault_pick(maker, 1u << maker->header.faults),
                         .exit_guard = fault_code(maker, maker->header.monitors),
                         .finished_when = fault_code(maker, maker->header.monitors),
                         .first_edge = (uint16_t)(2 * i),
                         .first_entry = (uint16_t)i,
                         .edges = 2,
                         .entries = 1,
                         .fallback = (uint8_t)fault_pick(maker, modes),
                         .after_reset = (uint8_t)fault_pick(maker, modes),
                         .kind = (uint8_t)fault_pick(maker, 4),
                         .finishes = (uint8_t)fault_pick(maker, 2)};
}

static inline uint32_t fault_put(uint8_t *image, uint32_t at, const void *rows, uint64_t bytes) {
  memcpy(image + at, rows, bytes);
  return at + (uint32_t)bytes;
}

/* Put the CRC of the rest where it belongs. */
static inline void fault_seal(uint8_t *image, uint32_t size) {
  uint32_t crc = ob_crc32(0, image + 16, size - 16);
  memcpy(image + 12, &crc, sizeof crc);
}

/* An image of 2 to 11 monitors, 1 to 6 faults of 3 tiers and 2 to 6 modes; returns its size. */
static inline uint32_t fault_image(uint64_t *stream, uint8_t image[FAULT_IMAGE_BYTES]) {
  fault_maker maker = {.stream = stream};
  ob_fault_header *h = &maker.header;
  ob_fault_rule rule[FAULT_IMAGE_ROWS];
  ob_fault_check check[FAULT_IMAGE_ROWS];
  ob_fault_fault fault[FAULT_IMAGE_ROWS];
  ob_fault_tier tier[FAULT_IMAGE_ROWS];
  ob_fault_mask mask[FAULT_IMAGE_ROWS];
  ob_fault_mode mode[FAULT_IMAGE_ROWS];
  ob_fault_edge edge[FAULT_IMAGE_ROWS];
  uint16_t entry[FAULT_IMAGE_ROWS];
  ob_fault_command command[FAULT_IMAGE_ROWS];
  h->magic = OB_FAULT_MAGIC;
  h->version = OB_FAULT_VERSION;
  h->step_hz = 10;
  h->reset_count = 2;
  h->channels = FAULT_IMAGE_CHANNELS;
  h->monitors = (uint16_t)(2 + fault_pick(&maker, 10));
  h->faults = (uint16_t)(1 + fault_pick(&maker, 6));
  h->modes = (uint16_t)(2 + fault_pick(&maker, 5));
  h->tiers = (uint16_t)(3 * h->faults);
  h->masks = 4;
  h->edges = (uint16_t)(2 * h->modes);
  h->entries = h->modes;
  h->commands = 6;
  for (uint32_t i = 0; i < h->monitors; i++) {
    rule[i] = fault_rule(&maker, i);
    check[i] = fault_check(&maker);
  }
  for (uint32_t i = 0; i < h->faults; i++) {
    fault[i] = (ob_fault_fault){.when = fault_code(&maker, h->monitors),
                                .clear_when = fault_code(&maker, h->monitors),
                                .first_tier = (uint16_t)(3 * i),
                                .tiers = 3,
                                .latch = (uint8_t)fault_pick(&maker, 2),
                                .survives_reset = (uint8_t)fault_pick(&maker, 2)};
  }
  for (uint32_t i = 0; i < h->tiers; i++) {
    tier[i] = fault_tier(&maker);
  }
  for (uint32_t i = 0; i < h->masks; i++) {
    mask[i] = (ob_fault_mask){1 + fault_pick(&maker, 4), fault_pick(&maker, h->monitors)};
  }
  for (uint32_t i = 0; i < h->modes; i++) {
    mode[i] = fault_mode(&maker, i);
    entry[i] = (uint16_t)fault_pick(&maker, h->commands);
  }
  for (uint32_t i = 0; i < h->edges; i++) {
    edge[i] = (ob_fault_edge){.when = fault_code(&maker, h->monitors),
                              .target = (uint16_t)fault_pick(&maker, h->modes),
                              .by_command = (uint16_t)fault_pick(&maker, 2)};
  }
  for (uint32_t i = 0; i < h->commands; i++) {
    command[i] = (ob_fault_command){.request = (int16_t)((int32_t)fault_pick(&maker, 4) - 2)};
    command[i].request = command[i].request < (int32_t)h->modes ? command[i].request : 0;
  }
  uint32_t at = sizeof *h;
  at = fault_put(image, at, rule, h->monitors * sizeof rule[0]);
  at = fault_put(image, at, check, h->monitors * sizeof check[0]);
  at = fault_put(image, at, fault, h->faults * sizeof fault[0]);
  at = fault_put(image, at, tier, h->tiers * sizeof tier[0]);
  at = fault_put(image, at, mask, h->masks * sizeof mask[0]);
  at = fault_put(image, at, mode, h->modes * sizeof mode[0]);
  at = fault_put(image, at, edge, h->edges * sizeof edge[0]);
  at = fault_put(image, at, entry, h->entries * sizeof entry[0]);
  at = fault_put(image, at, command, h->commands * sizeof command[0]);
  at = fault_put(image, at, maker.word, h->code * sizeof maker.word[0]);
  h->size = at;
  fault_put(image, 0, h, sizeof *h);
  fault_seal(image, at);
  return at;
}

#endif
