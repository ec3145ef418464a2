/* SPDX-License-Identifier: Apache-2.0 */
#include "record/recorder_state.h"

struct recorder recorder;
