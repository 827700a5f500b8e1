package devicekit

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// hostile are texts that mean something to a shell or a language.
var hostile = []string{
	`'; echo hacked; '`, `$(echo hacked)`, "`echo hacked`", `"; system("x"); "`, `\`, `\"`, `\n`, "a\nb", "a\r\nb", "${x}", `%s%n`, "*/ x /*",
	"#", "-rf", "??/", "é", "\u2028", "\x01" + "1", "</script>", "{{.}}", "!!", "~", "*", "",
}

// say runs a program that prints the value, and returns what it prints.
func say(t *testing.T, program string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("SKIPPED: %s is not installed, so its quoting was NOT tested", program)
	}
	out, err := exec.Command(path, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", program, args, err, out)
	}
	return string(out)
}

// TestQuoting has the real shell and languages read hostile values back.
func TestQuoting(t *testing.T) {
	t.Parallel()
	t.Run("sh", func(t *testing.T) {
		t.Parallel()
		for _, text := range hostile {
			if got := say(t, "sh", "-c", "v="+quoteShell(text)+`; printf '%s' "$v"`); got != text {
				t.Errorf("%q became %q", text, got)
			}
		}
	})
	script := func(t *testing.T, text string) string {
		t.Helper()
		q, err := quoteScript(text)
		if err != nil {
			t.Fatal(err)
		}
		return q
	}
	t.Run("python", func(t *testing.T) {
		t.Parallel()
		var all strings.Builder
		all.WriteString("import sys\n")
		for _, text := range hostile {
			all.WriteString("sys.stdout.buffer.write(" + script(t, text) + ".encode() + b'\\0')\n")
		}
		if got, want := say(t, "python3", "-c", all.String()), strings.Join(hostile, "\x00")+"\x00"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
	t.Run("node", func(t *testing.T) {
		t.Parallel()
		var all strings.Builder
		for _, text := range hostile {
			all.WriteString("process.stdout.write(" + script(t, text) + " + '\\0');")
		}
		if got, want := say(t, "node", "-e", all.String()), strings.Join(hostile, "\x00")+"\x00"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
	t.Run("c", func(t *testing.T) {
		t.Parallel()
		var source strings.Builder
		source.WriteString("#include <stdio.h>\nint main(void) {\n")
		for _, text := range hostile {
			source.WriteString("fputs(" + quoteC(text) + " \"1\", stdout);\n")
		}
		source.WriteString("fputs(\n" + quoteLines("a\r\n\"b\"\n") + ", stdout);\nreturn 0; }\n")
		dir := t.TempDir()
		file, program := filepath.Join(dir, "q.c"), filepath.Join(dir, "q")
		if err := os.WriteFile(file, []byte(source.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		say(t, "cc", "-std=c99", "-trigraphs", "-Wall", "-Werror", "-o", program, file)
		if got, want := say(t, program), strings.Join(hostile, "1")+"1a\n\"b\"\n"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// TestTemplatesQuoteAllValues looks that no value but numbers goes into a
// program as it is, for checks of names and hosts may change.
func TestTemplatesQuoteAllValues(t *testing.T) {
	t.Parallel()
	quoting := map[string]string{
		"mosquitto.sh.tmpl": "sh", "thermal.py.tmpl": "quote", "thermal.js.tmpl": "quote", "thermal.c.tmpl": "c",
		"arduino.ino.tmpl": "c", "esp-main.c.tmpl": "c", "certificates.h.tmpl": "pem", "README.txt.tmpl": "",
	}
	seen := 0
	err := fs.WalkDir(sources, "templates", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(sources, path)
		for _, m := range regexp.MustCompile(`\{\{.*?\}\}`).FindAllString(string(text), -1) {
			quote, known := quoting[d.Name()]
			if quote != "" && !strings.HasPrefix(m, "{{"+quote+" .") && m != "{{.Port}}" || !known {
				t.Errorf("%s: %s is not quoted", d.Name(), m)
			}
			seen++
		}
		return err
	})
	if err != nil || seen < 40 {
		t.Errorf("%d values seen, %v", seen, err)
	}
}

// TestHostileValuesStayValues fills programs with values that no check lets
// through, and has their languages read them without running them.
func TestHostileValuesStayValues(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"mosquitto.sh": {"sh", "-c", `for f; do sh -n "$f" || exit 1; done`, "sh"},
		"thermal.py":   {"python3", "-c", "import ast, sys\nfor f in sys.argv[1:]: ast.parse(open(f, encoding='utf-8').read())"},
		"thermal.js":   {"node", "-e", "for (const f of process.argv.slice(1)) new (require('vm').Script)(require('fs').readFileSync(f, 'utf8'))"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for i, text := range hostile {
				v := values{Name: text, Host: text, Port: 1, CertFile: text, KeyFile: text, Topic: text}
				var b bytes.Buffer
				if err := render(&b, name, v); err != nil {
					t.Fatal(err)
				}
				file := filepath.Join(dir, strconv.Itoa(i)+filepath.Ext(name))
				if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
				args = append(args, file)
			}
			say(t, args[0], args[1:]...)
		})
	}
}
