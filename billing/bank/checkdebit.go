package bank

import (
	"encoding/xml"
	"fmt"
	"io"

	"allotment/billing"
)

// CheckDebits reads a pain.008 file and proves what its XSD does not: that every count and sum is that of the collections below it.
func CheckDebits(r io.Reader) error {
	type totals struct {
		Count int    `xml:"NbOfTxs"`
		Sum   string `xml:"CtrlSum"`
	}
	var file struct {
		Header  totals `xml:"CstmrDrctDbtInitn>GrpHdr"`
		Batches []struct {
			totals
			Amounts []amountXML `xml:"DrctDbtTxInf>InstdAmt"`
		} `xml:"CstmrDrctDbtInitn>PmtInf"`
	}
	if err := xml.NewDecoder(r).Decode(&file); err != nil {
		return fmt.Errorf("this is not a pain.008 file: %w", err)
	}
	all, count := billing.Zero("EUR"), 0
	for _, batch := range file.Batches {
		sum := billing.Zero("EUR")
		for _, amount := range batch.Amounts {
			m, err := amount.money("CRDT")
			if err != nil {
				return err
			}
			if sum, err = sum.Add(m); err != nil {
				return err
			}
		}
		if sum.Amount() != batch.Sum || len(batch.Amounts) != batch.Count {
			return fmt.Errorf("a batch says %d collections of %s, but holds %d of %s", batch.Count, batch.Sum, len(batch.Amounts), sum.Amount())
		}
		var err error
		if all, err = all.Add(sum); err != nil {
			return err
		}
		count += batch.Count
	}
	if all.Amount() != file.Header.Sum || count != file.Header.Count {
		return fmt.Errorf("the file says %d collections of %s, but holds %d of %s", file.Header.Count, file.Header.Sum, count, all.Amount())
	}
	return nil
}
