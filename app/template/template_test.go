package template

import (
	"os/exec"
	"strings"
	"testing"
)

func TestKey(t *testing.T) {
	t.Parallel()
	one := Options{Name: "allotment-one", Packages: []string{"nginx", "jq"}, Bake: "true"}
	same := one
	same.Packages, same.Output, same.Mirror = []string{"jq", "nginx", "jq"}, "/elsewhere", "http://mirror.example/debian"
	if Key(one) != Key(same) {
		t.Error("order of packages, output and mirror change the key; they do not change the template")
	}
	for name, change := range map[string]func(*Options){
		"name":    func(o *Options) { o.Name = "allotment-two" },
		"package": func(o *Options) { o.Packages = []string{"nginx"} },
		"bake":    func(o *Options) { o.Bake = "false" },
	} {
		other := one
		change(&other)
		if Key(one) == Key(other) {
			t.Errorf("another %s gives the same key", name)
		}
	}
}

func TestBuildRefusesOddOptions(t *testing.T) {
	t.Parallel()
	for _, o := range []Options{
		{Name: ""}, {Name: "../x"}, {Name: "UPPER"}, {Name: "a b"},
		{Name: "ok", Packages: []string{"nginx,openssh-server"}}, {Name: "ok", Packages: []string{"--help"}}, {Name: "ok", Packages: []string{""}},
	} {
		if err := Build(t.Context(), o); err == nil || strings.Contains(err.Error(), "mmdebstrap") {
			t.Errorf("%+v: %v; want a refusal before anything runs", o, err)
		}
	}
}

// TestScripts parses the shell that a build runs.
func TestScripts(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]string{"prepare": prepare, "bake": bake, "finish": finish} {
		cmd := exec.Command("sh", "-n")
		cmd.Stdin = strings.NewReader(script)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", name, err, out)
		}
	}
}
