package catalog_test

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"allotment/catalog"
)

// usageAfter is the line behind which the prices of use may stand.
const usageAfter = "      - {currency: EUR, interval: year, amount: \"102.00\"}\n"

// slips are changes to Redmine's manifest, each with the place and the words that Lint answers with. The place is the text of the
// line that the problem must point at; schema says that schema.json refuses it too.
var slips = []struct {
	name, replace, with, at, message string
	schema                           bool
}{
	{"unknown field", "category: projects", "categry: projects", "categry:", `the manifest has no field "categry"; did you mean "category"?`, true},
	{"unknown nested field", "targets: {lxc: true, vm: true}", "targets: {lxc: true, vn: true}", "targets:", `targets has no field "vn"; did you mean "vm"?`, true},
	{"field twice", "name: Redmine\n", "name: Redmine\nname: Redmine2\n", "name: Redmine2", `the manifest has the field "name" twice`, false},
	{"missing field", "identity_domain: mutable\n", "", "id: redmine", `the manifest lacks the field "identity_domain"`, true},
	{"not YAML", "category: projects", "category: @projects", "category", "this is not YAML", false},
	{"an amount as a number", `amount: "9.50"}`, `amount: 9.50}`, "amount: 9.50", "plans[0].prices[0].amount must be text; put it in quotes", true},
	{"a number as text", "users: 15", `users: "15"`, `users: "15"`, "plans[0].users must be a whole number", true},
	{"a list where one value belongs", "icon: icon.svg", "icon: [icon.svg]", "icon:", "icon must be one value", true},
	{"missing translation", "label: {en: Domain, nl: Domein, de: Domain}", "label: {en: Domain, nl: Domein}", "label: {en: Domain",
		`questions[0].label lacks the translation "de"`, true},
	{"empty translation", "label: {en: Domain, nl: Domein, de: Domain}", `label: {en: Domain, nl: "", de: Domain}`, "label: {en: Domain",
		`the translation "nl" is empty`, true},
	{"unknown language", "label: {en: Domain,", "label: {fr: Domaine, en: Domain,", "label: {fr", `"fr" is not one of our languages`, true},
	{"bad licence", "licence: GPL-2.0-or-later", "licence: GPL-2.0-or-latr", "licence:", `did you mean "GPL-2.0-or-later"?`, false},
	{"bad licence expression", "licence: GPL-2.0-or-later", "licence: MIT / GPL", "licence:", `AND, OR or WITH must stand where "/" does`, false},
	{"duplicate plan", "id: medium", "id: small", "  - id: small\n    name: {en: Medium", `the plan "small" is there twice`, false},
	{"too many decimals", `"9.50"`, `"9.505"`, `"9.505"`, `"9.505" has 3 decimals, but EUR has 2`, false},
	{"comma in a price", `"9.50"`, `"9,50"`, `"9,50"`, "write it like 12.50", true},
	{"negative price", `"9.50"`, `"-9.50"`, `"-9.50"`, "a price cannot be negative", true},
	{"unknown currency", "currency: EUR, interval: month, amount: \"9.50\"", "currency: EUX, interval: month, amount: \"9.50\"", "EUX", "not a currency", false},
	{"two prices for one interval", "interval: year, amount: \"102.00\"", "interval: month, amount: \"102.00\"", "102.00", "two prices in EUR for a month", false},
	{"unknown meter", usageAfter, usageAfter + "    usage:\n      - {meter: tea, currency: EUR, price: \"0.012\"}\n", "meter: tea", `"tea" is not measured`, true},
	{"use below nothing", usageAfter, usageAfter + "    usage:\n      - {meter: guest_hours, currency: EUR, price: \"-1\"}\n", `"-1"`, "a price cannot be negative", true},
	{"use too fine", usageAfter, usageAfter + "    usage:\n      - {meter: guest_hours, currency: EUR, price: \"0.0000001\"}\n", "0.0000001", "six decimals at most", true},
	{"two prices of one meter", usageAfter, usageAfter + "    usage:\n      - {meter: guest_hours, currency: EUR, price: \"1\"}\n      - {meter: guest_hours, currency: EUR, price: \"2\"}\n",
		`price: "2"`, "two prices in EUR for guest_hours", false},
	{"unknown interval", "interval: month, amount: \"9.50\"", "interval: week, amount: \"9.50\"", "week", "is not an interval", true},
	{"plan below the minimum", "memory_mib: 2048\n", "memory_mib: 1024\n", "- id: small", "1024 MiB of memory is less than the minimum of 2048", false},
	{"pattern that does not compile", "max_length: 60", "pattern: \"[a-\"\n    pattern_help: {en: a, nl: b, de: c}", "pattern:", "the pattern does not compile", false},
	{"pattern without help", "max_length: 60", "pattern: \"[a-z]+\"", "pattern:", "a pattern needs pattern_help", false},
	{"default that does not pass", "default: members", "default: nobody", "default: nobody", "the default does not pass", false},
	{"min above max", "max_length: 60", "max_length: 60\n    min: 5\n    max: 4", "min:", "min is above max", false},
	{"no domain question", "id: domain\n", "id: domein\n", "questions:", `one question must have the id "domain"`, false},
	{"unknown placeholder", `value: "{address4}"`, `value: "{adress4}"`, "{adress4}", `{adress4} is not a placeholder; did you mean "address4"?`, false},
	{"open brace", `value: "{address4}"`, `value: "{address4"`, "{address4\"", "has a { without a }", false},
	{"foreign name", `name: "{host}", type: A,`, `name: "example.org", type: A,`, "example.org", "must lie in the tenant's {domain} or {host}", false},
	{"unknown record type", "type: AAAA", "type: AAA", "AAA", `write one of: A, AAAA, CNAME`, true},
	{"missing icon", "icon: icon.svg", "icon: logo.svg", "icon:", "the file redmine/logo.svg is missing", false},
	{"missing script", "setup: setup.sh", "setup: install.sh", "setup:", "the file redmine/install.sh is missing", false},
	{"missing file", "files: [configuration.rb, accounts.rb, access.rb]", "files: [configuration.rb, account.rb]", "files:", "the file redmine/account.rb is missing", false},
	{"file outside the folder", "setup: setup.sh", "setup: ../roundcube/setup.sh", "setup:", "is missing", false},
	{"not a package", "packages: [redmine,", "packages: [Redmine;rm,", "packages:", "is not the name of a Debian package", false},
	{"folder and id differ", "id: redmine", "id: redmin", "id:", "its folder", false},
	{"a secret too short", "length: 20", "length: 8", "name: admin_password", "16 to 512 characters", true},
	{"a secret that is needed", "name: bind_password", "name: bind_passwort", "secrets:", `makes the secret "bind_password" necessary`, false},
	{"oidc without redirect_paths", "sso: {protocol: ldap}", "sso: {protocol: oidc}", "sso:", "names its redirect_paths", false},
	{"oidc without its secret", "sso: {protocol: ldap}", "sso: {protocol: oidc, redirect_paths: [/cb]}", "secrets:", `makes the secret "client_secret" necessary`, false},
	{"a redirect that is no path", "sso: {protocol: ldap}", "sso: {protocol: oidc, redirect_paths: [\"https://example.org/cb\"], public: true}", "sso:", "must be a path that begins with /", false},
	{"a redirect of another host", "sso: {protocol: ldap}", "sso: {protocol: oidc, redirect_paths: [//example.org/cb], public: true}", "sso:", "must be a path that begins with /", false},
	{"ldap with what is for oidc", "sso: {protocol: ldap}", "sso: {protocol: ldap, logout_path: /out}", "sso:", "are for OpenID Connect alone", false},
	{"a day that is none", "end_of_life: \"2028-06-30\"", "end_of_life: \"2028-06-31\"", "end_of_life:", "write it like 2026-11-20", false},
	{"a duration that is none", "interval: 30s", "interval: often", "interval: often", "must be a duration such as 30s", true},
	{"a path that is none", "path: /login\n  status", "path: login\n  status", "path: login", "must be a path that begins with /", true},
	{"gated without open core", "open_core: false", "open_core: true", "open_core:", "contradict each other", false},
	{"an alias", "summary:\n", "summary: &a\n", "", "", false},
}

// manifest is Redmine's with one piece of text replaced at its first occurrence.
func manifest(t *testing.T, replace, with string) []byte {
	t.Helper()
	data, err := fs.ReadFile(catalog.Embedded, "redmine/app.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), replace) {
		t.Fatalf("the manifest has no %q any more", replace)
	}
	return []byte(strings.Replace(string(data), replace, with, 1))
}

// folder is a catalog of Redmine alone, with the given manifest.
func folder(t *testing.T, manifest []byte) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{"redmine/app.yaml": {Data: manifest}}
	names, err := fs.Glob(catalog.Embedded, "redmine/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if data, err := fs.ReadFile(catalog.Embedded, name); err == nil && name != "redmine/app.yaml" {
			files[name] = &fstest.MapFile{Data: data}
		}
	}
	return files
}

func TestLintPointsAtTheSlip(t *testing.T) {
	t.Parallel()
	for _, c := range slips {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			text := manifest(t, c.replace, c.with)
			problems := catalog.Lint(folder(t, text))
			if c.message == "" {
				if len(problems) > 0 {
					t.Errorf("lint finds %v where nothing is wrong", problems)
				}
				return
			}
			line := 1 + strings.Count(string(text[:strings.Index(string(text), c.at)]), "\n")
			for _, problem := range problems {
				if problem.File == "redmine/app.yaml" && strings.Contains(problem.Message, c.message) {
					if problem.Line != line {
						t.Errorf("the problem is said to be in line %d, it is in %d", problem.Line, line)
					}
					return
				}
			}
			t.Errorf("lint does not say %q but %v", c.message, problems)
		})
	}
}

func TestLoadRefusesWhatLintFinds(t *testing.T) {
	t.Parallel()
	_, err := catalog.Load(folder(t, manifest(t, "category: projects", "categry: projects")))
	if err == nil || !strings.Contains(err.Error(), "redmine/app.yaml:") || !strings.Contains(err.Error(), `did you mean "category"`) {
		t.Errorf("Load says %v", err)
	}
}

func TestLintLooksIntoFiles(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, file, content, message string }{
		{"a script that goes on after an error", "redmine/setup.sh", "#!/bin/bash\necho\n", "set -euo pipefail"},
		{"a script without interpreter", "redmine/bake.sh", "set -euo pipefail\n", "must begin with #!/bin/bash"},
		{"an icon that runs", "redmine/icon.svg", `<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>`, "script is not allowed"},
		{"an icon with a handler", "redmine/icon.svg", `<svg xmlns="http://www.w3.org/2000/svg" onload="1"/>`, "onload is not allowed"},
		{"an icon that fetches", "redmine/icon.svg", `<svg xmlns="http://www.w3.org/2000/svg"><image href="x"/></svg>`, "image is not allowed"},
		{"an icon that is none", "redmine/icon.svg", `<html/>`, "not an SVG"},
		{"an empty icon", "redmine/icon.svg", ``, "not an SVG"},
	}
	for _, c := range cases {
		files := folder(t, manifest(t, "", ""))
		files[c.file] = &fstest.MapFile{Data: []byte(c.content)}
		problems := catalog.Lint(files)
		if len(problems) == 0 || !strings.Contains(problems[0].Message, c.message) {
			t.Errorf("%s: lint says %v", c.name, problems)
		}
	}
}

func TestLintOfAFolderWithoutManifest(t *testing.T) {
	t.Parallel()
	problems := catalog.Lint(fstest.MapFS{"x/icon.svg": {Data: []byte("<svg/>")}, "y/app.yaml": {Data: []byte("")}, "note.txt": {}})
	if len(problems) != 2 || problems[0].File != "x/app.yaml" || problems[1].File != "y/app.yaml" {
		t.Errorf("lint says %v", problems)
	}
}
