package catalog

// Category is what an app is for.
type Category string

// categories holds every category with its name.
var categories = map[Category]Text{
	"projects": {"en": "Project planning", "nl": "Projectplanning", "de": "Projektplanung"},
	"mail":     {"en": "Mail", "nl": "Mail", "de": "E-Mail"},
	"files":    {"en": "Files and collaboration", "nl": "Bestanden en samenwerken", "de": "Dateien und Zusammenarbeit"},
	"code":     {"en": "Software development", "nl": "Softwareontwikkeling", "de": "Softwareentwicklung"},
	"chat":     {"en": "Chat", "nl": "Chat", "de": "Chat"},
	"meetings": {"en": "Meetings", "nl": "Vergaderen", "de": "Besprechungen"},
	"video":    {"en": "Video and audio", "nl": "Video en audio", "de": "Video und Audio"},
	"writing":  {"en": "Writing together", "nl": "Samen schrijven", "de": "Gemeinsam schreiben"},
	"social":   {"en": "Social networks", "nl": "Sociale netwerken", "de": "Soziale Netzwerke"},
}

// Categories lists every category in the order in which pages show them.
func Categories() []Category {
	return []Category{"projects", "mail", "files", "code", "chat", "meetings", "video", "writing", "social"}
}

// Name returns the category's name in a locale.
func (c Category) Name(locale string) string { return categories[c].In(locale) }
