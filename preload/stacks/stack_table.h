/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PRELOAD_STACK_TABLE_H
#define PRELOAD_STACK_TABLE_H

/*
 * stack_table - every stack is stored once, and calls refer to it by number
 *
 * A stack is written to a segment of the ledger when its first call there refers to it. When the
 * table is full it begins anew, and a stack may get a second number. With the recorder's
 * lock held.
 */

#include <stdint.h>
#include "unwind/unwind.h"

struct ledger_writer;

/* A stack in the table. */
struct stack_entry;

/* Finds the entry of a stack, or makes one; NULL when there is no stack. */
struct stack_entry *stack_table_find(const struct unwind_trace *trace);

/* How many records writing this entry may take; 0 for NULL. */
uint32_t stack_table_records(const struct stack_entry *entry);

/* Makes sure the ledger's segment has it. Needs that room. Return: its number; 0 for NULL. */
uint32_t stack_table_write(struct ledger_writer *writer, struct stack_entry *entry);

/* The ledger is a new one: nothing is in it yet. */
void stack_table_new_ledger(void);

#endif
