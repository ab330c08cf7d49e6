package catalog

import (
	"fmt"
	"strings"
)

// licences are the SPDX identifiers (https://spdx.org/licenses/) of free licences that hosted software commonly has.
var licences = strings.Fields(`
	0BSD AFL-3.0 AGPL-3.0-only AGPL-3.0-or-later Apache-2.0 Artistic-2.0 BSD-2-Clause BSD-3-Clause BSL-1.0 CC-BY-4.0
	CC-BY-SA-4.0 CC0-1.0 CECILL-2.1 EPL-2.0 EUPL-1.2 GPL-2.0-only GPL-2.0-or-later GPL-3.0-only GPL-3.0-or-later ISC
	LGPL-2.1-only LGPL-2.1-or-later LGPL-3.0-only LGPL-3.0-or-later MIT MIT-0 MPL-2.0 OFL-1.1 PostgreSQL Ruby Unlicense
	Vim WTFPL Zlib`)

// exceptions are the SPDX exceptions that may follow WITH.
var exceptions = []string{"Classpath-exception-2.0", "GCC-exception-3.1", "OpenSSL-exception"}

// checkSPDX checks a licence expression: identifiers joined by AND, OR and WITH, with brackets.
func checkSPDX(expression string) error {
	words := strings.Fields(strings.NewReplacer("(", " ", ")", " ").Replace(expression))
	if len(words)%2 == 0 {
		return fmt.Errorf("%q is not an SPDX licence expression; write it like AGPL-3.0-or-later", expression)
	}
	known := licences
	for i, word := range words {
		switch {
		case i%2 == 1 && word != "AND" && word != "OR" && word != "WITH":
			return fmt.Errorf("%q: AND, OR or WITH must stand where %q does", expression, word)
		case i%2 == 1 && word == "WITH":
			known = exceptions
		case i%2 == 1:
			known = licences
		case !contains(known, word):
			return fmt.Errorf("%q is not an SPDX identifier that we know%s", word, didYouMean(word, known))
		}
	}
	return nil
}
