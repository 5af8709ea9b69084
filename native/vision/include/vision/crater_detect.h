/* Craters in an image lit by a low Sun: shadow on the wall near the Sun, bright wall beyond.
 *
 * Method. Grey levels are turned into logarithms (so a threshold is a ratio of brightness, the same
 * at every exposure) and into a pyramid of octaves. At four radii per octave, three samples on the
 * far wall, three on the near wall and six on the ground outside are compared: the far wall must
 * be brighter and the near wall darker than the ground, and the ground the same on both sides
 * (a straight edge fails this). The samples lie on circles on the ground, ellipses in the image. Local maxima, at most one per small cell, are sorted by contrast,
 * refined in position and radius, and freed of overlaps. The signed pair of lobes is the idea of
 * Cheng et al. (2003), "Optical Landmark Detection for Spacecraft Navigation", section on pairing
 * of lit and dark crater edges; the arrangement of the samples is ours.
 *
 * Everything is integer arithmetic in a fixed order, apart from the conversion of the settings and
 * of the results: the same bits on every target. Time is bounded by the image size: the dense part
 * costs the same for every image, and at most OB_CRATER_CANDIDATES are refined.
 */
#ifndef VISION_CRATER_DETECT_H
#define VISION_CRATER_DETECT_H

#include <stdint.h>

#define OB_CRATER_IMAGE_MIN 8     /* pixels, width and height */
#define OB_CRATER_IMAGE_MAX 2048  /* pixels, width and height */
#define OB_CRATER_RADIUS_MIN 2.5  /* pixels: the smallest that can be asked for */
#define OB_CRATER_RADIUS_MAX 80.0 /* pixels: the largest that can be asked for */
#define OB_CRATER_CANDIDATES 2048

typedef struct {
  double pixel[2];            /* column, row of the rim's centre */
  double radius_px;           /* geometric mean of the half axes of the rim's ellipse */
  double contrast;            /* weaker of far wall / ground and ground / near wall, in octaves */
  double pixel_covariance[3]; /* column-column, column-row, row-row, px2 */
} ob_crater_detection;

typedef struct {
  double sun_image[2]; /* towards the Sun, along level ground: unit, (column, row) axes */
  /* How level ground is seen: (column, row) = G (a, b) with any two level axes at right angles, row
   * major, scaled to determinant 1 or -1. A slant to 80 deg from the vertical is taken, that is, no
   * element above 3. Straight down: the identity. */
  double ground_to_image[4];
  double radius_min_px; /* OB_CRATER_RADIUS_MIN to radius_max_px */
  double radius_max_px; /* radius_min_px to OB_CRATER_RADIUS_MAX */
  double contrast_min;  /* octaves of brightness, 0.02 to 4 */
  double sun_elevation_rad; /* over the ground in view, 0.02 to pi/2: how far shadows reach */
  double sigma_px;          /* position noise of a small crater, one sigma per axis, > 0 */
  double sigma_fraction;    /* of the radius, added in quadrature, >= 0 */
  double sigma_shadow;      /* of the radius / tan(Sun's elevation), along the Sun only, >= 0 */
} ob_crater_detect_settings;

enum {
  OB_CRATER_DETECT_OK = 0,
  OB_CRATER_DETECT_BAD_IMAGE = 1,    /* width, height or stride out of range */
  OB_CRATER_DETECT_BAD_SETTINGS = 2, /* a setting out of range or not a number */
  OB_CRATER_DETECT_WORKSPACE = 3     /* workspace smaller than ob_crater_workspace_bytes */
};

/* Bytes that ob_crater_detect needs for an image of this size (7.6 bytes per pixel at 512 x 512),
 * or 0 when width or height is out of range. */
int64_t ob_crater_workspace_bytes(int64_t width, int64_t height);

/* Finds craters in `image` (8 bit, row `y` begins at image + y stride, stride >= width; for a saturated
 * or black image the answer is an empty list). `workspace` is aligned to 8 bytes. Writes at most
 * `capacity` detections, strongest first, and their number to `count` (0 unless the result is
 * OB_CRATER_DETECT_OK). */
int ob_crater_detect(const uint8_t *image, int64_t width, int64_t height, int64_t stride,
                     const ob_crater_detect_settings *settings, void *workspace,
                     int64_t workspace_bytes, ob_crater_detection *detections, int64_t capacity,
                     int64_t *count);

#endif
