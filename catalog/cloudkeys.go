package catalog

import (
	"bytes"
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"
)

// cloudKeys are the top-level keys of cloud-config that Debian's cloud-init reads. Its own schema check lets a misspelled key pass
// in silence, and what stands under it then never happens.
var cloudKeys = strings.Fields(`
	ansible apt apt_pipelining apt_reboot_if_required apt_update apt_upgrade bootcmd ca-certs ca_certs chpasswd
	cloud_config_modules cloud_final_modules cloud_init_modules device_aliases disable_root disable_root_opts disk_setup
	final_message fqdn fs_setup groups growpart grub-dpkg grub_dpkg hostname keyboard locale locale_configfile
	manage_etc_hosts manage_resolv_conf mount_default_fields mounts no_ssh_fingerprints ntp package_reboot_if_required
	package_update package_upgrade packages password phone_home power_state prefer_fqdn_over_hostname preserve_hostname
	random_seed resize_rootfs resolv_conf rsyslog runcmd ssh ssh_authorized_keys ssh_deletekeys ssh_fp_console_blacklist
	ssh_genkeytypes ssh_import_id ssh_key_console_blacklist ssh_keys ssh_publish_hostkeys ssh_pwauth ssh_quiet_keygen swap
	timezone updates user users vendor_data write_files`)

// CheckUserData refuses user-data that is not a cloud-config document or has a top-level key that cloud-init does not know.
func CheckUserData(data []byte) error {
	if !bytes.HasPrefix(data, []byte("#cloud-config\n")) {
		return fmt.Errorf("user-data must begin with the line #cloud-config")
	}
	var document map[string]yaml.Node
	if err := yaml.Unmarshal(data, &document); err != nil {
		return fmt.Errorf("user-data is not YAML: %w", err)
	}
	for key := range document {
		if !contains(cloudKeys, key) {
			return fmt.Errorf("cloud-init knows no key %q%s", key, didYouMean(key, cloudKeys))
		}
	}
	return nil
}
