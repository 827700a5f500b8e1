package cachefirst_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
	_ "unsafe" // for go:linkname

	_ "fyne.io/fyne/v2/test" // brings Fyne's cache package in

	_ "github.com/thingdesk/thingdesk/ui/look/cachefirst"
)

// validDuration is how long Fyne keeps what is not drawn, as its cache package
// understood FYNE_CACHE.
//
//go:linkname validDuration fyne.io/fyne/v2/internal/cache.ValidDuration
var validDuration time.Duration

const printVar = "CACHEFIRST_TEST_PRINT"

// TestMain lets the test binary stand for a program that imports the package.
func TestMain(m *testing.M) {
	if os.Getenv(printVar) != "" {
		fmt.Fprintln(os.Stdout, validDuration)
		return
	}
	os.Exit(m.Run()) //nolint:forbidigo // TestMain must
}

// TestTakesEffectBeforeFyne starts a program anew and asks what Fyne's cache
// understood. It fails when cachefirst is initialised too late, such as after it
// got another import or another path.
func TestTakesEffectBeforeFyne(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		env  []string
		want string
	}{
		"unset":        {nil, "5s"},
		"set by user":  {[]string{"FYNE_CACHE=7s"}, "7s"},
		"set to empty": {[]string{"FYNE_CACHE="}, "1m0s"}, // Fyne's own
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(without(os.Environ(), "FYNE_CACHE="), append(tt.env, printVar+"=1")...)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("run: %v\n%s", err, out)
			}
			if got := strings.TrimSpace(string(out)); got != tt.want {
				t.Errorf("Fyne keeps textures for %s, want %s", got, tt.want)
			}
		})
	}
}

// TestImportsOnlySyscall guards the reason why the order is certain.
func TestImportsOnlySyscall(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, ".").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	path, imports, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	if imports != "syscall" {
		t.Errorf("imports %q, want syscall alone: any other import may come after Fyne", imports)
	}
	if path >= "internal/" {
		t.Errorf("import path %q sorts after internal/...: os may be ready before it", path)
	}
}

func without(env []string, prefix string) []string {
	var out []string
	for _, e := range env {
		if !strings.HasPrefix(e, prefix) {
			out = append(out, e)
		}
	}
	return out
}
