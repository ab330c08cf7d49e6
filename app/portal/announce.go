package portal

import (
	"context"
	"encoding/json"
	"time"

	"allotment/app"
	"allotment/app/store"
	"allotment/billing/invoice"
)

const (
	// announcedAtOnce is how many documents one transaction takes.
	announcedAtOnce = 200
	// invoiceUseful is how long a mail with an invoice is tried: it is of use longer than others.
	invoiceUseful = 14 * 24 * time.Hour
)

// AnnounceDocuments puts a mail into the outbox for every document that was issued and for each who gets it: the billing address of the customer
// where there is one, or else those who pay. A document leaves the queue in the transaction that writes its mails, and a mail is named by
// document and recipient: whoever runs this how often, none is lost and none is sent twice. It is the engine's own chore, and returns how many
// documents it took.
func (p *Portal) AnnounceDocuments(ctx context.Context) (documents int, err error) {
	staff, err := p.engine(ctx)
	if err != nil || !staff.Staff() {
		return 0, err
	}
	for {
		taken := 0
		err := p.store.InTenant(ctx, staff, func(tx *store.Tx) (err error) {
			taken, err = p.announce(ctx, tx)
			return err
		})
		documents += taken
		if err != nil || taken == 0 {
			return documents, err
		}
	}
}

// announce does the next documents of the queue, or only those that are named, in the transaction of the caller.
func (p *Portal) announce(ctx context.Context, tx *store.Tx, only ...app.ID) (int, error) {
	unsent, err := tx.TakeUnsent(ctx, only, announcedAtOnce)
	if err != nil || len(unsent) == 0 {
		return 0, err
	}
	var mails []store.SealedMail
	now := p.now()
	for _, d := range unsent {
		for _, to := range d.Recipients() {
			mail := documentMail(d, to)
			mail.Until = now.Add(invoiceUseful)
			said, err := json.Marshal(app.Mail{ToName: mail.ToName, Data: mail.Data})
			if err != nil {
				return 0, err
			}
			sealed, err := p.vault.Seal(string(said))
			if err != nil {
				return 0, err
			}
			mails = append(mails, store.SealedMail{Mail: mail, ID: app.NewID(), Sealed: sealed, CreatedAt: now})
		}
	}
	return len(unsent), tx.InsertMails(ctx, mails)
}

func documentMail(d store.Unsent, to store.Owner) app.Mail {
	data := map[string]string{
		"document": d.ID.String(), app.MailBrand: d.Seller.String(), "kind": string(d.Kind), "number": d.Number, "seller": d.SellerName,
		"amount": d.Gross.Format(to.Language), "path": "/billing/invoices/" + d.ID.String(), "corrects": d.Corrects,
	}
	if d.Kind == invoice.Invoice && !d.Due.IsZero() {
		data["due"] = d.Due.String()
	}
	return app.Mail{
		Organization: d.Buyer, To: to.Email, ToName: to.Name, Language: to.Language, Kind: app.MailInvoice, Data: data, Key: store.DocumentKey(d.ID, to.Email),
	}
}

// MailFiles returns what travels with a mail: with an invoice or credit note its PDF and its e-invoice, drawn from the document as it was
// issued. The outbox asks for them when it sends.
func (p *Portal) MailFiles(ctx context.Context, mail app.Mail) ([]app.File, error) {
	if mail.Kind != app.MailInvoice {
		return nil, nil
	}
	id, err := app.ParseID(mail.Data["document"])
	if err != nil {
		return nil, err
	}
	var issued store.Issued
	err = p.store.Read(ctx, app.System(mail.Organization), func(tx *store.Tx) error {
		issued, _, err = tx.Invoice(ctx, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	drawn, err := p.drawn(ctx, issued.Seller, issued.Document)
	if err != nil {
		return nil, err
	}
	files := []app.File{drawn}
	written, ok, err := eInvoice(issued.Document)
	if ok && err == nil {
		files = append(files, written)
	}
	return files, err
}
