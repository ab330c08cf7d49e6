package tax

import "strings"

// wording holds the sentence that an invoice without VAT must carry (Directive 2006/112/EC, article 226, points 11 and 11a), by
// scheme and language.
var wording = map[Scheme]map[string]string{
	ReverseCharge: {
		"en": "Reverse charge: the customer accounts for the VAT (article 196 of Directive 2006/112/EC).",
		"nl": "Btw verlegd: de afnemer is de btw verschuldigd (artikel 196 van Richtlijn 2006/112/EG).",
		"de": "Steuerschuldnerschaft des Leistungsempfängers (Artikel 196 der Richtlinie 2006/112/EG).",
	},
	Small: {
		"en": "Exempt from VAT under the scheme for small businesses",
		"nl": "Vrijgesteld van btw op grond van de kleineondernemersregeling",
		"de": "Steuerfrei aufgrund der Kleinunternehmerregelung",
	},
	Outside: {
		"en": "Not subject to VAT in the EU: the service is supplied where the customer is (articles 44 and 59 of Directive 2006/112/EC).",
		"nl": "Niet belast met btw in de EU: de dienst wordt verricht waar de afnemer is (artikelen 44 en 59 van Richtlijn 2006/112/EG).",
		"de": "In der EU nicht steuerbar: Leistungsort ist der Ort des Empfängers (Artikel 44 und 59 der Richtlinie 2006/112/EG).",
	},
}

// smallLaw is the law behind the small-business scheme of the states that sellers are expected in; elsewhere the Directive's article.
var smallLaw = map[string]map[string]string{
	"NL": {"en": "article 25 Wet OB 1968", "nl": "artikel 25 Wet OB 1968", "de": "Artikel 25 Wet OB 1968"},
	"DE": {"en": "section 19 UStG", "nl": "§ 19 UStG", "de": "§ 19 UStG"},
	"BE": {"en": "article 56bis of the Belgian VAT Code", "nl": "artikel 56bis Btw-wetboek", "de": "Artikel 56bis MwStGB"},
	"":   {"en": "article 284 of Directive 2006/112/EC", "nl": "artikel 284 van Richtlijn 2006/112/EG", "de": "Artikel 284 der Richtlinie 2006/112/EG"},
}

// Wording returns why the sale carries no VAT, in the language of locale (en, nl or de; any other is answered in English), or ""
// for a sale that does.
func (d Decision) Wording(sellersCountry, locale string) string {
	language := Language(locale)
	text := wording[d.Scheme][language]
	if d.Scheme != Small {
		return text
	}
	law, known := smallLaw[sellersCountry]
	if !known {
		law = smallLaw[""]
	}
	return text + " (" + law[language] + ")."
}

// Language returns the language of a locale that documents are written in: en, nl or de.
func Language(locale string) string {
	for _, language := range []string{"nl", "de"} {
		if locale == language || strings.HasPrefix(locale, language+"-") || strings.HasPrefix(locale, language+"_") {
			return language
		}
	}
	return "en"
}
