package pve

import (
	"regexp"
	"sort"
	"strings"
)

// What differs between any two runs on the same genuine node, and nothing else, is made equal.
var (
	// varyingText are parts of texts that are random or times.
	varyingText = []struct {
		re *regexp.Regexp
		to string
	}{
		{regexp.MustCompile(`UPID:(\w+):[0-9A-F]{8}:[0-9A-F]{8}:[0-9A-F]{8}:`), "UPID:$1:pid:pstart:time:"},
		{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), "uuid"},
		{regexp.MustCompile(`BC:24:11(:[0-9A-F]{2}){3}`), "mac"},
		{regexp.MustCompile(`ctime=\d+`), "ctime=t"},
		{regexp.MustCompile(`pveupload-[0-9a-f]{32}`), "pveupload-x"},
		{regexp.MustCompile(`got '[0-9a-f]{64}'`), "got 'sum'"}, // the recording keeps no file
		{regexp.MustCompile(`\$5\$[^\n]+`), "crypt"},
		{regexp.MustCompile(`(?s)^PVEVNC:[0-9A-F]{8}::.+`), "vnc ticket"},
		{regexp.MustCompile(`(?s)^-----BEGIN CERTIFICATE-----\n.+\n-----END CERTIFICATE-----\n$`), "certificate"},
		{regexp.MustCompile(`\d{4}[-_]\d\d[-_]\d\d[- ]\d\d[:_]\d\d[:_]\d\d`), "time"},
		{regexp.MustCompile(`\(\d\d:\d\d:\d\d\)$`), "(duration)"},
		{regexp.MustCompile(`^INFO: Total bytes written: \d+ \([^)]+\)$`), "INFO: Total bytes written"}, // by tar
	}
	// varyingKeys are numbers that are times, processes or fingerprints.
	varyingKeys = map[string]bool{"pid": true, "pstart": true, "starttime": true, "endtime": true, "snaptime": true, "ctime": true,
		"digest": true, "uptime": true}
	// flakyLog are lines that a genuine node writes or not by chance: its monitor socket was not up yet.
	flakyLog = "failed to connect to monitor socket: Connection refused"
)

// normal makes equal what varies, and sorts lists whose order is that of a Perl hash.
func normal(v any) any {
	switch v := v.(type) {
	case map[string]any:
		return normalMap(v)
	case []any:
		return normalList(v)
	case string:
		for _, r := range varyingText {
			v = r.re.ReplaceAllString(v, r.to)
		}
		return v
	}
	return v
}

func normalMap(m map[string]any) map[string]any {
	out := map[string]any{}
	for k, v := range m {
		out[k] = normal(v)
		if varyingKeys[k] && v != nil {
			out[k] = "varies"
		}
	}
	if out["key"] == "digest" {
		out["value"] = "varies"
	}
	if _, running := out["pid"]; running && out["type"] == "lxc" {
		for k := range out { // measured in the container by kernel and file system
			if k == "disk" || k == "maxdisk" || k == "mem" || k == "cpu" || strings.HasPrefix(k, "pressure") {
				out[k] = "measured"
			}
		}
	}
	if list, ok := out["data"].([]any); ok && isLog(list) {
		out["total"] = float64(len(list))
	} else if _, ok := out["total"]; ok {
		out["total"] = "of all tasks ever" // the recorded node had run others before
	}
	return out
}

func normalList(list []any) []any {
	out := []any{}
	for _, item := range list {
		if m, ok := item.(map[string]any); ok && m["t"] == flakyLog {
			continue
		}
		out = append(out, normal(item))
	}
	if isLog(out) {
		for i, item := range out {
			item.(map[string]any)["n"] = float64(i + 1)
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return keyOf(out[i]) < keyOf(out[j]) })
	return out
}

// keyOf is the key of a pending option; anything else keeps its place.
func keyOf(item any) string {
	m, _ := item.(map[string]any)
	k, _ := m["key"].(string)
	return k
}

func isLog(list []any) bool {
	for _, item := range list {
		m, ok := item.(map[string]any)
		if !ok || m["n"] == nil || m["t"] == nil {
			return false
		}
	}
	return len(list) > 0
}
