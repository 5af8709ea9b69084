#include <stddef.h>
#include <string.h>

#include "exercise.h"
#include "onboard/hash.h"
#include "vision/tracker.h"

enum { WIDTH = 120, HEIGHT = 90, LEVELS = 4, COUNT = 150, STORAGE = 2 * (WIDTH + 70) * (HEIGHT + 70) };

/* Blobs on a lattice, moved by (x, y) / 16 pixels, with noise: all in integers. */
static void draw(uint8_t *pixels, int64_t x, int64_t y, uint64_t *state) {
  for (int64_t i = 0; i < WIDTH * HEIGHT; i++) {
    const int64_t u = (16 * (i % WIDTH) - x + 4096) % 192 - 96, v = (16 * (i / WIDTH) - y + 4096) % 256 - 128;
    const int64_t blob = 9000 - u * u - (v * v) / 2, light = blob > 0 ? blob / 48 : 0;
    pixels[i] = (uint8_t)(light + (int64_t)(vision_next(state) % 8));
  }
}

static uint64_t hash_of(uint64_t hash, const ob_track *tracks) {
  for (int32_t i = 0; i < COUNT; i++) {
    hash = ob_hash_bytes(hash, (const uint8_t *)&tracks[i].x, 6 * sizeof(double));
    hash = ob_hash_bytes(hash, (const uint8_t *)&tracks[i].status, 2 * sizeof(int32_t));
  }
  return hash;
}

/* Points anywhere, some outside of the image or not a number; each size of window. The storage has not an
 * octet more than it needs, for the sanitizer to see. */
uint64_t exercise_tracker(int64_t simd) {
  static uint8_t images[2][WIDTH * HEIGHT], storage[2][STORAGE];
  static double points[2 * COUNT], guesses[2 * COUNT];
  static ob_track tracks[COUNT];
  uint64_t state = 5, hash = OB_HASH_SEED;
  ob_pyramid pyramids[2];
  if (ob_pyramid_storage(WIDTH, HEIGHT, LEVELS) > STORAGE) {
    return 0;
  }
  for (int64_t i = 0; i < 2; i++) {
    draw(images[i], 37 * i, -21 * i, &state);
    const ob_image image = {images[i], WIDTH, HEIGHT, WIDTH};
    uint8_t *const end = storage[i] + STORAGE;
    ob_pyramid_build(&image, LEVELS, &pyramids[i], end - ob_pyramid_storage(WIDTH, HEIGHT, LEVELS), simd);
  }
  for (int64_t i = 0; i < 2 * COUNT; i++) {
    points[i] = (double)(vision_next(&state) % (16 * (WIDTH + 4))) / 16.0 - 2.0;
    guesses[i] = points[i] + (double)(vision_next(&state) % 1024) / 64.0 - 8.0;
  }
  memcpy(&points[0], &(uint64_t){UINT64_C(0x7ff8000000000000)}, 8); /* not a number */
  guesses[3] = 1e300;
  for (int64_t side = 3; side <= OB_TRACK_SIDE_MAX; side += 2) {
    const ob_track_settings settings = {side, 12, 0.01, 0.1, 20.0, side % 4 == 1 ? 0.5 : 0.0};
    ob_track_points(&pyramids[0], &pyramids[1], points, side % 3 ? NULL : guesses, COUNT, &settings, tracks, simd);
    hash = hash_of(hash, tracks);
  }
  return hash;
}
