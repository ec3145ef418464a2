/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mutation.h"
#include "base/sys.h"
#include "shim/shim.h"
#include "sites/call_table.h"
#include "sites/code_memory.h"
#include "sites/site_stubs.h"
#include "sites/site_table.h"

#if defined(__x86_64__)

/* What is patched, at one time: the site that a stub tells by its index. */
struct site {
	uint64_t addr; /* of the jump; 0: free */
	uint64_t stub;
	uint32_t nr;	  /* or SITE_ANY_NR: in rax */
	uint8_t bytes[8]; /* what the jump took the place of */
};

static struct site sites[SITES_MAX];
static uint32_t n_sites; /* slots that were ever in use */

uint32_t site_nr(uint64_t index)
{
	return sites[index].nr;
}

/* -------------------------------------------------------------------- the table */

static void make_jump(unsigned char jump[SITE_JUMP_SIZE], uint64_t addr, uint64_t stub)
{
	int32_t rel32 = (int32_t)(stub - (addr + SITE_JUMP_SIZE));

	jump[0] = 0xe9;
	memcpy(jump + 1, &rel32, sizeof(rel32));
}

/*
 * Memory itself is asked: as long as the jump is there its stub must be, whatever the
 * set says. A mapping may lose and regain its right to be executed.
 */
static bool is_still_there(const struct site *site, int mem)
{
	unsigned char jump[SITE_JUMP_SIZE], found[SITE_JUMP_SIZE];

	make_jump(jump, site->addr, site->stub);
	return sys_pread(mem, found, SITE_JUMP_SIZE, site->addr) == SITE_JUMP_SIZE &&
	       memcmp(found, jump, SITE_JUMP_SIZE) == 0;
}

static void forget(struct site *site)
{
	site_stub_free(site->stub);
	site->addr = 0;
	site->stub = 0;
}

/* Something else has been mapped there. */
void site_table_forget_gone(struct addr_range range, int mem)
{
	for (uint32_t i = 0; i < n_sites; i++)
		if (sites[i].addr >= range.start && sites[i].addr < range.end &&
		    sites[i].addr != 0 && !is_still_there(&sites[i], mem))
			forget(&sites[i]);
}

static struct site *find_free(uint32_t *index, int mem)
{
	for (unsigned turn = 0; turn < 2; turn++) {
		for (uint32_t i = 0; i < SITES_MAX; i++)
			if (sites[i].addr == 0) {
				*index = i;
				return &sites[i];
			}
		site_table_forget_gone(MEMORY_SET_ALL, mem);
	}
	return NULL;
}

/* It is patched already, by us. */
static bool is_patched(uint64_t addr, int mem)
{
	for (uint32_t i = 0; i < n_sites; i++)
		if (sites[i].addr == addr)
			return is_still_there(&sites[i], mem);
	return false;
}

/* -------------------------------------------------------------------- one site */

void site_table_write(const struct site_text *text, const struct site_plan *plan, uint8_t state)
{
	struct ledger_site *record;

	if (!ledger_writer_room(&shim.writer, 1))
		return;
	record = ledger_writer_begin(&shim.writer, LEDGER_SITE);
	if (record == NULL)
		return;
	record->site_state = state;
	record->op = plan->nr == SITE_ANY_NR ? VM_OP_NONE : site_call_op(plan->nr);
	record->object = text->object;
	record->addr = site_text_address(text, plan->begin);
	record->file_offset = plan->begin;
	record->nr = plan->nr == SITE_ANY_NR ? UINT64_MAX : plan->nr;
	ledger_writer_done(&shim.writer, record);
}

static bool is_unchanged(const struct site_text *text, const struct site_plan *plan, uint64_t addr)
{
	unsigned char bytes[SITE_COPY_MAX + 2];
	size_t size = plan->n_copy + 2u;

	return site_text_memory(text, addr, bytes, size) && memcmp(bytes, plan->bytes, size) == 0;
}

static uint8_t write_jump(const struct site_text *text, uint64_t addr, uint64_t stub)
{
	unsigned char jump[SITE_JUMP_SIZE];

	make_jump(jump, addr, stub);
	return sys_pwrite(text->mem, jump, sizeof(jump), addr) == sizeof(jump)
		       ? LEDGER_SITE_PATCHED
		       : LEDGER_SITE_UNWRITABLE;
}

uint8_t site_table_patch(const struct site_text *text, const struct site_plan *plan)
{
	uint64_t addr = site_text_address(text, plan->begin), stub;
	uint32_t index = 0;
	struct site *site = find_free(&index, text->mem);
	uint8_t state;

	if (is_patched(addr, text->mem))
		return LEDGER_SITE_PATCHED;
	if ((text->time == SITE_IT_MAY_RUN && !ML_MUTATED(RUNNING_CODE_PATCHED)) ||
	    plan->begin < text->offset)
		return LEDGER_SITE_RUNNING;
	if (site == NULL)
		return LEDGER_SITE_NO_STUB;
	if (!is_unchanged(text, plan, addr) && !ML_MUTATED(FOREIGN_BYTES_OVERWRITTEN))
		return LEDGER_SITE_FOREIGN;
	stub = site_stub(plan, addr, index, text->mem);
	if (stub == 0) {
		site_table_forget_gone(MEMORY_SET_ALL, text->mem); /* whose stubs may be had now */
		stub = site_stub(plan, addr, index, text->mem);
	}
	if (stub == 0)
		return LEDGER_SITE_TOO_FAR;
	*site = (struct site){ .stub = stub };
	site->nr = plan->plain ? plan->nr : SITE_ANY_NR;
	memcpy(site->bytes, plan->bytes, SITE_JUMP_SIZE);
	if (index >= n_sites)
		n_sites = index + 1;
	state = write_jump(text, addr, stub);
	if (state == LEDGER_SITE_PATCHED)
		site->addr = addr;
	else
		forget(site);
	return state;
}

/* In libc and ld.so. */
static struct {
	bool patched;
	bool missed;
} roles[SITE_ROLES];

void site_table_count(enum site_role role, uint8_t state)
{
	roles[role].patched |= state == LEDGER_SITE_PATCHED;
	roles[role].missed |= state != LEDGER_SITE_PATCHED;
}

bool site_table_sees(enum site_role role)
{
	return roles[role].patched && !roles[role].missed;
}

/* Nobody executes what has just come to its new place: the jumps can be taken back there. */
void site_table_take_back(struct addr_range from, uint64_t to, uint64_t size)
{
	int mem = code_memory_open();

	for (uint32_t i = 0; mem >= 0 && i < n_sites; i++) {
		struct site *site = &sites[i];
		uint64_t into = site->addr - from.start;

		if (site->addr < from.start || site->addr >= from.end)
			continue;
		if (into + SITE_JUMP_SIZE <= size)
			sys_pwrite(mem, site->bytes, SITE_JUMP_SIZE, to + into);
		forget(site);
	}
	if (mem >= 0)
		sys_close(mem);
}

#else

bool site_table_sees(enum site_role role)
{
	(void)role;
	return false;
}

#endif
