/* SPDX-License-Identifier: MIT */
/*
 * How a run is told things from outside: a socket in the file system, on which
 * a line is a request and a line is the answer, "ok" or what is wrong. There is
 * one request, vcpu-set, which is xl's: so many of a domain's vCPUs are to be
 * online. The run judges it, since it knows the domains, and hands it on to the
 * hypervisor, which says so in the store; the guest does the rest.
 *
 * One client is heard at a time, and nothing waits for it but its own answer.
 */
#define _GNU_SOURCE /* accept4 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "abi/control.h"
#include "cli/remote.h"
#include "cli/options.h"
#include "cli/say.h"

static bool address_of(struct sockaddr_un *a, const char *path)
{
	*a = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(a->sun_path)) {
		errno = ENAMETOOLONG;
		return false;
	}
	memcpy(a->sun_path, path, strlen(path) + 1);
	return true;
}

bool remote_open(struct remote *r, const char *path)
{
	struct sockaddr_un a;

	*r = (struct remote){.listener = -1, .client = -1};
	if (path == NULL) {
		return true;
	}
	if (!address_of(&a, path)) {
		return false;
	}
	r->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (r->listener < 0 ||
	    bind(r->listener, (struct sockaddr *)&a, sizeof(a)) != 0) {
		int why = errno;

		remote_close(r, NULL);
		errno = why;
		return false;
	}
	return listen(r->listener, 8) == 0;
}

static void end_client(struct remote *r)
{
	close(r->client);
	r->client = -1;
	r->length = 0;
}

void remote_close(struct remote *r, const char *path)
{
	if (r->client >= 0) {
		end_client(r);
	}
	if (r->listener >= 0) {
		close(r->listener);
		r->listener = -1;
		if (path != NULL) {
			unlink(path);
		}
	}
}

int remote_fd(const struct remote *r)
{
	return r == NULL ? -1 : r->client >= 0 ? r->client : r->listener;
}

static const char *set_vcpus(const struct run_options *o, int control,
			     const char *name, const char *number)
{
	const unsigned int nr_domains = run_options_nr(o);
	const unsigned int at = run_options_which(o, name);
	const struct run_domain d = run_options_domain(o, at);
	unsigned int nr;
	char word[3] = {CONTROL_VCPUS};

	if (strcmp(name, "-") != 0 && strcmp(d.name, name) != 0) {
		return "there is no such domain";
	}
	if (strcmp(name, "-") == 0 && nr_domains > 1) {
		return "there are several domains: which?";
	}
	if (parse_vcpus(number, &nr) != NULL || nr > run_vcpus(&d)) {
		return "the domain has no such number of vCPUs";
	}
	word[1] = (char)(CONTROL_VCPUS_BASE + at);
	word[2] = (char)(CONTROL_VCPUS_BASE + nr);
	if (send(control, word, sizeof(word), MSG_DONTWAIT | MSG_NOSIGNAL) !=
	    (ssize_t)sizeof(word)) {
		return "the hypervisor does not listen";
	}
	return "ok";
}

/* vcpu-set NAME NUMBER; the name "-" is the only domain's. */
static const char *carry_out(char *line, const struct run_options *o,
			     int control)
{
	char *rest = line;
	const char *verb = strtok_r(rest, " ", &rest);
	const char *name = strtok_r(NULL, " ", &rest);
	const char *number = strtok_r(NULL, " ", &rest);

	if (verb == NULL || strcmp(verb, "vcpu-set") != 0 || name == NULL ||
	    number == NULL || strtok_r(NULL, " ", &rest) != NULL) {
		return "no such request";
	}
	return set_vcpus(o, control, name, number);
}

static void answer(struct remote *r, const char *text)
{
	char line[REMOTE_LINE];
	int n = snprintf(line, sizeof(line), "%s\n", text);

	/* It has just asked: there is room for a line, or it is gone. */
	(void)!send(r->client, line, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void remote_ready(struct remote *r, const struct run_options *o, int control)
{
	ssize_t n;
	char *end;

	if (r->client < 0) {
		r->client = accept4(r->listener, NULL, NULL,
				    SOCK_CLOEXEC | SOCK_NONBLOCK);
		return;
	}
	n = read(r->client, r->line + r->length, REMOTE_LINE - 1 - r->length);
	if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
		return;
	}
	if (n > 0) {
		r->length += (size_t)n;
		r->line[r->length] = '\0';
		end = strchr(r->line, '\n');
		if (end == NULL && r->length < REMOTE_LINE - 1) {
			return;
		}
		if (end != NULL) {
			*end = '\0';
			answer(r, carry_out(r->line, o, control));
		}
	}
	end_client(r);
}

/* --- the other end -------------------------------------------------------- */

const char vcpu_set_help[] =
	"usage: pagewarden vcpu-set SOCKET [DOMAIN] N\n"
	"\n"
	"Of a run that was started with --socket SOCKET: the first N vCPUs of\n"
	"the domain are to be online, the others not. The guest is told so by\n"
	"its store, as `xl vcpu-set` does, and does it in its own time.\n"
	"\n"
	"  --help  this\n"
	"\n"
	"Status: 0 the guest has been told, 2 bad usage, 3 nobody listens.\n";

/* It has no option but that. */
static const char *take(const struct options_walk *walk, void *to)
{
	(void)walk;
	(void)to;
	return "is none";
}

static const struct options_reader reader = {VERB_VCPU_SET, vcpu_set_help,
					     take};

static int connect_to(const char *path)
{
	struct sockaddr_un a;
	int fd;

	if (!address_of(&a, path)) {
		return -1;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0) {
		int why = errno;

		close(fd);
		errno = why;
		return -1;
	}
	return fd;
}

/* The answer's line, without its end. */
static bool ask(int fd, const char *question, char line[REMOTE_LINE])
{
	size_t length = 0;
	ssize_t n;

	if (send(fd, question, strlen(question), MSG_NOSIGNAL) !=
	    (ssize_t)strlen(question)) {
		return false;
	}
	do {
		n = read(fd, line + length, REMOTE_LINE - 1 - length);
		length += n > 0 ? (size_t)n : 0;
	} while (n > 0 && length < REMOTE_LINE - 1);
	line[length] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return line[0] != '\0';
}

int cmd_vcpu_set(int argc, char **argv)
{
	int status = options_read(&reader, argc, argv, NULL);
	char line[REMOTE_LINE];
	const char *name;
	int fd;

	if (status != OPTIONS_READ) {
		return status;
	}
	if (!options_operands(&reader, argc, argv, 2, 3,
			      "a SOCKET, a DOMAIN or none, and N")) {
		return STATUS_USAGE;
	}
	name = argc - optind == 3 ? argv[optind + 1] : "-";
	if (snprintf(line, sizeof(line), "vcpu-set %s %s\n", name,
		     argv[argc - 1]) >= (int)sizeof(line)) {
		say("vcpu-set: no domain has so long a name");
		return STATUS_USAGE;
	}
	fd = connect_to(argv[optind]);
	if (fd < 0) {
		status = errno == ENAMETOOLONG ? STATUS_USAGE : STATUS_OURS;
		say("%s: %s", argv[optind], strerror(errno));
		return status;
	}
	if (!ask(fd, line, line)) {
		snprintf(line, sizeof(line), "no answer: the run has ended");
	}
	close(fd);
	if (strcmp(line, "ok") == 0) {
		return STATUS_OK;
	}
	say("vcpu-set: %s", line);
	return STATUS_USAGE;
}
