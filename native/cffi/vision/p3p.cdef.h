#define OB_P3P_SOLUTIONS_MAX ...
typedef struct {
  double C_camera_from_world[9];
  double translation[3];
} ob_rigid;
int64_t ob_p3p(const double bearings[9], const double points[9], ob_rigid *solutions);
