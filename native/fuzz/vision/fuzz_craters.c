/* Damaged indices of craters and of quads, and identification with what still opens; matching with a
 * prior. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "onboard/crc32.h"
#include "onboard/quaternion.h"
#include "onboard/vector.h"
#include "vision/crater_catalogue.h"
#include "vision/crater_identify.h"
#include "vision/crater_lost.h"
#include "vision/crater_match.h"
#include "vision/simd.h"

enum { CRATERS = 60, TILES = 3, NEIGHBOURS = 6, DETECTIONS = 70 };
enum { OCTETS = 64 + 16 + 28 * TILES + CRATERS * (20 + 4 * NEIGHBOURS) };

typedef struct {
  ob_crater_index_header header;
  ob_crater_class all;
  ob_crater_tile tile[TILES];
  int32_t direction[3][CRATERS];
  uint32_t row[CRATERS];
  uint32_t neighbour[CRATERS][NEIGHBOURS];
  uint16_t radius[CRATERS];
  int16_t height[CRATERS];
} file;

_Static_assert(sizeof(file) == OCTETS, "layout of the file");

/* About a pole; neighbours by number. */
static void build(uint64_t *stream, file *f) {
  memset(f, 0, sizeof *f);
  f->header = (ob_crater_index_header){.version = OB_CRATER_INDEX_VERSION, .octets = OCTETS, .count = CRATERS,
                                       .neighbour_count = NEIGHBOURS, .class_count = 1, .tile_count = TILES,
                                       .radius_unit_m = 10.0F};
  memcpy(f->header.magic, "OBCRATER", sizeof f->header.magic);
  f->all = (ob_crater_class){0, TILES, 100.0F, 30000.0F};
  for (uint32_t t = 0; t < TILES; t++) {
    f->tile[t] = (ob_crater_tile){{0.0F, 0.0F, 1.0F}, 0.6F, 0.8F, t * (CRATERS / TILES), CRATERS / TILES};
  }
  for (uint32_t k = 0; k < CRATERS; k++) {
    const double point[3] = {0.4 * fuzz_unit(stream) - 0.2, 0.4 * fuzz_unit(stream) - 0.2, 1.0};
    double unit[3];
    ob_v3_unit(unit, point);
    for (int32_t axis = 0; axis < 3; axis++) f->direction[axis][k] = (int32_t)(unit[axis] * 1073741824.0);
    f->row[k] = k;
    f->radius[k] = (uint16_t)(300 + fuzz_below(stream, 2000));
    f->height[k] = (int16_t)(fuzz_below(stream, 4000) - 2000);
    for (uint32_t n = 0; n < NEIGHBOURS; n++) f->neighbour[k][n] = (k + n + 1) % CRATERS;
  }
}

static void seal(file *f) { f->header.crc = ob_crc32(0, (const uint8_t *)f + 12, OCTETS - 12); }

/* Octets anywhere, most often in what comes first. */
static void spoil(uint64_t *stream, uint8_t *octets, int64_t size) {
  for (int64_t n = fuzz_below(stream, 4); n > 0; n--) {
    const int64_t at = fuzz_bits(stream) % 2 ? fuzz_below(stream, 200) : fuzz_below(stream, size);
    octets[at] ^= (uint8_t)fuzz_bits(stream);
  }
}

/* Sealed anew or not; shortened. */
static int64_t damage(uint64_t *stream, file *f) {
  spoil(stream, (uint8_t *)f, OCTETS);
  if (fuzz_below(stream, 3) > 0) seal(f);
  return fuzz_below(stream, 20) == 0 ? fuzz_below(stream, OCTETS + 1) : OCTETS;
}

static int64_t detected(uint64_t *stream, const file *f, double height_m, ob_crater_ellipse *out) {
  const int64_t most = fuzz_below(stream, DETECTIONS + 1);
  for (int64_t i = 0; i < most; i++) {
    const int64_t k = fuzz_below(stream, CRATERS);
    const double u = OB_CRATER_DIRECTION_UNIT, z = OB_MOON_SPHERE_M * (1.0 - f->direction[2][k] * u) + height_m;
    const double scale = 887.0 / z, wrong = fuzz_below(stream, 4) == 0 ? 300.0 * fuzz_unit(stream) : 0.0;
    out[i] = (ob_crater_ellipse){
        {fuzz_number(stream, 512.0 + scale * OB_MOON_SPHERE_M * f->direction[0][k] * u + wrong),
         fuzz_number(stream, 512.0 - scale * OB_MOON_SPHERE_M * f->direction[1][k] * u)},
        fuzz_number(stream, scale * 10.0 * f->radius[k]), fuzz_number(stream, 0.5), fuzz_number(stream, 0.5)};
  }
  return most;
}

static ob_crater_view view_of(uint64_t *stream) {
  return (ob_crater_view){.focal_px = fuzz_number(stream, 887.0),
                          .center_column_px = fuzz_number(stream, 512.0),
                          .center_row_px = fuzz_number(stream, 512.0),
                          .width = fuzz_below(stream, 60) == 0 ? fuzz_below(stream, 9000) : 1024,
                          .height = 1024,
                          .q_camera_from_mcmf = {fuzz_number(stream, 0.0), fuzz_number(stream, 1.0), 0.0, 0.0},
                          .attitude_sigma_rad = fuzz_number(stream, 0.02),
                          .altitude_min_m = fuzz_number(stream, 1e5),
                          .altitude_max_m = fuzz_number(stream, 5e5)};
}

static ob_identify_settings settings_of(uint64_t *stream) {
  return (ob_identify_settings){.radius_min_px = fuzz_number(stream, 5.0),
                                .catalogue_sigma_m = fuzz_number(stream, 20.0),
                                .catalogue_radius_sigma = fuzz_number(stream, 0.01),
                                .log10_chance_max = fuzz_number(stream, -5.0),
                                .rate_min = fuzz_number(stream, 0.3),
                                .anchors = fuzz_below(stream, 26)};
}

static void check_fix(const ob_identify_fix *fix, const ob_identify_settings *settings, const int32_t *rows,
                      int64_t count, int64_t craters) {
  assert(fix->status >= OB_IDENTIFY_FOUND && fix->status <= OB_IDENTIFY_CHANCE);
  for (int64_t i = 0; i < count && fix->status != OB_IDENTIFY_BAD_INPUT; i++) {
    assert(rows[i] >= -1 && rows[i] < craters);
  }
  if (fix->status == OB_IDENTIFY_FOUND) {
    fuzz_finite(fix->position_mcmf_m, 3);
    fuzz_finite(fix->covariance, 36);
    assert(fix->log10_chance <= settings->log10_chance_max);
  }
}

static int64_t identified(uint64_t *stream, const file *f, const ob_crater_catalogue *catalogue) {
  const ob_crater_view view = view_of(stream);
  const ob_identify_settings settings = settings_of(stream);
  ob_crater_ellipse *detections = fuzz_memory(DETECTIONS * (int64_t)sizeof *detections);
  const int64_t count = detected(stream, f, 1e5 + 4e5 * fuzz_unit(stream), detections);
  ob_identify_fix fix[2];
  int32_t *rows[2];
  for (int32_t k = 0; k < 2; k++) {
    void *workspace = fuzz_memory(ob_identify_workspace());
    rows[k] = fuzz_memory(count * (int64_t)sizeof **rows);
    ob_crater_identify(catalogue, &view, &settings, detections, count, workspace, rows[k], &fix[k],
                       k == 0 ? OB_SIMD_SCALAR : ob_simd_best());
    free(workspace);
  }
  fuzz_same(&fix[0], &fix[1], sizeof fix[0]);
  fuzz_same(rows[0], rows[1], count * (int64_t)sizeof **rows);
  check_fix(&fix[0], &settings, rows[0], count, catalogue->count);
  free(rows[0]);
  free(rows[1]);
  free(detections);
  return fix[0].status;
}

/* Of an index that does not open 10 and why, else how the identification ended. */
int64_t fuzz_crater_index(uint64_t *stream) {
  file f;
  build(stream, &f);
  seal(&f);
  const int64_t size = fuzz_bits(stream) % 2 ? damage(stream, &f) : OCTETS;
  uint8_t *octets = fuzz_memory(size);
  memcpy(octets, &f, (size_t)size);
  ob_crater_catalogue catalogue;
  int64_t status = ob_crater_index_open(&catalogue, octets, size);
  assert(status >= OB_CRATER_INDEX_OK && status <= OB_CRATER_INDEX_ALIGNMENT);
  status = status == OB_CRATER_INDEX_OK ? identified(stream, &f, &catalogue) : 10 + status;
  free(octets);
  return status;
}

/* A map below the camera, which looks straight down from the axis of x, and what it sees of it. */
typedef struct {
  ob_crater_map_entry *map;
  ob_crater_detection *seen;
  int64_t entries, detections;
} ground;

static ground lay_ground(uint64_t *stream, double altitude_m) {
  ground g = {.entries = fuzz_below(stream, 90), .detections = fuzz_below(stream, 70)};
  g.map = fuzz_memory(g.entries * (int64_t)sizeof *g.map);
  g.seen = fuzz_memory(g.detections * (int64_t)sizeof *g.seen);
  for (int64_t i = 0; i < g.entries; i++) {
    const double east = altitude_m * (fuzz_unit(stream) - 0.5), north = altitude_m * (fuzz_unit(stream) - 0.5);
    g.map[i] = (ob_crater_map_entry){
        {fuzz_number(stream, OB_MOON_SPHERE_M), fuzz_number(stream, east), fuzz_number(stream, north)},
        fuzz_number(stream, altitude_m * (0.01 + 0.05 * fuzz_unit(stream))), fuzz_number(stream, 10.0)};
  }
  for (int64_t i = 0; i < g.detections; i++) {
    const int64_t of = g.entries > 0 && fuzz_bits(stream) % 4 ? fuzz_below(stream, g.entries) : -1;
    const double px = 800.0 / altitude_m, u = fuzz_unit(stream);
    const double east = of < 0 ? altitude_m * (u - 0.5) : g.map[of].position_mcmf_m[1];
    const double north = of < 0 ? altitude_m * (fuzz_unit(stream) - 0.5) : g.map[of].position_mcmf_m[2];
    g.seen[i] = (ob_crater_detection){
        .pixel = {fuzz_number(stream, 400.0 + px * east), fuzz_number(stream, 400.0 - px * north)},
        .radius_px = fuzz_number(stream, of < 0 ? 5.0 + 20.0 * u : 0.5 * px * g.map[of].diameter_m),
        .pixel_covariance = {fuzz_number(stream, 0.3), fuzz_number(stream, 0.0), fuzz_number(stream, 0.3)}};
  }
  return g;
}

int64_t fuzz_crater_match(uint64_t *stream) {
  const double altitude_m = 3000.0 + 20000.0 * fuzz_unit(stream);
  ground g = lay_ground(stream, altitude_m);
  const ob_camera camera = {fuzz_number(stream, 800.0), fuzz_number(stream, 400.0), 400.0,
                            fuzz_below(stream, 60) == 0 ? fuzz_below(stream, 4000) - 100 : 800, 800,
                            {fuzz_number(stream, 1.0), 0.0, 0.0, 0.0}, {0.0, 0.0, 0.0}};
  /* The boresight z along -x, the columns along y, the rows along -z of the Moon. */
  const double s2 = 300.0 * 300.0, down[9] = {0.0, 0.0, -1.0, 1.0, 0.0, 0.0, 0.0, -1.0, 0.0};
  ob_crater_prior prior = {.position_mcmf_m = {fuzz_number(stream, OB_MOON_SPHERE_M + altitude_m), 300.0 * fuzz_unit(stream), 0.0},
                           .position_covariance_m2 = {fuzz_number(stream, s2), 0.0, fuzz_number(stream, 0.0), 0.0, s2, 0.0, 0.0, 0.0, s2},
                           .attitude_sigma_rad = fuzz_number(stream, fuzz_bits(stream) % 2 ? 3e-4 : 0.0)};
  ob_q_from_matrix(prior.q_mcmf_from_body, down);
  const ob_crater_match_settings settings = {fuzz_number(stream, 3.0), fuzz_number(stream, 60.0), fuzz_number(stream, 1.5),
                                             fuzz_number(stream, 3.0), fuzz_number(stream, -6.0), fuzz_number(stream, 0.7),
                                             fuzz_below(stream, 9)};
  ob_crater_matcher *matcher = fuzz_memory(sizeof *matcher);
  const int64_t capacity = fuzz_below(stream, 60);
  ob_crater_matched *matched = fuzz_memory(capacity * (int64_t)sizeof *matched);
  ob_crater_fix fix;
  const int64_t status = ob_crater_match(&camera, &prior, g.map, g.entries, g.seen, g.detections, &settings, matcher,
                                         matched, capacity, &fix);
  assert(status == fix.status && status >= OB_CRATER_FIX_ACCEPTED && status <= OB_CRATER_FIX_TURNED);
  if (status == OB_CRATER_FIX_ACCEPTED) {
    fuzz_finite(fix.position_offset_mcmf_m, 3);
    fuzz_finite(fix.position_covariance_m2, 9);
    for (int64_t i = 0; i < fix.count && i < capacity; i++) {
      assert(matched[i].probability >= 0.0 && matched[i].probability <= 1.0);
      assert(matched[i].catalogue_index >= 0 && matched[i].catalogue_index < g.entries);
    }
  }
  free(matched);
  free(matcher);
  free(g.map);
  free(g.seen);
  return status;
}

/* Residuals and points about a camera that looks down, or anything; a prior that knows nothing to all. */
int64_t fuzz_integrity(uint64_t *stream) {
  const int64_t count = fuzz_below(stream, fuzz_bits(stream) % 8 ? 40 : OB_INTEGRITY_PAIRS_MAX + 3);
  ob_integrity_pair *pairs = fuzz_memory(count * (int64_t)sizeof *pairs);
  for (int64_t i = 0; i < count; i++) {
    const double depth = 8e3 * (0.5 + fuzz_unit(stream)), s = 0.01 + fuzz_unit(stream);
    pairs[i] = (ob_integrity_pair){
        {fuzz_number(stream, 2.0 * fuzz_unit(stream) - 1.0), fuzz_number(stream, 2.0 * fuzz_unit(stream) - 1.0)},
        {fuzz_number(stream, s), fuzz_number(stream, 0.0), fuzz_number(stream, s)},
        {fuzz_number(stream, depth * (fuzz_unit(stream) - 0.5)), depth * (fuzz_unit(stream) - 0.5), fuzz_number(stream, depth)}};
  }
  const double known = fuzz_bits(stream) % 4 ? 1e-4 : 0.0;
  const ob_integrity_view view = {fuzz_number(stream, 549.0),
                                  {fuzz_number(stream, known), 0.0, 0.0, 0.0, known, 0.0, 0.0, 0.0, known},
                                  fuzz_number(stream, 3e-4)};
  const ob_integrity_limits limits = {fuzz_number(stream, 4.0), fuzz_number(stream, 14.0), fuzz_number(stream, 1.8),
                                      fuzz_number(stream, 22.0)};
  ob_integrity figures;
  const int64_t status = ob_integrity_test(pairs, count, &view, &limits, &figures);
  assert(status >= OB_INTEGRITY_HOLDS && status <= OB_INTEGRITY_TURNED);
  free(pairs);
  return status;
}

enum { QUADS = 300, QUAD_NEAR = 5, CELL_SHIFT = 6, CELLS = OB_QUAD_KINDS * 4 * 4 * 4 * 4 };

typedef struct {
  ob_quad_index_header header;
  uint32_t near[CRATERS][QUAD_NEAR];
  uint32_t cells[CELLS + 1];
  ob_quad quads[QUADS];
} quad_file;

/* Quads at random, in cells at random. */
static void build_quads(uint64_t *stream, quad_file *f) {
  memset(f, 0, sizeof *f);
  f->header = (ob_quad_index_header){.version = OB_QUAD_INDEX_VERSION, .octets = sizeof *f, .catalogue_crc = 7,
                                     .crater_count = CRATERS, .neighbour_count = QUAD_NEAR,
                                     .cell_shift = CELL_SHIFT, .quad_count = QUADS};
  memcpy(f->header.magic, "OBQUADS", sizeof f->header.magic);
  for (uint32_t k = 0; k < CRATERS; k++) {
    for (uint32_t n = 0; n < QUAD_NEAR; n++) f->near[k][n] = (k + n + 1) % CRATERS;
  }
  uint32_t at = 0;
  for (int64_t k = 1; k < CELLS; k++) {
    at = fuzz_below(stream, 8) == 0 && at + 6 < QUADS ? at + (uint32_t)fuzz_below(stream, 7) : at;
    f->cells[k] = at;
  }
  f->cells[CELLS] = QUADS;
  for (uint32_t k = 0; k < QUADS; k++) {
    const uint32_t a = (uint32_t)fuzz_below(stream, CRATERS), b = (uint32_t)fuzz_below(stream, QUAD_NEAR);
    f->quads[k].name = a << 12 | b << 8 | (b + 1) % QUAD_NEAR << 4 | (b + 2) % QUAD_NEAR;
    for (int32_t i = 0; i < 4; i++) f->quads[k].step[i] = (uint8_t)fuzz_bits(stream);
  }
}

static void seal_quads(quad_file *f) { f->header.crc = ob_crc32(0, (const uint8_t *)f + 12, sizeof *f - 12); }

static int64_t lost(uint64_t *stream, const file *f, const ob_crater_catalogue *catalogue,
                    const ob_quad_index *index) {
  const ob_crater_view view = view_of(stream);
  const ob_lost_camera camera = {view.focal_px, view.center_column_px, view.center_row_px, view.width, view.height};
  const ob_identify_settings settings = settings_of(stream);
  ob_crater_ellipse *detections = fuzz_memory(DETECTIONS * (int64_t)sizeof *detections);
  const int64_t count = detected(stream, f, 1e5 + 4e5 * fuzz_unit(stream), detections);
  int32_t *rows = fuzz_memory(count * (int64_t)sizeof *rows);
  void *workspace = fuzz_memory(ob_lost_workspace());
  ob_identify_fix fix;
  ob_crater_lost(catalogue, index, &camera, &settings, detections, count, workspace, rows, &fix);
  check_fix(&fix, &settings, rows, count, catalogue->count);
  free(workspace);
  free(rows);
  free(detections);
  return fix.status;
}

/* Of an index that does not open 10 and why, else how the search ended. */
int64_t fuzz_crater_lost(uint64_t *stream) {
  file f;
  quad_file *q = fuzz_memory(sizeof *q);
  build(stream, &f);
  seal(&f);
  build_quads(stream, q);
  seal_quads(q);
  ob_crater_catalogue catalogue;
  ob_quad_index index;
  int64_t status = ob_crater_index_open(&catalogue, (const uint8_t *)&f, OCTETS);
  assert(status == OB_CRATER_INDEX_OK);
  if (fuzz_bits(stream) % 2) {
    spoil(stream, (uint8_t *)q, sizeof *q);
    if (fuzz_below(stream, 3) > 0) seal_quads(q);
  }
  const int64_t size = fuzz_below(stream, 20) == 0 ? fuzz_below(stream, (int64_t)sizeof *q + 1) : (int64_t)sizeof *q;
  status = ob_quad_index_open(&index, (const uint8_t *)q, size, &catalogue, 7);
  assert(status >= OB_CRATER_INDEX_OK && status <= OB_QUAD_INDEX_CATALOGUE);
  status = status == OB_CRATER_INDEX_OK ? lost(stream, &f, &catalogue, &index) : 10 + status;
  free(q);
  return status;
}
