// Package proxmox makes guests (containers and virtual machines) on a Proxmox VE cluster, version 8 or 9, through its HTTP API.
//
// # How a guest is made so that a crash never makes two
//
// A number of the reserved range is claimed in our database for the resource, then the node is written down, and only then the
// first POST is sent; the ID of each task is written down as soon as it is known. Every call begins by looking: the claim says
// which number on which node, the guest's own configuration says whose it is. What carries our mark is carried on with; a
// placeholder whose task is alive is waited for; someone else's guest makes us take another number; a placeholder that nobody
// works on any more (an API token cannot unlock it) makes us give the number up for good.
//
// The mark is the line "allotment resource=<uuid> vmid=<number>" in the description. It names the number because a clone or a
// restored copy carries its source's description.
//
// # What the API token needs
//
//   - on /pool/<pool>: VM.Allocate, VM.Audit, VM.Config.CDROM, VM.Config.CPU, VM.Config.Disk, VM.Config.HWType, VM.Config.Memory,
//     VM.Config.Network, VM.Config.Options, VM.PowerMgmt, Pool.Audit
//   - on /vms: VM.Audit (a guest that is being made is not in its pool yet)
//   - on each storage used: Datastore.Audit, Datastore.AllocateSpace; for templates and seeds also Datastore.AllocateTemplate and
//     Datastore.Allocate (to delete a seed)
//   - on /nodes: Sys.Audit (free memory)
//   - on /sdn/zones/localnetwork/<bridge>: SDN.Use
package proxmox
