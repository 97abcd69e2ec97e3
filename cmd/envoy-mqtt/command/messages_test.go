package command

import (
	"go/ast"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestMessagesAreExplained checks that docs/troubleshooting.md has every message
// that is logged at a level other than debug.
func TestMessagesAreExplained(t *testing.T) {
	doc, err := os.ReadFile("../../../docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	messages := loggedMessages(t, "../../..")
	if len(messages) < 25 {
		t.Fatalf("%d messages in the source: the test looks past them", len(messages))
	}
	var explained []string
	for _, m := range quotedMessage.FindAllStringSubmatch(string(doc), -1) {
		explained = append(explained, m[1])
	}
	for _, m := range messages {
		if !slices.ContainsFunc(explained, func(e string) bool { return strings.Contains(e, m) }) {
			t.Errorf("docs/troubleshooting.md does not have `%s`", m)
		}
	}
}

// loggedMessages returns the literal messages below dir that are logged at a level
// other than debug.
func loggedMessages(t *testing.T, dir string) (messages []string) {
	t.Helper()
	inspectSource(t, dir, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && len(call.Args) == 1 {
			if text, isText := joined(call.Args[0]); isText && isLogged(call) {
				messages = append(messages, strings.TrimSpace(text))
			}
		}
		return true
	})
	return messages
}

// isLogged reports whether call ends a log line, x.Warn()….Msg(text), whose level is
// not debug.
func isLogged(call *ast.CallExpr) bool {
	var names []string
	for e := ast.Expr(call); ; {
		c, isCall := e.(*ast.CallExpr)
		if !isCall {
			break
		}
		s, isMethod := c.Fun.(*ast.SelectorExpr)
		if !isMethod {
			break
		}
		names = append(names, s.Sel.Name)
		e = s.X
	}
	return len(names) > 0 && names[0] == "Msg" && !slices.Contains(names, "Debug")
}
