package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"allotment/app"
)

const (
	streamPause  = 200 * time.Millisecond // between two events: about five a second at most
	streamBeat   = 15 * time.Second       // a sign of life for proxies, and a new look at the key
	streamPeriod = 30 * time.Second       // how long a reader may take to accept one write
)

func (a *API) addStream() {
	l := line{id: "streamOperation", method: get, path: "/operations/{id}/stream", tag: "Operations", permission: app.SeeServices,
		summary: "Follow an operation",
		description: "Server-sent events: `operation` with the operation as JSON at each change, and `end` when there will be no more. After a lost " +
			"connection connect again: the first event is the newest state."}
	op := a.operation(l)
	op.Responses["200"].Content = map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{
		Type: huma.TypeString, Description: "Events as the HTML standard describes them; the data of `operation` is an Operation.",
	}}}
	huma.Register(a.huma, op, func(ctx context.Context, in *ByID) (*huma.StreamResponse, error) {
		s, err := a.newStream(ctx, in)
		if err != nil {
			return nil, a.problem(ctx, err)
		}
		return &huma.StreamResponse{Body: func(huma.Context) {
			defer s.leave()
			if err := a.run(ctx, s); err != nil && ctx.Err() == nil {
				a.log.Debug("a stream broke off", "reference", s.response.Header().Get("X-Request-Id"), "error", err)
			}
		}}, nil
	})
}

// stream is an open answer of server-sent events.
type stream struct {
	actor      app.Actor
	token      string
	address    string
	operation  app.Operation
	response   *echo.Response
	controller *http.ResponseController
	news, over <-chan struct{}
	leave      func()
}

// newStream looks at the operation with the key's own permission, and begins to listen before anything is sent.
func (a *API) newStream(ctx context.Context, in *ByID) (*stream, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	c := contextOf(ctx)
	s := &stream{actor: actorOf(ctx), response: c.Response(), controller: http.NewResponseController(c.Response()), address: a.cfg.Address(c.Request())}
	s.token, _ = bearer(c.Request())
	if s.news, s.over, s.leave, err = a.follow(id, s.actor.Key); err != nil {
		return nil, err
	}
	if s.operation, err = a.portal.Operation(ctx, s.actor, id); err == nil {
		err = s.controller.SetReadDeadline(time.Time{}) // the server's own limit would end it
	}
	if err != nil {
		s.leave()
		return nil, err
	}
	return s, nil
}

// run sends state after state until the operation is over, the reader is gone, or the server stops.
func (a *API) run(ctx context.Context, s *stream) error {
	h := s.response.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // nginx would hold events back
	s.response.WriteHeader(http.StatusOK)
	beat := time.NewTicker(streamBeat)
	defer beat.Stop()
	for {
		data, err := json.Marshal(operationOf(ctx, s.operation))
		if err != nil {
			return err
		}
		if err := s.write("event: operation\ndata: " + string(data) + "\n\n"); err != nil {
			return err
		}
		if s.operation.State.Ended() {
			return s.write("event: end\ndata:\n\n")
		}
		if again, err := a.wait(ctx, s, beat.C); !again || err != nil {
			return err
		}
		if s.operation, err = a.portal.Operation(ctx, s.actor, s.operation.ID); err != nil {
			return err
		}
	}
}

// wait returns when there is news. It pauses first, so that many small changes become one event.
func (a *API) wait(ctx context.Context, s *stream, beat <-chan time.Time) (again bool, err error) {
	news, pause := (<-chan struct{})(nil), time.After(streamPause)
	for {
		select {
		case <-ctx.Done():
			return false, nil
		case <-s.over:
			return false, nil
		case <-pause:
			news = s.news
		case <-news:
			return true, nil
		case <-beat:
			actor, err := a.portal.KeyActor(ctx, s.token, s.address)
			if err != nil {
				return false, err
			}
			actor.Language = s.actor.Language
			s.actor = actor
			if err := s.write(": still here\n\n"); err != nil {
				return false, err
			}
		}
	}
}

func (s *stream) write(text string) error {
	if err := s.controller.SetWriteDeadline(time.Now().Add(streamPeriod)); err != nil {
		return err
	}
	if _, err := s.response.Write([]byte(text)); err != nil {
		return fmt.Errorf("stream: %w", err)
	}
	if err := s.controller.Flush(); err != nil {
		return fmt.Errorf("stream: %w", err)
	}
	return nil
}
