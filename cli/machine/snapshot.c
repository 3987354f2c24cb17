/* SPDX-License-Identifier: MIT */
/*
 * QEMU keeps snapshots of a machine in a qcow2 image alone, and the machine has
 * no disk. So it is given one, in no device, of a size that does not matter.
 * Its program that makes images is not installed everywhere, and an empty one
 * is four clusters: header, reference counts' table, their one block, and the
 * table of data clusters, of which there are none.
 */
#include "cli/machine/snapshot.h"

#include <endian.h>
#include <stdint.h>
#include <string.h>

#include "cli/write_all.h"

#define CLUSTER_BITS 16
#define CLUSTER (UINT32_C(1) << CLUSTER_BITS)

enum cluster {
	HEADER,
	COUNTS_TABLE,
	COUNTS,
	DATA_TABLE,
	CLUSTERS,
};

/* Version 3, all big-endian. */
struct header {
	uint32_t magic;
	uint32_t version;
	uint64_t backing_offset;
	uint32_t backing_size;
	uint32_t cluster_bits;
	uint64_t size;
	uint32_t encryption;
	uint32_t data_entries;
	uint64_t data_table;
	uint64_t counts_table;
	uint32_t counts_clusters;
	uint32_t nr_snapshots;
	uint64_t snapshots;
	uint64_t features[3];
	uint32_t count_order;
	uint32_t header_size;
};

bool snapshot_image_write(int fd)
{
	static unsigned char image[CLUSTERS * CLUSTER];
	const uint64_t counts = htobe64(COUNTS * CLUSTER);
	const uint16_t one = htobe16(1);
	const struct header header = {
		.magic = htobe32(0x514649fb),
		.version = htobe32(3),
		.cluster_bits = htobe32(CLUSTER_BITS),
		.size = htobe64(UINT64_C(1) << 20),
		.data_entries = htobe32(1),
		.data_table = htobe64(DATA_TABLE * CLUSTER),
		.counts_table = htobe64(COUNTS_TABLE * CLUSTER),
		.counts_clusters = htobe32(1),
		.count_order = htobe32(4), /* 16 bits each */
		.header_size = htobe32(sizeof(header)),
	};

	memcpy(image, &header, sizeof(header));
	memcpy(image + COUNTS_TABLE * CLUSTER, &counts, sizeof(counts));
	for (unsigned int i = 0; i < CLUSTERS; i++) {
		memcpy(image + COUNTS * CLUSTER + i * sizeof(one), &one,
		       sizeof(one));
	}
	return write_all(fd, image, sizeof(image));
}
