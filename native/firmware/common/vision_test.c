/* Runs every exercise of the vision library and prints its hash, a line per routine, then "end". Then
 * what the routines cost for the image of 512 x 512 octets that lies at the start of the memory for maps,
 * where they have their workspace, too: a line "NAME CYCLES FOUND" each (hexadecimal), and "end". */
#include "../tests/vision/exercise.h"
#include "board.h"
#include "clock.h"
#include "cortex_m.h"
#include "uart.h"
#include "vision/corners.h"
#include "vision/crater_finder.h"
#include "vision/descriptors.h"
#include "vision/hamming.h"
#include "vision/simd.h"

enum { SIDE = 512, CELL = 16, MOST = 8192, FINDER_OCTETS = 8000000, WORDS = 400000 };

static const ob_image FRAME = {(const uint8_t *)BOARD_MAPS_BASE, SIDE, SIDE, SIDE};

/* What one routine leaves is the input of the next. */
static ob_corner corners[MOST];
static ob_description descriptions[MOST];
static int64_t counted; /* corners, descriptions */
typedef union {
  ob_corner corner[2 * SIDE];
  uint16_t level[SIDE * SIDE + SIDE];
  int64_t finder[FINDER_OCTETS / 8];
  struct {
    int64_t work[WORDS];
    uint8_t bits[MOST][OB_DESCRIPTOR_OCTETS];
    ob_hamming_match match[MOST];
  } hamming;
} scratch_memory;

static scratch_memory *const scratch = (scratch_memory *)(BOARD_MAPS_BASE + SIDE * SIDE);

static int64_t find_corners(void) {
  static int64_t cells[(SIDE / CELL) * (SIDE / CELL)];
  ob_corners_spread(&FRAME, 10, CELL, 4, corners, cells, &counted, scratch->corner, OB_SIMD_SCALAR);
  return counted;
}

static int64_t describe(void) {
  int64_t described = 0;
  ob_describe(&FRAME, corners, counted, descriptions, &described, scratch->level, OB_SIMD_SCALAR);
  return counted = described;
}

/* A frame's descriptors with themselves. */
static int64_t match(void) {
  for (int64_t i = 0; i < counted; i++) {
    __builtin_memcpy(scratch->hamming.bits[i], descriptions[i].bits, OB_DESCRIPTOR_OCTETS);
  }
  const uint8_t *bits = scratch->hamming.bits[0];
  if (ob_hamming_workspace(counted) > WORDS) {
    return -1;
  }
  ob_hamming_match_all(bits, counted, bits, counted, scratch->hamming.match, scratch->hamming.work, OB_SIMD_SCALAR);
  return counted;
}

static int64_t find_craters(void) {
  static ob_found_crater craters[512];
  const ob_crater_finder_settings settings = {
      .sun_image = {-1.0, 0.0}, .ground_to_image = {1.0, 0.0, 0.0, 1.0}, .radius_min_px = 5.0,
      .radius_max_px = 80.0, .correlation_min = 0.6, .simd = OB_SIMD_SCALAR};
  int64_t found = -1;
  _Static_assert(SIDE * SIDE + sizeof *scratch <= BOARD_MAPS_SIZE, "workspace");
  if (ob_crater_finder_workspace_octets(SIDE, SIDE) <= FINDER_OCTETS) {
    ob_crater_find(&FRAME, &settings, scratch->finder, craters, 512, &found);
  }
  return found;
}

static void print(const char *name, uint64_t value) {
  uart_text(name);
  uart_text(" ");
  uart_hex(value);
}

static void cost(const char *name, int64_t (*run)(void)) {
  const uint32_t before = systick_cycles();
  const int64_t found = run();
  print(name, systick_cycles() - before);
  print("", (uint64_t)found);
  uart_text("\n");
}

int main(void) {
  for (int32_t i = 0; i < VISION_EXERCISE_COUNT; i++) {
    print(VISION_EXERCISES[i].name, VISION_EXERCISES[i].run(OB_SIMD_SCALAR));
    uart_text("\n");
  }
  uart_text("end\n");
  systick_start(clock_hz());
  cost("corners", find_corners);
  cost("descriptors", describe);
  cost("hamming", match);
  cost("crater_finder", find_craters);
  uart_text("end\n");
  return 0;
}
