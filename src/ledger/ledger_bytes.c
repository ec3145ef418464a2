/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The bytes of a ledger, from its file or from memory, read without trust in their number
 */

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ledger/ledger_bytes.h"

void ledger_problem_set(struct ledger_problem *problem, const char *format, ...)
{
	va_list args;

	if (problem == NULL)
		return;
	va_start(args, format);
	vsnprintf(problem->text, sizeof(problem->text), format, args);
	va_end(args);
}

static int check_file(int fd, struct stat *status, struct ledger_problem *problem)
{
	if (fstat(fd, status) < 0)
		ledger_problem_set(problem, "cannot read: %s", strerror(errno));
	else if (S_ISDIR(status->st_mode))
		ledger_problem_set(problem, "is a directory, not a ledger");
	else if (!S_ISREG(status->st_mode))
		ledger_problem_set(problem, "not a regular file");
	else
		return 0;
	return -1;
}

int ledger_bytes_open(struct ledger_bytes *bytes, const char *path, struct ledger_problem *problem)
{
	/* O_NONBLOCK: a FIFO must not hold us up before it is refused. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;

	if (fd < 0) {
		ledger_problem_set(problem, "cannot open: %s", strerror(errno));
		return -1;
	}
	if (check_file(fd, &status, problem) < 0) {
		close(fd);
		return -1;
	}
	*bytes = (struct ledger_bytes){ .fd = fd, .size = (uint64_t)status.st_size };
	return 0;
}

void ledger_bytes_close(struct ledger_bytes *bytes)
{
	if (bytes->fd >= 0)
		close(bytes->fd);
	bytes->fd = -1;
}

static size_t read_memory(const struct ledger_bytes *bytes, uint64_t offset, void *to, size_t len)
{
	if (offset >= bytes->size)
		return 0;
	if (len > bytes->size - offset)
		len = (size_t)(bytes->size - offset);
	memcpy(to, bytes->memory + offset, len);
	return len;
}

size_t ledger_bytes_read(const struct ledger_bytes *bytes, uint64_t offset, void *to, size_t len)
{
	size_t done = 0;
	ssize_t n;

	if (bytes->fd < 0)
		return read_memory(bytes, offset, to, len);
	while (done < len) {
		n = pread(bytes->fd, (char *)to + done, len - done, (off_t)(offset + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	return done;
}
