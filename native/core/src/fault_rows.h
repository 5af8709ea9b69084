/* Rows of a checked image by their index, and expressions over the values of monitors. */
#ifndef ONBOARD_FAULT_ROWS_H
#define ONBOARD_FAULT_ROWS_H

#include <string.h>

#include "onboard/fault_table.h"

#define FAULT_ROW(name, type, section)                                       \
  static inline type name(const ob_fault_table *table, uint32_t index) {     \
    type row;                                                                \
    memcpy(&row, table->section + (size_t)index * sizeof row, sizeof row);   \
    return row;                                                              \
  }

FAULT_ROW(rule_row, ob_fault_rule, rule)
FAULT_ROW(check_row, ob_fault_check, check)
FAULT_ROW(fault_row, ob_fault_fault, fault)
FAULT_ROW(tier_row, ob_fault_tier, tier)
FAULT_ROW(mask_row, ob_fault_mask, mask)
FAULT_ROW(mode_row, ob_fault_mode, mode)
FAULT_ROW(edge_row, ob_fault_edge, edge)
FAULT_ROW(entry_row, uint16_t, entry)
FAULT_ROW(command_row, ob_fault_command, command)
FAULT_ROW(code_word, uint32_t, code)

#undef FAULT_ROW

static inline ob_fault_operation operation_of(uint32_t word) { return (ob_fault_operation)(word >> 24); }
static inline uint32_t operand_of(uint32_t word) { return word & UINT32_C(0xffffff); }

/* The value of an expression in a mode: an `ob_fault_value` of onboard/fault.h. */
uint8_t ob_fault_evaluate(const ob_fault_table *table, ob_fault_code code, const uint8_t *values,
                          uint32_t mode);

#endif
