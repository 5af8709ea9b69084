/* Corners by the segment test, FAST-9 (Rosten and Drummond 2006, "Machine learning for high-speed corner
 * detection"; 2010, "Faster and better", for the score and the suppression).
 *
 * A pixel is a corner if 9 neighbours in a row, of the 16 on a circle of radius 3 around it, are all
 * brighter than it by more than the threshold, or all darker. Its score is the greatest threshold at
 * which it still is one. Suppression keeps those whose score is greater than that of all 8 neighbours.
 * Corners and scores are those of OpenCV's FastFeatureDetector of TYPE_9_16; no pixel within 3 of the
 * border is one.
 *
 * Brightest over the 16 arcs of the darkest pixel of the arc, less the centre, is the score plus one; the
 * same for dark ones with the signs changed. Two arcs that begin side by side share 8 pixels, so a pair
 * of them costs min(min of the shared 8, max of the two ends): 47 minima and maxima for all 16 arcs. A
 * group of pixels is left out where none has two compass points side by side (of the circle's 0, 4, 8
 * and 12) that pass: each arc of 9 holds two.
 *
 * The time is bounded by the pixels, and for selection by pixels times corners per cell.
 */
#ifndef VISION_CORNERS_H
#define VISION_CORNERS_H

#include <stdint.h>

#include "vision/image.h"

#define OB_CORNERS_PER_CELL_MAX 64

typedef struct {
  int16_t x, y;  /* column and row */
  int32_t score; /* threshold to 254 */
} ob_corner;

enum {
  OB_CORNERS_OK = 0,
  OB_CORNERS_BAD_IMAGE = 1,     /* sides or stride */
  OB_CORNERS_BAD_THRESHOLD = 2, /* not 0 to 255 */
  OB_CORNERS_BAD_CELL = 3,      /* side not 1 to OB_IMAGE_SIDE_MAX, or not 1 to 64 for each */
};

/* How many corners the workspace for images of that width holds: 1.4 a column, and 48. */
int64_t ob_corners_workspace(int64_t width);

/* Corners in the order of rows, then columns. `found` is how many there are, of which the first
 * `capacity` are written. At most (width - 6) (height - 6) of them; with `suppress` not 0 at most one for
 * each square of 2 x 2 pixels. */
int64_t ob_corners_find(const ob_image *image, int64_t threshold, int64_t suppress, ob_corner *corners,
                        int64_t capacity, int64_t *found, ob_corner *workspace, int64_t simd);

/* How many cells of `side` pixels cover the image. */
int64_t ob_corners_cells(int64_t width, int64_t height, int64_t side);

/* Of each square cell the `per_cell` corners of the greatest score after suppression; of equal ones the
 * first by row, then column. Written cell by cell in the order of rows, within a cell the strongest
 * first. `corners` has room for `per_cell` times ob_corners_cells, `counts` for each cell. */
int64_t ob_corners_spread(const ob_image *image, int64_t threshold, int64_t side, int64_t per_cell,
                          ob_corner *corners, int64_t *counts, int64_t *found, ob_corner *workspace,
                          int64_t simd);

#endif
