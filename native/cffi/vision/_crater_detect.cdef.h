typedef struct {
  double pixel[2];
  double radius_px;
  double contrast;
  double pixel_covariance[3];
} ob_crater_detection;

typedef struct {
  double sun_image[2];
  double ground_to_image[4];
  double radius_min_px;
  double radius_max_px;
  double contrast_min;
  double sun_elevation_rad;
  double sigma_px;
  double sigma_fraction;
  double sigma_shadow;
} ob_crater_detect_settings;

enum {
  OB_CRATER_DETECT_OK,
  OB_CRATER_DETECT_BAD_IMAGE,
  OB_CRATER_DETECT_BAD_SETTINGS,
  OB_CRATER_DETECT_WORKSPACE,
  ...
};

int64_t ob_crater_workspace_bytes(int64_t width, int64_t height);
int ob_crater_detect(const uint8_t *image, int64_t width, int64_t height, int64_t stride,
                     const ob_crater_detect_settings *settings, void *workspace,
                     int64_t workspace_bytes, ob_crater_detection *detections, int64_t capacity,
                     int64_t *count);
