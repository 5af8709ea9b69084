/* Lost in space: which craters of a global catalogue are those in an image, and from where and in what
 * attitude it was taken, with neither known before. Known are the camera and the Moon's radius.
 *
 * 1. Quads. The largest detections, each with its nearest neighbours of about its size and more, make
 *    quads: constellations of four. Those whose four invariants (`crater_quads.h`) are the sharpest,
 *    by the noise of the detections, come first; a detection that was in quads without success puts
 *    its others back.
 * 2. Look-up. The index gives the quads of the catalogue with these invariants, within the noise.
 * 3. Pose of each: in the affine view of the quad's plane, two mirrored in the line of sight, then by
 *    Gauss-Newton on centres and radii; the residuals are twelve for six unknowns.
 * 4. Neighbours of the anchor in the catalogue are looked for where the pose and its covariance put
 *    them; a sequential test ends most.
 * 5. Refinement, as with an attitude known (`crater_identify.h`): the pose of the quad stands for the
 *    prior, with a few times its uncertainty.
 * 6. Acceptance, by the bound of `crater_identify.h`. The prior of the pose is here: detection i is
 *    crater j, any of n_d with any of n_c, and the attitude uniform over all rotations, whose volume is
 *    8 pi^2. The refinement has a normal prior of sigma about each axis in place of that; at its peak its
 *    density is 8 pi^2 / ((2 pi)^1.5 sigma^3) times the uniform one, which is lower everywhere else. So
 *
 *      chance <= n_c n_d (m + 1) 8 pi^2 / ((2 pi)^1.5 sigma^3) / ratio
 *
 *    whatever hypotheses were tried, as all that could be are counted.
 *
 * Bounds: OB_LOST_QUADS quads, OB_LOST_HYPOTHESES poses, OB_IDENTIFY_TRIALS refinements. There are no vector paths.
 */
#ifndef VISION_CRATER_LOST_H
#define VISION_CRATER_LOST_H

#include "vision/crater_identify.h"
#include "vision/crater_quads.h"

#define OB_LOST_NEAR 12 /* neighbours of an anchor, or fewer: */
#define OB_LOST_QUADS 1680 /* with 48 anchors 7 neighbours */
#define OB_LOST_HYPOTHESES 200000

typedef struct {
  double focal_px, center_column_px, center_row_px;
  int64_t width, height; /* 64 to 8192 */
} ob_lost_camera;

/* Octets of workspace; no state is kept in it. */
int64_t ob_lost_workspace(void);

/* As `ob_crater_identify`, of whose settings `anchors` is the number of detections whose quads are
 * tried. In the fix, `anchors` counts quads looked up, `hypotheses` those of the catalogue that they were
 * tried as. */
int64_t ob_crater_lost(const ob_crater_catalogue *catalogue, const ob_quad_index *index,
                       const ob_lost_camera *camera, const ob_identify_settings *settings,
                       const ob_crater_ellipse *detections, int64_t detection_count,
                       void *workspace, int32_t *row_of, ob_identify_fix *fix);

#endif
