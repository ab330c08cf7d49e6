package pdf

import (
	"image/color"
	"strings"
	"unicode/utf8"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"

	"allotment/billing/invoice"
)

// codeSide is the width and height of the code for banking apps.
const codeSide = 30.0

// mostInCode is the largest amount that a SEPA credit transfer's code holds, in cents.
const mostInCode = 999_999_999_99

// paymentText is the content of the code by which banking apps fill in a SEPA credit transfer (EPC069-12, version 2, UTF-8), or "" where the
// document is not paid by one.
func (p *page) paymentText() string {
	pay := p.Payment
	payable := p.Kind == invoice.Invoice && p.Number != "" && pay.Mandate == "" && pay.IBAN != "" && pay.Holder != ""
	if !payable || p.Currency != "EUR" || p.Payable.Minor <= 0 || p.Payable.Minor > mostInCode {
		return ""
	}
	structured, free := pay.Reference, ""
	if !strings.HasPrefix(structured, "RF") {
		structured, free = "", p.Number
	}
	return strings.Join([]string{"BCD", "002", "1", "SCT", pay.BIC, firstLetters(clean(pay.Holder), 70), strings.ReplaceAll(pay.IBAN, " ", ""),
		"EUR" + p.Payable.Amount(), "", structured, free}, "\n")
}

// firstLetters cuts a text off behind so many letters.
func firstLetters(s string, n int) string {
	for utf8.RuneCountInString(s) > n {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}

// paymentCode is the QR code of paymentText with the error correction that EPC069-12 asks for; nil for none.
func (p *page) paymentCode() barcode.Barcode {
	text := p.paymentText()
	if text == "" {
		return nil
	}
	code, err := qr.Encode(text, qr.M, qr.Unicode)
	if err != nil { // it is a convenience: the same stands in words beside it
		return nil
	}
	return code
}

// drawCode draws a code as squares, with its caption below. A row's neighbours are one rectangle, so that no viewer shows seams.
func (p *page) drawCode(code barcode.Barcode, x, y float64) {
	size := code.Bounds().Dx()
	module := codeSide / float64(size)
	dark := func(col, row int) bool { return col < size && code.At(col, row) == color.Black }
	p.SetFillColor(0, 0, 0)
	for row := range size {
		for col := 0; col < size; col++ {
			from := col
			for dark(col, row) {
				col++
			}
			if col > from {
				p.Rect(x+float64(from)*module, y+float64(row)*module, float64(col-from)*module, module, "F")
			}
		}
	}
	p.font("", 7)
	p.grey()
	p.text(x-10, y+codeSide+1.5, codeSide+10, "R", p.words[scanToPay])
}
