/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QUERY_HEAP_H
#define QUERY_HEAP_H

/*
 * heap - memory of the command, which is there or ends it
 *
 * What looks at a ledger holds no lock, serves nobody and changes nothing: with no
 * memory left there is nothing better to do than to say so and to end. So these
 * functions never return NULL, and nothing that calls them has a branch for it.
 * The shim, which must never end a program, does not have this file.
 *
 * What comes from here is freed with free().
 */

#include <stddef.h>

/* @n elements of @size bytes, all zero; at least one byte. */
void *heap_array(size_t n, size_t size) __attribute__((returns_nonnull, warn_unused_result));

/* As reallocarray(): the array with room for @n elements of @size bytes, the new ones not set. */
void *heap_resize(void *array, size_t n, size_t size)
	__attribute__((returns_nonnull, warn_unused_result));

/**
 * heap_grow() - make room for one more element
 * @array:    elements of @size bytes, or NULL
 * @n:        how many are in use
 * @capacity: how many there is room for; grows by doubling, from @first on
 *
 * Return: the array, which may have moved.
 */
void *heap_grow(void *array, size_t n, size_t *capacity, size_t first, size_t size)
	__attribute__((returns_nonnull, warn_unused_result));

/* A copy of a string. */
char *heap_string(const char *string) __attribute__((returns_nonnull, warn_unused_result));

/* End if @error is -ENOMEM, from a function that reports it. Return: @error. */
int heap_require(int error);

/* End: some other function found that there is no memory. */
void heap_exhausted(void) __attribute__((noreturn));

/* What is done at the end; without it, and if it returns, abort(). */
void heap_at_exhaustion(void (*handler)(void));

#endif
