package catalog

// Order is everything that a guest is told about one service: the content of /etc/allotment/order.json, which setup.sh reads. It is
// data and never becomes part of a script or of YAML text.
type Order struct {
	App       string            `json:"app"`
	Version   string            `json:"version"`  // of the app, as the manifest has it
	Plan      string            `json:"plan"`     // the plan's ID
	Host      string            `json:"host"`     // the name that people open, in ASCII
	URL       string            `json:"url"`      // where people open it, without a trailing slash
	Title     string            `json:"title"`    // what the tenant calls it
	Language  string            `json:"language"` // "en", "nl" or "de"
	Admin     OrderAdmin        `json:"admin"`
	Answers   map[string]string `json:"answers"`             // by question, as CheckAnswers cleaned them
	Secrets   map[string]string `json:"secrets"`             // by name, every secret of the manifest
	Mail      *OrderMail        `json:"mail,omitempty"`      // nil: the app neither sends nor receives
	Directory *OrderDirectory   `json:"directory,omitempty"` // nil: no people from a directory
	OIDC      *OrderOIDC        `json:"oidc,omitempty"`      // nil: the app signs nobody in by OpenID Connect
	Portal    OrderPortal       `json:"portal"`
	Proxy     OrderProxy        `json:"proxy"`
	TLS       string            `json:"tls"` // "edge": the operator's edge ends TLS and sends X-Forwarded-Proto. No recipe does it itself yet
}

// OrderAdmin is the first administrator; the password is the secret admin_password.
type OrderAdmin struct {
	Login string `json:"login"`
	Name  string `json:"name"`
	Email string `json:"email"`
}

// OrderMail is the mail system as the guest sees it.
type OrderMail struct {
	Host         string `json:"host"` // submission
	Port         int    `json:"port"`
	StartTLS     bool   `json:"starttls"`
	User         string `json:"user"` // the relay credential
	Password     string `json:"password"`
	Domain       string `json:"domain"`
	From         string `json:"from"` // the sender of the app's own mail
	IMAPHost     string `json:"imap_host,omitempty"`
	IMAPPort     int    `json:"imap_port,omitempty"`
	IMAPSecurity string `json:"imap_security,omitempty"` // "tls", "starttls" or "none"
	CA           string `json:"ca,omitempty"`            // PEM of the authority of the mail servers' certificates; "": a public one
}

// OrderDirectory is how the app reads people. Groups are groupOfNames whose members are DNs below PeopleDN.
type OrderDirectory struct {
	URI          string `json:"uri"` // ldap://host:port or ldaps://host:port
	StartTLS     bool   `json:"starttls"`
	CA           string `json:"ca,omitempty"` // PEM of the authority of the server's certificate; "": a public one
	BindDN       string `json:"bind_dn"`
	BindPassword string `json:"bind_password"`
	PeopleDN     string `json:"people_dn"`
	UsersDN      string `json:"users_dn"`
	AdminsDN     string `json:"admins_dn"`
}

// OrderOIDC is how the app signs people in by OpenID Connect. Issuer and AuthorizeURL are as browsers reach the provider; TokenURL, UserinfoURL and
// KeysURL are as the guest does, which may be another address with another authority: an app that can be told them needs no discovery.
type OrderOIDC struct {
	Issuer       string   `json:"issuer"` // exactly as it stands in tokens
	ClientID     string   `json:"client_id"`
	ClientSecret string   `json:"client_secret,omitempty"` // "" for a public client
	Scopes       []string `json:"scopes"`
	AuthorizeURL string   `json:"authorize_url,omitempty"` // "" for these where only discovery at Issuer tells
	TokenURL     string   `json:"token_url,omitempty"`
	UserinfoURL  string   `json:"userinfo_url,omitempty"`
	KeysURL      string   `json:"keys_url,omitempty"`
	LogoutURL    string   `json:"logout_url,omitempty"` // where browsers go to sign out
	CA           string   `json:"ca,omitempty"`         // PEM of the authority of the guest's addresses; "": a public one
}

// OrderPortal is where the guest reports how far it is.
type OrderPortal struct {
	ReportURL   string `json:"report_url"`
	ReportToken string `json:"report_token"`
}

// OrderProxy is how the guest reaches its packages.
type OrderProxy struct {
	HTTP string `json:"http,omitempty"` // http://host:port; "": directly
}
