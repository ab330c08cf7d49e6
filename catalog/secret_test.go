package catalog_test

import (
	"regexp"
	"testing"

	"allotment/catalog"
)

func TestGenerate(t *testing.T) {
	t.Parallel()
	cases := []struct {
		generator string
		length    int
		shape     string
	}{
		{"password", 20, `^[a-zA-Z2-9]{20}$`},
		{"hex", 33, `^[0-9a-f]{33}$`},
		{"token", 32, `^[A-Za-z0-9_-]{32}$`},
		{"uuid", 0, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`},
	}
	for _, c := range cases {
		secret, seen := catalog.Secret{Name: "x", Generator: c.generator, Length: c.length}, map[string]bool{}
		for range 100 {
			value, err := secret.Generate()
			if err != nil || !regexp.MustCompile(c.shape).MatchString(value) || seen[value] {
				t.Fatalf("%s: %q, %v, seen before %v", c.generator, value, err, seen[value])
			}
			seen[value] = true
		}
	}
	if _, err := (&catalog.Secret{Generator: "dice"}).Generate(); err == nil {
		t.Error("an unknown generator made a secret")
	}
}

// TestPasswordsUseEveryCharacterAlike counts 57,000 characters: each of the 57 comes about 1,000 times.
func TestPasswordsUseEveryCharacterAlike(t *testing.T) {
	t.Parallel()
	count := map[rune]int{}
	secret := catalog.Secret{Generator: "password", Length: 57}
	for range 1000 {
		value, err := secret.Generate()
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range value {
			count[r]++
		}
	}
	for r, n := range count {
		if n < 800 || n > 1200 {
			t.Errorf("%c came %d times", r, n)
		}
	}
	if len(count) != 57 {
		t.Errorf("there are %d different characters, want 57", len(count))
	}
}
