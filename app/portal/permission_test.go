package portal_test

import (
	"context"
	"reflect"
	"testing"

	"allotment/app"
	"allotment/app/portal"
	"allotment/app/portal/portaltest"
)

// doors are the verbs that take no actor, with what stands in the place of a permission.
var doors = map[string]string{
	"SignIn":                  "it is the door: the password is the permission",
	"NoteStale":               "it is the door: writes that a session's token was used after its end",
	"Forgot":                  "it is the door: only the account's own address gets the link",
	"Invited":                 "the link's token is the permission",
	"JoinAsNewcomer":          "the link's token is the permission",
	"CheckLink":               "the link's token is the permission",
	"ResetPassword":           "the link's token is the permission",
	"VerifyEmail":             "the link's token is the permission",
	"UndoEmail":               "the link's token is the permission",
	"SecondFactors":           "the challenge of a sign-in that waits is the permission",
	"SecondFactor":            "the challenge of a sign-in that waits is the permission",
	"BeginPasskey":            "it is the door: the passkey is the permission",
	"BeginSecondPasskey":      "the challenge of a sign-in that waits is the permission",
	"SignInWithPasskey":       "it is the door: the passkey is the permission",
	"Currencies":              "tells a setting that sellers' pages show",
	"PasskeyHost":             "tells a setting that the sign-in page shows",
	"SignInProviders":         "what the sign-in page shows to everybody",
	"SignInProvidersOf":       "as SignInProviders",
	"SignInProvider":          "as SignInProviders: no more than the name",
	"BeginSignIn":             "it is the door: the provider's answer is the permission",
	"FinishSignIn":            "the provider's answer, in the browser that began, is the permission",
	"SignInByDirectory":       "it is the door: the password is the permission",
	"WaitingProof":            "the browser's cookie is the permission",
	"SignOut":                 "the session's token is the permission",
	"Actor":                   "the session's token is the permission",
	"KeyActor":                "the key's token is the permission",
	"Enrol":                   "the one-time token is the permission",
	"Report":                  "the report token is the permission",
	"BrandAt":                 "what the sign-in page shows to everybody",
	"Logo":                    "its name is the permission: a hash that only those know who were shown it",
	"LogoIcon":                "as Logo",
	"VerifyAudit":             "run on the server itself",
	"Zone":                    "tells a setting that every page shows",
	"CreateOperator":          "run on the server itself, refuses once there is an operator",
	"Dun":                     "the engine's own chore",
	"TurnSubscriptions":       "the engine's own chore",
	"Collector":               "the engine of payments, for its chores and workers",
	"TakeNotice":              "the provider's signature is the permission",
	"AnnounceDocuments":       "the engine's own chore",
	"MailFiles":               "asked by the outbox, for a mail that it holds",
	"CheckVATIDs":             "the engine's own chore",
	"LearnRates":              "the engine's own chore",
	"AlignHolds":              "the engine's own chore",
	"MakeExport":              "a worker's own: the job is the permission",
	"ExpireExports":           "the engine's own chore",
	"ExportHere":              "run on the server itself",
	"PublishPricesOfOperator": "run on the server itself",
	"TellPrices":              "the engine's own chore",
	"TellUsage":               "the engine's own chore",
	"MeasureUse":              "the engine's own chore",
	"SumUpUses":               "the engine's own chore",
	"NoteVisitsOver":          "the engine's own chore",
}

func TestEveryVerbAsksForAPermission(t *testing.T) {
	t.Parallel()
	w := portaltest.New(t)
	order, err := w.Portal.PlaceOrder(t.Context(), w.Tenant, request("team"))
	if err != nil {
		t.Fatal(err)
	}
	nobody := w.Tenant
	nobody.Role = "nobody"
	value := reflect.ValueOf(w.Portal)
	asked := 0
	for i := range value.NumMethod() {
		method := value.Type().Method(i)
		if doors[method.Name] != "" {
			continue
		}
		kind := method.Type
		if kind.NumIn() < 3 || kind.In(2) != reflect.TypeFor[app.Actor]() {
			t.Errorf("%s takes no actor as its second argument and is no known door", method.Name)
			continue
		}
		asked++
		args := []reflect.Value{reflect.ValueOf(context.WithoutCancel(t.Context())), reflect.ValueOf(nobody)}
		for n := 3; n < kind.NumIn(); n++ {
			args = append(args, argument(kind.In(n), order))
		}
		results := value.Method(i).Call(args)
		err, _ := results[len(results)-1].Interface().(error)
		if app.CodeOf(err) != app.Forbidden {
			t.Errorf("%s without a permission: %v, want Forbidden", method.Name, err)
		}
		args[1] = reflect.ValueOf(app.Actor{})
		results = value.Method(i).Call(args)
		err, _ = results[len(results)-1].Interface().(error)
		if app.CodeOf(err) != app.Unauthenticated {
			t.Errorf("%s for nobody: %v, want Unauthenticated", method.Name, err)
		}
	}
	if asked < 12 {
		t.Errorf("only %d verbs were asked", asked)
	}
}

// argument is a value that a verb would accept from someone who may.
func argument(kind reflect.Type, order app.Order) reflect.Value {
	switch kind {
	case reflect.TypeFor[app.ID]():
		return reflect.ValueOf(order.Service)
	case reflect.TypeFor[portal.OrderRequest]():
		return reflect.ValueOf(request("second"))
	case reflect.TypeFor[string]():
		return reflect.ValueOf("redmine")
	}
	return reflect.Zero(kind)
}
