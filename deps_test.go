package main

import (
	"go/build"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/thingdesk/thingdesk"

// floors lists every package with its floor, ten times the number it has in
// ARCHITECTURE.md so that there is room between. Imports point down only, and
// packages of one floor do not know each other.
var floors = map[string]int{
	"":                                80,
	"ui":                              75,
	"ui/brokerview":                   70,
	"ui/connections":                  70,
	"ui/history":                      70,
	"ui/navigator":                    70,
	"ui/publish":                      70,
	"ui/topics":                       70,
	"shadowview":                      70,
	"ui/widgets":                      60,
	"ui/look":                         60,
	"ui/model/brokerview":             52,
	"ui/model/connections":            52,
	"ui/model/history":                52,
	"ui/model/navigator":              52,
	"ui/model/publish":                52,
	"ui/model/topics":                 52,
	"ui/model/payload":                51,
	"ui/model":                        50,
	"shadowview/form":                 50,
	"engine":                          40,
	"storage/historytest":             35,
	"broker/paho":                     30,
	"broker/brokertest":               30,
	"localbroker":                     30,
	"localbroker/settings":            25,
	"localbroker/devicekit":           25,
	"localbroker/core":                20,
	"localbroker/dataplane":           20,
	"localbroker/authority":           15,
	"localbroker/awsmode":             15,
	"localbroker/faults":              15,
	"localbroker/access":              20,
	"localbroker/listen":              20,
	"localbroker/packet":              0,
	"localbroker/durable":             0,
	"localbroker/durable/durabletest": 5,
	"localbroker/conformance":         5,
	"localbroker/load":                5,
	"storage":                         30,
	"storage/keyring":                 30,
	"things":                          20,
	"things/dialect":                  15,
	"broker":                          10,
	"things/shadow/shadowtest":        5,
	"things/topic":                    0,
	"things/shadow":                   0,
	"assets":                          0,
	"ui/look/cachefirst":              0,
}

// thirdParty lists who may import which module from outside, and no other may.
var thirdParty = map[string][]string{
	"fyne.io/fyne/v2/app":                 {""},
	"fyne.io/fyne/v2":                     {"", "ui", "ui/brokerview", "ui/connections", "ui/history", "ui/navigator", "ui/publish", "ui/topics", "shadowview", "ui/widgets", "ui/look"},
	"github.com/eclipse/paho.mqtt.golang": {"broker/paho"},
	"modernc.org/sqlite":                  {"storage"},
	"database/sql":                        {"storage"},
	"github.com/zalando/go-keyring":       {"storage/keyring"},
	"golang.org/x/sys":                    {"storage"},
	"golang.org/x/term":                   {""},
	"golang.org/x/crypto":                 {"localbroker/access"},
	"github.com/gorilla/websocket":        {"localbroker/listen"},
	"github.com/boombuler/barcode":        {"localbroker/devicekit"},
	"github.com/google/uuid":              {"broker", "engine", "localbroker/core", "shadowview/form", "ui"},
	"github.com/google/go-cmp":            {"broker/brokertest", "localbroker/durable/durabletest", "storage/historytest", "things/shadow/shadowtest"},
}

// TestImportsPointDown keeps the architecture: it fails with the reason when a
// package has no floor, imports its own floor or above, or a third-party
// module that is not its business.
func TestImportsPointDown(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-tags", "x11,migrated_fynedo", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		from := local(fields[0])
		floor, ok := floors[from]
		if !ok {
			t.Errorf("package %q has no floor: give it one in deps_test.go and ARCHITECTURE.md", from)
			continue
		}
		for _, path := range fields[1:] {
			if strings.HasPrefix(path, module) {
				if to := local(path); floors[to] >= floor {
					t.Errorf("%q (floor %d) imports %q (floor %d): imports point down only", from, floor, to, floors[to])
				}
				continue
			}
			checkThirdParty(t, from, path)
		}
	}
}

func checkThirdParty(t *testing.T, from, path string) {
	t.Helper()
	longest, allowed := "", []string(nil)
	for mod, who := range thirdParty {
		if (path == mod || strings.HasPrefix(path, mod+"/")) && len(mod) > len(longest) {
			longest, allowed = mod, who
		}
	}
	switch {
	case longest != "":
		if !slices.Contains(allowed, from) {
			t.Errorf("%q imports %s: only %q may", from, path, allowed)
		}
	case strings.Contains(strings.SplitN(path, "/", 2)[0], "."):
		t.Errorf("%q imports %s, which deps_test.go does not know: name who may", from, path)
	default:
		if _, err := build.Default.Import(path, "", build.FindOnly); err != nil {
			t.Errorf("%q imports %s, which is not in the standard library", from, path)
		}
	}
}

func local(path string) string { return strings.TrimPrefix(strings.TrimPrefix(path, module), "/") }
