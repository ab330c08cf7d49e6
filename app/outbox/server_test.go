package outbox_test

import (
	"errors"
	"io"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// server is a mail server that keeps what it takes, and can be made to fail in each way that a real one does.
type server struct {
	t       *testing.T
	address string
	smtp    *smtp.Server
	stop    func()
	mu      sync.Mutex
	taken   []*mail.Message
	bodies  []string
	before  func() error // asked before the content is read
	after   func() error // asked when the content was taken
	rcpt    error        // what it says of every recipient
}

// start makes a server listen at address, or at a free one for "127.0.0.1:0".
func (s *server) start(address string) {
	s.t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		s.t.Fatal(err)
	}
	s.address = l.Addr().String()
	s.smtp = smtp.NewServer(s)
	s.smtp.Domain, s.smtp.ReadTimeout, s.smtp.WriteTimeout, s.smtp.ErrorLog = "mail.example.test", 10*time.Second, 10*time.Second, silent{}
	go s.smtp.Serve(l) //nolint:errcheck // ends with the test
	s.stop = func() { l.Close(); s.smtp.Close() }
	s.t.Cleanup(s.stop)
}

type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}

// NewSession implements smtp.Backend.
func (s *server) NewSession(c *smtp.Conn) (smtp.Session, error) { return &session{s, c}, nil }

type session struct {
	server *server
	conn   *smtp.Conn
}

func (s *session) Reset()                                   {}
func (s *session) Logout() error                            { return nil }
func (s *session) Mail(string, *smtp.MailOptions) error     { return nil }
func (s *session) Rcpt(_ string, _ *smtp.RcptOptions) error { return s.server.rcpt }

// errGone makes the server vanish in the middle of a session.
var errGone = errors.New("the server is gone")

func (s *session) Data(r io.Reader) error {
	if s.server.before != nil {
		if err := s.server.before(); err != nil {
			return s.end(err)
		}
	}
	message, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(message.Body)
	if err != nil {
		return err
	}
	s.server.mu.Lock()
	s.server.taken, s.server.bodies = append(s.server.taken, message), append(s.server.bodies, string(body))
	s.server.mu.Unlock()
	if s.server.after != nil {
		return s.end(s.server.after())
	}
	return nil
}

func (s *session) end(err error) error {
	if errors.Is(err, errGone) {
		_ = s.conn.Conn().Close()
	}
	return err
}

// ids are the Message-IDs of what was taken.
func (s *server) ids() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, m := range s.taken {
		all = append(all, strings.Trim(m.Header.Get("Message-Id"), "<>"))
	}
	return all
}
