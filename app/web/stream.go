package web

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/a-h/templ"

	"allotment/app"
	"allotment/views"
)

const (
	streamPause  = 200 * time.Millisecond // between two events: about five a second at most
	streamBeat   = 15 * time.Second       // a sign of life for proxies, and a new look at the session
	streamPeriod = 30 * time.Second       // how long a reader may take to accept one write
)

// streamOperation sends an operation's progress as server-sent events (the HTML standard, section 9.2): "progress" with the part
// of the page to show for each change, and "end" when there will be no more. The state is read anew, with the reader's own
// permission, for every event.
func (s *Server) streamOperation(c *call) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	operation, err := s.portal.Operation(c.Request().Context(), c.actor, id)
	if err != nil {
		return err
	}
	sub, err := s.hub.subscribe(id, c.actor.User)
	if err != nil {
		return err
	}
	defer s.hub.leave(sub)
	stream, err := newStream(c, string(views.OperationPath(id)))
	if err != nil {
		return err
	}
	return s.follow(stream, sub, s.stateOf(stream, operation), func(ctx context.Context) (state, error) {
		operation, err := s.portal.Operation(ctx, stream.call.actor, id)
		return s.stateOf(stream, operation), err
	})
}

func (s *Server) stateOf(stream *stream, operation app.Operation) state {
	page := stream.call.page
	page.Now = s.now()
	return state{[]templ.Component{views.OperationProgress(page, operation), views.Said(operation)}, operation.State.Ended()}
}

// state is what a stream tells of a thing that goes on.
type state struct {
	parts []templ.Component
	ended bool
}

// follow sends state after state, from the one that is known, until the thing is over, the reader is gone, or the server stops. look reads it
// anew, with the reader's own permission as it is then.
func (s *Server) follow(stream *stream, sub *subscription, known state, look func(context.Context) (state, error)) error {
	ctx := stream.call.Request().Context()
	beat := time.NewTicker(streamBeat)
	defer beat.Stop()
	for {
		if err := stream.progress(known); err != nil || known.ended {
			return err
		}
		if over, err := s.wait(ctx, stream, sub, beat.C); over || err != nil {
			return err
		}
		var err error
		if known, err = look(ctx); err != nil {
			return err
		}
	}
}

// wait returns when there is news. It pauses first, so that many small changes become one event.
func (s *Server) wait(ctx context.Context, stream *stream, sub *subscription, beat <-chan time.Time) (over bool, err error) {
	news, pause := (<-chan struct{})(nil), time.After(streamPause)
	for {
		select {
		case <-ctx.Done():
			return true, nil
		case <-s.hub.ctx.Done():
			return true, nil
		case <-pause:
			news = sub.changed
		case <-news:
			return false, nil
		case <-beat:
			actor, err := s.portal.Actor(ctx, s.sessionToken(stream.call.Request()))
			if err != nil {
				return true, err
			}
			actor.Language = stream.call.actor.Language
			stream.call.actor, stream.call.page.Actor = actor, actor
			if err := stream.write(": still here\n\n"); err != nil {
				return true, err
			}
		}
	}
}

// stream is an open answer of server-sent events.
type stream struct {
	call       *call
	controller *http.ResponseController
}

// newStream begins the answer. The server's own limits on reading and writing would end it, so they are lifted here and a limit
// is set for each write instead. path is the page that the parts belong to.
func newStream(c *call, path string) (*stream, error) {
	c.page.Path = path
	s := &stream{call: c, controller: http.NewResponseController(c.Response())}
	if err := s.controller.SetReadDeadline(time.Time{}); err != nil {
		return nil, err
	}
	h := c.Response().Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would hold events back
	c.Response().WriteHeader(http.StatusOK)
	return s, nil
}

// progress sends a state, and the end where it is over.
func (s *stream) progress(known state) error {
	text, err := event(s.call.Request().Context(), "progress", known.parts...)
	if err != nil {
		return err
	}
	if known.ended {
		text += "event: end\ndata:\n\n"
	}
	return s.write(text)
}

func (s *stream) write(text string) error {
	if err := s.controller.SetWriteDeadline(time.Now().Add(streamPeriod)); err != nil {
		return err
	}
	if _, err := s.call.Response().Write([]byte(text)); err != nil {
		return fmt.Errorf("stream: %w", err)
	}
	if err := s.controller.Flush(); err != nil {
		return fmt.Errorf("stream: %w", err)
	}
	return nil
}

// event writes components as one event. Each line of the data needs a field name of its own.
func event(ctx context.Context, name string, parts ...templ.Component) (string, error) {
	var data bytes.Buffer
	for _, part := range parts {
		if err := part.Render(ctx, &data); err != nil {
			return "", err
		}
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "event: %s\n", name)
	for line := range bytes.Lines(data.Bytes()) {
		fmt.Fprintf(&out, "data: %s\n", bytes.TrimRight(line, "\r\n"))
	}
	out.WriteString("\n")
	return out.String(), nil
}
