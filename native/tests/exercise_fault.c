#include "arguments.h"
#include "exercise.h"
#include "fault_image.h"
#include "onboard/fault.h"
#include "onboard/fault_walk.h"
#include "onboard/hash.h"

static uint64_t hash_actions(const ob_fault_actions *actions, uint64_t hash) {
  for (int32_t i = 0; i < actions->count; i++) {
    const ob_fault_action *a = &actions->action[i];
    hash = ob_hash_u64(hash, (uint64_t)a->command << 48 | (uint64_t)a->kind << 40 |
                                 (uint64_t)a->fault << 32 | (uint64_t)a->tier << 24 |
                                 (uint64_t)a->attempt << 16 | (uint64_t)a->before << 8 | a->mode);
  }
  return hash;
}

static int64_t look(uint64_t *stream, double values[FAULT_IMAGE_CHANNELS],
                    int64_t ages_ns[FAULT_IMAGE_CHANNELS]) {
  for (int i = 0; i < FAULT_IMAGE_CHANNELS; i++) {
    values[i] = argument_between(stream, -3.0, 3.0);
    ages_ns[i] = (int64_t)(argument_bits(stream) % 250) * 1000000;
  }
  return (int64_t)(argument_bits(stream) % 3) * 50000000;
}

/* A table from channels to actions, now and then with a request, a clear or a reset. */
static uint64_t run(const ob_fault_table *table, uint64_t *stream, uint64_t hash) {
  static ob_fault_state state;
  static ob_fault_memory memory;
  static ob_fault_actions actions;
  double values[FAULT_IMAGE_CHANNELS];
  int64_t ages_ns[FAULT_IMAGE_CHANNELS], now_ns = 0;
  uint8_t readings[OB_FAULT_MONITORS];
  ob_fault_init(table, &state, table->header.initial_mode);
  ob_fault_memory_init(&memory);
  for (int step = 0; step < 150; step++) {
    now_ns += look(stream, values, ages_ns);
    ob_fault_read(table, &memory, now_ns, values, ages_ns, readings);
    uint64_t chance = argument_bits(stream) % 32;
    int32_t request = chance < 3 ? (int32_t)(chance % table->header.modes) : OB_FAULT_NO_REQUEST;
    request = chance == 3 ? OB_FAULT_REQUEST_SAFE : request;
    ob_fault_step(table, &state, readings, request, chance == 4 ? ~UINT64_C(0) : 0, &actions);
    hash = hash_actions(&actions, hash);
    if (chance == 5) {
      ob_fault_reset(table, &state, step % 2, &actions);
      hash = hash_actions(&actions, hash);
    }
    hash = ob_fault_hash(table, &state, hash);
  }
  return ob_fault_memory_hash(table, &memory, hash);
}

uint64_t exercise_fault(void) {
  static uint8_t image[FAULT_IMAGE_BYTES];
  uint64_t stream = 70, hash = OB_HASH_SEED;
  for (int i = 0; i < 40; i++) {
    ob_fault_table table;
    uint32_t size = fault_image(&stream, image);
    if (ob_fault_table_check(&table, image, size) == OB_FAULT_TABLE_OK) {
      hash = run(&table, &stream, hash);
    }
  }
  return hash;
}

/* What images are refused for, one bit wrong at a time. */
uint64_t exercise_fault_table(void) {
  static uint8_t image[FAULT_IMAGE_BYTES];
  uint64_t stream = 71, hash = OB_HASH_SEED;
  uint32_t size = fault_image(&stream, image);
  for (int i = 0; i < 300; i++) {
    ob_fault_table table;
    uint64_t bit = argument_bits(&stream) % (8 * size);
    image[bit / 8] ^= (uint8_t)(1 << bit % 8);
    if (i % 2) {
      fault_seal(image, size);
    }
    hash = ob_hash_u64(hash, (uint64_t)ob_fault_table_check(&table, image, size));
    image[bit / 8] ^= (uint8_t)(1 << bit % 8);
    fault_seal(image, size);
  }
  return hash;
}

#define NODES 400
#define SLOTS 1024
#define COMBINATIONS 3
#define NODE_BYTES 512

static uint64_t hash_walk(const ob_fault_walk *walk, uint64_t hash) {
  const uint64_t figures[] = {walk->nodes, walk->depth, walk->transitions, walk->violations};
  for (int i = 0; i < 4; i++) {
    hash = ob_hash_u64(hash, figures[i]);
  }
  for (uint32_t i = 0; i < walk->violations; i++) {
    const ob_fault_violation *found = &walk->violation[i];
    hash = ob_hash_u64(hash, (uint64_t)found->rule << 32 | found->node);
    hash = ob_hash_u64(hash, (uint64_t)found->a << 32 | found->b);
  }
  return hash;
}

/* The walk of random tables in little memory; some do not fit, and have then filled it. */
uint64_t exercise_fault_walk(void) {
  static uint8_t image[FAULT_IMAGE_BYTES], packed[NODES * NODE_BYTES], done[NODES];
  static uint8_t readings[FAULT_IMAGE_ROWS * COMBINATIONS * OB_FAULT_MONITORS];
  static uint32_t slot[SLOTS], constant[NODES * COMBINATIONS];
  static ob_fault_link link[NODES];
  static ob_fault_walk walk;
  static const uint64_t raised[FAULT_IMAGE_ROWS * COMBINATIONS] = {1, 2, 3}, group[1] = {3};
  static const uint64_t marks[6] = {1, 2};
  static const uint8_t driven[FAULT_IMAGE_ROWS] = {1}, ending[6] = {0, 1}, apart[36] = {0, 1};
  uint64_t stream = 72, hash = OB_HASH_SEED;
  for (int i = 0; i < 12; i++) {
    ob_fault_table table;
    ob_fault_held held;
    uint32_t size = fault_image(&stream, image);
    for (uint32_t k = 0; k < sizeof readings; k++) {
      readings[k] = (uint8_t)(argument_bits(&stream) % 6);
    }
    const ob_fault_environment environment = {COMBINATIONS, readings, raised, driven, ending,
                                              marks, group, 1, apart, (uint32_t)i % 2};
    if (ob_fault_table_check(&table, image, size) != OB_FAULT_TABLE_OK ||
        ob_fault_walk_bytes(&table) > NODE_BYTES) {
      return 0;
    }
    walk = (ob_fault_walk){.capacity = NODES, .slots = SLOTS, .slot = slot, .packed = packed,
                           .link = link, .constant = constant, .done = done};
    hash = ob_hash_u64(hash, (uint64_t)ob_fault_walk_run(&table, &environment, &walk));
    hash = hash_walk(&walk, hash);
    hash = ob_hash_u64(hash, ob_fault_walk_mode(&table, &walk, walk.nodes - 1));
    const ob_fault_course course = {.combination = 1, .first = 2, .delay = (uint32_t)i % 3};
    ob_fault_hold(&table, &environment, &course, &held);
    hash = ob_hash_bytes(hash, (const uint8_t *)&held, sizeof held);
  }
  return hash;
}
