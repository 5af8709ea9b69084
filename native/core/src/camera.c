#include "onboard/camera.h"

#include <assert.h>

#include "onboard/elementary.h"

int ob_camera_project(const ob_camera *camera, const double point_camera_m[3], double pixel[2]) {
  assert(camera->focal_px > 0.0);
  if (!(point_camera_m[2] > 0.0)) return 0;
  const double scale = camera->focal_px / point_camera_m[2];
  pixel[0] = camera->center_column_px + scale * point_camera_m[0];
  pixel[1] = camera->center_row_px + scale * point_camera_m[1];
  return pixel[0] >= -0.5 && pixel[0] < (double)camera->width - 0.5 && pixel[1] >= -0.5 &&
         pixel[1] < (double)camera->height - 0.5;
}

void ob_camera_ray(const ob_camera *camera, const double pixel[2], double direction_camera[3]) {
  assert(camera->focal_px > 0.0);
  const double x = (pixel[0] - camera->center_column_px) / camera->focal_px;
  const double y = (pixel[1] - camera->center_row_px) / camera->focal_px;
  const double norm = ob_sqrt(x * x + y * y + 1.0);
  direction_camera[0] = x / norm;
  direction_camera[1] = y / norm;
  direction_camera[2] = 1.0 / norm;
}
