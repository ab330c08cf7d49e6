package lab

import "context"

// Mail is Postfix with Cyrus SASL and Cyrus IMAP.
type Mail struct{}

func (l *Lab) startMail(ctx context.Context, needs ...*group) error { return nil }
