/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The three backends that come with the library: a page array, a trace, and one that fails
 */

#include <errno.h>

#include <memory_set/backends.h>

/* -------------------------------------------------------------- page array */

void page_array_init(struct page_array *table, uint64_t *entries, size_t n_pages,
		     uint64_t page_size)
{
	*table = (struct page_array){ entries, n_pages, page_size };
	for (size_t i = 0; i < n_pages; i++)
		entries[i] = PAGE_ARRAY_UNMAPPED;
}

/*
 * The entries of @range, as indices. All of them must be there, and all mapped
 * or all unmapped: a call that fails has changed nothing.
 */
static int pages_in(const struct page_array *table, struct addr_range range, bool mapped,
		    struct addr_range *pages)
{
	pages->start = range.start / table->page_size;
	pages->end = range.end / table->page_size;
	if (pages->end > table->n_pages)
		return -EFAULT;
	for (uint64_t i = pages->start; i < pages->end; i++)
		if ((table->entries[i] != PAGE_ARRAY_UNMAPPED) != mapped)
			return mapped ? -EFAULT : -EEXIST;
	return 0;
}

static void set_pages(struct page_array *table, struct addr_range pages, uint64_t entry)
{
	for (uint64_t i = pages.start; i < pages.end; i++)
		table->entries[i] = entry;
}

static int page_array_map(struct mapping_backend *backend, struct memory_area *area,
			  void *page_table)
{
	struct addr_range pages;
	int error = pages_in(page_table, area->range, false, &pages);

	(void)backend;
	if (!error)
		set_pages(page_table, pages, area->flags);
	return error;
}

static int page_array_unmap(struct mapping_backend *backend, struct addr_range range,
			    void *page_table)
{
	struct addr_range pages;
	int error = pages_in(page_table, range, true, &pages);

	(void)backend;
	if (!error)
		set_pages(page_table, pages, PAGE_ARRAY_UNMAPPED);
	return error;
}

static int page_array_protect(struct mapping_backend *backend, struct addr_range range,
			      uint64_t flags, void *page_table)
{
	struct addr_range pages;
	int error = pages_in(page_table, range, true, &pages);

	(void)backend;
	if (!error)
		set_pages(page_table, pages, flags);
	return error;
}

static const struct mapping_backend_ops page_array_ops = {
	.name = "page_array",
	.map = page_array_map,
	.unmap = page_array_unmap,
	.protect = page_array_protect,
};

struct mapping_backend page_array_backend = { .ops = &page_array_ops };

/* -------------------------------------------------------------- passing on */

static int next_map(struct mapping_backend *next, struct memory_area *area, void *page_table)
{
	return next ? next->ops->map(next, area, page_table) : 0;
}

static int next_unmap(struct mapping_backend *next, struct addr_range range, void *page_table)
{
	return next ? next->ops->unmap(next, range, page_table) : 0;
}

static int next_protect(struct mapping_backend *next, struct addr_range range, uint64_t flags,
			void *page_table)
{
	return next ? next->ops->protect(next, range, flags, page_table) : 0;
}

/* ------------------------------------------------------------------- trace */

/* @backend is the first member of both structs below. */
static struct trace_backend *trace_of(struct mapping_backend *backend)
{
	return (struct trace_backend *)backend;
}

static void write_text(struct trace_backend *trace, const char *text)
{
	size_t len = 0;

	while (text[len])
		len++;
	trace->write(trace->context, text, len);
}

static void write_number(struct trace_backend *trace, uint64_t value, unsigned base)
{
	char digits[20];
	size_t i = sizeof(digits);

	do {
		digits[--i] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value > 0);
	trace->write(trace->context, &digits[i], sizeof(digits) - i);
}

static void write_call(struct trace_backend *trace, const char *name, struct addr_range range)
{
	write_text(trace, name);
	write_number(trace, range.start, 16);
	write_text(trace, "-");
	write_number(trace, range.end, 16);
}

static void write_flags(struct trace_backend *trace, uint64_t flags)
{
	write_text(trace, " flags ");
	write_number(trace, flags, 16);
}

static int write_result(struct trace_backend *trace, int error)
{
	if (error) {
		write_text(trace, " = -");
		write_number(trace, -(int64_t)error, 10);
	}
	write_text(trace, "\n");
	return error;
}

static int trace_map(struct mapping_backend *backend, struct memory_area *area, void *page_table)
{
	struct trace_backend *trace = trace_of(backend);

	write_call(trace, "map ", area->range);
	write_flags(trace, area->flags);
	return write_result(trace, next_map(trace->next, area, page_table));
}

static int trace_unmap(struct mapping_backend *backend, struct addr_range range, void *page_table)
{
	struct trace_backend *trace = trace_of(backend);

	write_call(trace, "unmap ", range);
	return write_result(trace, next_unmap(trace->next, range, page_table));
}

static int trace_protect(struct mapping_backend *backend, struct addr_range range, uint64_t flags,
			 void *page_table)
{
	struct trace_backend *trace = trace_of(backend);

	write_call(trace, "protect ", range);
	write_flags(trace, flags);
	return write_result(trace, next_protect(trace->next, range, flags, page_table));
}

static const struct mapping_backend_ops trace_ops = {
	.name = "trace",
	.map = trace_map,
	.unmap = trace_unmap,
	.protect = trace_protect,
};

void trace_backend_init(struct trace_backend *trace, struct mapping_backend *next,
			memory_set_write_fn write, void *context)
{
	*trace = (struct trace_backend){
		.backend.ops = &trace_ops,
		.next = next,
		.write = write,
		.context = context,
	};
}

/* ----------------------------------------------------------------- failing */

static struct failing_backend *failing_of(struct mapping_backend *backend)
{
	return (struct failing_backend *)backend;
}

static int let_through(struct failing_backend *failing)
{
	if (failing->calls_left == 0)
		return failing->error;
	failing->calls_left--;
	return 0;
}

static int failing_map(struct mapping_backend *backend, struct memory_area *area, void *page_table)
{
	struct failing_backend *failing = failing_of(backend);
	int error = let_through(failing);

	return error ? error : next_map(failing->next, area, page_table);
}

static int failing_unmap(struct mapping_backend *backend, struct addr_range range, void *page_table)
{
	struct failing_backend *failing = failing_of(backend);
	int error = let_through(failing);

	return error ? error : next_unmap(failing->next, range, page_table);
}

static int failing_protect(struct mapping_backend *backend, struct addr_range range, uint64_t flags,
			   void *page_table)
{
	struct failing_backend *failing = failing_of(backend);
	int error = let_through(failing);

	return error ? error : next_protect(failing->next, range, flags, page_table);
}

static const struct mapping_backend_ops failing_ops = {
	.name = "failing",
	.map = failing_map,
	.unmap = failing_unmap,
	.protect = failing_protect,
};

void failing_backend_init(struct failing_backend *failing, struct mapping_backend *next,
			  uint64_t calls_left, int error)
{
	*failing = (struct failing_backend){
		.backend.ops = &failing_ops,
		.next = next,
		.calls_left = calls_left,
		.error = error,
	};
}
