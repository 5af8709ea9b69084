#include <assert.h>

#include "crater_scene.h"
#include "onboard/hash.h"

enum { WORKSPACE = 400000 };

uint64_t exercise_crater_identify(int64_t simd) {
  scene s;
  union {
    double aligned;
    uint8_t octets[WORKSPACE];
  } workspace;
  ob_crater_catalogue catalogue;
  ob_crater_ellipse detections[DETECTIONS];
  int32_t rows[DETECTIONS];
  uint64_t state = 5, hash = OB_HASH_SEED;
  assert(ob_identify_workspace() <= WORKSPACE);
  const ob_identify_settings settings = {5.0, 20.0, 0.01, -5.0, 0.3, 24};
  const ob_crater_view view = {887.0, 512.0, 512.0, 1024, 1024, {0.02, 0.9997, 0.01, 0.01}, 0.03,
                               1e5, 5e5};
  scatter(&s, &state);
  build(&s);
  const int64_t status = ob_crater_index_open(&catalogue, s.index.octets, OCTETS);
  hash = ob_hash_bytes(hash, (const uint8_t *)&status, sizeof status);
  for (int turn = 0; turn < 4; turn++) {
    ob_identify_fix fix;
    const int64_t count = look_down(&s, 2e5 + 7e4 * turn, &state, detections);
    ob_crater_identify(&catalogue, &view, &settings, detections, count, workspace.octets, rows, &fix,
                       simd);
    assert(fix.status == OB_IDENTIFY_FOUND);
    hash = ob_hash_bytes(hash, (const uint8_t *)&fix, sizeof fix);
    hash = ob_hash_bytes(hash, (const uint8_t *)rows, (uint64_t)count * sizeof *rows);
  }
  return hash;
}
