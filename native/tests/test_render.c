/* Pictures under the sanitizers: every view ends, stays in its memory and never reads what it did not
 * write (garbage in the memory before does not change the picture). */
#undef NDEBUG
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "onboard/frame.h"
#include "onboard/quaternion.h"
#include "onboard/vector.h"
#include "plant/render.h"

#define SIZE 64

static pl_terrain terrain;
static pl_relief relief;
static int16_t flat[8 * 16];
static int32_t start[PL_CATALOGUE_STARTS], list[1];

static const ob_camera CAMERA = {.focal_px = 69.0,
                                 .center_column_px = 31.5,
                                 .center_row_px = 31.5,
                                 .width = SIZE,
                                 .height = SIZE,
                                 .q_body_from_camera = {1, 0, 0, 0}};
static const pl_sensor SENSOR = {1e-3, 1.1e9, 2e4, 15.0, 0.1};

/* Camera over (1, 0, 0), boresight `off` rad from straight down. */
static pl_view view_of(double altitude_m, double off, double sun_elevation) {
  pl_view v = {.sun_mcmf = {sin(sun_elevation), cos(sun_elevation), 0.0}};
  ob_v3_set(v.position_mcmf_m, OB_MOON_RADIUS_M + altitude_m, 0.0, 0.0);
  const double x[3] = {0, 1, 0}, z[3] = {-cos(off), 0, sin(off)};
  double y[3];
  ob_v3_cross(y, z, x);
  const double C[9] = {x[0], y[0], z[0], x[1], y[1], z[1], x[2], y[2], z[2]};
  ob_q_from_matrix(v.q_mcmf_from_camera, C);
  return v;
}

static int draw(const pl_view *v, int64_t capacity, int filling, uint8_t *image) {
  float *memory = malloc((size_t)capacity * sizeof *memory);
  memset(memory, filling, (size_t)capacity * sizeof *memory);
  const int drawn = pl_render(&relief, &terrain, &CAMERA, v, &SENSOR, 3, memory, capacity, image);
  free(memory);
  return drawn;
}

int main(void) {
  static uint8_t first[SIZE * SIZE], second[SIZE * SIZE];
  pl_catalogue_index(0, 0, start, list, 0);
  pl_terrain_init(&terrain, 5, flat, 8, 16, 0.5, 0, 0, start, list);
  const int64_t capacity = pl_render_memory(&CAMERA);
  const double altitudes[] = {2.0, 100.0, 3e3, 15e3, 2e5};
  const double offs[] = {0.0, 0.5, 1.05, 1.4, 1.57};
  const double suns[] = {0.2, 1.2, -0.05};
  for (int a = 0; a < 5; a++) {
    for (int o = 0; o < 5; o++) {
      const pl_view v = view_of(altitudes[a] + pl_terrain_height_m(&terrain, (double[3]){1, 0, 0}, 0.0),
                                offs[o], suns[(a + o) % 3]);
      const int drawn = draw(&v, capacity, 0, first);
      assert(draw(&v, capacity, 0xff, second) == drawn); /* all ones is a NaN */
      assert(memcmp(first, second, sizeof first) == 0);
      if (o < 3) assert(drawn);
    }
  }
  /* Little memory gives a coarser picture, hardly any none. */
  const pl_view v = view_of(3e3, 0.4, 0.2);
  assert(draw(&v, capacity / 16, 0, first) == 1);
  assert(draw(&v, 5000, 0, first) == 0 && first[0] == 0);
  /* Below the ground, and looking at the sky. */
  const pl_view below = view_of(-1e3, 0.0, 0.2), sky = view_of(3e3, 3.0, 0.2);
  assert(draw(&below, capacity, 0, first) == 0);
  assert(draw(&sky, capacity, 0, first) == 0);
  return 0;
}
