#define OB_IDENTIFY_DETECTIONS ...
#define OB_IDENTIFY_ANCHORS ...
typedef struct {
  double pixel[2], radius_px, sigma_px, radius_sigma_px;
} ob_crater_ellipse;
typedef struct {
  double focal_px, center_column_px, center_row_px;
  int64_t width, height;
  double q_camera_from_mcmf[4], attitude_sigma_rad, altitude_min_m, altitude_max_m;
} ob_crater_view;
typedef struct {
  double radius_min_px, catalogue_sigma_m, catalogue_radius_sigma, log10_chance_max, rate_min;
  int64_t anchors;
} ob_identify_settings;
enum {
  OB_IDENTIFY_FOUND, OB_IDENTIFY_BAD_INPUT, OB_IDENTIFY_FEW, OB_IDENTIFY_NONE, OB_IDENTIFY_CHANCE
};
typedef struct {
  int64_t status, count, predicted, anchors, hypotheses, trials;
  double log10_chance, residual_px, position_mcmf_m[3], q_camera_from_mcmf[4], covariance[36];
} ob_identify_fix;
int64_t ob_identify_workspace(void);
int64_t ob_crater_identify(const ob_crater_catalogue *catalogue, const ob_crater_view *view,
                           const ob_identify_settings *settings, const ob_crater_ellipse *detections,
                           int64_t detection_count, void *workspace, int32_t *row_of,
                           ob_identify_fix *fix, int64_t simd);
