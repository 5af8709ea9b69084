/* A pinhole camera fixed to the vehicle.
 *
 * Camera axes: x right, y down, z along the boresight. A pixel is (column, row) with (0, 0) at the
 * centre of the top-left pixel, so the image covers -0.5 <= column < width - 0.5 and the same for
 * rows. No lens distortion: images are taken as rectified.
 */
#ifndef ONBOARD_CAMERA_H
#define ONBOARD_CAMERA_H

#include <stdint.h>

typedef struct {
  double focal_px;                        /* > 0; pixels are square */
  double center_column_px, center_row_px; /* where the boresight meets the image */
  int64_t width, height;                  /* pixels */
  double q_body_from_camera[4];           /* unit, scalar first */
  double position_body_m[3];              /* of the projection centre */
} ob_camera;

/* Pixel of a point in camera axes: column = center_column + focal x / z, row likewise with y.
 * Returns 1 when the pixel lies in the image. Returns 0 when it lies outside, and `pixel` is set
 * all the same, or when the point is not in front of the camera (z <= 0, or not a number), and
 * `pixel` is left alone. */
int ob_camera_project(const ob_camera *camera, const double point_camera_m[3], double pixel[2]);

/* Unit direction, in camera axes, of the ray through a pixel, which may lie outside the image. */
void ob_camera_ray(const ob_camera *camera, const double pixel[2], double direction_camera[3]);

#endif
