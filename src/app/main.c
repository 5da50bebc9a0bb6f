/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * main: the command line decides between a short command and serving.
 */
#include "app/command.h"
#include "app/environment.h"
#include "app/log.h"
#include "app/master.h"
#include "app/title.h"
#include "app/upgrade.h"

#include <signal.h>

int main(int argc, char **argv)
{
	char **arguments = title_remember(argc, argv);
	struct options options = options_parse(argc, arguments);
	int status;

	environment_remember();
	upgrade_remember(arguments);
	must_report_to(log_must);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a log at its limit loses lines, not sessions */
	status = command_perform(&options);
	return status == COMMAND_SERVE ? master_run(&options) : status;
}
