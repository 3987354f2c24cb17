/* SPDX-License-Identifier: MIT */
/* Ties the services to a new domain. */
#include "hv/life/services.h"

#include "hv/domain/domain.h"
#include "hv/services/channel.h"
#include "hv/services/guest_time.h"
#include "hv/services/grant_table.h"
#include "hv/vcpu/vcpu.h"

void services_init(struct domain *d)
{
	event_domain_init(d);
	time_domain_init(d);
	for (unsigned int i = 0; i < d->nr_vcpus; i++) {
		event_vcpu_init(d->vcpu[i]);
		time_vcpu_init(d->vcpu[i]);
	}
}

void services_ports(struct domain *d, struct vcpu *v, uint32_t *ret_console,
		    uint32_t *ret_store)
{
	*ret_store = event_bind_hypervisor(d, v, EVENT_SINK_STORE);
	*ret_console = event_bind_hypervisor(d, v, EVENT_SINK_CONSOLE);
}

int services_rings(struct domain *d, const struct build_result *built,
		   const struct build_params *params, mfn_t grants)
{
	const struct mmu *m = d->mmu.m;
	int rc;

	rc = console_domain_init(d, frame_data(m, built->console_frame),
				 params->console_port);
	if (rc == 0) {
		rc = xenstore_domain_init(d, frame_data(m, built->store_frame),
					  params->store_port);
	}
	if (rc == 0) {
		grant_domain_init(d, grants, built->console_frame,
				  built->store_frame);
	}
	return rc;
}

void services_end(struct domain *d)
{
	event_domain_end(d);
	console_domain_end(d);
	xenstore_domain_end(d);
	for (unsigned int i = 0; i < d->nr_vcpus; i++) {
		time_vcpu_end(d->vcpu[i]);
		event_vcpu_init(d->vcpu[i]);
	}
}
