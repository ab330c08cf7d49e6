package app

import (
	"net/netip"
	"time"
)

// Kind is the kind of a resource; each kind has exactly one driver.
type Kind string

// The kinds.
const (
	KindSecret    Kind = "secret"    // generated values, kept encrypted in our database
	KindAddress   Kind = "address"   // an IP address from the operator's pool
	KindGuest     Kind = "guest"     // a container or virtual machine
	KindRecords   Kind = "records"   // the DNS records of one service
	KindMail      Kind = "mail"      // a mail domain with its relay credential
	KindDirectory Kind = "directory" // the tenant's unit, and the service's groups and bind entry, in the directory
	KindClient    Kind = "client"    // the client with which the app signs people in at the OpenID provider
)

// Ref names one resource to a driver. Resource is stable for the resource's whole life, so a driver marks the remote object
// with it and finds its own earlier effect by that mark.
type Ref struct {
	Organization ID
	Service      ID
	Resource     ID
	Name         string // the remote name: a host name, a zone, a mail domain
	ExternalID   string // what Ensure returned last time; "" before the first success
}

// Resource is one remote object wanted for a service.
type Resource struct {
	Ref
	Kind      Kind
	Role      string // its name inside the recipe: "guest", "records"; unique within a service
	State     ResourceState
	Spec      []byte // JSON of the kind's spec, e.g. GuestSpec
	Observed  []byte // JSON of what the driver last saw, e.g. GuestState
	CreatedAt time.Time
	ChangedAt time.Time
}

// GuestSpec is what a service wants of its guest. Sizes are whole units: vCPUs, MiB, GiB.
type GuestSpec struct {
	Container  bool         `json:"container"` // a container; otherwise a virtual machine
	Template   string       `json:"template"`  // the template's or image's name, without storage or path: "allotment-redmine"
	VCPU       int          `json:"vcpu"`
	MemoryMiB  int          `json:"memory_mib"`
	DiskGiB    int          `json:"disk_gib"`
	Address    netip.Prefix `json:"address"` // the address with its network's length
	Gateway    netip.Addr   `json:"gateway"`
	Nameserver netip.Addr   `json:"nameserver"` // the zero Addr: the hypervisor's own
	Running    bool         `json:"running"`    // wanted power state
	// Enrolment is what the guest needs to fetch its own configuration at first boot; nil once it has enrolled, which also
	// tells the driver to take the seed away (detach the disc, clear the environment).
	Enrolment *Enrolment `json:"-"`
}

// Enrolment is a guest's one-time way to its configuration.
type Enrolment struct {
	URL string // https address with the one-time token
	CA  string // PEM of the certificate authority to trust for URL; "" where a public one signs it
}

// GuestState is what a driver observes of a guest.
type GuestState struct {
	Node    string `json:"node"`
	Number  int    `json:"number"` // the hypervisor's number of the guest
	Running bool   `json:"running"`
	// UpFor is how long it has run without a break when it was looked at; 0 where the hypervisor did not say.
	UpFor     time.Duration `json:"-"`
	Seeded    bool          `json:"seeded"` // an enrolment is still attached
	VCPU      int           `json:"vcpu"`
	MemoryMiB int           `json:"memory_mib"`
	DiskGiB   int           `json:"disk_gib"`
}

// GuestClaim is a number reserved for a guest before anything is created, so that two attempts never make two guests.
type GuestClaim struct {
	Resource ID
	Node     string
	Number   int
	Task     string // the hypervisor's task that is under way; "" when none is
}

// Record is one DNS record. Name is absolute without the trailing dot; Values are in presentation format (RFC 1035 section 5).
type Record struct {
	Name   string   `json:"name"`
	Type   string   `json:"type"`
	TTL    int      `json:"ttl"` // seconds
	Values []string `json:"values"`
}

// RecordsSpec is the set of DNS records that a service wants in one zone. All of it is the service's, or none.
type RecordsSpec struct {
	Zone    string   `json:"zone"` // absolute, without the trailing dot
	Records []Record `json:"records"`
}

// RecordsState is what a driver observes of a service's records.
type RecordsState struct {
	Zone    string   `json:"zone"`
	Records []Record `json:"records"` // only those with this service's mark
}

// MailSpec is what a service wants of the mail system.
type MailSpec struct {
	Domain    string    `json:"domain"`
	Receive   bool      `json:"receive"`   // deliver mail for the domain to mailboxes here; otherwise the domain only sends
	Mailboxes []Mailbox `json:"mailboxes"` // wanted accounts of the domain; only with Receive
	Aliases   []Alias   `json:"aliases"`   // wanted aliases of the domain; only with Receive
	Relay     bool      `json:"relay"`     // a credential with which the guest may send as the domain
	// RelayPassword is the credential's password in the clear. It is never stored in a spec; the engine fills it in from the
	// service's secret for the one call.
	RelayPassword string `json:"-"`
}

// Mailbox is one mail account: the part before the @, and its quota.
type Mailbox struct {
	Name     string `json:"name"`
	QuotaMiB int    `json:"quota_mib"`
}

// Alias sends what arrives at Name@domain on to Targets.
type Alias struct {
	Name    string   `json:"name"`
	Targets []string `json:"targets"`
}

// MailState is what a driver observes of a mail domain.
type MailState struct {
	Domain    string    `json:"domain"`
	Receive   bool      `json:"receive"`
	Mailboxes []Mailbox `json:"mailboxes"`
	Aliases   []Alias   `json:"aliases"`
	RelayUser string    `json:"relay_user"` // "" where there is no credential
}

// DirectorySpec is what a service wants of the directory: its tenant's unit, two groups (users and admins), an entry that
// the app binds with, and the people who are members.
type DirectorySpec struct {
	Tenant string   `json:"tenant"` // the unit's name, unique among tenants: the organization's slug
	People []Person `json:"people"` // every person who must exist in the tenant's unit for this service
	Users  []string `json:"users"`  // uids of members of the users group
	Admins []string `json:"admins"` // uids of members of the admins group
	// MailDomain is the mail domain that belongs to the service; "" where it has none. People's addresses in it are the service's
	// alone: those that are not wanted are taken away, also from people whom other services still need.
	MailDomain string `json:"mail_domain,omitempty"`
	// BindPassword is the app entry's password in the clear, filled in from the service's secret for the one call.
	BindPassword string `json:"-"`
}

// Person is one person in the directory. At most one of the passwords is given, filled in for the one call; none leaves what is there.
type Person struct {
	UID     string `json:"uid"`
	Name    string `json:"name"`
	Mail    string `json:"mail"`              // how to reach them, wherever that is; it opens nothing
	Mailbox string `json:"mailbox,omitempty"` // the part before the @ of the address in MailDomain that they sign in to mail with; "" for none
	// Password is in the clear, from a secret; the directory hashes it itself.
	Password string `json:"-"`
	// PasswordHash is argon2id in PHC format, or NoPassword.
	PasswordHash string `json:"-"`
}

// NoPassword is the hash of a person whose entry no password opens.
const NoPassword = "*"

// DirectoryState is what a driver observes in the directory for a service. DNs are those that the app's configuration needs.
type DirectoryState struct {
	TenantDN string   `json:"tenant_dn"`
	PeopleDN string   `json:"people_dn"`
	BindDN   string   `json:"bind_dn"`
	UsersDN  string   `json:"users_dn"`
	AdminsDN string   `json:"admins_dn"`
	Users    []string `json:"users"`
	Admins   []string `json:"admins"`
}
