#include <string.h>

#include "exercise.h"
#include "onboard/hash.h"
#include "vision/terrain_match.h"

enum { GRID = 160, SIDE = 100, OCTETS = 700000 };

static float heights[GRID * GRID], levels[2 * GRID * GRID];
static uint8_t grey[GRID * GRID], seen[SIDE * SIDE], workspace[OCTETS];

/* Noise in blocks of several sizes, 1 m between samples. */
static void raise_ground(uint64_t *state) {
  memset(heights, 0, sizeof heights);
  for (int32_t block = 2; block <= 32; block *= 2) {
    float rise[GRID / 2 + 1];
    for (int32_t i = 0; i < GRID * GRID; i++) {
      if (i % (block * GRID) == 0) {
        for (int32_t k = 0; k <= GRID / 2; k++) {
          rise[k] = (float)(vision_next(state) % 1000) * 2e-4f * (float)block;
        }
      }
      heights[i] += rise[i % GRID / block];
    }
  }
}

/* From straight above: rows and columns of the ground, 7 and 4 from where they are looked for. */
static void photograph(void) {
  for (int32_t i = 0; i < SIDE * SIDE; i++) {
    const int32_t x = 30 + i % SIDE + 4, y = GRID - 1 - (30 + i / SIDE) + 7;
    seen[i] = (uint8_t)(grey[y * GRID + x] * 3 / 4);
  }
}

uint64_t exercise_terrain_match(int64_t simd) {
  static ob_terrain_patch patches[OB_TERRAIN_PATCHES_MAX];
  uint64_t state = 11, hash = OB_HASH_SEED;
  raise_ground(&state);
  const ob_relief ground = {.spacing_m = 1.0, .columns = GRID, .rows = GRID, .height_m = heights};
  const ob_image image = {seen, SIDE, SIDE, SIDE};
  const ob_terrain_settings settings = {.correlation_min = 0.3, .contrast_min = 2.0,
                                        .log10_chance_max = -5.0, .patches_max = 40, .simd = simd};
  if (ob_terrain_workspace_octets(SIDE, SIDE, GRID, GRID) > OCTETS) {
    return 0;
  }
  for (int32_t turn = 0; turn < 4; turn++) {
    ob_relief_light light = {.to_sun = {turn & 1 ? 0.8 : -0.48, turn & 2 ? 0.0 : 0.64, 0.6},
                             .to_viewer = {0.0, 0.0, 1.0}, .lommel_seeliger = 0.5, .mean_level = 90.0};
    light.to_sun[0] = turn & 2 ? 0.8 : light.to_sun[0] > 0.0 ? 0.48 : -0.48;
    ob_terrain_prior prior = {.focal_px = 2000.0, .center_px = {49.5, 49.5},
                              .q_camera_from_world = {0.0, 1.0, 0.0, 0.0},
                              .position_m = {79.5, 79.5, 2003.0}, .attitude_sigma_rad = 1e-3,
                              .position_sigma_m = 5.0 + turn};
    ob_terrain_fix fix = {.log10_chance = 0.0};
    hash = ob_hash_u64(hash, (uint64_t)ob_relief_shade(&ground, 0, &light, grey, levels));
    photograph();
    hash = ob_hash_u64(hash, (uint64_t)ob_terrain_match(&image, &ground, grey, &prior, &settings, &fix,
                                                        patches, workspace));
    hash = ob_hash_bytes(hash, grey, sizeof grey);
    hash = ob_hash_bytes(hash, (const uint8_t *)&fix, sizeof fix);
    hash = ob_hash_bytes(hash, (const uint8_t *)patches, (int64_t)sizeof *patches * fix.patches);
  }
  return hash;
}
