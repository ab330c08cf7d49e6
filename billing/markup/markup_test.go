package markup_test

import (
	"bytes"
	"encoding/xml"
	"strings"
	"testing"
	"testing/quick"

	"allotment/billing/markup"
)

func TestWriteKeepsTheOrderAndDropsTheEmpty(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	list := []string{"1", "", "2"}
	root := markup.Group("a", markup.Text("b", "x", "k", `"<`, "none", ""), markup.Text("c", ""), markup.Group("d", markup.Text("e", "")),
		markup.Each(list, func(s string) markup.Element { return markup.Text("f", s) }),
		markup.Maybe(false, markup.Text("g", "no")), markup.Maybe(true, markup.Text("h", "yes"))).With("xmlns", "urn:x")
	if err := markup.Write(&b, root); err != nil {
		t.Fatal(err)
	}
	want := "<a xmlns=\"urn:x\">\n <b k=\"&#34;&lt;\">x</b>\n <f>1</f>\n <f>2</f>\n <h>yes</h>\n</a>\n"
	if got := strings.TrimPrefix(b.String(), xml.Header); got != want {
		t.Errorf("wrote %q, want %q", got, want)
	}
}

// TestAnyTextIsReadBack: whatever a customer calls itself, the document stays well-formed and says the same.
func TestAnyTextIsReadBack(t *testing.T) {
	t.Parallel()
	check := func(text string) bool {
		var b bytes.Buffer
		if err := markup.Write(&b, markup.Group("a", markup.Text("b", text+"."), markup.Text("c", "d", "k", text+"."))); err != nil {
			return false
		}
		var got struct {
			B string `xml:"b"`
			C struct {
				K string `xml:"k,attr"`
			} `xml:"c"`
		}
		if xml.Unmarshal(b.Bytes(), &got) != nil {
			return false
		}
		allowed := func(r rune) rune {
			if r == '\t' || r == '\n' || r == '\r' || (r >= ' ' && r < 0xd800) || (r >= 0xe000 && r <= 0xfffd) || r >= 0x10000 {
				return r
			}
			return '\ufffd'
		}
		want := strings.Map(allowed, text+".")
		return got.B == want && got.C.K == want
	}
	for _, text := range []string{"]]>", "\x00\x01", "a\r\nb", "<!--", "&amp;", "\xff", "👍"} {
		if !check(text) {
			t.Errorf("%q was changed", text)
		}
	}
	if err := quick.Check(check, nil); err != nil {
		t.Error(err)
	}
}
