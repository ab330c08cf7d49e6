package views

import (
	"bytes"
	"context"
	"strings"

	"allotment/app"
	"allotment/views/words"
)

// Letters writes mails. Each kind is said once, and drawn as plain text and as HTML.
type Letters struct{}

// letter is what one kind of mail says: paragraphs, then a link where there is one, then what is to be known beside it.
type letter struct {
	subject string
	lines   []string
	button  string // the link's name; "" for a mail without one
	after   []string
}

// lettersByKind has the words of each kind: a new kind is a new line.
var lettersByKind = map[app.MailKind]func(context.Context, map[string]string) letter{
	app.MailInvitation: invitationLetter,
	app.MailVisit:      visitLetter,
	app.MailRemoved:    removedLetter,
	app.MailTransfer:   transferLetter,
	app.MailStanding:   stateLetter,
	app.MailVerify:     verifyLetter,
	app.MailReset:      resetLetter,
	app.MailAddress:    addressLetter,
	app.MailSecurity:   securityLetter,
	app.MailDunning:    dunningLetter,
	app.MailExport:     exportLetter,
	app.MailPrice:      priceLetter,

	app.MailSubscription: subscriptionLetter,
	app.MailPayment:      paymentLetter,
	app.MailInvoice:      invoiceLetter,
	app.MailVATID:        vatIDLetter,
}

// Write writes a mail in its recipient's language.
func (Letters) Write(ctx context.Context, head app.Letterhead, mail app.Mail) (app.Letter, error) {
	say, ok := lettersByKind[mail.Kind]
	if !ok {
		return app.Letter{}, app.Errorf(app.Permanent, "Nobody knows what a mail of the kind %s says.", mail.Kind)
	}
	ctx = words.With(ctx, words.Match(mail.Language, ""))
	said := say(ctx, mail.Data)
	sheet := letterSheet{letter: said, Head: head, ToName: mail.ToName}
	if path := localPath(mail.Data["path"]); said.button != "" && path != "" {
		sheet.Link = strings.TrimSuffix(head.URL, "/") + path
	}
	var out bytes.Buffer
	if err := letterHTML(sheet).Render(ctx, &out); err != nil {
		return app.Letter{}, err
	}
	return app.Letter{Subject: said.subject, Text: sheet.text(ctx), HTML: out.String()}, nil
}

// localPath lets a path of the portal through, and nothing that would lead elsewhere.
func localPath(path string) string {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n ") {
		return ""
	}
	return path
}

// letterSheet is a letter with all that is around it.
type letterSheet struct {
	letter
	Head   app.Letterhead
	ToName string
	Link   string
}

func (s letterSheet) greeting(ctx context.Context) string {
	if s.ToName == "" {
		return words.T(ctx, "Hello,")
	}
	return words.T(ctx, "Hello %s,", s.ToName)
}

// foot says who writes, and where an answer is read.
func (s letterSheet) foot(ctx context.Context) string {
	if s.Head.Support != "" {
		return words.T(ctx, "%s sent you this mail. Questions? Write to %s.", s.Head.Name, s.Head.Support)
	}
	return words.T(ctx, "%s sent you this mail.", s.Head.Name)
}

// text is the letter as plain text.
func (s letterSheet) text(ctx context.Context) string {
	parts := append([]string{s.greeting(ctx)}, s.lines...)
	if s.Link != "" {
		parts = append(parts, s.button+":\n"+s.Link)
	}
	parts = append(append(parts, s.after...), "-- \n"+s.foot(ctx))
	return strings.Join(parts, "\n\n") + "\n"
}
