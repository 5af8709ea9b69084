typedef struct {
  double focal_px, center_column_px, center_row_px;
  int64_t width, height;
} ob_lost_camera;
int64_t ob_lost_workspace(void);
int64_t ob_crater_lost(const ob_crater_catalogue *catalogue, const ob_quad_index *index,
                       const ob_lost_camera *camera, const ob_identify_settings *settings,
                       const ob_crater_ellipse *detections, int64_t detection_count,
                       void *workspace, int32_t *row_of, ob_identify_fix *fix);
