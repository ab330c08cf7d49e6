package drivertest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"testing"

	"allotment/app"
)

// Mend implements Link.
func (f *Fake[S, O]) Mend() { f.set(false, false, 0) }

// Refuse implements Link.
func (f *Fake[S, O]) Refuse() { f.set(true, false, 0) }

// Hang implements Link.
func (f *Fake[S, O]) Hang() { f.set(false, true, 0) }

// CutReply implements Link: a call has one reply, so the nth is that of the nth call.
func (f *Fake[S, O]) CutReply(nth int) { f.set(false, false, nth) }

// WasReplyCut implements Link.
func (f *Fake[S, O]) WasReplyCut() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.cut
}

func (f *Fake[S, O]) set(refused, hanging bool, cutAt int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refused, f.hanging, f.cutAt, f.cut = refused, hanging, cutAt, false
}

// Harness is the fake as a suite needs it.
func (f *Fake[S, O]) Harness(place string) Harness[S, O] {
	return Harness[S, O]{
		Driver: f, Place: place, Links: []Link{f}, Objects: f.objects, Foreign: f.putForeign,
		Version: func(testing.TB) string {
			f.mu.Lock()
			defer f.mu.Unlock()
			return strconv.Itoa(f.version)
		},
	}
}

func (f *Fake[S, O]) objects(t testing.TB) []Object {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []Object
	for id, thing := range f.things {
		content, err := json.Marshal(thing.spec)
		if err != nil {
			t.Fatal(err)
		}
		object := Object{Name: fmt.Sprint(f.kind.places(thing.ref, thing.spec)), Content: string(content)}
		if !thing.foreign {
			object.Mark = id.String()
		}
		list = append(list, object)
	}
	return list
}

func (f *Fake[S, O]) putForeign(_ testing.TB, ref app.Ref, spec S) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.things[app.NewID()] = thing[S]{ref: ref, spec: spec, foreign: true}
	f.version++
}
