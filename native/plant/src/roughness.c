#include "plant/roughness.h"

#include "onboard/elementary.h"
#include "onboard/frame.h"
#include "plant/random.h"

#define HURST 0.76
#define AMPLITUDE_1KM_M 10.0
#define GOLDEN UINT64_C(0x9e3779b97f4a7c15)

void pl_roughness_init(pl_roughness *r, uint64_t seed) {
  for (int k = 0; k < PL_ROUGHNESS_OCTAVES; k++) {
    const double wavelength_m = (double)(1 << k);
    r->key[k] = pl_mix64(~seed ^ (GOLDEN * (uint64_t)(k + 1)));
    r->per_m[k] = 1.0 / wavelength_m;
    r->amplitude_m[k] = AMPLITUDE_1KM_M * ob_exp(HURST * ob_log(wavelength_m * 1e-3));
    for (int axis = 0; axis < 3; axis++) {
      const uint64_t h = pl_mix64(r->key[k] + GOLDEN * (uint64_t)(axis + 1));
      r->shift[k][axis] = (double)(h >> 11) * 0x1p-53;
    }
  }
}

void pl_noise_cell_init(pl_noise_cell *cell) {
  cell->key = 0;
  for (int axis = 0; axis < 3; axis++) cell->corner[axis] = INT64_MAX;
}

/* Three components in [-1, 1) from one hash. */
static void lattice_gradient(uint64_t key, const int64_t corner[3], double out[3]) {
  uint64_t h = key ^ ((uint64_t)corner[0] * UINT64_C(0x9e3779b97f4a7c15));
  h ^= (uint64_t)corner[1] * UINT64_C(0xc2b2ae3d27d4eb4f);
  h ^= (uint64_t)corner[2] * UINT64_C(0x165667b19e3779f9);
  h = pl_mix64(h);
  out[0] = (double)(int32_t)(h & 0x1fffff) * 0x1p-20 - 1.0;
  out[1] = (double)(int32_t)(h >> 21 & 0x1fffff) * 0x1p-20 - 1.0;
  out[2] = (double)(int32_t)(h >> 42 & 0x1fffff) * 0x1p-20 - 1.0;
}

static void load_cell(pl_noise_cell *cell, uint64_t key, const int64_t corner[3]) {
  cell->key = key;
  for (int axis = 0; axis < 3; axis++) cell->corner[axis] = corner[axis];
  for (int c = 0; c < 8; c++) {
    const int64_t at[3] = {corner[0] + (c >> 2), corner[1] + (c >> 1 & 1), corner[2] + (c & 1)};
    lattice_gradient(key, at, cell->gradient[c]);
  }
}

static double fade(double t) { return t * t * t * (t * (t * 6.0 - 15.0) + 10.0); }

static double mix(double a, double b, double w) { return a + w * (b - a); }

/* Along one edge of the cell in z, from the gradients of its two ends. */
static double edge(const double g[2][3], double x, double y, double z, double w) {
  return mix(g[0][0] * x + g[0][1] * y + g[0][2] * z, g[1][0] * x + g[1][1] * y + g[1][2] * (z - 1.0), w);
}

double pl_roughness_height_m(const pl_roughness *r, int octave, const double unit_mcmf[3],
                             pl_noise_cell *cell) {
  const double scale = OB_MOON_RADIUS_M * r->per_m[octave];
  double t[3];
  int64_t corner[3];
  for (int axis = 0; axis < 3; axis++) {
    const double q = unit_mcmf[axis] * scale + r->shift[octave][axis];
    corner[axis] = (int64_t)(q + 2097152.0) - 2097152; /* floor: |q| < 2^21 */
    t[axis] = q - (double)corner[axis];
  }
  if (cell->key != r->key[octave] || cell->corner[0] != corner[0] || cell->corner[1] != corner[1] ||
      cell->corner[2] != corner[2]) {
    load_cell(cell, r->key[octave], corner);
  }
  const double x = t[0], y = t[1], z = t[2];
  const double v = fade(y), w = fade(z);
  const double(*g)[3] = (const double(*)[3])cell->gradient;
  const double low = mix(edge(g, x, y, z, w), edge(g + 2, x, y - 1.0, z, w), v);
  const double high = mix(edge(g + 4, x - 1.0, y, z, w), edge(g + 6, x - 1.0, y - 1.0, z, w), v);
  return r->amplitude_m[octave] * mix(low, high, fade(x));
}
