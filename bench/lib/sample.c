/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sample: the names of the metrics, as the saved file spells them. A name once saved is not
 * changed: old results stay comparable.
 */
#include "bench/lib/sample.h"

const char *sample_metric_name(enum metric m)
{
	static const char *const names[METRIC_N] = {
		[METRIC_CPU] = "cpu_us_per_message",
		[METRIC_RATE] = "messages_per_s",
		[METRIC_P50] = "session_p50_us",
		[METRIC_P99] = "session_p99_us",
		[METRIC_IDLE] = "bytes_added_per_idle_client",
		[METRIC_IDLE_WHOLE] = "bytes_whole_per_idle_client",
	};

	return names[m];
}
