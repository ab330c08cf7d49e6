package bank

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"allotment/billing"
	"allotment/billing/markup"
)

// Sequence says which collection of a mandate this is.
type Sequence string

// The sequences.
const (
	First     Sequence = "FRST"
	Recurring Sequence = "RCUR"
	OneOff    Sequence = "OOFF"
)

// Debit is one collection.
type Debit struct {
	ID        string        // comes back with the payment or its return, at most 35 characters
	Amount    billing.Money // EUR
	Mandate   string
	Signed    billing.Date
	Name      string
	IBAN      string
	BIC       string
	Reference string // structured, ISO 11649, or
	Text      string // in words
}

// Batch is a file of collections for one day and one sequence.
type Batch struct {
	ID       string // at most 35 characters, never used before
	Created  time.Time
	Collect  billing.Date
	Sequence Sequence
	Name     string // of the creditor
	IBAN     string
	BIC      string
	Creditor string // its SEPA creditor identifier
	Debits   []Debit
}

const pain008 = "urn:iso:std:iso:20022:tech:xsd:pain.008.001.08"

// WriteDebits writes batches as one pain.008.001.08 by the SEPA core scheme; the first names the file. The sums and counts in the file are
// its own: the XSD accepts wrong ones, and CheckDebits does not.
func WriteDebits(w io.Writer, batches ...Batch) error {
	if len(batches) == 0 {
		return errors.New("a direct debit needs a collection at least")
	}
	all, count, seen := billing.Zero("EUR"), 0, map[string]bool{}
	var parts []markup.Element
	for _, b := range batches {
		sum, err := b.check(seen)
		if err != nil {
			return err
		}
		if all, err = all.Add(sum); err != nil {
			return err
		}
		count += len(b.Debits)
		parts = append(parts, b.element(sum))
	}
	first := batches[0]
	root := markup.Group("Document", markup.Group("CstmrDrctDbtInitn",
		markup.Group("GrpHdr",
			markup.Text("MsgId", first.ID), markup.Text("CreDtTm", first.Created.Format("2006-01-02T15:04:05")),
			markup.Text("NbOfTxs", strconv.Itoa(count)), markup.Text("CtrlSum", all.Amount()),
			markup.Group("InitgPty", markup.Text("Nm", latin(first.Name, 70)))),
		markup.Each(parts, func(e markup.Element) markup.Element { return e }))).With("xmlns", pain008)
	return markup.Write(w, root)
}

// element is a batch with its own sum and count.
func (b Batch) element(sum billing.Money) markup.Element {
	return markup.Group("PmtInf",
		markup.Text("PmtInfId", b.ID), markup.Text("PmtMtd", "DD"), markup.Text("NbOfTxs", strconv.Itoa(len(b.Debits))), markup.Text("CtrlSum", sum.Amount()),
		markup.Group("PmtTpInf", markup.Group("SvcLvl", markup.Text("Cd", "SEPA")), markup.Group("LclInstrm", markup.Text("Cd", "CORE")),
			markup.Text("SeqTp", string(b.Sequence))),
		markup.Text("ReqdColltnDt", b.Collect.String()),
		markup.Group("Cdtr", markup.Text("Nm", latin(b.Name, 70))),
		account("CdtrAcct", b.IBAN), agent("CdtrAgt", b.BIC), markup.Text("ChrgBr", "SLEV"),
		markup.Group("CdtrSchmeId", markup.Group("Id", markup.Group("PrvtId", markup.Group("Othr", markup.Text("Id", b.Creditor),
			markup.Group("SchmeNm", markup.Text("Prtry", "SEPA")))))),
		markup.Each(b.Debits, Debit.element))
}

func (d Debit) element() markup.Element {
	reference := markup.Text("Ustrd", latin(d.Text, 140))
	if d.Reference != "" {
		reference = markup.Group("Strd", markup.Group("CdtrRefInf",
			markup.Group("Tp", markup.Group("CdOrPrtry", markup.Text("Cd", "SCOR")), markup.Text("Issr", "ISO")), markup.Text("Ref", d.Reference)))
	}
	return markup.Group("DrctDbtTxInf",
		markup.Group("PmtId", markup.Text("EndToEndId", d.ID)),
		markup.Text("InstdAmt", d.Amount.Amount(), "Ccy", "EUR"),
		markup.Group("DrctDbtTx", markup.Group("MndtRltdInf", markup.Text("MndtId", d.Mandate), markup.Text("DtOfSgntr", d.Signed.String()))),
		agent("DbtrAgt", d.BIC),
		markup.Group("Dbtr", markup.Text("Nm", latin(d.Name, 70))),
		account("DbtrAcct", d.IBAN),
		markup.Group("RmtInf", reference))
}

func account(name, iban string) markup.Element {
	return markup.Group(name, markup.Group("Id", markup.Text("IBAN", iban)))
}

// agent names a bank; within SEPA its BIC may be left away, which has a form of its own.
func agent(name, bic string) markup.Element {
	if bic != "" {
		return markup.Group(name, markup.Group("FinInstnId", markup.Text("BICFI", bic)))
	}
	return markup.Group(name, markup.Group("FinInstnId", markup.Group("Othr", markup.Text("Id", "NOTPROVIDED"))))
}

// check refuses what the bank would, and returns the sum. seen are the IDs of the file's other batches.
func (b Batch) check(seen map[string]bool) (billing.Money, error) {
	if len(b.Debits) == 0 || b.Collect.IsZero() || b.Name == "" || b.Creditor == "" || b.Created.IsZero() || !identifier(b.ID) || seen[b.ID] {
		return billing.Money{}, errors.New("a direct debit needs an ID, a day, a creditor and a collection at least")
	}
	if b.Sequence != First && b.Sequence != Recurring && b.Sequence != OneOff {
		return billing.Money{}, fmt.Errorf("%q is not a sequence of a direct debit", b.Sequence)
	}
	if _, err := ParseIBAN(b.IBAN); err != nil {
		return billing.Money{}, err
	}
	sum := billing.Zero("EUR")
	seen[b.ID] = true
	for _, d := range b.Debits {
		if _, err := ParseIBAN(d.IBAN); err != nil {
			return billing.Money{}, err
		}
		if !identifier(d.ID) || !identifier(d.Mandate) || seen[d.ID] || d.Signed.IsZero() || latin(d.Name, 70) == "" || (d.Reference == "" && d.Text == "") {
			return billing.Money{}, fmt.Errorf("the collection %q lacks its name, mandate or text, or comes twice", d.ID)
		}
		if seen[d.ID] = true; d.Amount.Minor <= 0 || d.Amount.Minor > 99_999_999_999 {
			return billing.Money{}, fmt.Errorf("%s cannot be collected", d.Amount)
		}
		var err error
		if sum, err = sum.Add(d.Amount); err != nil {
			return billing.Money{}, err
		}
	}
	return sum, nil
}

// identifier reports whether s is an ID as SEPA has them: up to 35 characters, no slash at either end and none twice.
func identifier(s string) bool {
	return s != "" && len(s) <= 35 && latin(s, 35) == s && !strings.HasPrefix(s, "/") && !strings.HasSuffix(s, "/") && !strings.Contains(s, "//")
}

// latin writes text in the characters that every bank of SEPA takes (EPC217-08): letters lose their marks, the rest becomes a point.
func latin(text string, length int) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.NewReplacer("ß", "ss", "ø", "o", "Ø", "O", "ł", "l", "Ł", "L", "æ", "ae", "Æ", "AE", "&", "+").Replace(text)) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case r < 128 && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(" /-?:().,'+", r)):
			b.WriteRune(r)
		default:
			b.WriteByte('.')
		}
	}
	out := b.String()
	return strings.TrimSpace(out[:min(len(out), length)])
}
