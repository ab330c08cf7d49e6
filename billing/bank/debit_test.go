package bank_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"allotment/billing"
	"allotment/billing/bank"
	"allotment/billing/billingtest"
)

// schema is the XSD of ISO 20022. It is not part of the project.
const schema = "../../../shared/einvoice/xsd/sepa/pain.008.001.08.xsd"

func batch(t *testing.T, count int) bank.Batch {
	t.Helper()
	dice := billingtest.Dice(t)
	b := bank.Batch{ID: "RUN-2026-01", Created: time.Date(2026, 1, 20, 9, 0, 0, 0, time.UTC), Collect: billingtest.Day(t, "2026-01-28"), Sequence: bank.Recurring,
		Name: "Demo Hosting & Söhne", IBAN: "NL91ABNA0417164300", Creditor: "NL00ZZZ123456780000"}
	for i := range count {
		d := bank.Debit{ID: fmt.Sprintf("INV-%d", i), Amount: billingtest.Euro(1 + dice.Int64N(1000000)), Mandate: fmt.Sprintf("M-%d", i),
			Signed: billingtest.Date(dice), Name: "Łukasz Größe <Demo> 漢", IBAN: "NL02ABNA0123456789", Text: "Invoice 2026-1 – thanks"}
		if i%2 == 0 {
			d.Reference, d.BIC = "RF18539007547034", "ABNANL2A"
		}
		b.Debits = append(b.Debits, d)
	}
	return b
}

func TestDebitsAreValidAndAddUp(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := bank.WriteDebits(&b, batch(t, 100)); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	if err := bank.CheckDebits(strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text, "<Nm>Lukasz Grosse .Demo. .</Nm>") || !strings.Contains(text, "<Nm>Demo Hosting + Sohne</Nm>") {
		t.Error("names are not in the letters that banks take")
	}
	for _, change := range [][2]string{{"<CtrlSum>", "<CtrlSum>1"}, {"<NbOfTxs>", "<NbOfTxs>1"}, {`Ccy="EUR">`, `Ccy="EUR">9`}} {
		for _, times := range []int{1, 2} {
			if wrong := strings.Replace(text, change[0], change[1], times); bank.CheckDebits(strings.NewReader(wrong)) == nil {
				t.Errorf("%d times %q for %q was not found", times, change[1], change[0])
			}
		}
	}
	validate(t, text)
}

func validate(t *testing.T, text string) {
	t.Helper()
	if _, err := os.Stat(schema); err != nil {
		t.Skip("the XSD of pain.008 is not on this machine:", err)
	}
	if _, err := exec.LookPath("xmllint"); err != nil {
		t.Skip("the XSD needs Debian's libxml2-utils:", err)
	}
	name := filepath.Join(t.TempDir(), "debits.xml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "xmllint", "--noout", "--nonet", "--schema", schema, name).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func TestDebitsThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*bank.Batch){
		"no collection":     func(b *bank.Batch) { b.Debits = nil },
		"no day":            func(b *bank.Batch) { b.Collect = billing.Date{} },
		"a wrong sequence":  func(b *bank.Batch) { b.Sequence = "X" },
		"our wrong IBAN":    func(b *bank.Batch) { b.IBAN = "NL91ABNA0417164301" },
		"a wrong IBAN":      func(b *bank.Batch) { b.Debits[1].IBAN = "NL91" },
		"nothing to pay":    func(b *bank.Batch) { b.Debits[1].Amount = billingtest.Euro(0) },
		"less than nothing": func(b *bank.Batch) { b.Debits[1].Amount = billingtest.Euro(-5) },
		"dollars":           func(b *bank.Batch) { b.Debits[1].Amount = billing.Money{Minor: 5, Currency: "USD"} },
		"too much":          func(b *bank.Batch) { b.Debits[1].Amount = billingtest.Euro(100_000_000_000) },
		"twice":             func(b *bank.Batch) { b.Debits[1].ID = b.Debits[0].ID },
		"no mandate":        func(b *bank.Batch) { b.Debits[1].Mandate = "" },
		"not signed":        func(b *bank.Batch) { b.Debits[1].Signed = billing.Date{} },
		"a long ID":         func(b *bank.Batch) { b.Debits[1].ID = strings.Repeat("1", 36) },
		"slashes":           func(b *bank.Batch) { b.Debits[1].ID = "a//b" },
		"no words":          func(b *bank.Batch) { b.Debits[1].Text = "" },
	} {
		b := batch(t, 3)
		spoil(&b)
		var out bytes.Buffer
		if err := bank.WriteDebits(&out, b); err == nil || out.Len() > 0 {
			t.Errorf("%s was written", name)
		}
	}
}
