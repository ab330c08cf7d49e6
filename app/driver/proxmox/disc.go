package proxmox

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/kdomanski/iso9660"

	"allotment/app"
)

// seedFiles are the files of cloud-init's NoCloud source (cloudinit.readthedocs.io, "NoCloud"). The seed can be read by everyone
// who may list the storage: it holds the way to the configuration, with a token that works once, and no secret.
func seedFiles(ref app.Ref, spec app.GuestSpec) map[string]string {
	return map[string]string{
		"user-data":      "#include " + spec.Enrolment.URL + "\n",
		"meta-data":      fmt.Sprintf("instance-id: allotment-%s\nlocal-hostname: %s\n", ref.Resource, hostName(ref)),
		"network-config": networkConfig(ref, spec),
	}
}

// networkConfig is cloud-init's version 1 format, which every renderer knows and which names the card by its hardware address.
func networkConfig(ref app.Ref, spec app.GuestSpec) string {
	var b strings.Builder
	kind := "static"
	if spec.Address.Addr().Is6() {
		kind = "static6"
	}
	fmt.Fprintf(&b, "version: 1\nconfig:\n  - type: physical\n    name: eth0\n    mac_address: '%s'\n    subnets:\n",
		strings.ToLower(hardwareAddress(ref.Resource)))
	fmt.Fprintf(&b, "      - type: %s\n        address: '%s'\n", kind, spec.Address)
	if spec.Gateway.IsValid() {
		fmt.Fprintf(&b, "        gateway: '%s'\n", spec.Gateway)
	}
	if spec.Nameserver.IsValid() {
		fmt.Fprintf(&b, "        dns_nameservers: ['%s']\n", spec.Nameserver)
	}
	return b.String()
}

// discImage writes files into an ISO 9660 image with the label that NoCloud looks for. Names are lower case already, and the
// writer keeps them.
func discImage(files map[string]string) ([]byte, error) {
	w, err := iso9660.NewWriter()
	if err != nil {
		return nil, err
	}
	defer w.Cleanup()
	for name, content := range files {
		if err := w.AddFile(strings.NewReader(content), name); err != nil {
			return nil, err
		}
	}
	var image bytes.Buffer
	if err := w.WriteTo(&image, "cidata"); err != nil {
		return nil, err
	}
	return image.Bytes(), nil
}
