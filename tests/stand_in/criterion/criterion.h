/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STAND_IN_CRITERION_H
#define STAND_IN_CRITERION_H

/*
 * A stand-in for Criterion, as far as our tests use it
 *
 * Criterion starts each test by executing itself again, which an emulator of user
 * programs (qemu-user) does not survive. When this is cross-compiled, tests are
 * linked with this instead: each runs in a child made by fork(), and TAP is printed.
 */

#pragma GCC system_header

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct stand_in_options {
	int unused; /* so that there is one when nothing is said */
	void (*init)(void);
	void (*fini)(void);
	double timeout; /* seconds; 0: the default */
	int signal;	/* that the test ends with */
	int exit_code;
	bool disabled;
	const char *description;
};

void stand_in_add_suite(const char *suite, const struct stand_in_options *options);
void stand_in_add_test(const char *suite, const char *name, void (*run)(void),
		       const struct stand_in_options *options);

enum stand_in_severity { STAND_IN_EXPECT, STAND_IN_ASSERT };

__attribute__((format(printf, 5, 6))) void stand_in_fail(enum stand_in_severity severity,
							 const char *file, int line,
							 const char *condition, const char *format,
							 ...);
__attribute__((noreturn, format(printf, 1, 2))) void stand_in_skip(const char *format, ...);
__attribute__((format(printf, 1, 2))) void stand_in_log(const char *format, ...);

#define TestSuite(suite, ...)                                                                      \
	__attribute__((constructor)) static void suite##_add_suite(void)                           \
	{                                                                                          \
		static const struct stand_in_options options = { .unused = 0, ##__VA_ARGS__ };     \
		stand_in_add_suite(#suite, &options);                                              \
	}                                                                                          \
	struct stand_in_options

#define Test(suite, name, ...)                                                                     \
	static void suite##_##name##_test(void);                                                   \
	__attribute__((constructor)) static void suite##_##name##_add(void)                        \
	{                                                                                          \
		static const struct stand_in_options options = { .unused = 0, ##__VA_ARGS__ };     \
		stand_in_add_test(#suite, #name, suite##_##name##_test, &options);                 \
	}                                                                                          \
	static void suite##_##name##_test(void)

#define STAND_IN_CHECK(severity, condition, ...)                                                   \
	((condition) ? (void)0                                                                     \
		     : stand_in_fail(severity, __FILE__, __LINE__, #condition, "" __VA_ARGS__))

#define cr_assert(condition, ...)     STAND_IN_CHECK(STAND_IN_ASSERT, condition, __VA_ARGS__)
#define cr_assert_not(condition, ...) STAND_IN_CHECK(STAND_IN_ASSERT, !(condition), __VA_ARGS__)
#define cr_assert_eq(a, b, ...)	      STAND_IN_CHECK(STAND_IN_ASSERT, (a) == (b), __VA_ARGS__)
#define cr_assert_neq(a, b, ...)      STAND_IN_CHECK(STAND_IN_ASSERT, (a) != (b), __VA_ARGS__)
#define cr_assert_lt(a, b, ...)	      STAND_IN_CHECK(STAND_IN_ASSERT, (a) < (b), __VA_ARGS__)
#define cr_assert_leq(a, b, ...)      STAND_IN_CHECK(STAND_IN_ASSERT, (a) <= (b), __VA_ARGS__)
#define cr_assert_gt(a, b, ...)	      STAND_IN_CHECK(STAND_IN_ASSERT, (a) > (b), __VA_ARGS__)
#define cr_assert_geq(a, b, ...)      STAND_IN_CHECK(STAND_IN_ASSERT, (a) >= (b), __VA_ARGS__)
#define cr_assert_null(a, ...)	      STAND_IN_CHECK(STAND_IN_ASSERT, (a) == NULL, __VA_ARGS__)
#define cr_assert_not_null(a, ...)    STAND_IN_CHECK(STAND_IN_ASSERT, (a) != NULL, __VA_ARGS__)
#define cr_assert_str_eq(a, b, ...)   STAND_IN_CHECK(STAND_IN_ASSERT, strcmp(a, b) == 0, __VA_ARGS__)
#define cr_assert_str_empty(a, ...)   STAND_IN_CHECK(STAND_IN_ASSERT, *(a) == '\0', __VA_ARGS__)
#define cr_assert_arr_eq(a, b, size, ...)                                                          \
	STAND_IN_CHECK(STAND_IN_ASSERT, memcmp(a, b, size) == 0, __VA_ARGS__)

#define cr_expect(condition, ...)     STAND_IN_CHECK(STAND_IN_EXPECT, condition, __VA_ARGS__)
#define cr_expect_not(condition, ...) STAND_IN_CHECK(STAND_IN_EXPECT, !(condition), __VA_ARGS__)
#define cr_expect_eq(a, b, ...)	      STAND_IN_CHECK(STAND_IN_EXPECT, (a) == (b), __VA_ARGS__)
#define cr_expect_neq(a, b, ...)      STAND_IN_CHECK(STAND_IN_EXPECT, (a) != (b), __VA_ARGS__)
#define cr_expect_lt(a, b, ...)	      STAND_IN_CHECK(STAND_IN_EXPECT, (a) < (b), __VA_ARGS__)
#define cr_expect_leq(a, b, ...)      STAND_IN_CHECK(STAND_IN_EXPECT, (a) <= (b), __VA_ARGS__)
#define cr_expect_gt(a, b, ...)	      STAND_IN_CHECK(STAND_IN_EXPECT, (a) > (b), __VA_ARGS__)
#define cr_expect_geq(a, b, ...)      STAND_IN_CHECK(STAND_IN_EXPECT, (a) >= (b), __VA_ARGS__)
#define cr_expect_null(a, ...)	      STAND_IN_CHECK(STAND_IN_EXPECT, (a) == NULL, __VA_ARGS__)
#define cr_expect_not_null(a, ...)    STAND_IN_CHECK(STAND_IN_EXPECT, (a) != NULL, __VA_ARGS__)
#define cr_expect_str_eq(a, b, ...)   STAND_IN_CHECK(STAND_IN_EXPECT, strcmp(a, b) == 0, __VA_ARGS__)
#define cr_expect_arr_eq(a, b, size, ...)                                                          \
	STAND_IN_CHECK(STAND_IN_EXPECT, memcmp(a, b, size) == 0, __VA_ARGS__)

#define cr_skip_test(...) stand_in_skip("" __VA_ARGS__)
#define cr_log_info(...)  stand_in_log("" __VA_ARGS__)

#endif
