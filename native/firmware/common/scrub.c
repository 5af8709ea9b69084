#include "scrub.h"

#include <stddef.h>

#include "onboard/crc32.h"
#include "onboard/flight_image.h"
#include "platform.h"
#include "storage.h"

enum { CODE, IMAGE, CONSTANTS, COPY, REGIONS = COPY + OB_COPIES };

static struct {
  ob_scrub found;
  ob_craft *craft; /* NULL: nothing is flown */
  uint8_t *image;
  uint32_t image_size, image_crc;
  uint32_t code_crc; /* of the first round */
  int32_t region;
  uint32_t at, crc; /* of the region, so far */
} scrub;

void scrub_begin(uint8_t *image, uint32_t size, ob_craft *craft) {
  scrub.craft = craft;
  scrub.image = image;
  scrub.image_size = size;
  scrub.image_crc = ob_crc32(0, image, size);
  scrub.region = CODE;
  scrub.at = 0;
}

void scrub_end(void) { scrub.craft = NULL; }

const ob_scrub *scrub_found(void) { return &scrub.found; }

/* A slice of octets into the running CRC. Returns 1 at their end. */
static int look_at(const uint8_t *octets, uint32_t size) {
  const uint32_t left = size - scrub.at, count = left < SCRUB_OCTETS ? left : SCRUB_OCTETS;
  scrub.crc = ob_crc32(scrub.at == 0 ? 0 : scrub.crc, octets + scrub.at, count);
  scrub.at += count;
  return scrub.at == size;
}

static void judge_code(void) {
  if (scrub.found.rounds == 0) {
    scrub.code_crc = scrub.crc;
  } else if (scrub.crc != scrub.code_crc) {
    platform_restart("memory");
  }
}

static int judge_image(void) {
  if (scrub.crc == scrub.image_crc) {
    return 0;
  }
  if (storage_load(scrub.image) != scrub.image_size ||
      ob_crc32(0, scrub.image, scrub.image_size) != scrub.image_crc) {
    platform_restart("memory");
  }
  scrub.found.image++;
  return 1;
}

static int look_at_code(void) {
  uint32_t size;
  const uint8_t *code = platform_code(&size);
  const int ended = size == 0 || look_at(code, size);
  if (ended && size > 0) {
    judge_code();
  }
  return ended;
}

/* Returns 1 when the region is done; `found` grows by what was wrong. */
static int look(int64_t *found) {
  switch (scrub.region) {
    case CODE:
      return look_at_code();
    case IMAGE:
      if (scrub.craft != NULL && !look_at(scrub.image, scrub.image_size)) {
        return 0;
      }
      *found += scrub.craft != NULL && judge_image();
      return 1;
    case CONSTANTS: {
      const int64_t repaired = scrub.craft == NULL ? 0 : ob_flight_repair(scrub.craft, scrub.image);
      scrub.found.constants += repaired;
      *found += repaired;
      return 1;
    }
    default: {
      const int64_t repaired = storage_repair(scrub.region - COPY) > 0;
      scrub.found.copies += repaired;
      *found += repaired;
      return 1;
    }
  }
}

int scrub_slice(void) {
  int64_t found = 0;
  int outcome = 0;
  if (look(&found)) {
    scrub.at = 0;
    scrub.region = (scrub.region + 1) % REGIONS;
    outcome = scrub.region == CODE ? SCRUB_ENDED_ROUND : 0;
    scrub.found.rounds += outcome;
  }
  return outcome | (found > 0 ? SCRUB_FOUND : 0);
}
