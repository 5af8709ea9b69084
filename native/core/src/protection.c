#include "onboard/protection.h"

void ob_protection_step(ob_protection *p, int64_t now_ns) {
  double values[OB_FAULT_CHANNELS];
  int64_t ages_ns[OB_FAULT_CHANNELS];
  uint8_t readings[OB_FAULT_MONITORS];
  ob_flight_channels_read(p->channels, now_ns, values, ages_ns);
  ob_fault_read(p->table, p->memory, now_ns, values, ages_ns, readings);
  ob_fault_step(p->table, p->state, readings, (int32_t)p->request, p->clear, p->actions);
  p->request = OB_FAULT_NO_REQUEST;
  p->clear = 0;
}

static int64_t ask_mode(ob_protection *p, int64_t mode) {
  if (mode < OB_FAULT_REQUEST_SAFE || mode >= p->table->header.modes) {
    return 0;
  }
  if (mode == OB_FAULT_NO_REQUEST) {
    p->clear = 0;
  }
  p->request = mode == OB_FAULT_NO_REQUEST || p->request != OB_FAULT_REQUEST_SAFE ? mode : p->request;
  return 1;
}

int64_t ob_protection_order(ob_protection *p, const ob_order *order) {
  switch (order->kind) {
    case OB_ORDER_MODE:
      return ask_mode(p, order->argument[0]);
    case OB_ORDER_CLEAR:
      p->clear |= (uint64_t)order->argument[0];
      return 1;
    default:
      return 0;
  }
}

uint64_t ob_protection_hash(const ob_protection *p, uint64_t hash) {
  return ob_fault_memory_hash(p->table, p->memory, ob_fault_hash(p->table, p->state, hash));
}
