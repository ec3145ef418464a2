/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MAPLEDGER_H
#define MAPLEDGER_H

/*
 * mapledger - lets a program ask for the recorded map of its own address space
 *
 * A program may be built with this header and run with or without the shim: the
 * mapledger_ functions are weak, nothing needs to be linked, and the ml_
 * wrappers answer "not here" when the shim is not loaded. Compile with -fPIE or
 * -fPIC, as compilers of today do by themselves: in a program linked at a fixed
 * address the linker settles weak symbols for good, and the shim is not seen.
 *
 *     $ mapledger run ./prog            # or LD_PRELOAD=libmapledger.so ./prog
 *
 *     struct ml_area area;
 *     if (ml_query(p, &area) == 1 && (area.prot & PROT_WRITE))
 *             ...
 *
 * Every function is async-signal-safe, allocates nothing, and leaves errno
 * alone. They can be called from any thread, from a signal handler, and by a
 * debugger: (gdb) call mapledger_query($rsp, &area)
 *
 * Errors are negative errno values:
 *   -ENOSYS  the shim is not loaded, or records nothing in this process
 *   -EAGAIN  the map is being changed at this very moment and can't be read:
 *            we are in a signal handler on top of the change
 */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef MAPLEDGER_API
#define MAPLEDGER_API __attribute__((weak))
#endif

/*
 * An area as the ledger knows it: pages that one call mapped and that were
 * changed alike since. The kernel may show several of them as one line.
 *
 * @start, @end:  addresses, page aligned, @end exclusive
 * @offset:       in the file, in bytes, of the byte at @start; 0 when there is none
 * @dev, @ino:    of the file as /proc/self/maps prints them (major << 32 | minor); 0: none
 * @mapped_by:    number of the call that mapped it; 0: it was there before recording began
 * @changed_by:   number of the last call that changed it; 0: none
 * @name:         of the file or kernel object as it was when first seen, or NULL.
 *                Valid for the life of the process.
 * @prot:         PROT_ bits
 * @flags:        ML_AREA_ bits
 */
struct ml_area {
	uint64_t start;
	uint64_t end;
	uint64_t offset;
	uint64_t dev;
	uint64_t ino;
	uint64_t mapped_by;
	uint64_t changed_by;
	const char *name;
	uint32_t prot;
	uint32_t flags;
};

#define ML_AREA_SHARED	 0x1  /* MAP_SHARED */
#define ML_AREA_BASELINE 0x2  /* there before recording began */
#define ML_AREA_RESYNCED 0x4  /* read back from the kernel: no call was seen */
#define ML_AREA_OWN	 0x8  /* mapledger's own memory */
#define ML_AREA_GUARD	 0x10 /* holds MADV_GUARD_INSTALL regions */
#define ML_AREA_HEAP	 0x20 /* made by brk */

/* A difference between the ledger's map and the kernel's. @what is static text. */
struct ml_difference {
	uint64_t start;
	uint64_t end;
	const char *what;
	int explained; /* 1: a known cause that is no missed call, such as stack growth */
};

/* Are calls of this process recorded? Returns 1 or 0. */
MAPLEDGER_API int mapledger_active(void);

/* Describes the pages around @addr in *@area. Returns 1, or 0: nothing is mapped there. */
MAPLEDGER_API int mapledger_query(const void *addr, struct ml_area *area);

/* Calls @callback for each area in address order until it returns non-zero, and returns that. */
MAPLEDGER_API int mapledger_foreach(int (*callback)(const struct ml_area *area, void *context),
				    void *context);

/*
 * Compares the ledger's map with /proc/self/maps, and writes the result to the ledger.
 * @callback may be NULL. Returns the number of unexplained differences.
 */
MAPLEDGER_API int mapledger_verify(void (*callback)(const struct ml_difference *difference,
						    void *context),
				   void *context);

/* The number of the last recorded call: the present moment. 0 without the shim. */
MAPLEDGER_API uint64_t mapledger_seq(void);

/*
 * Puts a mark into the ledger: `mapledger map --at mark:NAME' is the map as it is now.
 * Of several marks of one name the first counts. @name is copied, up to 8,192 bytes.
 * Returns 0.
 */
MAPLEDGER_API int mapledger_mark(const char *name);

/*
 * Says what the program relies on: the pages of [@addr, @addr + @len) have this PROT_,
 * and keep it. Nothing happens now; `mapledger audit' has a finding G02 when that is not
 * so at this moment, or when a later call breaks it. PROT_NONE also means that nothing
 * may be mapped there that can be accessed. Saying it again replaces what was said of
 * the same range. Returns 0, or -EINVAL for an empty range.
 */
MAPLEDGER_API int mapledger_expect(const void *addr, size_t len, int prot);

/* ------------------------------------------------ the same, with or without the shim */

#ifndef MAPLEDGER_NO_WRAPPERS

#define ML_ENOSYS_ (-38)

static inline int ml_active(void)
{
	return mapledger_active ? mapledger_active() : 0;
}

static inline int ml_query(const void *addr, struct ml_area *area)
{
	return mapledger_query ? mapledger_query(addr, area) : ML_ENOSYS_;
}

static inline int ml_foreach(int (*callback)(const struct ml_area *area, void *context),
			     void *context)
{
	return mapledger_foreach ? mapledger_foreach(callback, context) : ML_ENOSYS_;
}

static inline int ml_verify(void (*callback)(const struct ml_difference *difference, void *context),
			    void *context)
{
	return mapledger_verify ? mapledger_verify(callback, context) : ML_ENOSYS_;
}

static inline int ml_mark(const char *name)
{
	return mapledger_mark ? mapledger_mark(name) : ML_ENOSYS_;
}

static inline int ml_expect(const void *addr, size_t len, int prot)
{
	return mapledger_expect ? mapledger_expect(addr, len, prot) : ML_ENOSYS_;
}

static inline uint64_t ml_seq(void)
{
	return mapledger_seq ? mapledger_seq() : 0;
}

#endif

#ifdef __cplusplus
}
#endif

#endif
