typedef struct {
  double pixel[2];
  double pixel_covariance[3];
  double position_mcmf_m[3];
  double position_sigma_m;
  double diameter_m;
  double probability;
  int64_t catalogue_index;
} ob_crater_matched;
