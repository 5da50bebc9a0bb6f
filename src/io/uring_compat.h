/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * uring_compat: what newer kernels and liburings have and liburing 2.3's headers do not, so that
 * Debian 12 and newer systems build from the same source. Values are the kernel's ABI.
 */
#ifndef IO_URING_COMPAT_H
#define IO_URING_COMPAT_H

#include <liburing.h>

#ifndef IORING_SETUP_SINGLE_ISSUER
#define IORING_SETUP_SINGLE_ISSUER (1U << 12) /* Linux 6.0 */
#endif
#ifndef IORING_SETUP_DEFER_TASKRUN
#define IORING_SETUP_DEFER_TASKRUN (1U << 13) /* Linux 6.1 */
#endif

/* sqe->optlen, which shares its place with file_index: the most a multishot receive brings in all
   (Linux 6.17). */
static inline void uring_compat_set_optlen(struct io_uring_sqe *sqe, uint32_t bytes)
{
	sqe->file_index = bytes;
}

#endif
