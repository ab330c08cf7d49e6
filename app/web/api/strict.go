package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
)

// strictNames makes huma take the names of fields as they are written: that is a setting of the whole package.
var strictNames = sync.OnceFunc(func() { huma.ValidateStrictCasing = true })

// strictJSON is JSON in which no name stands twice in an object: two readers could understand that differently (RFC 8259 section 4).
func strictJSON() huma.Format {
	return huma.Format{
		Marshal: huma.DefaultJSONFormat.Marshal,
		Unmarshal: func(data []byte, v any) error {
			if err := unambiguous(json.NewDecoder(bytes.NewReader(data))); err != nil {
				return err
			}
			return json.Unmarshal(data, v)
		},
	}
}

// unambiguous reads one value and what is in it.
func unambiguous(d *json.Decoder) error {
	token, err := d.Token()
	if err != nil {
		return unreadable(err)
	}
	delim, _ := token.(json.Delim)
	if delim != '{' && delim != '[' {
		return nil
	}
	names := map[string]bool{}
	for d.More() {
		if delim == '{' {
			token, err := d.Token()
			if err != nil {
				return unreadable(err)
			}
			name, _ := token.(string)
			if names[strings.ToLower(name)] {
				return errors.New("a name stands twice in an object")
			}
			names[strings.ToLower(name)] = true
		}
		if err := unambiguous(d); err != nil {
			return err
		}
	}
	_, err = d.Token()
	return unreadable(err)
}

// unreadable is the error of a text that is no JSON, without a part of it.
func unreadable(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
