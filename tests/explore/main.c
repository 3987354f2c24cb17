/* SPDX-License-Identifier: MIT */
/*
 * explore SCOPE: every reachable state of the engine as it is shipped, of small
 * machines (docs/verification.md, "Explored states"). Each scenario is a line
 * of TAP; a violation is told by the shortest way to it.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/explore/request.h"
#include "tests/explore/search.h"

static bool explore(const struct scope *scope, const struct search_options *o)
{
	struct search_result r;

	search_run(scope, o, &r);
	printf("%s - %s: %lu states to depth %u, %lu steps, %.1f s, %.0f "
	       "states/s, %lu MiB%s%s\n",
	       r.violated ? "not ok" : "ok", scope->name, r.states, r.depth,
	       r.steps, r.seconds, (double)r.states / (r.seconds + 1e-9),
	       r.bytes >> 20,
	       r.violated   ? ""
	       : r.complete ? ", no more"
			    : ", not all",
	       r.cut != 0 ? ", with answers left out" : "");
	fflush(stdout);
	return !r.violated;
}

/* All requests of the scopes, as a file of C. */
static void print_all(const struct scope *scopes, unsigned int nr)
{
	static struct world w;
	static const uint8_t at[MAX_NAMED] = {0, 1, 2, 3, 4, 5, 6, 7, 8};
	char text[1024];

	printf("#include <setjmp.h>\n#include <stdarg.h>\n"
	       "#include <stddef.h>\n#include <stdint.h>\n"
	       "#include <string.h>\n#include <cmocka.h>\n"
	       "#include \"tests/unit/support/machine.h\"\n");
	for (unsigned int i = 0; i < nr; i++) {
		struct request *requests;
		unsigned int nr_requests;

		world_init(&w, &scopes[i]);
		nr_requests = request_all(&w, &requests);
		printf("void scenario_%u(struct machine *m);\n"
		       "void scenario_%u(struct machine *m)\n{\n",
		       i, i);
		for (unsigned int r = 0; r < nr_requests; r++) {
			request_print_c(&w, &requests[r], at, text,
					sizeof(text));
			printf("\t%s\n", text);
		}
		printf("}\n");
		free(requests);
		world_fini(&w);
	}
}

int main(int argc, char **argv)
{
	struct search_options o = {0};
	const struct scope *scopes;
	const char *only = "";
	unsigned int nr;
	bool as_c = false;
	bool ok = true;
	int option;

	while ((option = getopt(argc, argv, "cvxl:n:t:")) != -1) {
		switch (option) {
		case 'c':
			as_c = true;
			break;
		case 'v':
			o.progress = true;
			break;
		case 'x':
			o.exact = true;
			break;
		case 'l':
			o.max_states = strtoull(optarg, NULL, 0);
			break;
		case 't':
			o.max_seconds = strtod(optarg, NULL);
			break;
		case 'n':
			only = optarg;
			break;
		default:
			return 2;
		}
	}
	scopes = optind < argc ? scope_find(argv[optind], &nr) : NULL;
	if (scopes == NULL) {
		fprintf(stderr, "usage: explore [-c] [-v] [-x] [-l STATES] "
				"[-t SECONDS] [-n SCENARIO] "
				"small|medium|large\n");
		return 2;
	}
	if (as_c) {
		print_all(scopes, nr);
		return 0;
	}
	for (unsigned int i = 0; i < nr && ok; i++) {
		if (strstr(scopes[i].name, only) != NULL) {
			ok = explore(&scopes[i], &o);
		}
	}
	return ok ? 0 : 1;
}
