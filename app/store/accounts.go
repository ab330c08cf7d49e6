package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"allotment/app"
	"allotment/billing"
	"allotment/billing/cycle"
	"allotment/billing/invoice"
	"allotment/billing/ledger"
	"allotment/billing/tax"
)

// Account is a customer's account with a seller in one currency, with what may be due on it.
type Account struct {
	ID            app.ID
	Customer      app.ID
	Seller        app.ID
	Currency      string
	NextOn        billing.Date // when something may be due
	Profile       Profile      // the customer's; without a party where nobody filled it in
	Subscriptions []Subscribed
}

// Subscribed is a subscription as the cycle sees it, with what each reseller on the way pays its parent for a period, net.
type Subscribed struct {
	cycle.Subscription
	Wholesale []Leg
	Coming    Coming // of Later: what else must be known
	Term      billing.Term
	Parked    string // why it could not be invoiced; "" where it could
}

// Leg is what a reseller pays its parent for one period of a subscription, net.
type Leg struct {
	Reseller app.ID        `json:"reseller"`
	Parent   app.ID        `json:"parent"`
	Price    billing.Money `json:"price"`
	Setup    billing.Money `json:"setup"` // once, with the first period
	List     app.ID        `json:"list"`  // on which the price stands, with its ID there
	PriceID  app.ID        `json:"priceId"`
}

// Profile is what stands on invoices of and to an organization, and what decides on VAT.
type Profile struct {
	Party     invoice.Party
	Buyer     tax.Buyer
	CheckedAt time.Time // when VIES last said something of the VAT ID; the zero time where it never did
	Evidence  []tax.Evidence
	Language  string
	Reference string // what the buyer wants to read on its invoices
}

// Terms are how an organization sells.
type Terms struct {
	Seller   app.ID
	Party    invoice.Party
	Tax      tax.Seller
	Policy   tax.Policy
	Payment  invoice.Payment
	Zone     string // IANA name: the seller's days are counted there
	Prefix   string // of numbers
	DueDays  int
	Dunning  ledger.Policy     // its zero value is kept as the usual schedule
	Rates    tax.Table         // of all states, as they are known now; read, never saved
	Exchange app.ExchangeTable // of the seller's day, where its VAT is stated in another currency than it sells in; read by who needs it, never saved
}

// DueAccounts locks up to limit accounts on which something may be due, and returns them with their customer, without their subscriptions.
// Accounts that another run holds are left to it: see AwaitDue. after is for a run that writes nothing: it goes on behind that account.
func (t *Tx) DueAccounts(ctx context.Context, due Due, after Account, limit int) ([]Account, error) {
	zones, days, latest := due.lists()
	rows, err := t.tx.Query(ctx, `
		WITH due AS (
			SELECT id, organization_id, seller_id, currency, next_on FROM billing_accounts a
			WHERE `+dueAccount+` AND ($6::date IS NULL OR (next_on, id) > ($6, $7)) ORDER BY next_on, id LIMIT $5 FOR UPDATE SKIP LOCKED)
		SELECT `+accountColumns+` FROM due a `+accountJoins+` ORDER BY a.next_on, a.id`, latest, due.Day.UTC(), zones, days, limit,
		dateOrNull(after.NextOn), after.ID)
	if err != nil {
		return nil, classify(err)
	}
	accounts, err := pgx.CollectRows(rows, scanAccount)
	return accounts, classify(err)
}

// AwaitDue waits for those who hold the accounts on which something may be due, and locks the first that is still so: theirs may be a run that was
// killed, whose work is taken back a moment later. It is false where nothing is due any more.
func (t *Tx) AwaitDue(ctx context.Context, due Due) (bool, error) {
	zones, days, latest := due.lists()
	left, err := one[bool](ctx, t, `
		SELECT true FROM billing_accounts a WHERE `+dueAccount+` ORDER BY next_on, id LIMIT 1 FOR UPDATE`, latest, due.Day.UTC(), zones, days)
	return value(left), classify(err)
}

const (
	accountColumns = `a.id, a.organization_id, a.seller_id, a.currency, a.next_on, o.name, p.party, p.business, p.outside_area, p.vat_check,
		p.evidence, p.language, p.vat_checked_at, p.reference`
	accountJoins = `JOIN organizations o ON o.id = a.organization_id LEFT JOIN billing_profiles p ON p.organization_id = a.organization_id`
)

// AccountOf locks the account of a subscription, where the transaction can write, and returns it with its customer and subscriptions, or
// NotFound.
func (t *Tx) AccountOf(ctx context.Context, subscription app.ID) (Account, error) {
	account, err := t.BareAccountOf(ctx, subscription)
	if err != nil {
		return Account{}, err
	}
	accounts := []Account{account}
	var measured []app.ID
	batch := &pgx.Batch{}
	t.queueSubscribed(batch, accounts, &measured)
	if err := t.tx.SendBatch(ctx, batch).Close(); err != nil {
		return Account{}, classify(err)
	}
	err = t.uncharged(ctx, accounts, measured)
	return accounts[0], err
}

// BareAccountOf is AccountOf without the subscriptions.
func (t *Tx) BareAccountOf(ctx context.Context, subscription app.ID) (Account, error) {
	rows, err := t.tx.Query(ctx, `
		SELECT `+accountColumns+` FROM subscriptions s
		JOIN billing_accounts a ON a.organization_id = s.organization_id AND a.seller_id = s.seller_id AND a.currency = s.currency `+accountJoins+`
		WHERE s.id = $1 `+t.locking("FOR UPDATE OF a"), subscription)
	if err != nil {
		return Account{}, classify(err)
	}
	account, err := pgx.CollectExactlyOneRow(rows, scanAccount)
	return account, classify(err)
}

func scanAccount(row pgx.CollectableRow) (Account, error) {
	var a Account
	var name string
	var party, evidence []byte
	var business, outside *bool
	var check, language, reference *string
	var next, checked *time.Time
	if err := row.Scan(&a.ID, &a.Customer, &a.Seller, &a.Currency, &next, &name, &party, &business, &outside, &check, &evidence, &language, &checked,
		&reference); err != nil {
		return a, err
	}
	a.NextOn, a.Profile.Party = dateOf(next), invoice.Party{ID: a.Customer.String(), Name: name}
	if party == nil {
		return a, nil
	}
	if err := json.Unmarshal(party, &a.Profile.Party); err != nil {
		return a, fmt.Errorf("profile of %s: %w", a.Customer, err)
	}
	if err := json.Unmarshal(evidence, &a.Profile.Evidence); err != nil {
		return a, fmt.Errorf("evidence of %s: %w", a.Customer, err)
	}
	p := &a.Profile
	p.Party.ID, p.Language, p.Reference, p.CheckedAt = a.Customer.String(), *language, *reference, value(checked)
	p.Buyer = tax.Buyer{Country: p.Party.Country, Business: *business, ID: p.Party.VATID, Check: tax.Check(*check), OutsideArea: *outside}
	return a, nil
}

// queueSubscribed reads the subscriptions of accounts that are charged again some day into them, and the IDs of those whose use counts.
func (t *Tx) queueSubscribed(batch *pgx.Batch, accounts []Account, measured *[]app.ID) {
	var c columns
	at := make(map[app.ID]*Account, len(accounts))
	for i, a := range accounts {
		at[a.ID] = &accounts[i]
		c.add(a.ID, a.Customer, a.Seller, a.Currency)
	}
	// Each account's are looked up by themselves: what the planner cannot know of so many IDs at once would make it read them all.
	c.queue(batch, `
		SELECT a.id, s.* FROM rows(uuid, uuid, uuid, text) a(id, customer, seller, currency) CROSS JOIN LATERAL (
			SELECT s.id, s.name, s.description, s.currency, s.amount_minor, s.setup_minor, s.period, s.anchor, s.next_period, s.end_on, s.wholesale,
				s.minimum, s.notice, s.later, s.coupon, s.parked, NULLIF(s.meters, '[]'), s.used_until
			FROM subscriptions s
			WHERE s.organization_id = a.customer AND s.seller_id = a.seller AND s.currency = a.currency
				AND s.anchor IS NOT NULL AND (s.next_on IS NOT NULL OR s.end_on IS NOT NULL)
			ORDER BY s.id OFFSET 0 `+t.locking("FOR UPDATE")+`) s`).Query(func(rows pgx.Rows) error {
		return collectSubscribed(rows, at, measured)
	})
}

func collectSubscribed(rows pgx.Rows, at map[app.ID]*Account, measured *[]app.ID) error {
	var account, id app.ID
	var s Subscribed
	var anchor time.Time
	var end, until *time.Time
	var legs, later, coupon, usage []byte
	_, err := pgx.ForEachRow(rows, []any{&account, &id, &s.Name, &s.Description, &s.Price.Currency, &s.Price.Minor, &s.Setup.Minor, &s.Every, &anchor,
		&s.Next, &end, &legs, &s.Term.Minimum, &s.Term.Notice, &later, &coupon, &s.Parked, &usage, &until}, func() error {
		one := s
		one.ID, one.Setup.Currency, one.Anchor, one.End = id.String(), s.Price.Currency, dateOf(&anchor), dateOf(end)
		one.UsedUntil = dateOf(until)
		for _, part := range []struct {
			from []byte
			to   any
		}{{legs, &one.Wholesale}, {later, &one.Later}, {later, &one.Coming}, {coupon, &one.Coupon}, {usage, &one.Usage}} {
			if part.from == nil {
				continue
			}
			if err := json.Unmarshal(part.from, part.to); err != nil {
				return fmt.Errorf("subscription %s: %w", id, err)
			}
		}
		at[account].Subscriptions = append(at[account].Subscriptions, one)
		if usage != nil || one.Later != nil && len(one.Later.Usage) > 0 {
			*measured = append(*measured, id)
		}
		return nil
	})
	return err
}

// dateOf is a DATE as billing counts days; NULL is no date.
func dateOf(at *time.Time) billing.Date {
	if at == nil {
		return billing.Date{}
	}
	return billing.DateIn(*at, time.UTC)
}

// dateOrNull is a day as PostgreSQL takes it: NULL for no date.
func dateOrNull(day billing.Date) *time.Time {
	if day.IsZero() {
		return nil
	}
	at := day.UTC()
	return &at
}

// SaveSubscription keeps what a customer changed of a subscription: its price and name, its prices of use, what comes later, its end, and what is due
// next.
func (t *Tx) SaveSubscription(ctx context.Context, customer app.ID, s Subscribed, on billing.Date) error {
	legs, err := json.Marshal(append([]Leg{}, s.Wholesale...))
	if err != nil {
		return fmt.Errorf("subscription %s: %w", s.ID, err)
	}
	usage, err := json.Marshal(append([]cycle.UsagePrice{}, s.Usage...))
	if err != nil {
		return fmt.Errorf("subscription %s: %w", s.ID, err)
	}
	later, err := laterColumn(s)
	if err != nil {
		return fmt.Errorf("subscription %s: %w", s.ID, err)
	}
	_, err = t.tx.Exec(ctx, `
		UPDATE subscriptions SET name = $3, amount_minor = $4, later = $5, end_on = $6, next_on = $7, wholesale = $8, later_on = $9, meters = $10
		WHERE organization_id = $1 AND id = $2`, customer, s.ID, s.Name, s.Price.Minor, later, dateOrNull(s.End), dateOrNull(on), legs,
		dateOrNull(s.LaterFrom()), usage)
	return classify(err)
}

// ChargeOn returns the document and period of the charge of a subscription that pays for a day, the newest first, and how often the
// subscription was changed on that day. It is NotFound where the day was not invoiced.
func (t *Tx) ChargeOn(ctx context.Context, subscription app.ID, day billing.Date) (document app.ID, period billing.Period, changes int, err error) {
	var start, end time.Time
	err = t.tx.QueryRow(ctx, `
		SELECT invoice_id, period_start, period_end,
			(SELECT count(*) FROM charges WHERE subscription_id = $1 AND starts_with(kind, 'change') AND period_start = $2)
		FROM charges WHERE subscription_id = $1 AND kind <> 'setup' AND NOT starts_with(kind, 'usage ') AND period_start <= $2 AND period_end > $2 ORDER BY id DESC LIMIT 1`,
		subscription, day.UTC()).Scan(&document, &start, &end, &changes)
	return document, billing.Period{Start: dateOf(&start), End: dateOf(&end)}, changes, classify(err)
}
