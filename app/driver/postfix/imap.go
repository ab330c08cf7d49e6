package postfix

import (
	"context"
	"net"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"allotment/app"
)

// kibPerMiB: IMAP counts storage in units of 1024 octets (RFC 9208 section 5.1).
const kibPerMiB = 1024

// allRights are those that an administrator gives herself to delete a mailbox, which Cyrus does not grant by itself.
var allRights = imap.RightSet("lrswipkxtecda")

// mailStore is one call's connection to the IMAP server, as its administrator. It breaks when the call's context ends.
type mailStore struct {
	*imapclient.Client
	admin imap.RightsIdentifier
	close func()
}

func (d *Driver) openIMAP(ctx context.Context) (*mailStore, error) {
	raw, err := new(net.Dialer).DialContext(ctx, "tcp", d.config.IMAPAddr)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { raw.Close() }) //nolint:errcheck // it is to break
	client, err := imapclient.NewStartTLS(raw, &imapclient.Options{TLSConfig: d.tls.Clone()})
	if err != nil {
		stop()
		return nil, err
	}
	s := &mailStore{Client: client, admin: imap.RightsIdentifier(d.config.IMAPAdmin), close: func() { stop(); client.Close() }} //nolint:errcheck // nothing to lose
	err = client.Login(d.config.IMAPAdmin, d.config.IMAPPassword).Wait()
	if no(err) {
		err = app.Because(app.Permanent, err, "The mail server does not accept this portal.")
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// no says whether the server refused a command, rather than that it could not be asked.
func no(err error) bool {
	answer, ok := err.(*imap.Error) //nolint:errorlint // the library returns it as it is
	return ok && answer.Type == imap.StatusResponseTypeNo
}

// box is the mailbox's name for an administrator, with "unixhierarchysep" and "virtdomains" set.
func mailboxOf(name, domain string) string { return "user/" + name + "@" + domain }

// quotas lists the domain's mailboxes with their quota in MiB; 0 is none.
func (s *mailStore) quotas(domain string) (map[string]int, error) {
	list, err := s.List("", mailboxOf("%", domain), nil).Collect()
	if err != nil {
		return nil, err
	}
	quotas := map[string]int{}
	for _, found := range list {
		name, ok := strings.CutSuffix(strings.TrimPrefix(found.Mailbox, "user/"), "@"+domain)
		if !ok || slices.Contains(found.Attrs, imap.MailboxAttrNonExistent) {
			continue
		}
		quota, err := s.GetQuota(found.Mailbox).Wait()
		if err != nil && !no(err) { // no: it has none
			return nil, err
		}
		quotas[name] = 0
		if err == nil && quota != nil {
			quotas[name] = int(quota.Resources[imap.QuotaResourceStorage].Limit / kibPerMiB)
		}
	}
	return quotas, nil
}

// bring makes, changes and deletes mailboxes until they are the wanted ones, and returns their quotas then.
func (s *mailStore) bring(wanted app.MailSpec, present map[string]int) (map[string]int, error) {
	now := map[string]int{}
	for _, box := range wanted.Mailboxes {
		mailbox := mailboxOf(box.Name, wanted.Domain)
		quota, exists := present[box.Name]
		if !exists {
			if err := s.create(mailbox); err != nil {
				return nil, err
			}
		}
		if quota != box.QuotaMiB {
			limit := map[imap.QuotaResourceType]int64{imap.QuotaResourceStorage: int64(box.QuotaMiB) * kibPerMiB}
			if err := s.SetQuota(mailbox, limit).Wait(); err != nil {
				return nil, err
			}
		}
		now[box.Name] = box.QuotaMiB
	}
	for name := range present {
		if _, keep := now[name]; keep {
			continue
		}
		if err := s.delete(mailboxOf(name, wanted.Domain)); err != nil {
			return nil, err
		}
	}
	return now, nil
}

// create makes a mailbox; one that a first delivery or login has made meanwhile is as good.
func (s *mailStore) create(mailbox string) error {
	err := s.Create(mailbox, nil).Wait()
	if no(err) {
		if list, listErr := s.List("", mailbox, nil).Collect(); listErr == nil && len(list) > 0 {
			return nil
		}
	}
	return err
}

// delete takes a mailbox away with its folders.
func (s *mailStore) delete(mailbox string) error {
	if err := s.SetACL(mailbox, s.admin, imap.RightModificationReplace, allRights).Wait(); err != nil {
		return err
	}
	return s.Delete(mailbox).Wait()
}
