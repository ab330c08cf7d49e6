package catalog

// words are the sentences of CheckAnswers, by language and key. A verb in one stands for the limit.
var words = map[string]map[string]string{
	"en": {
		"plan":     "Please choose a plan.",
		"unasked":  "This app does not ask for that.",
		"fixed":    "This cannot be changed once the service exists.",
		"required": "Please fill this in.",
		"control":  "Please write this on one line, without invisible characters.",
		"long":     "Please use at most %d characters.",
		"short":    "Please use at least %d characters.",
		"domain":   "Please enter a domain name, such as team.example.org.",
		"email":    "Please enter a mail address, such as name@example.org.",
		"choice":   "Please choose one of the options.",
		"number":   "Please enter a whole number.",
		"min":      "Please enter at least %d.",
		"max":      "Please enter at most %d.",
		"bool":     "Please choose yes or no.",
	},
	"nl": {
		"plan":     "Kies een pakket.",
		"unasked":  "Deze app vraagt hier niet om.",
		"fixed":    "Dit kan niet meer worden gewijzigd als de dienst er eenmaal is.",
		"required": "Vul dit in.",
		"control":  "Schrijf dit op één regel, zonder onzichtbare tekens.",
		"long":     "Gebruik hoogstens %d tekens.",
		"short":    "Gebruik minstens %d tekens.",
		"domain":   "Vul een domeinnaam in, zoals team.example.org.",
		"email":    "Vul een e-mailadres in, zoals naam@example.org.",
		"choice":   "Kies een van de mogelijkheden.",
		"number":   "Vul een geheel getal in.",
		"min":      "Vul minstens %d in.",
		"max":      "Vul hoogstens %d in.",
		"bool":     "Kies ja of nee.",
	},
	"de": {
		"plan":     "Bitte wählen Sie ein Paket.",
		"unasked":  "Diese App fragt nicht danach.",
		"fixed":    "Das lässt sich nicht mehr ändern, sobald der Dienst besteht.",
		"required": "Bitte füllen Sie dieses Feld aus.",
		"control":  "Bitte schreiben Sie dies in eine Zeile, ohne unsichtbare Zeichen.",
		"long":     "Bitte verwenden Sie höchstens %d Zeichen.",
		"short":    "Bitte verwenden Sie mindestens %d Zeichen.",
		"domain":   "Bitte geben Sie einen Domainnamen ein, etwa team.example.org.",
		"email":    "Bitte geben Sie eine E-Mail-Adresse ein, etwa name@example.org.",
		"choice":   "Bitte wählen Sie eine der Möglichkeiten.",
		"number":   "Bitte geben Sie eine ganze Zahl ein.",
		"min":      "Bitte geben Sie mindestens %d ein.",
		"max":      "Bitte geben Sie höchstens %d ein.",
		"bool":     "Bitte wählen Sie Ja oder Nein.",
	},
}

// wordsFor returns the sentences for a locale, English for a language that we do not have.
func wordsFor(locale string) map[string]string {
	if say, ok := words[language(locale)]; ok {
		return say
	}
	return words["en"]
}
