#include "onboard/craft.h"

#include <stddef.h>
#include <string.h>

const ob_vehicle *ob_vehicle_of(int64_t number) {
  switch (number) {
    case OB_VEHICLE_LANDER:
      return &ob_vehicle_lander;
    case OB_VEHICLE_ROVER:
      return &ob_vehicle_rover;
    default:
      return NULL;
  }
}

int64_t ob_craft_has(const ob_craft *c, int64_t intake) {
  return 0 <= intake && intake < c->vehicle->intakes && c->part[intake].at != NULL;
}

int64_t ob_craft_repair(ob_craft *c, const uint8_t *settings) {
  int64_t repaired = 0;
  uint8_t *beginning = (uint8_t *)&c->as;
  for (int64_t k = 0; k < c->vehicle->constants; k++) {
    const ob_constant *constant = &c->vehicle->constant[k];
    if (memcmp(beginning + constant->at, settings + constant->from, constant->size) != 0) {
      memcpy(beginning + constant->at, settings + constant->from, constant->size);
      repaired++;
    }
  }
  return repaired;
}
