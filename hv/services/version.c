/* SPDX-License-Identifier: MIT */
/*
 * xen_version: what the guest is told of the hypervisor. Every buffer is
 * copied out whole, zeros behind the text.
 */
#include "hv/services/version.h"

#include "engine/port.h"
#include "engine/request/form.h"
#include "hv/domain/domain.h"
#include "hv/vcpu/vcpu.h"

#define VERSION_MAJOR 4
#define VERSION_MINOR 17

static int64_t copy_text(struct vcpu *v, uint64_t to, const char *text,
			 char *buffer, size_t size)
{
	size_t i = 0;

	for (; i < size - 1 && text[i] != '\0'; i++) {
		buffer[i] = text[i];
	}
	for (; i < size; i++) {
		buffer[i] = '\0';
	}
	return port_copy_out(&v->mmu, to, buffer, size);
}

static int64_t compile_info(struct vcpu *v, uint64_t to)
{
	struct xen_compile_info info = {
		.compiler = "gcc-compatible C compiler",
		.compile_by = "pagewarden",
	};

	return port_copy_out(&v->mmu, to, &info, sizeof(info));
}

static int64_t get_features(struct vcpu *v, uint64_t at)
{
	struct xen_feature_info info;

	if (port_copy_in(&v->mmu, &info, at, sizeof(info)) != 0) {
		return -XEN_EFAULT;
	}
	if (info.submap_idx != 0) {
		return -XEN_EINVAL;
	}
	info.submap = 1u << XENFEAT_mmu_pt_update_preserve_ad |
		      1u << XENFEAT_highmem_assist |
		      1u << XENFEAT_gnttab_map_avail_bits |
		      1u << XENFEAT_not_direct_mapped;
	if (v->domain->vm_assist & 1u << VMASST_TYPE_pae_extended_cr3) {
		info.submap |= 1u << XENFEAT_pae_pgdir_above_4gb;
	}
	return port_copy_out(&v->mmu, at, &info, sizeof(info));
}

/* All zero but the domain's number: a handle is a name for tools. */
static int64_t guest_handle(struct vcpu *v, uint64_t to)
{
	xen_domain_handle_t handle = {0};

	handle[14] = (uint8_t)(v->domain->mmu.domid >> 8);
	handle[15] = (uint8_t)v->domain->mmu.domid;
	return port_copy_out(&v->mmu, to, handle, sizeof(handle));
}

int64_t hc_xen_version(struct vcpu *v, uint64_t arg[6])
{
	uint64_t at = arg[1];
	union {
		xen_extraversion_t extra;
		xen_capabilities_info_t capabilities;
		xen_changeset_info_t changeset;
		xen_commandline_t command_line;
		xen_platform_parameters_t platform;
	} b;

	switch ((uint32_t)arg[0]) {
	case XENVER_version:
		return VERSION_MAJOR << 16 | VERSION_MINOR;
	case XENVER_extraversion:
		return copy_text(v, at, ".0-pagewarden", b.extra,
				 sizeof(b.extra));
	case XENVER_compile_info:
		return compile_info(v, at);
	case XENVER_capabilities:
		return copy_text(v, at, "xen-3.0-x86_64 xen-3.0-x86_32p ",
				 b.capabilities, sizeof(b.capabilities));
	case XENVER_changeset:
		return copy_text(v, at, "", b.changeset, sizeof(b.changeset));
	case XENVER_platform_parameters:
		b.platform.virt_start =
			v->narrow ? XEN_COMPAT_START : HYPERVISOR_VIRT_START;
		return word_out(&v->mmu, at, b.platform.virt_start);
	case XENVER_get_features:
		return get_features(v, at);
	case XENVER_pagesize:
		return PAGE_SIZE;
	case XENVER_guest_handle:
		return guest_handle(v, at);
	case XENVER_commandline:
		return copy_text(v, at, "<denied>", b.command_line,
				 sizeof(b.command_line));
	case XENVER_build_id:
		return -XEN_EPERM;
	default:
		return -XEN_ENOSYS;
	}
}
