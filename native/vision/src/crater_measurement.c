#include "vision/crater_measurement.h"

#include "onboard/elementary.h"

void ob_crater_measure(const ob_found_crater *found, int64_t count, const ob_crater_lighting *lighting,
                       const ob_crater_noise *noise, ob_crater_detection *detections) {
  const double shift =
      noise->shift_fraction + noise->shift_shadow / ob_tan(lighting->sun_elevation_rad);
  const double *G = lighting->ground_to_image;
  for (int64_t i = 0; i < count; i++) {
    const double r = found[i].radius_px, grown = noise->sigma_fraction * r;
    const double variance = noise->sigma_px * noise->sigma_px + grown * grown;
    detections[i] = (ob_crater_detection){
        {found[i].pixel[0] + shift * r * G[0], found[i].pixel[1] + shift * r * G[2]},
        r,
        {variance, 0.0, variance}};
  }
}
