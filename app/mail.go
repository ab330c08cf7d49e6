package app

import "time"

// MailKind names what a mail says. views.Letters has the words of each.
type MailKind string

// The kinds of mail.
const (
	MailInvitation MailKind = "invitation" // somebody may become a member: organization, person, role, path
	MailVisit      MailKind = "visit"      // a seller's staff acts in the organization's name: seller, person, reason, until
	MailRemoved    MailKind = "removed"    // somebody is a member no longer: organization
	MailTransfer   MailKind = "transfer"   // a customer moves to another seller: event, customer, giver, receiver, person, organization, message, path
	MailStanding   MailKind = "state"      // an organization was suspended, resumed or closed: state, organization, seller, reason, path
	MailVerify     MailKind = "verify"     // confirms an address: path
	MailReset      MailKind = "reset"      // leads to a new password: path
	MailAddress    MailKind = "address"    // tells the old address that another one was asked for: email, path
	MailDunning    MailKind = "dunning"    // an invoice is not paid: stage, organization, seller, amount, due, path
	MailExport     MailKind = "export"     // an export that took long has ended: state, kind, from, until, path
	MailPayment    MailKind = "payment"    // an invoice could not be collected, or must be confirmed: state, amount, invoice, path
	MailPrice      MailKind = "price"      // a service costs something else from a day on: service, before, after, interval, from, path
	MailSecurity   MailKind = "security"   // a password or a factor was changed: what, address

	MailVATID        MailKind = "vat_id"       // the tax authorities do not know a VAT ID: side, customer, vat_id, path
	MailSubscription MailKind = "subscription" // a subscription was changed or ends: event, service, host, on, plan, price, interval, until, path
	MailInvoice      MailKind = "invoice"      // an invoice or credit note: document, kind, number, corrects, seller, amount, due, path
)

// MailKinds lists every kind.
func MailKinds() []MailKind {
	return []MailKind{
		MailInvitation, MailVisit, MailRemoved, MailTransfer, MailStanding, MailVerify, MailReset, MailAddress, MailDunning, MailPrice, MailPayment, MailExport, MailSubscription, MailSecurity,
		MailInvoice, MailVATID,
	}
}

// MailBrand is what Mail.Data calls the seller in whose name it is written, where that is not the one whose brand the organization sees.
const MailBrand = "brand"

// Mail is one document to one recipient, as a verb puts it into the outbox.
type Mail struct {
	Organization ID // whose mail it is: it is sent under the brand that this organization sees
	To           string
	ToName       string
	Language     string // en, nl or de
	Kind         MailKind
	// Data is what the words of the kind are filled with. "path" is where its link leads, on the portal's own address. It is encrypted while the
	// mail waits and dropped once it is sent, so that it may hold a one-time token.
	Data map[string]string
	// Key is the document's name among the organization's: "invitation 0190…/2". A second mail with the same one is not sent.
	Key   string
	Until time.Time // when it is of no use any more; the zero time for four days from now (RFC 5321 section 4.5.4.1)
}

// PostState says how far a mail is.
type PostState string

// The states of a mail.
const (
	PostWaiting PostState = "waiting" // to be sent, or to be tried again
	PostSent    PostState = "sent"    // a mail server has taken it
	PostFailed  PostState = "failed"  // refused for good, or of no use any more
)

// Posted is a mail in the outbox, as the operator sees it: without what it says.
type Posted struct {
	ID               ID
	Organization     ID
	OrganizationName string
	To               string
	Kind             MailKind
	State            PostState
	Attempts         int
	Problem          string // why the last attempt failed
	CreatedAt        time.Time
	NextAt           time.Time // of the next attempt, while it waits
	Until            time.Time
	SentAt           time.Time
}

// Letterhead is in whose name a mail is written.
type Letterhead struct {
	Name    string // the seller's
	Address string // the sender's e-mail address
	Support string // where an answer goes; "" for the sender's own
	URL     string // the portal as this seller's customers reach it: https://portal.example.org
	Colour  string // of buttons, as #rrggbb
}

// Letter is a mail as it is sent.
type Letter struct {
	From      Letterhead
	To        string
	ToName    string
	MessageID string // without angle brackets; the same each time that this mail is sent
	At        time.Time
	Subject   string
	Text      string
	HTML      string
	Files     []File // that travel with it
}
