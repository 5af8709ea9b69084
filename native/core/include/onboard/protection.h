/* Fault protection as a member of a flight core: channels, monitors and engine in one step.
 *
 * Requests and faults to unlatch wait for the next step. Where two requests meet, SAFE wins, otherwise the later one.
 */
#ifndef ONBOARD_PROTECTION_H
#define ONBOARD_PROTECTION_H

#include <stdint.h>

#include "onboard/fault.h"
#include "onboard/flight_channel.h"
#include "onboard/order.h"

typedef struct {
  const ob_fault_table *table;
  const ob_flight_channels *channels;
  ob_fault_state *state;
  ob_fault_memory *memory;
  ob_fault_actions *actions; /* of the last step; who carries them out answers with orders */
  int64_t request;           /* a mode, or OB_FAULT_NO_REQUEST */
  uint64_t clear;            /* bits of faults to unlatch */
} ob_protection;

void ob_protection_step(ob_protection *protection, int64_t now_ns);

/* OB_ORDER_MODE and OB_ORDER_CLEAR; 0 where there is no such mode, and for any other order. */
int64_t ob_protection_order(ob_protection *protection, const ob_order *order);

uint64_t ob_protection_hash(const ob_protection *protection, uint64_t hash);

#endif
