package proxmox

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"

	"allotment/app"
)

// make sends the one request that makes the guest, on the node that was chosen and written down before. The guest is not
// started with it: an attempt that died here is told by a guest that never ran.
func (a *attempt) make(ctx context.Context, spec app.GuestSpec) error {
	if a.claim.Node == "" {
		node, err := a.d.choose(ctx, spec)
		if err != nil {
			return err
		}
		if err := a.place(ctx, node); err != nil {
			return err
		}
	}
	volume, err := a.d.template(ctx, a.claim.Node, spec.Container, spec.Template)
	if err != nil {
		return err
	}
	upid, err := a.send(ctx, spec, volume)
	if app.CodeOf(err) == app.Full {
		if err := a.discard(ctx); err != nil {
			return err
		}
	}
	return a.begun(ctx, upid, err, "The server is being made.")
}

func (a *attempt) send(ctx context.Context, spec app.GuestSpec, volume string) (string, error) {
	params, err := a.params(ctx, spec, volume)
	if err != nil {
		return "", err
	}
	return a.d.post(ctx, nodePath(a.claim.Node, string(kindOf(spec.Container))), params)
}

// params are what both kinds have in common, and then each kind's own.
func (a *attempt) params(ctx context.Context, spec app.GuestSpec, volume string) (map[string]any, error) {
	params := map[string]any{
		"vmid":        a.claim.Number,
		"description": mark(a.ref.Resource, a.claim.Number),
		"cores":       spec.VCPU,
		"memory":      spec.MemoryMiB,
		"onboot":      onBoot(spec),
	}
	if a.d.config.Pool != "" {
		params["pool"] = a.d.config.Pool
	}
	if spec.Container {
		return params, a.containerParams(ctx, spec, volume, params)
	}
	return params, a.machineParams(ctx, spec, volume, params)
}

// onBoot starts the guest with its node, unless it is wanted stopped: a suspended one must not come back by itself.
func onBoot(spec app.GuestSpec) int {
	if spec.Running {
		return 1
	}
	return 0
}

func (a *attempt) containerParams(ctx context.Context, spec app.GuestSpec, volume string, params map[string]any) error {
	params["hostname"] = hostName(a.ref)
	params["ostemplate"] = volume
	params["rootfs"] = fmt.Sprintf("%s:%d", a.d.config.DiskStorage, spec.DiskGiB)
	params["unprivileged"] = 1
	params["features"] = "nesting=1" // systemd in the guest needs it, and a token may set no other feature
	params["net0"] = a.containerNet(spec)
	if spec.Nameserver.IsValid() {
		params["nameserver"] = spec.Nameserver.String()
	}
	return a.seedContainer(ctx, spec.Enrolment, params)
}

func (a *attempt) machineParams(ctx context.Context, spec app.GuestSpec, volume string, params map[string]any) error {
	params["name"] = hostName(a.ref)
	params["ostype"] = "l26"
	params["cpu"] = "x86-64-v2-AES"
	params["agent"] = "1"
	params["serial0"] = "socket" // cloud images log to it
	params["scsihw"] = "virtio-scsi-single"
	params["scsi0"] = fmt.Sprintf("%s:0,import-from=%s,discard=on", a.d.config.DiskStorage, volume)
	params["boot"] = "order=scsi0"
	params["net0"] = fmt.Sprintf("virtio=%s,bridge=%s", hardwareAddress(a.ref.Resource), a.d.config.Bridge)
	if spec.Enrolment == nil {
		return nil
	}
	disc, err := a.seedMachine(ctx, a.claim.Node, spec)
	params["ide2"] = disc
	return err
}

func (a *attempt) containerNet(spec app.GuestSpec) string {
	family, gateway := "ip", "gw"
	if spec.Address.Addr().Is6() {
		family, gateway = "ip6", "gw6"
	}
	net := fmt.Sprintf("name=eth0,bridge=%s,hwaddr=%s,%s=%s", a.d.config.Bridge, hardwareAddress(a.ref.Resource), family, spec.Address)
	if spec.Gateway.IsValid() {
		net += fmt.Sprintf(",%s=%s", gateway, spec.Gateway)
	}
	return net
}

// hardwareAddress is the same for a resource each time, so that a repeated make and the seed's network settings agree. The
// prefix is that of Proxmox (BC:24:11), the rest is taken from the resource's ID.
func hardwareAddress(resource app.ID) string {
	sum := sha256.Sum256(resource[:])
	return fmt.Sprintf("BC:24:11:%02X:%02X:%02X", sum[0], sum[1], sum[2])
}

// hostName makes a host name (RFC 1123) of the resource's name.
func hostName(ref app.Ref) string {
	clean := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '.':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, ref.Name)
	var labels []string
	for label := range strings.SplitSeq(clean, ".") {
		if label = strings.Trim(label[:min(len(label), 63)], "-"); label != "" {
			labels = append(labels, label)
		}
	}
	if name := strings.Join(labels, "."); name != "" && len(name) <= 253 {
		return name
	}
	return "guest-" + ref.Resource.String()[:8]
}
