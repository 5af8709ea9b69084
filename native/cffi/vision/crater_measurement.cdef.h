typedef struct {
  double sun_image[2], ground_to_image[4], sun_elevation_rad;
} ob_crater_lighting;
typedef struct {
  double sigma_px, sigma_fraction, shift_fraction, shift_shadow;
} ob_crater_noise;
void ob_crater_measure(const ob_found_crater *found, int64_t count, const ob_crater_lighting *lighting,
                       const ob_crater_noise *noise, ob_crater_detection *detections);
