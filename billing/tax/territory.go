package tax

import "regexp"

// territories are the post codes of the parts of member states in which EU VAT does not apply (Directive 2006/112/EC, article 6): the Canaries,
// Ceuta and Melilla; the French overseas departments; Büsingen and Heligoland; Livigno and Campione d'Italia; Åland; Mount Athos. Greenland and
// the Faroes have country codes of their own.
var territories = map[string]*regexp.Regexp{
	"ES": regexp.MustCompile(`^(35|38|51|52)\d{3}$`),
	"FR": regexp.MustCompile(`^97[12346]\d{2}$`),
	"DE": regexp.MustCompile(`^(78266|27498)$`),
	"IT": regexp.MustCompile(`^(23041|23030|22061|22060)$`),
	"FI": regexp.MustCompile(`^22\d{3}$`),
	"GR": regexp.MustCompile(`^630 ?8[67]$`),
}

// OutsideArea reports whether a post code lies in a part of a member state in which EU VAT does not apply.
func OutsideArea(country, postCode string) bool {
	form := territories[country]
	return form != nil && form.MatchString(postCode)
}
