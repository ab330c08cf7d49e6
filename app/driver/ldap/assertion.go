package ldap

import "github.com/go-ldap/ldap/v3"

// version is the attribute that OpenLDAP changes with each change of an entry.
const version = "entryCSN"

// assertion is the control with which a change holds only for an entry that a filter fits (RFC 4528).
const assertion = "1.3.6.1.1.12"

// asRead makes a change hold only while an entry is as it was read; after anybody else's change it is refused. A directory that
// keeps no version of its entries takes the change as it comes.
func asRead(entry *ldap.Entry) []ldap.Control {
	read := entry.GetAttributeValue(version)
	if read == "" {
		return nil
	}
	filter, err := ldap.CompileFilter("(" + version + "=" + ldap.EscapeFilter(read) + ")")
	if err != nil {
		return nil
	}
	return []ldap.Control{ldap.NewControlString(assertion, true, string(filter.Bytes()))}
}

// rereads is how often a step begins anew after somebody else's change, before its job does.
const rereads = 10

// undisturbed repeats a step that reads and writes while others change what it has read.
func undisturbed(step func() error) error {
	err := step()
	for n := 1; n < rereads && ldap.IsErrorWithCode(err, ldap.LDAPResultAssertionFailed); n++ {
		err = step()
	}
	return err
}
