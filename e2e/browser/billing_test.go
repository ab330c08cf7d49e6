package browser

import (
	"fmt"
	"testing"

	"allotment/app"
	"allotment/app/biller"
	"allotment/app/portal"
	"allotment/app/store"
	"allotment/cmd/allotment/program"
)

// TestBilling is a bill from both of its sides: the tenant reads it, keeps its files and the reference to pay by; the seller writes the transfer down,
// and takes the bill back.
func TestBilling(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	owner := w.customer(t, "Demo Payers", "payers")
	placed := w.place(t, owner, "Payers' files", "payers")
	w.await(t, owner, placed.Service, app.ServiceActive)
	bill := w.bill(t, owner)

	tenant, seller := w.newPerson(t, "the tenant", desk).signedIn(owner.Email), w.newPerson(t, "the seller", desk).signedIn(w.operatorEmail)
	tenant.readsBill(bill)
	tenant.mistypesVATID()
	reference := tenant.findsReference(bill)
	seller.notesTransfer(bill, reference)
	tenant.open("/billing/invoices/" + bill.ID.String())
	tenant.sees("paid, with money or credit")
	tenant.paid()
	tenant.audit("a paid invoice")
	seller.takesBack(bill, "It was down for ten days.")
	tenant.open("/billing/credit")
	tenant.sees("Credit note")
	tenant.open("/billing/invoices")
	tenant.sees("Credited")
}

// bill invoices what is due, and returns the newest invoice of a customer.
func (w *world) bill(t *testing.T, customer app.Actor) portal.IssuedInvoice {
	t.Helper()
	if _, err := w.program.Biller().Bill(t.Context(), biller.Run{}); err != nil {
		t.Fatal(err)
	}
	page, err := w.program.Portal.Invoices(t.Context(), customer, portal.InvoiceFilter{})
	if err != nil || len(page.Invoices) == 0 {
		t.Fatalf("%d invoices (%v)", len(page.Invoices), err)
	}
	return page.Invoices[0]
}

// paidOnline stands for a person who paid an invoice on the provider's page.
func (w *world) paidOnline(t *testing.T, bill portal.IssuedInvoice) app.ID {
	t.Helper()
	a := app.Attempt{ID: app.NewID(), Customer: bill.Buyer, Seller: bill.Seller, Through: portal.ThroughStripe, Kind: app.AttemptCheckout, Invoice: bill.ID, Amount: bill.Gross,
		State: app.AttemptSucceeded, Posted: true, CreatedAt: bill.Issued.UTC()}
	err := w.program.Store.InTenant(t.Context(), app.System(bill.Buyer), func(tx *store.Tx) error { return tx.InsertAttempt(t.Context(), a) })
	if err != nil {
		t.Fatal(err)
	}
	return a.ID
}

// readsBill looks at what is paid for, and keeps the invoice's files.
func (p *person) readsBill(bill portal.IssuedInvoice) {
	p.t.Helper()
	p.open("/billing")
	p.sees("What you pay for")
	p.sees("Payers' files")
	p.audit("the overview of bills")
	p.press(bill.Number)
	p.sees("Download the PDF")
	p.audit("an invoice")
	p.downloads("Download the PDF", "application/pdf", "%PDF-")
	p.downloads("E-invoice (XML)", "application/xml", "<cbc:ID>"+bill.Number+"</cbc:ID>")
}

// downloads keeps the file that a link leads to, and wants its kind and something of what is in it.
func (p *person) downloads(link, kind, holds string) {
	p.t.Helper()
	p.want(link+" leads to a file that is kept", fmt.Sprintf(`(async () => {
  const link = [...document.querySelectorAll("a[download]")].find((a) => a.innerText.trim() === %q);
  const answer = await fetch(link.href);
  return answer.ok && answer.headers.get("Content-Type").startsWith(%q) && answer.headers.get("Content-Disposition").startsWith("attachment") && (await answer.text()).includes(%q);
})()`, link, kind, holds))
}

// mistypesVATID sends billing details with a VAT ID that is none: it is said at its field, and the rest stays as it was typed.
func (p *person) mistypesVATID() {
	p.t.Helper()
	p.open("/billing/details")
	p.fill("#field-street", "Elsewhere 7")
	p.fill("#field-vat_id", "NL12")
	p.press("Save the details")
	p.sees("Please look at this again")
	p.wantWrong("vat_id", "This does not look like a VAT ID of that country. Please compare it with your papers.")
	for field, typed := range map[string]string{"street": "Elsewhere 7", "vat_id": "NL12"} {
		if got := p.value("#field-" + field); got != typed {
			p.t.Errorf("the form keeps %q of the typed %s %q", got, field, typed)
		}
	}
	p.heard() // the browser notes the refusal
	p.audit("billing details with a wrong VAT ID")
	p.open("/billing/details")
	if got, kept := p.value("#field-street"), program.DemoDetails(app.ID{}, "").Street; got != kept {
		p.t.Errorf("what was refused was saved: %q, want %q", got, kept)
	}
}

// findsReference goes from the overview to how the invoice is paid by bank, and returns the reference to pay with.
func (p *person) findsReference(bill portal.IssuedInvoice) string {
	p.t.Helper()
	p.open("/billing")
	p.press("Pay it")
	p.sees("Pay by bank transfer")
	p.sees("Pay invoice " + bill.Number)
	p.want("the account is the seller's", `document.querySelector("#pay-iban").textContent === "NL91ABNA0417164300"`)
	p.audit("how an invoice is paid")
	return p.text("#pay-reference")
}

// notesTransfer writes down what arrived at the bank: with a mistake first, which is said at its field.
func (p *person) notesTransfer(bill portal.IssuedInvoice, reference string) {
	p.t.Helper()
	p.open("/sales/invoices?q=" + bill.Number)
	p.press(bill.Number)
	p.press("Write down a bank transfer")
	p.sees("Day on which it arrived")
	for field, want := range map[string]string{"invoice": bill.Number, "amount": bill.Gross.Amount()} {
		if got := p.value("#field-" + field); got != want {
			p.t.Errorf("the form begins with the %s %q, want %q", field, got, want)
		}
	}
	p.fill("#field-note", "Thank you")
	p.press("Look at it once more")
	p.sees("Please look at this again")
	p.wantWrong("reference", "Please give the bank's reference, so that nothing is noted twice.")
	if got := p.value("#field-note"); got != "Thank you" {
		p.t.Errorf("the form keeps the note %q", got)
	}
	p.heard() // the browser notes the refusal
	p.audit("a transfer with a mistake")
	p.fill("#field-reference", reference)
	p.press("Look at it once more")
	p.sees("Is this right?")
	p.audit("a transfer before it is written down")
	p.press("Write it down")
	p.sees("The payment is written down.")
	p.paid()
	p.open("/sales/payments?q=" + reference)
	p.sees("Bank transfer")
	p.audit("a seller's payments")
}

// paid wants the invoice on the page to say that it is.
func (p *person) paid() {
	p.t.Helper()
	p.want("the invoice is paid", `document.querySelector("h2 + .state")?.innerText.trim() === "Paid"`)
}

// takesBack credits an invoice with a reason, after a look at the credit note.
func (p *person) takesBack(bill portal.IssuedInvoice, reason string) {
	p.t.Helper()
	p.open("/sales/invoices/" + bill.ID.String())
	p.press("Credit it")
	p.fill("#credit-reason", reason)
	p.press("Look at the credit note first")
	p.sees("This credit note would be issued")
	p.sees(reason)
	p.audit("a credit note before it is issued")
	p.press("Issue the credit note")
	p.sees("It corrects the invoice")
	p.sees(reason)
}
