package auth

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var secretName = regexp.MustCompile(`(?i)^(secret|.*secret|token|csrf|sent|mac|hash|.*hash|signature|challenge|seal)$`)

// T65: nothing here compares a secret, or what stands for one, by == or bytes.Equal,
// which take longer the more of it is right. Whether there is one at all may be asked,
// and whether the stored hash of the password is still the one that was read before:
// neither side of that comes from outside.
func TestT65_SecretsAreComparedInConstantTime(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	constant := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		constant += strings.Count(string(text), "subtle.ConstantTimeCompare(") + strings.Count(string(text), "hmac.Equal(")
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, file, text, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BinaryExpr:
				if isField(n.X, "PasswordHash") && isField(n.Y, "PasswordHash") {
					return true
				}
				if (n.Op == token.EQL || n.Op == token.NEQ) && (isSecret(n.X) && !isLiteral(n.Y) || isSecret(n.Y) && !isLiteral(n.X)) {
					t.Errorf("%s compares a secret by %s", set.Position(n.Pos()), n.Op)
				}
			case *ast.CallExpr:
				if f, ok := n.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Equal" {
					if of, ok := f.X.(*ast.Ident); ok && of.Name != "hmac" {
						t.Errorf("%s compares by %s.Equal", set.Position(n.Pos()), of.Name)
					}
				}
			}
			return true
		})
	}
	if constant < 6 {
		t.Errorf("only %d comparisons take constant time", constant)
	}
}

func isSecret(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return secretName.MatchString(e.Name)
	case *ast.SelectorExpr:
		return secretName.MatchString(e.Sel.Name)
	case *ast.IndexExpr:
		return isSecret(e.X)
	}
	return false
}

func isField(e ast.Expr, name string) bool {
	s, ok := e.(*ast.SelectorExpr)
	return ok && s.Sel.Name == name
}

func isLiteral(e ast.Expr) bool {
	if id, ok := e.(*ast.Ident); ok {
		return id.Name == "nil" || id.Name == "true" || id.Name == "false"
	}
	_, ok := e.(*ast.BasicLit)
	return ok
}
