/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The first page of a ledger, checked before anything else is read
 */

#include <stddef.h>
#include <string.h>
#include "ledger/ledger_header.h"
#include "ledger/ledger_reader_private.h"

static bool all_zero(const void *bytes, size_t len)
{
	const char *at = bytes;

	for (size_t i = 0; i < len; i++)
		if (at[i] != 0)
			return false;
	return true;
}

static bool check_magic(const struct ledger_header *header, size_t len,
			struct ledger_problem *problem)
{
	if (len == 0)
		ledger_problem_set(problem, "empty file");
	else if (len >= sizeof(header->magic) && all_zero(header, sizeof(header->magic)))
		ledger_problem_set(problem, "nothing was recorded in it");
	else if (len < sizeof(header->magic) ||
		 memcmp(header->magic, LEDGER_MAGIC, sizeof(header->magic)) != 0)
		ledger_problem_set(problem, "not a mapledger ledger");
	else if (len < LEDGER_HEADER_SIZE)
		ledger_problem_set(problem, "cut short in its header, after %zu bytes", len);
	else
		return true;
	return false;
}

static bool check_version(const struct ledger_header *header, struct ledger_problem *problem)
{
	if (header->byte_order == __builtin_bswap32(LEDGER_BYTE_ORDER))
		ledger_problem_set(problem, "written on a machine with another byte order");
	else if (header->byte_order != LEDGER_BYTE_ORDER)
		ledger_problem_set(problem, "damaged header: byte order mark 0x%08x",
				   header->byte_order);
	else if (header->version_major > LEDGER_VERSION_MAJOR)
		ledger_problem_set(
			problem,
			"written by a newer mapledger (format %u); this one reads format %u",
			header->version_major, LEDGER_VERSION_MAJOR);
	else if (header->version_major != LEDGER_VERSION_MAJOR)
		ledger_problem_set(problem, "damaged header: format %u", header->version_major);
	else
		return true;
	return false;
}

static bool check_page_size(uint32_t size)
{
	return size >= 4096 && size <= 65536 && (size & (size - 1)) == 0;
}

/* Larger than any disk: what is computed from it does not overflow. */
#define SEGMENT_SIZE_MAX (1ULL << 40)

static bool check_sizes(const struct ledger_header *header, struct ledger_problem *problem)
{
	if (header->header_size != LEDGER_HEADER_SIZE)
		ledger_problem_set(problem, "damaged header: header size %u", header->header_size);
	else if (header->record_size != LEDGER_RECORD_SIZE)
		ledger_problem_set(problem, "damaged header: record size %u", header->record_size);
	else if (!check_page_size(header->page_size))
		ledger_problem_set(problem, "damaged header: page size %u", header->page_size);
	else if (header->n_segments == 0 || header->n_segments > LEDGER_SEGMENTS_MAX)
		ledger_problem_set(problem, "damaged header: %u segments", header->n_segments);
	else if (header->segment_size == 0 || header->segment_size % LEDGER_WINDOW_SIZE != 0 ||
		 header->segment_size > SEGMENT_SIZE_MAX)
		ledger_problem_set(problem, "damaged header: segment size %llu",
				   (unsigned long long)header->segment_size);
	else
		return true;
	return false;
}

/* Counts within their arrays: whoever shows a fault need not look twice. */
static void check_fault(struct ledger_fault *fault)
{
	if (fault->n_registers > LEDGER_FAULT_REGISTERS)
		fault->n_registers = 0;
	if (fault->n_frames > LEDGER_FAULT_FRAMES)
		fault->n_frames = 0;
	fault->thread_name[sizeof(fault->thread_name) - 1] = '\0';
}

static void end_texts(struct ledger_header *header)
{
	header->shim_version[sizeof(header->shim_version) - 1] = '\0';
	header->kernel_release[sizeof(header->kernel_release) - 1] = '\0';
	header->executable[sizeof(header->executable) - 1] = '\0';
	if (header->command_len > sizeof(header->command))
		header->command_len = sizeof(header->command);
	check_fault(&header->fault);
}

bool ledger_header_check(struct ledger_header *header, size_t len, struct ledger_problem *problem)
{
	if (!check_magic(header, len, problem) || !check_version(header, problem) ||
	    !check_sizes(header, problem))
		return false;
	end_texts(header);
	return true;
}

/* Only the part that changes while the process runs. */
void ledger_header_refresh(struct ledger_reader *reader)
{
	size_t from = offsetof(struct ledger_header, last_ticks);
	size_t end =
		reader->fault_is_given ? offsetof(struct ledger_header, fault) : LEDGER_HEADER_SIZE;
	uint8_t fresh[LEDGER_HEADER_SIZE - offsetof(struct ledger_header, last_ticks)];

	if (ledger_bytes_read(&reader->bytes, from, fresh, end - from) == end - from)
		memcpy((uint8_t *)&reader->header + from, fresh, end - from);
	check_fault(&reader->header.fault);
}

void ledger_reader_set_fault(struct ledger_reader *reader, const struct ledger_fault *fault)
{
	reader->header.fault = *fault;
	reader->fault_is_given = true;
	check_fault(&reader->header.fault);
}
