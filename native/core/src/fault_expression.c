#include <assert.h>

#include "fault_rows.h"
#include "onboard/fault.h"

static uint8_t negation(uint8_t value) {
  return value < OB_FAULT_STALE ? (uint8_t)!value : value;
}

/* True or false as soon as the known values decide it; else error before stale. */
static uint8_t vote(uint32_t wanted, const uint8_t *values, uint32_t count) {
  uint32_t seen[4] = {0};
  for (uint32_t i = 0; i < count; i++) {
    seen[values[i]]++;
  }
  if (seen[OB_FAULT_TRUE] >= wanted) {
    return OB_FAULT_TRUE;
  }
  if (count - seen[OB_FAULT_FALSE] < wanted) {
    return OB_FAULT_FALSE;
  }
  return seen[OB_FAULT_ERROR] > 0 ? OB_FAULT_ERROR : OB_FAULT_STALE;
}

uint8_t ob_fault_evaluate(const ob_fault_table *table, ob_fault_code code, const uint8_t *values,
                          uint32_t mode) {
  uint8_t stack[OB_FAULT_STACK];
  uint32_t depth = 0;
  for (uint32_t i = 0; i < code.count; i++) {
    uint32_t word = code_word(table, code.first + i), operand = operand_of(word);
    switch (operation_of(word)) {
      case OB_FAULT_OP_CONSTANT:
        stack[depth++] = (uint8_t)operand;
        break;
      case OB_FAULT_OP_MONITOR:
        stack[depth++] = values[operand];
        break;
      case OB_FAULT_OP_IN_MODE:
        stack[depth++] = (uint8_t)(operand >> mode & 1);
        break;
      case OB_FAULT_OP_NOT:
        stack[depth - 1] = negation(stack[depth - 1]);
        break;
      case OB_FAULT_OP_VOTE:
        depth -= operand & 0xfff;
        stack[depth] = vote(operand >> 12, stack + depth, operand & 0xfff);
        depth++;
        break;
    }
    assert(depth >= 1 && depth <= OB_FAULT_STACK);
  }
  return code.count == 0 ? OB_FAULT_TRUE : stack[0];
}
