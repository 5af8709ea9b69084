#include "onboard/craft.h"

#include <stddef.h>

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
