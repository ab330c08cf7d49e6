package browser

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/app/portal"
)

// TestPayingOnline is money that goes to the seller and back over the payment provider's own pages: a card that is refused and one that is not, iDEAL by way of
// the bank, a saved way to pay that is removed again, and a refund with its reason, which nobody can send twice.
func TestPayingOnline(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	owner := w.customer(t, "Demo Online Payers", "onlinepayers")
	first := w.billed(t, owner, "Online files", "onlinepayers")
	tenant, seller := w.newPerson(t, "the tenant", desk).signedIn(owner.Email), w.newPerson(t, "the seller", desk).signedIn(w.operatorEmail)
	tenant.paysByCard(first)
	second := w.billed(t, owner, "More online files", "onlinepayers-more")
	tenant.paysByIdeal(second)
	tenant.savesAndRemoves()
	seller.seesPaid(first, second)
	other := w.newPerson(t, "a colleague of the seller", desk).signedIn(w.operatorEmail)
	seller.creditsForRefund(first)
	w.sendsBack(t, seller, other, first)
	tenant.readsRefund(first)
}

// whyBack is why money goes back.
const whyBack = "It was down for ten days."

// billed orders a service, waits for it, and returns its invoice.
func (w *world) billed(t *testing.T, owner app.Actor, name, label string) portal.IssuedInvoice {
	t.Helper()
	w.await(t, owner, w.place(t, owner, name, label).Service, app.ServiceActive)
	return w.bill(t, owner)
}

// paysByCard pays from the overview: with a card that is refused first.
func (p *person) paysByCard(bill portal.IssuedInvoice) {
	p.t.Helper()
	p.open("/billing")
	p.press("Pay it")
	p.sees("Pay invoice " + bill.Number)
	p.press("Pay " + bill.Gross.Format("en") + " now")
	p.sees("This is a pretend payment page")
	p.sees(bill.Number)
	p.press("Card that is refused")
	p.sees("The bank refused this.")
	p.press("Back without paying")
	p.sees("The last payment did not succeed")
	p.sees("The bank refused it and does not say why.")
	p.sees("You can pay in another way below.")
	p.audit("an invoice whose payment was refused")
	p.open("/billing/invoices/" + bill.ID.String())
	p.sees("The last payment did not succeed")
	p.want("the invoice is open", `document.querySelector("h2 + .state")?.innerText.trim() === "To be paid"`)
	p.press("Pay " + bill.Gross.Format("en"))
	p.sees("This is a pretend payment page")
	p.press("Card 4242")
	p.comesBackPaid(bill)
}

// comesBackPaid is back from the provider's page, with the invoice paid.
func (p *person) comesBackPaid(bill portal.IssuedInvoice) {
	p.t.Helper()
	p.sees("This invoice is paid. Thank you.")
	p.sees("Pay invoice " + bill.Number)
	p.want("nothing is asked for any more", `document.querySelector("main form[data-once]") === null`)
	p.audit("an invoice that was paid online")
	p.press("The invoice")
	p.sees("Since it was issued")
	p.paid()
}

// paysByIdeal goes to the bank and back twice: at first it is not confirmed there.
func (p *person) paysByIdeal(bill portal.IssuedInvoice) {
	p.t.Helper()
	p.open("/billing/pay/" + bill.ID.String())
	p.press("Pay " + bill.Gross.Format("en"))
	p.press("iDEAL")
	p.sees("Pretend bank")
	p.press("Refuse it")
	p.sees("The bank refused this.")
	p.press("iDEAL")
	p.press("Approve the payment")
	p.comesBackPaid(bill)
}

// savesAndRemoves saves a card for the next invoices, and removes it after a second look.
func (p *person) savesAndRemoves() {
	p.t.Helper()
	p.open("/billing/methods")
	p.sees("Nothing is saved")
	p.press("Add a way to pay")
	p.press("Card 4242")
	p.sees("Card that ends in 4242")
	p.sees("Invoices are collected by this")
	p.audit("a saved way to pay")
	p.press("Remove …")
	p.press("Remove Card that ends in 4242 for good")
	p.sees("Nothing is saved")
	p.open("/billing/methods")
	p.sees("Nothing is saved")
}

// seesPaid finds both payments in the seller's list.
func (p *person) seesPaid(bills ...portal.IssuedInvoice) {
	p.t.Helper()
	p.open("/sales/payments?q=Demo+Online+Payers")
	p.sees("Paid online")
	p.want("both payments are there", fmt.Sprintf(`document.querySelectorAll("table.rows tbody tr").length === %d`, len(bills)))
	p.audit("a seller's online payments")
	for _, bill := range bills {
		p.open("/sales/invoices/" + bill.ID.String())
		p.sees("Paid online")
		p.paid()
	}
}

// creditsForRefund finds that nothing can go back before the invoice is credited, and credits it from there.
func (p *person) creditsForRefund(bill portal.IssuedInvoice) {
	p.t.Helper()
	p.open("/sales/invoices/" + bill.ID.String())
	p.press("Send money back")
	p.sees("Nothing can go back yet")
	p.press("To the invoice")
	p.sees("Look at the credit note first")
	p.fill("#credit-reason", whyBack)
	p.press("Look at the credit note first")
	p.sees("This credit note would be issued")
	p.press("Issue the credit note")
	p.sees("It corrects the invoice")
	p.sees(whyBack)
}

// sendsBack lets two people decide the same refund at once, the first of them after proving again who it is. The second is told, and no more than was paid
// ever goes back.
func (w *world) sendsBack(t *testing.T, first, second *person, bill portal.IssuedInvoice) {
	t.Helper()
	for _, p := range []*person{first, second} {
		p.open("/sales/invoices/" + bill.ID.String())
		p.press("Send money back")
		p.sees("Can go back now")
		p.fill("#field-amount", bill.Gross.Amount())
		p.press("Look at it once more")
		p.sees("Please look at this again")
		p.wantWrong("reason", "Please give a reason of 3 to 300 characters.")
		p.heard() // the browser notes the refusal
		p.fill("#field-reason", whyBack)
		p.press("Look at it once more")
		p.sees("Is this right?")
		p.sees(whyBack)
		p.audit("a refund before it is sent")
	}
	w.stale(t, w.operatorEmail)
	send := "Send " + bill.Gross.Format("en") + " back"
	first.press(send)
	first.sees("Is it you?")
	first.fill("#password", w.password)
	first.press("Confirm")
	first.sees("The money is on its way back.")
	first.until(patience, "the refund to be carried out", `(location.reload(), document.querySelector("#sent-back ~ table")?.innerText.includes("Sent back"))`)
	first.sees(whyBack)
	first.audit("a payment that was sent back")
	second.press(send)
	second.sees("Is it you?")
	second.fill("#password", w.password)
	second.press("Confirm")
	second.sees("Somebody else has credited or refunded this customer meanwhile.")
	second.heard() // the browser notes the refusal
	second.sees("All of it went back, or is on its way")
	first.open("/sales/payments?q=Demo+Online+Payers")
	first.sees("Sent back online")
	first.sees(whyBack)
}

// stale makes all sessions of somebody old enough that what costs money wants a proof of who it is.
func (w *world) stale(t *testing.T, email string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), w.site.Lab.Postgres.URL("allotment"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	tag, err := conn.Exec(t.Context(), `UPDATE sessions SET confirmed_at = confirmed_at - interval '1 day' WHERE user_id = (SELECT id FROM users WHERE email = $1)`, email)
	if err != nil || tag.RowsAffected() == 0 {
		t.Fatalf("no session became old (%v)", err)
	}
}

// readsRefund finds the credit note and the money that came back, each with its reason.
func (p *person) readsRefund(bill portal.IssuedInvoice) {
	p.t.Helper()
	p.open("/billing/invoices/" + bill.ID.String())
	p.sees("Credit note")
	p.sees("sent back the way it was paid · " + whyBack)
	p.audit("a credited invoice")
	p.open("/billing/invoices")
	p.sees(whyBack)
	p.open("/billing/credit")
	p.sees("Credit note")
	p.sees("Paid back to you")
	p.want("the credit note and the refund each have their reason", fmt.Sprintf(`document.querySelector("main").innerText.split(%q).length === 3`, whyBack))
	p.audit("credit that was sent back")
}
