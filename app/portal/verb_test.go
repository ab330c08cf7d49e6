package portal_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"
)

// past are the functions that open a transaction of their own, past the audit log, with the reason.
var past = map[string]string{
	"do":          "writes the audit log itself",
	"see":         "can change nothing",
	"Enrol":       "a guest, not a person",
	"Report":      "a guest, not a person",
	"Dun":         "the engine's own chore",
	"dun":         "the engine's own chore: its steps are in the books and the activity of services",
	"AlignHolds":  "the engine's own chore",
	"admitProven": "writes the audit log itself: nobody acts before a provider has proved them",
	"noteRefusal": "writes the audit log itself",
	"atDoor":      "writes the audit log of each of the person's organizations itself",

	"JoinAsNewcomer":     "writes the audit log itself: nobody acts before the account is made",
	"accept":             "writes the audit log itself, of the organization that is joined",
	"invitedBelow":       "looks for an invitation of somebody whose password was right, before they act for anybody",
	"SwitchOrganization": "writes the audit log itself, of the organization that is acted for from then on",

	"AnnounceDocuments": "the engine's own chore",
	"MailFiles":         "the outbox's own look at what it sends",
	"ExportHere":        "run on the server itself",
	"numberDebtors":     "within an export that was written down when it was asked for",
	"beginExport":       "the worker's, for an export that was written down when it was asked for",
	"tellProgress":      "as beginExport",
	"endExport":         "as beginExport",
	"failExport":        "as beginExport",
	"ExpireExports":     "the engine's own chore",
	"expireExport":      "the engine's own chore",
	"dropStrays":        "the engine's own chore",
	"tellAll":           "the engine's own chore: it only looks for what is to be told",
	"tellPrice":         "the engine's own chore",
	"tellUsage":         "the engine's own chore: what was agreed is kept as it is",
	"MeasureUse":        "the engine's own chore: what was used is kept as it is",
	"SumUpUses":         "the engine's own chore: the database keeps what it drops by days",
	"NoteVisitsOver":    "the engine's own chore: it writes the audit log itself",
	"settleAccount":     "after a payment that was written down: what Dun does, at once",
	"turnEach":          "the engine's own chore",

	"LearnRates":   "the engine's own chore: what was read is kept as it is",
	"CheckVATIDs":  "the engine's own chore; it only looks for what is due",
	"checkDue":     "the engine's own chore; question and answer are kept as they are",
	"everSold":     "can change nothing: the engine's look at what the seller that is named sold",
	"BeginAnswer":  "notes a request that the verb behind it writes down itself",
	"EndAnswer":    "keeps the answer of a verb that was written down",
	"ForgetAnswer": "drops the note of a request that broke off",
}

// TestVerbsWriteTheAuditLog holds that every verb of people goes through do or see: nothing else reaches a transaction.
func TestVerbsWriteTheAuditLog(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		fset := token.NewFileSet()
		tree, err := parser.ParseFile(fset, file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range tree.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			ast.Inspect(f, func(n ast.Node) bool {
				call, ok := n.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				switch call.Sel.Name {
				case "InTenant", "Write", "Read":
					if inner, ok := call.X.(*ast.SelectorExpr); !ok || inner.Sel.Name != "store" {
						return true
					}
					seen++
					if past[f.Name.Name] == "" {
						t.Errorf("%s: %s opens a transaction past the audit log", fset.Position(call.Pos()), f.Name.Name)
					}
				}
				return true
			})
		}
	}
	if seen < 4 {
		t.Errorf("only %d transactions were found", seen)
	}
}
