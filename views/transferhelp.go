package views

import (
	"context"

	"allotment/app"
	"allotment/views/words"
)

const transfersBase = "/organization/transfers"

func transfersNext(next string) string {
	if next == "" {
		return ""
	}
	return address(transfersBase, "after", next)
}

func transfersFirst(after string) string {
	if after == "" {
		return ""
	}
	return transfersBase
}

// answerPath is where a reader answers a move: as the customer's owner, or as a seller.
func answerPath(p Page, m app.Transfer) string {
	if p.Actor.Kind == app.Customer {
		return transferPath(m.ID)
	}
	return CustomersPath + "/moves/" + m.ID.String()
}

func sideName(m app.Transfer, side app.TransferSide) string {
	switch side {
	case app.TransferCustomer:
		return m.CustomerName
	case app.TransferReceiver:
		return m.ReceiverName
	}
	return m.GiverName
}

// idleText is after which time an organization's people sign in again.
func idleText(ctx context.Context, o app.Organization) string {
	if o.IdleMinutes == 0 {
		return words.T(ctx, "the time of this installation")
	}
	return words.T(ctx, "%d minutes without a click", o.IdleMinutes)
}
