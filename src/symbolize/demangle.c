/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The choice of a library that demangles names of C++, Rust and D
 */

#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "symbolize/demangle.h"

#ifdef ML_HAS_LIBIBERTY

#include <libiberty/demangle.h>

#else

typedef char *(*cxa_demangle_fn)(const char *name, char *buffer, size_t *size, int *status);

/* What Rust writes for characters that symbols may not have. */
static const struct rust_escape {
	const char *text;
	char c;
} rust_escapes[] = {
	{ "$SP$", '@' },   { "$BP$", '*' },  { "$RF$", '&' },  { "$LT$", '<' },	 { "$GT$", '>' },
	{ "$LP$", '(' },   { "$RP$", ')' },  { "$C$", ',' },   { "$u20$", ' ' }, { "$u22$", '"' },
	{ "$u27$", '\'' }, { "$u2b$", '+' }, { "$u3b$", ';' }, { "$u5b$", '[' }, { "$u5d$", ']' },
	{ "$u7b$", '{' },  { "$u7d$", '}' }, { "$u7e$", '~' },
};

static cxa_demangle_fn find_demangler(void)
{
	static cxa_demangle_fn found;
	static bool tried;
	void *library;

	if (tried)
		return found;
	tried = true;
	library = dlopen("libstdc++.so.6", RTLD_LAZY | RTLD_LOCAL);
	if (library != NULL)
		*(void **)&found = dlsym(library, "__cxa_demangle");
	return found;
}

/* Rust ends each path with a hash: "::h" and 16 digits. */
static bool is_rust(const char *name, size_t len)
{
	return len > 19 && memcmp(name + len - 19, "::h", 3) == 0 &&
	       strspn(name + len - 16, "0123456789abcdef") == 16;
}

static size_t unescape(const char *at, char *c)
{
	for (size_t i = 0; i < sizeof(rust_escapes) / sizeof(rust_escapes[0]); i++) {
		size_t len = strlen(rust_escapes[i].text);

		if (strncmp(at, rust_escapes[i].text, len) != 0)
			continue;
		*c = rust_escapes[i].c;
		return len;
	}
	return 0;
}

/* In place: what comes out is never longer. */
static void beautify_rust(char *name, size_t len)
{
	const char *at = name;
	char *to = name;

	name[len - 19] = '\0';
	while (*at != '\0') {
		size_t read = unescape(at, to);

		if (read > 0) {
			to++;
			at += read;
		} else if (strncmp(at, "..", 2) == 0) {
			*to++ = ':';
			*to++ = ':';
			at += 2;
		} else if (*at == '_' && at[1] == '$' && (at == name || at[-1] == ':')) {
			at++; /* stands before a part that begins with an escape */
		} else {
			*to++ = *at++;
		}
	}
	*to = '\0';
}

static char *demangle_at_run_time(const char *name)
{
	cxa_demangle_fn cxa_demangle;
	char *readable;
	size_t len;
	int status;

	if (strncmp(name, "_Z", 2) != 0)
		return NULL;
	cxa_demangle = find_demangler();
	if (cxa_demangle == NULL)
		return NULL;
	readable = cxa_demangle(name, NULL, NULL, &status);
	if (readable == NULL)
		return NULL;
	len = strlen(readable);
	if (is_rust(readable, len))
		beautify_rust(readable, len);
	return readable;
}

#endif

char *demangle(const char *name)
{
#ifdef ML_HAS_LIBIBERTY
	return name[0] == '_' ? cplus_demangle(name, DMGL_PARAMS | DMGL_ANSI | DMGL_AUTO) : NULL;
#else
	return demangle_at_run_time(name);
#endif
}
