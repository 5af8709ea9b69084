/* What a camera over the emulated Moon sees: an 8-bit image of the ground with its shadows.
 *
 * Light: the Sun as a point at infinity with shadows cast over the relief; lunar-Lambert reflectance
 *   I/F = A f(phase) [2 L mu0 / (mu0 + mu) + (1 - L) mu0],
 * L(phase) from McEwen (1996); f is the phase law of the Moon, 0.026 a + 4e-9 a^4 magnitudes (Allen 1976),
 * divided by that of a Lommel-Seeliger sphere, so that the whole disc comes out right; A = 0.10, the normal
 * albedo of mare, varied by some percent over hundreds of metres. Shadows keep 3 % of the light of the
 * level ground, from the slopes around them.
 *
 * Sensor: I/F times exposure gives electrons; a point spread of about half a pixel; shot and read noise
 * from the seed; 8 bits up to the full well. No lens distortion, no smear.
 */
#ifndef PLANT_RENDER_H
#define PLANT_RENDER_H

#include <stdint.h>

#include "onboard/camera.h"
#include "plant/relief.h"

typedef struct {
  double exposure_s;
  double electrons_per_s; /* in a pixel, at I/F = 1 */
  double full_well_e;     /* 255 in the image */
  double read_noise_e;    /* one sigma */
  double blur;            /* share of light that goes to each neighbour along an axis, below 1/3 */
} pl_sensor;

typedef struct {
  double position_mcmf_m[3];    /* of the projection centre */
  double q_mcmf_from_camera[4];
  double sun_mcmf[3];           /* unit, towards the Sun */
} pl_view;

/* Floats of memory with which pl_render draws any picture of this size in full detail. */
int64_t pl_render_memory(const ob_camera *camera);

/* Renders into image[height][width]. `memory` holds `capacity` floats; with less than
 * pl_render_memory the picture comes out coarser. The relief that was drawn stays in `relief` (in
 * `memory`). Returns 0, and the image is black, when the camera is below the ground, no ground is in
 * sight or the memory is too small for any picture. */
int pl_render(pl_relief *relief, const pl_terrain *terrain, const ob_camera *camera, const pl_view *view,
              const pl_sensor *sensor, uint64_t seed, float *memory, int64_t capacity, uint8_t *image);

/* Phase function f of the header, and reflectance I/F over A, at cosines of incidence, emission, phase. */
double pl_phase_function(double cos_phase);
double pl_reflectance(double mu0, double mu, double cos_phase);

#endif
