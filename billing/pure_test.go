package billing_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestTheCoreIsPure: nothing of billing counts in floating point or looks at a clock, at a database or at the network. Only what is drawn has
// lengths that are no whole numbers: they are on paper, and no money.
func TestTheCoreIsPure(t *testing.T) {
	t.Parallel()
	files := 0
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasPrefix(path, "billingtest/") {
			return err
		}
		files++
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, nil, 0)
		if err != nil {
			return err
		}
		for _, i := range file.Imports {
			name := strings.Trim(i.Path.Value, `"`)
			if slices.ContainsFunc([]string{"net", "net/http", "database/sql", "os", "math/rand", "github.com/jackc", "github.com/stripe"}, func(bad string) bool {
				return name == bad || strings.HasPrefix(name, bad+"/")
			}) {
				t.Errorf("%s imports %s", path, name)
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Ident:
				if (n.Name == "float64" || n.Name == "float32") && !strings.HasPrefix(path, "pdf/") {
					t.Errorf("%s counts in floating point", set.Position(n.Pos()))
				}
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains([]string{"Now", "Since", "Until", "Sleep", "After"}, n.Sel.Name) {
					t.Errorf("%s looks at the clock", set.Position(n.Pos()))
				}
			}
			return true
		})
		return nil
	})
	if err != nil || files < 40 {
		t.Errorf("%d files were read, %v", files, err)
	}
}
