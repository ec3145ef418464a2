/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SYMBOLIZE_SUBJECT_H
#define TESTS_SYMBOLIZE_SUBJECT_H

/*
 * subject - functions whose addresses the test looks up
 *
 *     subject_outer   calls, inlined:   subject_middle in line SUBJECT_MIDDLE_LINE,
 *     which calls, inlined:             subject_inner in line SUBJECT_INNER_LINE,
 *     in which is the label             subject_label in line SUBJECT_LABEL_LINE
 */

#define SUBJECT_LABEL_LINE  15
#define SUBJECT_INNER_LINE  20
#define SUBJECT_MIDDLE_LINE 25

int subject_outer(int n);
extern char subject_label[];
extern int subject_data[16];

#endif
