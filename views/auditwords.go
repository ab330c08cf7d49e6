package views

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"allotment/app"
	"allotment/views/words"
)

// auditActions says in words what each verb does. A verb that has none is a failing test.
var auditActions = map[string]string{
	"access.change":               "Access to a service changed",
	"access.grant":                "Access to a service given",
	"access.revoke":               "Access to a service taken away",
	"account.app_password.remove": "Password for apps removed",
	"account.app_password.set":    "Password for apps set",
	"account.change":              "Own details changed",
	"account.email":               "Another e-mail address asked for",
	"account.email_cancel":        "Another e-mail address given up",
	"account.password":            "Password changed",
	"account.verify_again":        "Confirmation of the e-mail address sent again",
	"billing.retry":               "Parked subscription tried again",
	"billing.run":                 "Billing run started",
	"billing.verify":              "Look at the books started",
	"billing.details":             "Billing details changed",
	"billing.vat_check":           "VAT ID checked",
	"rates.add":                   "VAT rate added",
	"exchange.add":                "Exchange rate added",
	"sales.terms":                 "Terms of sale changed",
	"brand.confirm":               "Host name or sender confirmed",
	"brand.decline":               "Host name or sender declined",
	"brand.logo":                  "Logo changed",
	"brand.save":                  "Brand changed",
	"export.cancel":               "Export cancelled",
	"export.collect":              "Debit file made",
	"export.delete":               "Export deleted",
	"export.release":              "Debit file deleted",
	"export.retry":                "Export made again",
	"export.start":                "Export made",
	"mandate.add":                 "Mandate added",
	"mandate.revoke":              "Mandate revoked",
	"identity.link":               "Account of a provider linked",
	"identity.unlink":             "Account of a provider unlinked",
	"provider.add":                "Provider added",
	"provider.change":             "Provider changed",
	"provider.enter":              "Sign-in by a provider",
	"provider.remove":             "Provider removed",
	"provider.switch":             "Provider switched on or off",
	"provider.test":               "Provider tested",
	"invitation.accept":           "Invitation accepted",
	"invitation.resend":           "Invitation sent again",
	"invitation.revoke":           "Invitation taken back",
	"invitation.send":             "Member invited",
	"member.leave":                "Organization left",
	"member.remove":               "Member removed",
	"member.role":                 "Role changed",
	"person.disable":              "Person disabled",
	"person.enable":               "Person enabled again",
	"session.switch":              "Began to act for this organization",
	"visit.begin":                 "Seller's staff began to act in the customer's name",
	"visit.end":                   "Seller's staff ended acting in the customer's name",
	"visit.stop":                  "Acting in the customer's name ended by the customer",
	"invoice.credit":              "Invoice credited",
	"invoice.refund":              "Credit paid back",
	"key.create":                  "API key made",
	"key.revoke":                  "API key revoked",
	"key.rotate":                  "API key replaced",
	"mail.retry":                  "Mail sent again",
	"method.add":                  "Way to pay begun to be saved",
	"method.remove":               "Way to pay removed",
	"method.standard":             "Way to pay chosen for invoices",
	"invoice.pay":                 "Payment of an invoice begun",
	"payment.note":                "Payment noted",
	"payment.refund":              "Money sent back",
	"payment.connect":             "Account for payments connected",
	"payment.settle":              "Refund at the provider booked",
	"payment.book":                "Payment at the provider booked",
	"payment.aside":               "Movement at the provider set aside",
	"payment.compare":             "Payments compared with the provider",
	"bank.import":                 "Bank statement read",
	"bank.book":                   "Lines of the bank booked",
	"bank.aside":                  "Line of the bank set aside",
	"operation.cancel":            "Operation cancelled",
	"operation.retry":             "Operation tried again",
	"organization.close":          "Organization closed",
	"organization.create":         "Organization created",
	"organization.export":         "Data downloaded",
	"organization.idle":           "Time until people sign in again changed",
	"organization.rename":         "Organization renamed",
	"organization.currency":       "Currency set",
	"organization.resume":         "Organization resumed",
	"organization.suspend":        "Organization suspended",
	"organization.terminate":      "All services removed",
	"passkey.add":                 "Passkey added",
	"passkey.copied":              "Passkey refused: it seems to be a copy",
	"passkey.remove":              "Passkey removed",
	"passkey.rename":              "Passkey renamed",
	"prices.publish":              "Prices published",
	"quota.set":                   "Quota changed",
	"recovery.renew":              "Recovery codes made anew",
	"service.change":              "Size of a service changed",
	"service.cancel":              "Service cancelled",
	"service.keep":                "Change of size given up",
	"service.reactivate":          "End of a service taken back",
	"service.order":               "Service ordered",
	"prices.set":                  "Price set",
	"prices.floor":                "Least price for resellers set",
	"prices.announce":             "Days set that prices are told ahead",
	"prices.usage":                "Price of use set",
	"prices.usage_floor":          "Least price of use for resellers set",
	"usage.report":                "Use reported",
	"coupon.create":               "Coupon made",
	"coupon.end":                  "Coupon ended",
	"service.reveal":              "Access data shown",
	"service.terminate":           "Service removed",
	"service.hold":                "Service stopped",
	"service.release":             "Service released",
	"session.close":               "Signed out",
	"session.confirm":             "Identity confirmed",
	"session.open":                "Signed in",
	"session.revoke":              "Session ended",
	"session.revoke_others":       "All other sessions ended",
	"session.stale":               "A session that had ended was used",
	"totp.add":                    "Authenticator app added",
	"totp.begin":                  "Authenticator app begun",
	"totp.remove":                 "Authenticator app removed",
	"transfer.agree":              "Move agreed to",
	"transfer.decline":            "Move declined",
	"transfer.start":              "Move to another seller begun",
	"transfer.withdraw":           "Move taken back",
}

// auditGroups are the kinds of action that the log can be narrowed to: the word before the first dot.
var auditGroups = map[string]string{
	"bank":         "Bank statements",
	"method":       "Ways to pay",
	"payment":      "Payments",
	"invoice":      "Invoices",
	"sales":        "Sales",
	"rates":        "VAT rates",
	"exchange":     "Exchange rates",
	"billing":      "Bills and payments",
	"access":       "Access to services",
	"account":      "Own account",
	"brand":        "Brand",
	"coupon":       "Coupons",
	"export":       "Exports",
	"mandate":      "SEPA mandates",
	"identity":     "Accounts at providers",
	"provider":     "Where people sign in",
	"key":          "API keys",
	"mail":         "Mails",
	"invitation":   "Invitations",
	"member":       "Members",
	"person":       "People",
	"visit":        "Acting in the customer's name",
	"operation":    "Operations",
	"organization": "Organizations",
	"passkey":      "Passkeys",
	"prices":       "Prices",
	"quota":        "Quotas",
	"recovery":     "Recovery codes",
	"usage":        "Use",
	"service":      "Services",
	"session":      "Signing in and out",
	"totp":         "Authenticator app",
	"transfer":     "Moves",
}

// AuditGroup reports whether there is a group of that name.
func AuditGroup(group string) bool { return auditGroups[group] != "" }

// AuditWords lists every sentence of the tables above by the action or group that it is of, for tests.
func AuditWords() map[string]string {
	all := maps.Clone(auditActions)
	for group, sentence := range auditGroups {
		all[group+"."] = sentence
	}
	return all
}

func actionWords(ctx context.Context, action string) string {
	if sentence := auditActions[action]; sentence != "" {
		return words.Say(ctx, sentence)
	}
	return action
}

// groupsInOrder lists the groups as the reader's language sorts them.
func groupsInOrder(ctx context.Context) []string {
	return slices.SortedFunc(maps.Keys(auditGroups), func(a, b string) int {
		return strings.Compare(words.Say(ctx, auditGroups[a]), words.Say(ctx, auditGroups[b]))
	})
}

// difference is one field of what a verb changed.
type difference struct{ field, before, after string }

// differences lists the fields that a row says something of, those that changed alone where it says both what was and what is.
func differences(l app.AuditLine) []difference {
	before, after := fields(l.Before), fields(l.After)
	var all []difference
	for _, name := range slices.Sorted(maps.Keys(both(before, after))) {
		if before[name] != after[name] || l.Before == "" || l.After == "" {
			all = append(all, difference{strings.ReplaceAll(name, "_", " "), before[name], after[name]})
		}
	}
	return all
}

func both(a, b map[string]string) map[string]string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// fields reads a row's JSON: an object's own fields as text, and anything else as one field without a name.
func fields(text string) map[string]string {
	all := map[string]string{}
	if text == "" {
		return all
	}
	var object map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &object) != nil {
		all[""] = text
		return all
	}
	for name, raw := range object {
		var s string
		if json.Unmarshal(raw, &s) != nil {
			s = string(raw)
		}
		all[name] = s
	}
	return all
}

// refusal is why a verb was refused, in the reader's language; "" for one that was done.
func refusal(ctx context.Context, l app.AuditLine) string {
	if l.Outcome != app.AuditRefused {
		return ""
	}
	return words.Say(ctx, fields(l.After)["message"])
}

// target is what a verb was done to, without the ID that only finds it: "service".
func target(l app.AuditLine) (kind, id string) {
	kind, id, _ = strings.Cut(l.Target, " ")
	return kind, id
}
