/* Images with wrong bits: whatever is accepted can be stepped; sound ones are accepted and stay sound. */
#include "arguments.h"
#include "fault_image.h"
#include "onboard/crc32.h"
#include "onboard/fault.h"

#include <assert.h>
#include <stdlib.h>

/* The image alone in memory of its own size, so that a sanitizer sees any read beyond it. */
static void step_through(const uint8_t *bytes, uint32_t size, uint64_t *stream, int must_be_sound) {
  static ob_fault_state state;
  static ob_fault_memory memory;
  static ob_fault_actions actions;
  ob_fault_table table;
  uint8_t readings[OB_FAULT_MONITORS];
  double values[OB_FAULT_CHANNELS];
  int64_t ages_ns[OB_FAULT_CHANNELS];
  uint8_t *image = malloc(size > 0 ? size : 1);
  assert(image);
  memcpy(image, bytes, size);
  ob_fault_table_error error = ob_fault_table_check(&table, image, size);
  assert(!must_be_sound || error == OB_FAULT_TABLE_OK);
  if (error == OB_FAULT_TABLE_OK) {
    ob_fault_init(&table, &state, table.header.initial_mode);
    ob_fault_memory_init(&memory);
    for (int step = 0; step < 20; step++) {
      for (uint32_t i = 0; i < OB_FAULT_CHANNELS; i++) {
        values[i] = i % 2 ? argument_any(stream) : argument_between(stream, -3.0, 3.0);
        ages_ns[i] = (int64_t)(argument_bits(stream) >> (1 + argument_bits(stream) % 40));
      }
      ob_fault_read(&table, &memory, step * INT64_C(100000000), values, ages_ns, readings);
      for (uint32_t i = 0; i < table.header.monitors && step % 2; i++) {
        readings[i] = (uint8_t)(argument_bits(stream) % 6);
      }
      int32_t request = (int32_t)(argument_bits(stream) % (table.header.modes + 2u)) - 2;
      ob_fault_step(&table, &state, readings, request, argument_bits(stream), &actions);
      assert(ob_fault_state_is_sound(&table, &state));
      if (step % 7 == 6) {
        ob_fault_reset(&table, &state, step % 2, &actions);
        assert(ob_fault_state_is_sound(&table, &state));
      }
    }
  }
  free(image);
}

static void flip(uint8_t *image, uint32_t size, uint64_t *stream) {
  uint64_t count = 1 + argument_bits(stream) % 3;
  for (uint64_t i = 0; i < count; i++) {
    image[argument_bits(stream) % size] = (uint8_t)argument_bits(stream);
  }
}

int main(void) {
  static uint8_t image[FAULT_IMAGE_BYTES], broken[FAULT_IMAGE_BYTES];
  uint64_t stream = 9;
  assert(ob_crc32(0, (const uint8_t *)"123456789", 9) == UINT32_C(0xcbf43926)); /* its check value */
  for (int i = 0; i < 300; i++) {
    uint32_t size = fault_image(&stream, image);
    step_through(image, size, &stream, 1);
    for (int k = 0; k < 60; k++) {
      memcpy(broken, image, size);
      flip(broken, size, &stream);
      if (k % 10) {
        fault_seal(broken, size);
      }
      step_through(broken, size, &stream, 0);
    }
    step_through(image, (uint32_t)(argument_bits(&stream) % size), &stream, 0);
  }
  return 0;
}
