/* Fractal roughness of the ground between the craters: gradient noise from hashes of lattice points.
 *
 * One octave per wavelength of 1 m * 2^k, k = 0..13: three-dimensional gradient noise (Perlin 2002) in
 * Moon-fixed coordinates on the 1,737,400 m sphere, so that there is no seam. Amplitudes follow a
 * power law of wavelength with the Hurst exponent 0.76 of mare ground (Rosenburg et al. 2011).
 */
#ifndef PLANT_ROUGHNESS_H
#define PLANT_ROUGHNESS_H

#include <stdint.h>

#define PL_ROUGHNESS_OCTAVES 14

typedef struct {
  uint64_t key[PL_ROUGHNESS_OCTAVES];
  double per_m[PL_ROUGHNESS_OCTAVES];       /* 1 / wavelength */
  double amplitude_m[PL_ROUGHNESS_OCTAVES];
  double shift[PL_ROUGHNESS_OCTAVES][3];    /* of the lattice, in cells */
} pl_roughness;

/* The gradients at the corners of the lattice cell that was asked for last: neighbours are cheap. */
typedef struct {
  uint64_t key;
  int64_t corner[3];
  double gradient[8][3];
} pl_noise_cell;

void pl_roughness_init(pl_roughness *r, uint64_t seed);

/* A cell that matches no point. */
void pl_noise_cell_init(pl_noise_cell *cell);

/* Height (m) of one octave at a direction; the same bits whatever `cell` holds. */
double pl_roughness_height_m(const pl_roughness *r, int octave, const double unit_mcmf[3],
                             pl_noise_cell *cell);

#endif
