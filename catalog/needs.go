package catalog

import "time"

// Targets says in which kinds of guest the app runs.
type Targets struct {
	LXC bool `yaml:"lxc"`
	VM  bool `yaml:"vm"`
}

// Guest says how the app's template is made and what its first boot gets. All names are files beside app.yaml.
type Guest struct {
	Template string   `yaml:"template"`        // the template's name, without storage or version: "allotment-redmine"
	Packages []string `yaml:"packages"`        // Debian packages installed into the template
	Bake     string   `yaml:"bake,omitempty"`  // script run once inside the template, as root, while nothing else runs
	Setup    string   `yaml:"setup"`           // script run at first boot with the order beside it; harmless when run again
	Files    []string `yaml:"files,omitempty"` // further fixed files that setup needs, put beside it in /etc/allotment
	// Downloads are the addresses that bake fetches from, beside the Debian mirror. Where they cannot be reached, the template
	// cannot be baked.
	Downloads []string `yaml:"downloads,omitempty"`
}

// Port is a port, or a range of them, that the world must reach.
type Port struct {
	Port     int    `yaml:"port"`
	To       int    `yaml:"to,omitempty"` // the last port of a range
	Protocol string `yaml:"protocol"`     // "tcp" or "udp"
	Purpose  Text   `yaml:"purpose"`
}

// Mail says what the app does with mail. An app that sends has the secret mail_password, the password of its relay credential; one
// that receives has mailbox_password, the first mailbox's.
type Mail struct {
	Send    bool   `yaml:"send"`
	Receive bool   `yaml:"receive"`
	Mailbox string `yaml:"mailbox,omitempty"` // the question that names the first mailbox, the part before the @
}

// SSO is the app's own way to take a sign-in from elsewhere. An app that does so by OpenID Connect and is not public has the secret
// client_secret.
type SSO struct {
	Protocol      string   `yaml:"protocol"`                 // "none", "ldap" or "oidc"
	RedirectPaths []string `yaml:"redirect_paths,omitempty"` // where people come back with a code, on the first host; only with "oidc", and then needed
	// PostLogoutPaths are where people may come back after they have signed out; LogoutPath is where a provider that can (an Ory
	// Hydra; not the portal itself) tells the app of it. Both on the first host.
	PostLogoutPaths []string `yaml:"post_logout_paths,omitempty"`
	LogoutPath      string   `yaml:"logout_path,omitempty"`
	Public          bool     `yaml:"public,omitempty"` // it runs in the browser and can keep no secret
}

// Directory says which groups of the service in the directory the app reads. The app has the secret bind_password to do so.
type Directory struct {
	Groups []string `yaml:"groups"` // "users" may sign in, "admins" administrate
}

// Health is what an answer of a working app looks like, asked from outside at the first host.
type Health struct {
	Path        string        `yaml:"path"`
	Status      int           `yaml:"status"`
	Body        string        `yaml:"body,omitempty"` // words that the answer contains
	StartPeriod time.Duration `yaml:"start_period"`   // how long a first start may take before it counts as failed
	Interval    time.Duration `yaml:"interval"`       // between two questions
}

// Access says how people get in.
type Access struct {
	Path  string `yaml:"path"` // where to sign in, on the first host
	Notes Text   `yaml:"notes"`
}

// Backup is what must be kept to have the app again.
type Backup struct {
	Databases []string `yaml:"databases,omitempty"` // "postgresql:redmine", "sqlite:/path"
	Paths     []string `yaml:"paths"`               // absolute, inside the guest
	Exclude   []string `yaml:"exclude,omitempty"`   // below those paths
	Quiesce   string   `yaml:"quiesce"`             // "none", "stop" or "maintenance": what the app does meanwhile
	Words     Text     `yaml:"words"`               // what it means for the tenant
}

// Upgrade is how a newer version comes in.
type Upgrade struct {
	Route     string `yaml:"route"`              // "debian" (security updates of the distribution) or "release" (a new template version)
	MinFrom   string `yaml:"min_from,omitempty"` // the oldest version from which one step suffices
	Rollback  string `yaml:"rollback"`           // "snapshot", or "forward_only" where going back would lose or fork data
	EndOfLife string `yaml:"end_of_life"`        // the day until which this version gets security fixes, YYYY-MM-DD
}
