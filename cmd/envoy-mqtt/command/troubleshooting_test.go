package command

import (
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// fromElsewhere are messages of the system and of Go's own packages.
var fromElsewhere = []string{"connection refused", "no such host", "no route to host", "503 " + http.StatusText(http.StatusServiceUnavailable)}

var quotedMessage = regexp.MustCompile("`([^`]+)`")

// TestTroubleshooting holds the messages that docs/troubleshooting.md explains
// to those that are in the source: each piece between two … must stand there.
func TestTroubleshooting(t *testing.T) {
	data, err := os.ReadFile("../../../docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	literals := literalsIn(t, "../../..")
	if len(literals) < 1000 {
		t.Fatalf("%d texts in the source", len(literals))
	}
	text, _, _ := strings.Cut(string(data), "## No message")
	found := 0
	for line := range strings.Lines(text) {
		cells := strings.Split(line, "|")
		if len(cells) < 4 || strings.TrimSpace(cells[1]) == "message" {
			continue
		}
		for _, m := range quotedMessage.FindAllStringSubmatch(cells[1], -1) {
			found++
			for piece := range strings.SplitSeq(m[1], "…") {
				piece = strings.TrimSpace(piece)
				for _, known := range fromElsewhere {
					piece = strings.TrimSpace(strings.TrimPrefix(piece, known))
				}
				if piece != "" && !slices.ContainsFunc(literals, func(l string) bool { return strings.Contains(l, piece) }) {
					t.Errorf("no message has %q in it, of %q", piece, m[1])
				}
			}
		}
	}
	if found < 60 {
		t.Errorf("%d messages were looked for: the test looks past the tables", found)
	}
}

// TestWarningsAreExplained holds the warnings and errors of the log to those that
// docs/troubleshooting.md explains: the page links each to its row by this text.
func TestWarningsAreExplained(t *testing.T) {
	data, err := os.ReadFile("../../../docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	inspectSource(t, "../../..", func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		name, of := method(call)
		isWarning := false
		for inner := of; name == "Msg" && inner != nil; {
			var level string
			level, inner = method(inner)
			isWarning = isWarning || level == "Warn" || level == "Error"
		}
		if !isWarning || len(call.Args) != 1 {
			return true
		}
		found++
		text, hasText := joined(call.Args[0]) // else a variable has it
		if e, ok := call.Args[0].(*ast.BinaryExpr); ok && e.Op == gotoken.ADD {
			text = "…" + text // after a name
		}
		if hasText && !strings.Contains(string(data), "`"+text+"`") {
			t.Errorf("%q is not explained", text)
		}
		return true
	})
	if found < 30 {
		t.Errorf("%d warnings were found: the test looks past them", found)
	}
}

// method returns the name of the method that e calls, and the call that e is chained to;
// nil if there is none.
func method(e *ast.CallExpr) (name string, of *ast.CallExpr) {
	s, ok := e.Fun.(*ast.SelectorExpr)
	if !ok {
		return "", nil
	}
	of, _ = s.X.(*ast.CallExpr)
	return s.Sel.Name, of
}

// literalsIn returns all texts in the source below dir, those joined by + as one.
func literalsIn(t *testing.T, dir string) (texts []string) {
	t.Helper()
	inspectSource(t, dir, func(n ast.Node) bool {
		if e, ok := n.(ast.Expr); ok {
			if text, whole := joined(e); whole {
				texts = append(texts, text)
				return false
			}
		}
		return true
	})
	return texts
}

// inspectSource calls visit with the nodes of all Go files below dir but tests, as
// [ast.Inspect] does.
func inspectSource(t *testing.T, dir string, visit func(ast.Node) bool) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(gotoken.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, visit)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// joined returns the text that an expression of literals and + is. What is not a literal counts as nothing.
func joined(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, e.Kind == gotoken.STRING && err == nil
	case *ast.BinaryExpr:
		x, left := joined(e.X)
		y, right := joined(e.Y)
		return x + y, e.Op == gotoken.ADD && (left || right)
	}
	return "", false
}
