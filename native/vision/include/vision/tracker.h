/* Points tracked from one image to the next: pyramidal Lucas-Kanade (Lucas and Kanade 1981; Baker and
 * Matthews 2004, "Lucas-Kanade 20 years on", for the fixed normal matrix; Bouguet 2001 for the pyramid).
 *
 * From the coarsest level to the image itself, the square window around the point in the image before is
 * sought in the image after: Gauss-Newton steps with the gradients of the window before, which stay the
 * same. With every step the windows' difference in mean brightness is estimated too, and does not move
 * the point. Of a window at the border those rows and columns count that lie in both images.
 *
 * Windows are sampled between pixels in integers: positions in 1/64 pixel, brightness in 1/64 of a grey
 * level, gradients (1 2 1 across, over two pixels) and differences in 1/32. A step starts from the
 * position that was sampled, so the rounding of positions does not end up in the track. Sums are exact,
 * so each path gives the same bits.
 *
 * Covariance: that of the least squares, with the variance of a pixel from what differs between the
 * windows at the last step, as much more as sampling between pixels smooths. It knows no errors but the
 * noise of pixels: not a window that was warped, lit from elsewhere, or found at a wrong place, nor what
 * interpolation itself does to a sharp image.
 *
 * The time is bounded by points times levels times iterations times pixels of a window.
 */
#ifndef VISION_TRACKER_H
#define VISION_TRACKER_H

#include "vision/pyramid.h"

#define OB_TRACK_SIDE_MAX 31
#define OB_TRACK_ITERATIONS_MAX 100
#define OB_TRACK_TEXTURE_LEAST 1e-3 /* slopes of one unit */

typedef struct {
  int64_t side;         /* of the window, pixels: odd, 3 to OB_TRACK_SIDE_MAX */
  int64_t iterations;   /* at most, on each level: 1 to OB_TRACK_ITERATIONS_MAX */
  double step_px;       /* a shorter step is the last one; above 0 */
  double texture_least; /* smaller eigenvalue of the mean of gradients times gradients, squared grey
                           levels per squared pixel; OB_TRACK_TEXTURE_LEAST or more */
  double residual_most; /* root mean square of the difference at the end, grey levels; above 0 */
  double return_most_px; /* how far from its start a point may end that is tracked there and back; 0: it is
                            not tracked back */
} ob_track_settings;

typedef enum {
  OB_TRACKED = 0,
  OB_TRACK_OUTSIDE = 1,      /* no finite position, outside of its image, or led outside of the other */
  OB_TRACK_FLAT = 2,         /* less texture than asked for */
  OB_TRACK_NO_END = 3,       /* still moving after the last iteration */
  OB_TRACK_DIFFERENT = 4,    /* more residual than allowed */
  OB_TRACK_NO_RETURN = 5,    /* tracked back, it does not end where it began */
} ob_track_status;

typedef struct {
  double x, y;                                        /* where it is in the image after, pixels */
  double covariance_xx, covariance_xy, covariance_yy; /* px^2 */
  double residual; /* root mean square of the difference of the windows without their means, grey levels */
  int32_t status;
  int32_t iterations; /* on all levels */
} ob_track;

enum {
  OB_TRACK_OK = 0,
  OB_TRACK_BAD_SETTINGS = 1,
  OB_TRACK_BAD_PYRAMIDS = 2, /* another size or number of levels */
};

/* Tracks `count` points. `from` are x and y of each in the image before; `guesses` where each is about to
 * be in the image after, or NULL for the same place. Of a track whose status is not OB_TRACKED, x and y
 * are where it was last, and covariance and residual are 0 unless they were known. */
int64_t ob_track_points(const ob_pyramid *before, const ob_pyramid *after, const double *from,
                        const double *guesses, int64_t count, const ob_track_settings *settings,
                        ob_track *tracks, int64_t simd);

#endif
