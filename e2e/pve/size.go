package pve

import (
	"regexp"
	"strconv"
	"strings"
)

var sizeRE = regexp.MustCompile(`^(\d+(?:\.\d+)?)([KMGT])?(?:iB)?$`)

// parseSize reads a size as PVE writes it: 4096, 512M, 8G. What is none is 0.
func parseSize(text string) int64 {
	m := sizeRE.FindStringSubmatch(text)
	if m == nil {
		return 0
	}
	n, _ := strconv.ParseFloat(m[1], 64)
	return int64(n * float64(int64(1)<<(10*strings.Index(" KMGT", " "[:1-len(m[2])]+m[2]))))
}

// formatSize writes a size with the largest unit that loses nothing.
func formatSize(n int64) string {
	units := []string{"", "K", "M", "G", "T"}
	i := 0
	for n%1024 == 0 && i < len(units)-1 && n > 0 {
		n /= 1024
		i++
	}
	return strconv.FormatInt(n, 10) + units[i]
}
