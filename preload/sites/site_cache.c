/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include "base/sys.h"
#include "base/text.h"
#include "sites/site_cache.h"
#include "sites/call_table.h"
#include "shim/shim.h"

#if defined(__x86_64__)

#define MAGIC	     0x3153455449534c4dULL /* "MLSITES1" */
#define FOLDER_FLAGS (O_RDONLY | O_DIRECTORY | O_CLOEXEC)
#define READ_FLAGS   (O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
#define WRITE_FLAGS  (O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC)

/* The file: this, and @n offsets. */
struct cached {
	uint64_t magic;
	uint64_t rules;	 /* by which it was judged */
	uint64_t offset; /* of the code that was read */
	uint64_t size;
	uint64_t n;
	uint64_t place[SITE_PLACES_MAX];
};
#define HEAD offsetof(struct cached, place)

/* Guarded by the recorder's lock. */
static struct cached cached;

/* Other calls wanted, or another way to judge them (count JUDGES up then): another result. */
#define JUDGES 3

static uint64_t rules(void)
{
	uint64_t hash = 0xcbf29ce484222325 + JUDGES; /* FNV-1a */

	for (unsigned nr = 0; nr < 512; nr++)
		hash = (hash ^ (site_wanted[nr] != 0)) * 0x100000001b3;
	return hash;
}

/* Whose else could it be? */
static bool is_mine(int fd, mode_t type)
{
	struct stat st;

	return sys_call6(SYS_fstat, fd, (long)&st, 0, 0, 0, 0) == 0 &&
	       (st.st_mode & S_IFMT) == type && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0 &&
	       st.st_uid == (uid_t)sys_call6(SYS_geteuid, 0, 0, 0, 0, 0, 0);
}

static int open_folder(const struct site_text *text)
{
	int fd;

	if (shim.options.cache[0] != '/' || text->build_id_len == 0)
		return -1;
	fd = (int)sys_openat(AT_FDCWD, shim.options.cache, FOLDER_FLAGS, 0);
	if (fd >= 0 && !is_mine(fd, S_IFDIR)) {
		sys_close(fd);
		fd = -1;
	}
	return fd;
}

static void make_name(struct text *name, const struct site_text *text)
{
	for (uint32_t i = 0; i < text->build_id_len; i++) {
		text_char(name, "0123456789abcdef"[text->build_id[i] >> 4]);
		text_char(name, "0123456789abcdef"[text->build_id[i] & 15]);
	}
	text_char(name, '.');
	text_hex(name, text->offset, 1);
}

static bool is_sane(const struct site_text *text, long size)
{
	uint64_t end = text->range.end - text->range.start;

	if (size < (long)HEAD || cached.magic != MAGIC || cached.rules != rules() ||
	    cached.offset != text->offset || cached.size != end || cached.n > SITE_PLACES_MAX ||
	    size != (long)(HEAD + cached.n * sizeof(cached.place[0])))
		return false;
	for (uint64_t i = 0; i < cached.n; i++)
		if (cached.place[i] < text->offset || cached.place[i] - text->offset > end - 2)
			return false;
	return true;
}

bool site_cache_read(const struct site_text *text, struct site_places *places)
{
	char buffer[64];
	struct text name;
	int folder = open_folder(text), fd;
	long size = -1;

	*places = (struct site_places){ 0 };
	if (folder < 0)
		return false;
	text_init(&name, buffer, sizeof(buffer));
	make_name(&name, text);
	fd = (int)sys_openat(folder, buffer, READ_FLAGS, 0);
	sys_close(folder);
	if (fd < 0)
		return false;
	if (is_mine(fd, S_IFREG))
		size = sys_read(fd, &cached, sizeof(cached));
	sys_close(fd);
	if (!is_sane(text, size))
		return false;
	places->n = (uint32_t)cached.n;
	memcpy(places->offset, cached.place, cached.n * sizeof(cached.place[0]));
	return true;
}

/* A limit on the size of files would come as a signal. */
static bool may_write(void)
{
	struct rlimit limit;

	return sys_prlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur >= sizeof(cached);
}

/* Under a name of its own first: nobody finds half of it. */
static void write_file(int folder, const char *name, size_t size)
{
	char buffer[32];
	struct text own;
	long fd, written;

	text_init(&own, buffer, sizeof(buffer));
	text_string(&own, ".new.");
	text_decimal(&own, (uint64_t)sys_getpid());
	fd = sys_openat(folder, buffer, WRITE_FLAGS, 0600);
	if (fd < 0)
		return;
	written = sys_write((int)fd, &cached, size);
	sys_close((int)fd);
	if (written != (long)size ||
	    sys_call6(SYS_renameat, folder, (long)buffer, folder, (long)name, 0, 0) < 0)
		sys_unlinkat(folder, buffer);
}

void site_cache_write(const struct site_text *text, const struct site_places *places)
{
	char buffer[64];
	struct text name;
	int folder;

	if (places->lost > 0 || !may_write())
		return;
	folder = open_folder(text);
	if (folder < 0)
		return;
	cached = (struct cached){
		.magic = MAGIC, .rules = rules(), .offset = text->offset, .n = places->n
	};
	cached.size = text->range.end - text->range.start;
	memcpy(cached.place, places->offset, places->n * sizeof(places->offset[0]));
	text_init(&name, buffer, sizeof(buffer));
	make_name(&name, text);
	write_file(folder, buffer, HEAD + places->n * sizeof(cached.place[0]));
	sys_close(folder);
}

#endif
