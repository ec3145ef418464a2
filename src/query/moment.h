/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QUERY_MOMENT_H
#define QUERY_MOMENT_H

/*
 * moment - where in a ledger a moment lies
 *
 * A moment of spec.h is a question: "before main", "two seconds after the start".
 * It is settled once, which may read or even fold the whole ledger. What comes out
 * is two numbers, and folding to them needs no search any more.
 */

#include "query/history.h"
#include "query/spec.h"

/**
 * moment_settle() - find a moment in a ledger
 *
 * May move the fold (MOMENT_MAIN looks at the stacks of calls). Return: false, with
 * view->problem: there is no such moment in this ledger, or it was overwritten.
 */
bool moment_settle(struct ledger_view *view, struct moment moment, struct settled_moment *settled);

/* Fold to a settled moment, from where the fold is or from the beginning. */
void view_fold(struct ledger_view *view, struct settled_moment settled);

#endif
