package drivertest_test

import (
	"testing"

	"allotment/app"
	"allotment/app/provision/drivertest"
)

func TestFakeRecords(t *testing.T) {
	t.Parallel()
	drivertest.Records(t, func(*testing.T) drivertest.Harness[app.RecordsSpec, app.RecordsState] {
		return drivertest.NewRecords().Harness("shared.example")
	})
}

func TestFakeMail(t *testing.T) {
	t.Parallel()
	drivertest.Mail(t, func(*testing.T) drivertest.Harness[app.MailSpec, app.MailState] {
		return drivertest.NewMail().Harness("mail.example")
	})
}

func TestFakeDirectory(t *testing.T) {
	t.Parallel()
	drivertest.Directory(t, func(*testing.T) drivertest.Harness[app.DirectorySpec, app.DirectoryState] {
		return drivertest.NewDirectory().Harness("demo")
	})
}

func TestFakeClients(t *testing.T) {
	t.Parallel()
	drivertest.Clients(t, func(*testing.T) drivertest.Harness[app.ClientSpec, app.ClientState] {
		return drivertest.NewClients().Harness("apps.example")
	})
}
