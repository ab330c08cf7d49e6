package program

import (
	"strings"
	"testing"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
	"allotment/views"
)

// TestMailsCarryTheSellersBrand writes a mail for a customer of each of two sellers and of the operator.
func TestMailsCarryTheSellersBrand(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	cfg := Defaults()
	cfg.Web.URL, cfg.SMTP.From = "https://portal.example.test", "The House <house@example.test>"
	p := &Program{Config: cfg, Store: w.Store, Portal: w.Portal}
	customers := map[string]app.Actor{"": w.Tenant}
	for _, slug := range []string{"red", "blue"} {
		seller := w.Below(t, w.Operator, app.Reseller, slug)
		customers[slug] = w.Below(t, seller, app.Customer, "of-"+slug)
		request := portal.BrandRequest{Name: "Hosting " + slug, Light: "#8b0000", SupportEmail: "help@" + slug + ".example", Host: "portal." + slug + ".example", SenderAddress: "mail@" + slug + ".example"}
		if err := w.Portal.SaveBrand(t.Context(), seller, request); err != nil {
			t.Fatal(err)
		}
		if head, err := p.letterhead(t.Context(), customers[slug].Organization); err != nil || head.Address != "house@example.test" || head.URL != cfg.Web.URL || head.Name != request.Name {
			t.Errorf("before staff has confirmed: %+v (%v)", head, err)
		}
		if err := w.Portal.ConfirmBrand(t.Context(), w.Operator, seller.Organization, request.Host, request.SenderAddress); err != nil {
			t.Fatal(err)
		}
	}
	for slug, customer := range customers {
		head, err := p.letterhead(t.Context(), customer.Organization)
		if err != nil {
			t.Fatal(err)
		}
		letter, err := views.Letters{}.Write(t.Context(), head, app.Mail{
			Organization: customer.Organization, To: customer.Email, Language: "en", Kind: app.MailInvitation,
			Data: map[string]string{"organization": "Demo", "person": "Somebody", "role": "customer_admin", "path": "/invitations/token"},
		})
		if err != nil {
			t.Fatal(err)
		}
		all := head.Address + " " + head.Support + " " + letter.Subject + " " + letter.Text + " " + letter.HTML
		for other, marks := range map[string][]string{
			"": {"The House", "house@example.test", "https://portal.example.test/invitations/token"}, "red": {"Hosting red", "mail@red.example", "help@red.example", "https://portal.red.example/invitations/token"},
			"blue": {"Hosting blue", "mail@blue.example", "help@blue.example", "https://portal.blue.example/invitations/token"},
		} {
			for _, mark := range marks {
				if strings.Contains(all, mark) != (other == slug) {
					t.Errorf("a mail to the customer of %q and %q of %q: %t", slug, mark, other, other != slug)
				}
			}
		}
	}
}
