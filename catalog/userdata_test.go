package catalog_test

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"allotment/catalog"
)

// hostile are texts that break out of something when they are pasted into it.
var hostile = []string{
	`"; rm -rf / #`, "'$(touch /tmp/x)'", "`id`", "${HOME}", "{{ .Secret }}", "<%= 1 %>", "line one\nline two\r\n#cloud-config\nruncmd: [id]",
	"\x00\x01\x1b[31m", "---\nruncmd:\n- id\n", "{\"a\": [1", "]]>", "\u2028\u202e", "EOF\n", "%s%n", "\\", "&x *x !!python/object", "<script>",
}

func order(id string) catalog.Order {
	o := catalog.Order{
		App: id, Version: "1", Plan: "small", Host: "team.example.org", URL: "https://team.example.org", Language: "en", TLS: "edge",
		Admin: catalog.OrderAdmin{Login: "admin", Name: strings.Join(hostile, " "), Email: "admin@example.org"}, Title: strings.Join(hostile, ""),
		Answers: map[string]string{}, Secrets: map[string]string{},
		Mail:      &catalog.OrderMail{Host: "mail.example.org", Port: 587, StartTLS: true, Password: strings.Join(hostile, "|")},
		Directory: &catalog.OrderDirectory{URI: "ldap://ldap.example.org", BindPassword: strings.Join(hostile, "|")},
		Portal:    catalog.OrderPortal{ReportURL: "https://portal.example.org/report", ReportToken: "token"},
	}
	for i, text := range hostile {
		o.Answers["answer"+string(rune('a'+i))] = text
		o.Secrets[text] = text
	}
	return o
}

type userData struct {
	WriteFiles []struct{ Path, Owner, Permissions, Encoding, Content string } `yaml:"write_files"`
	RunCmd     [][]string                                                     `yaml:"runcmd"`
}

func TestUserDataCarriesAnOrderUnchanged(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"redmine", "roundcube", "nextcloud"} {
		entry, want := app(t, id), order(id)
		data, err := catalog.UserData(entry, want)
		if err != nil {
			t.Fatal(err)
		}
		var document userData
		decoder := yaml.NewDecoder(strings.NewReader(string(data)))
		decoder.KnownFields(true)
		if err := decoder.Decode(&document); err != nil {
			t.Fatal(err)
		}
		files := map[string][]byte{}
		for _, file := range document.WriteFiles {
			content, err := base64.StdEncoding.DecodeString(file.Content)
			mode := map[bool]string{true: "0700", false: "0600"}[file.Path == "/etc/allotment/setup.sh"]
			if err != nil || file.Encoding != "b64" || file.Owner != "root:root" || file.Permissions != mode {
				t.Errorf("%s: %s is %s %s %s, %v", id, file.Path, file.Owner, file.Permissions, file.Encoding, err)
			}
			files[file.Path] = content
		}
		var got catalog.Order
		if err := json.Unmarshal(files["/etc/allotment/order.json"], &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: the order came out as %+v, %v", id, got, err)
		}
		for _, name := range append([]string{"setup.sh"}, entry.Guest.Files...) {
			if script, _ := entry.File(name); len(script) == 0 || string(files["/etc/allotment/"+name]) != string(script) {
				t.Errorf("%s: %s is not the one of the entry", id, name)
			}
		}
		if len(files) != 2+len(entry.Guest.Files) || !reflect.DeepEqual(document.RunCmd, [][]string{{"/usr/local/sbin/allotment-guest", "run"}}) {
			t.Errorf("%s: the files are %d, the commands %v", id, len(files), document.RunCmd)
		}
		for _, text := range []string{"token", "admin@example.org", "rm -rf"} {
			if strings.Contains(string(data), text) {
				t.Errorf("%s: %q stands in the YAML itself", id, text)
			}
		}
	}
}

func TestUserDataPassesCloudInit(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("cloud-init")
	if err != nil {
		t.Skip("cloud-init is not installed: apt-get install cloud-init")
	}
	data, err := catalog.UserData(app(t, "redmine"), order("redmine"))
	if err != nil {
		t.Fatal(err)
	}
	for text, valid := range map[string]bool{string(data): true, "#cloud-config\nruncmd: 5\n": false} {
		file := filepath.Join(t.TempDir(), "user-data")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), program, "schema", "--config-file", file).CombinedOutput()
		if (err == nil) != valid {
			t.Errorf("cloud-init says %v, want valid %v:\n%s", err, valid, out)
		}
	}
}

func TestUserDataRefuses(t *testing.T) {
	t.Parallel()
	entry := app(t, "redmine")
	if _, err := catalog.UserData(entry, order("roundcube")); err == nil {
		t.Error("the order of another app was rendered")
	}
	acme := order("redmine")
	acme.TLS = "acme"
	if _, err := catalog.UserData(entry, acme); err == nil || !strings.Contains(err.Error(), "edge") {
		t.Errorf("a guest was told to end TLS, which no recipe does: %v", err)
	}
	broken := order("redmine")
	broken.Answers["title"] = "a\xffb"
	if _, err := catalog.UserData(entry, broken); err == nil || !strings.Contains(err.Error(), "UTF-8") {
		t.Errorf("text that JSON would change was rendered: %v", err)
	}
}

func TestCheckUserData(t *testing.T) {
	t.Parallel()
	cases := []struct{ data, message string }{
		{"#cloud-config\nruncmd: []\n", ""},
		{"#cloud-config\nruncmds: []\n", `did you mean "runcmd"?`},
		{"#cloud-config\nwrite-files: []\n", `did you mean "write_files"?`},
		{"runcmd: []\n", "must begin with"},
		{"#cloud-config\n- a\n", "not YAML"},
		{"#cloud-config\na: [\n", "not YAML"},
	}
	for _, c := range cases {
		err := catalog.CheckUserData([]byte(c.data))
		if (err == nil) != (c.message == "") || (err != nil && !strings.Contains(err.Error(), c.message)) {
			t.Errorf("%q: %v, want %q", c.data, err, c.message)
		}
	}
}
