/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNWIND_CFI_REGISTERS_H
#define UNWIND_CFI_REGISTERS_H

/*
 * cfi_registers - DWARF's numbers of the registers that a rule can name (private to src/unwind)
 */

/* DWARF's numbers of the registers on x86-64 (System V psABI, figure 3.36). */
#define CFI_BX 3
#define CFI_BP 6
#define CFI_SP 7
#define CFI_PC 16

#endif
