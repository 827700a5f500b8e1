package conformance

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write docs/mqtt-conformance.md")

// TestDoc compares docs/mqtt-conformance.md with the tables.
func TestDoc(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "mqtt-conformance.md")
	want := document()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("run go test -run Doc -update (-want +got):\n%s", diff)
	}
}

// TestEveryStatementIsProvedOrNot wants each statement proved or left out with
// a reason, and no others.
func TestEveryStatementIsProvedOrNot(t *testing.T) {
	for _, v := range versions() {
		all, proofs, reasons := v.statements(), v.proofs(), v.reasons()
		for _, number := range all {
			proved, left := len(proofs[number]) > 0, reasons[number] != ""
			switch {
			case !proved && !left:
				t.Errorf("%s: MQTT-%s is neither proved nor left out", v.title, number)
			case proved && left:
				t.Errorf("%s: MQTT-%s is left out, but proved by %v", v.title, number, proofs[number])
			}
		}
		for number, names := range proofs {
			if !slices.Contains(all, number) {
				t.Errorf("%s: there is no MQTT-%s, which %v prove", v.title, number, names)
			}
		}
		for number := range reasons {
			if !slices.Contains(all, number) {
				t.Errorf("%s: there is no MQTT-%s to be left out", v.title, number)
			}
		}
	}
}
