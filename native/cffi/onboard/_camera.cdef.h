typedef struct {
  double focal_px;
  double center_column_px, center_row_px;
  int64_t width, height;
  double q_body_from_camera[4];
  double position_body_m[3];
} ob_camera;

int ob_camera_project(const ob_camera *camera, const double point_camera_m[3], double pixel[2]);
void ob_camera_ray(const ob_camera *camera, const double pixel[2], double direction_camera[3]);
