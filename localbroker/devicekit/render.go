package devicekit

import (
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"text/template"
)

//go:embed templates
var sources embed.FS

// templates are parsed when first used.
var templates = sync.OnceValues(func() (*template.Template, error) {
	return template.New("").Option("missingkey=error").Funcs(template.FuncMap{
		"sh": quoteShell, "quote": quoteScript, "c": quoteC, "pem": quoteLines,
	}).ParseFS(sources, "templates/*.tmpl")
})

// render fills the template for a file. Values go into programs through quoting
// functions only, though names and hosts are checked before.
func render(w io.Writer, name string, v values) error {
	all, err := templates()
	if err != nil {
		return fmt.Errorf("read templates: %w", err)
	}
	if err := all.ExecuteTemplate(w, name+".tmpl", v); err != nil {
		return fmt.Errorf("fill template %q: %w", name, err)
	}
	return nil
}

// quoteShell returns text as one word of a POSIX shell. Text has no zero
// characters.
func quoteShell(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// quoteScript returns text as a string of Python and JavaScript, which both
// take those of JSON.
func quoteScript(text string) (string, error) {
	b, err := json.Marshal(text)
	return string(b), err
}

// quoteC returns text as a string of C and C++. Octal escapes have three digits
// at most, so that what follows does not become part of them.
func quoteC(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"' || c == '\\' || c == '?': // ? may begin a trigraph
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c > '~':
			fmt.Fprintf(&b, `\%03o`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// quoteLines returns text as strings of C, one a line.
func quoteLines(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		lines = append(lines, "    "+strings.TrimSuffix(quoteC(strings.TrimRight(line, "\r\n")), `"`)+`\n"`)
	}
	return strings.Join(lines, "\n")
}
