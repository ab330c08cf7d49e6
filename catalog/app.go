package catalog

// App is one entry of the catalog: the whole of its app.yaml. A field whose tag says omitempty may be left out; all others are
// required. Load returns only entries in which everything that Lint checks holds.
type App struct {
	ID             string      `yaml:"id"`       // the folder's name: lower-case letters, digits, hyphens
	Name           string      `yaml:"name"`     // the app's own name, the same in every language
	Category       Category    `yaml:"category"` // what it is for; see Categories
	Summary        Text        `yaml:"summary"`  // one line for a card
	Description    Text        `yaml:"description"`
	Icon           string      `yaml:"icon"` // an SVG file beside app.yaml
	Upstream       Upstream    `yaml:"upstream"`
	Openness       Openness    `yaml:"openness"`
	SWOT           SWOT        `yaml:"swot"`
	Antifeatures   []Text      `yaml:"antifeatures,omitempty"` // what a careful reader would want to know before ordering
	Minimum        Size        `yaml:"minimum"`                // below this the app does not run well; no plan is smaller
	Plans          []Plan      `yaml:"plans"`                  // from small to large
	Targets        Targets     `yaml:"targets"`
	Guest          Guest       `yaml:"guest"`
	Questions      []Question  `yaml:"questions"`       // one schema for ordering and for changing later
	IdentityDomain string      `yaml:"identity_domain"` // "mutable" or "immutable": may the domain change after the first start?
	Hosts          []Host      `yaml:"hosts"`           // the first is the one that people open
	Records        []DNSRecord `yaml:"dns"`
	Ports          []Port      `yaml:"ports"`
	Mail           Mail        `yaml:"mail"`
	SSO            SSO         `yaml:"sso"`
	Directory      *Directory  `yaml:"directory,omitempty"` // nil: the app takes no people from the directory
	Secrets        []Secret    `yaml:"secrets"`
	Health         Health      `yaml:"health"`
	Access         Access      `yaml:"access"`
	Backup         Backup      `yaml:"backup"`
	Upgrade        Upgrade     `yaml:"upgrade"`

	files map[string][]byte // every file of the folder but app.yaml, by name
}

// Upstream is where the app comes from.
type Upstream struct {
	Licence string `yaml:"licence"` // an SPDX expression: AGPL-3.0-or-later
	Version string `yaml:"version"` // the version that guest.packages and bake.sh install
	Website string `yaml:"website"`
	Code    string `yaml:"code"` // where its source is
	Docs    string `yaml:"docs"`
}

// Openness says whether all of the app is open, and how we know.
type Openness struct {
	OpenCore  bool     `yaml:"open_core"`       // true: features are kept for a paid edition
	Gated     []string `yaml:"gated,omitempty"` // the features so kept
	Evidence  []string `yaml:"evidence"`        // addresses of what was read to decide
	CheckedAt string   `yaml:"checked_at"`      // the day it was read, YYYY-MM-DD
}

// SWOT is a frank assessment for someone who decides.
type SWOT struct {
	Strengths     []Text `yaml:"strengths"`
	Weaknesses    []Text `yaml:"weaknesses"`
	Opportunities []Text `yaml:"opportunities"`
	Threats       []Text `yaml:"threats"`
}

// File returns a file of the entry's folder by name, such as its icon.
func (a *App) File(name string) ([]byte, bool) {
	data, ok := a.files[name]
	return data, ok
}

// IconSVG returns the entry's icon.
func (a *App) IconSVG() []byte { return a.files[a.Icon] }

// Plan returns the plan with the given ID, or nil.
func (a *App) Plan(id string) *Plan {
	for i := range a.Plans {
		if a.Plans[i].ID == id {
			return &a.Plans[i]
		}
	}
	return nil
}

// Question returns the question with the given ID, or nil.
func (a *App) Question(id string) *Question {
	for i := range a.Questions {
		if a.Questions[i].ID == id {
			return &a.Questions[i]
		}
	}
	return nil
}
