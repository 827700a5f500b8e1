package localbroker_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/thingdesk/thingdesk/localbroker"
	"github.com/thingdesk/thingdesk/localbroker/load"
	"github.com/thingdesk/thingdesk/storage"
	"github.com/thingdesk/thingdesk/things/shadow"
)

// raw is a fast client.
type raw struct {
	*load.Conn
	t *testing.T
}

// dialRaw connects a client, subscribed to filters, until the test ends.
func dialRaw(t *testing.T, s *localbroker.Server, id string, filters ...string) raw {
	t.Helper()
	c, err := load.Dial(t.Context(), s.Addr(), load.Hello{ID: id, Clean: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	for some := range slices.Chunk(filters, 8) { // AWS mode takes no more at a time
		if err := c.Subscribe(t.Context(), 1, some...); err != nil {
			t.Fatal(err)
		}
	}
	c.Bound(time.Now().Add(3 * patience))
	return raw{c, t}
}

// send publishes at QoS 1.
func (r raw) send(topic, payload string) {
	r.t.Helper()
	b := load.AppendPublish(nil, 4, load.Message{Topic: topic, Payload: []byte(payload), QoS: 1, ID: 1})
	if _, err := r.Write(b); err != nil {
		r.t.Fatal(err)
	}
}

// next returns the next message, which it acknowledges.
func (r raw) next() (topic, payload string) {
	r.t.Helper()
	for {
		p, err := r.Next()
		if err != nil {
			r.t.Fatal(err)
		}
		if p.Kind == load.Publish {
			if p.QoS > 0 {
				r.QueueAck(load.Puback, p.ID)
			}
			return string(p.Topic), string(p.Payload)
		}
	}
}

// pingPong sends a message to itself and waits for it.
func (r raw) pingPong(n int) {
	r.t.Helper()
	text := fmt.Sprint("ordinary ", n)
	r.send("ordinary/traffic", text)
	if topic, got := r.next(); topic != "ordinary/traffic" || got != text {
		r.t.Fatalf("got %q on %s, want %q", got, topic, text)
	}
}

// answerTo reads a reply of the shadow service.
func answerTo(t *testing.T, payload string) (a struct {
	Version     int64  `json:"version"`
	Code        int    `json:"code"`
	Message     string `json:"message"`
	ClientToken string `json:"clientToken"`
},
) {
	t.Helper()
	if err := json.Unmarshal([]byte(payload), &a); err != nil {
		t.Fatalf("%v in %q", err, payload)
	}
	return a
}

// openShadows opens a data directory for shadows until the test ends.
func openShadows(t *testing.T, path string) *storage.Dir {
	t.Helper()
	d, err := storage.OpenDir(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// checkVersions reads the answers to updates 1 to n of one shadow: each must
// be accepted, in order.
func (r raw) checkVersions(n int, answered *atomic.Int64) {
	r.t.Helper()
	for i := 1; i <= n; i++ {
		topic, payload := r.next()
		a := answerTo(r.t, payload)
		if !strings.HasSuffix(topic, "/update/accepted") || a.Version != int64(i) || a.ClientToken != fmt.Sprint("u", i) {
			r.t.Errorf("answer %d: %s %s", i, topic, payload)
			return
		}
		answered.Add(1)
	}
}

func floodUpdate(i int) string {
	return fmt.Sprintf(`{"state":{"desired":{"n":%d},"reported":{"n":%d}},"clientToken":"u%d"}`, i, i-1, i)
}

const flooded = "$aws/things/flooded/shadow/update"

// TestUpdatesFloodOneShadow sends 1000 updates a second to one shadow, with
// everything stored. Between another client's message and its arrival few of
// them come.
func TestUpdatesFloodOneShadow(t *testing.T) {
	t.Parallel()
	const rate, total = 1000, 2000
	s := start(t, localbroker.Config{Store: openShadows(t, t.TempDir())})
	device, other := dialRaw(t, s, "device", flooded+"/accepted", flooded+"/rejected"), dialRaw(t, s, "other", "ordinary/#")
	var sent, answered atomic.Int64
	done := make(chan struct{})
	go func() {
		defer close(done)
		device.checkVersions(total, &answered)
	}()
	go func() {
		for began, i := time.Now(), 1; i <= total; i++ {
			time.Sleep(time.Until(began.Add(time.Duration(i) * time.Second / rate)))
			device.send(flooded, floodUpdate(i))
			sent.Add(1)
		}
	}()
	trips, most := 0, int64(0)
	for ended := false; !ended; trips++ {
		before := sent.Load()
		other.pingPong(trips)
		most = max(most, sent.Load()-before)
		select {
		case <-done:
			ended = true
		default:
		}
	}
	if trips < 100 || most > total/2 {
		t.Errorf("%d round trips beside %d updates, up to %d of which came during one", trips, total, most)
	}
	if st := s.Stats(); answered.Load() != total || st.ShadowsDropped > 0 || st.Dropped > 0 {
		t.Errorf("%d of %d answered, %+v", answered.Load(), total, st)
	}
	t.Logf("%d round trips, up to %d updates during one", trips, most)
}

// TestStuckStoreStallsNobodyElse holds the disk still until other clients have
// had their way: only answers of the shadow service wait for it.
func TestStuckStoreStallsNobodyElse(t *testing.T) {
	t.Parallel()
	const total = 2000
	hold, held := make(chan struct{}), make(chan struct{}, total)
	release := sync.OnceFunc(func() { close(hold) })
	defer release()
	store := &memoryStore{before: func() { held <- struct{}{}; <-hold }}
	s := start(t, localbroker.Config{Store: store})
	device, other := dialRaw(t, s, "device", flooded+"/accepted", flooded+"/rejected", "to/device"), dialRaw(t, s, "other", "ordinary/#")
	for i := 1; i <= total; i++ {
		device.send(flooded, floodUpdate(i))
	}
	<-held
	for n := range 300 {
		other.pingPong(n)
	}
	device.send("to/device", "first")
	if topic, payload := device.next(); topic != "to/device" {
		t.Fatalf("%s %s before anything was stored", topic, payload)
	}
	watcher := dialRaw(t, s, "comes meanwhile", "ordinary/#")
	watcher.pingPong(1)
	if r, stored := store.get(shadow.Key{Thing: "flooded"}); stored {
		t.Fatalf("version %d was stored while the store stood still", r.Version)
	}
	release()
	var answered atomic.Int64
	device.checkVersions(total, &answered)
	if r, _ := store.get(shadow.Key{Thing: "flooded"}); r.Version != total {
		t.Errorf("version %d is stored", r.Version)
	}
}

// TestTenThousandShadowsOfOneThing makes them through the socket, lists them
// over HTTP, and finds them all after a restart.
func TestTenThousandShadowsOfOneThing(t *testing.T) {
	t.Parallel()
	const total = 10000
	dir := t.TempDir()
	d, err := storage.OpenDir(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	s := startHTTP(t, localbroker.Config{Store: d})
	maker := dialRaw(t, s, "maker", "$aws/things/crowd/shadow/name/+/update/accepted")
	other := dialRaw(t, s, "other", "ordinary/#")
	names := make([]string, total)
	for i := range names {
		names[i] = fmt.Sprintf("s-%05d", i)
	}
	go func() {
		for some := range slices.Chunk(names, 100) {
			var b []byte
			for _, name := range some {
				b = load.AppendPublish(b, 4, load.Message{
					Topic: "$aws/things/crowd/shadow/name/" + name + "/update", QoS: 1, ID: 1,
					Payload: []byte(`{"state":{"reported":{"name":"` + name + `"}}}`),
				})
			}
			_, _ = maker.Write(b) // what is missing is seen below
		}
	}()
	for i, name := range names {
		topic, payload := maker.next()
		if topic != "$aws/things/crowd/shadow/name/"+name+"/update/accepted" || answerTo(t, payload).Version != 1 {
			t.Fatalf("answer %d: %s %s", i, topic, payload)
		}
		if i%100 == 0 {
			other.pingPong(i)
		}
	}
	if got := listAll(t, s, "crowd", other); !slices.Equal(got, names) {
		t.Errorf("listed %d names, want %d", len(got), total)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}

	s = startHTTP(t, localbroker.Config{Store: openShadows(t, dir)})
	again := dialRaw(t, s, "again", "$aws/things/crowd/shadow/name/+/get/accepted")
	for _, name := range []string{names[0], names[total/2], names[total-1]} {
		again.send("$aws/things/crowd/shadow/name/"+name+"/get", "")
		if _, payload := again.next(); !strings.HasPrefix(payload, `{"state":{"reported":{"name":"`+name+`"}},"metadata":{"reported":`) {
			t.Errorf("after a restart %s is %s", name, payload)
		}
	}
}

// listAll lists the named shadows of a Thing page by page, and has other
// publish between them.
func listAll(t *testing.T, s *localbroker.Server, thing string, other raw) (names []string) {
	t.Helper()
	for next, pages := "", 0; ; pages++ {
		other.pingPong(pages)
		target := "/api/things/shadow/ListNamedShadowsForThing/" + thing + "?pageSize=100"
		if next != "" {
			target += "&nextToken=" + url.QueryEscape(next)
		}
		answer, body := rawRequest(t, s, "GET", target, nil, "")
		var page struct {
			Results   []string `json:"results"`
			NextToken string   `json:"nextToken"`
		}
		if err := json.Unmarshal([]byte(body), &page); err != nil || answer.StatusCode != http.StatusOK || len(page.Results) != 100 {
			t.Fatalf("page %d: %s, %v: %s", pages, answer.Status, err, body)
		}
		names = append(names, page.Results...)
		if next = page.NextToken; next == "" {
			return names
		}
	}
}

// refusedUpdates are updates beyond a limit and, but for one, the same
// at it, which is accepted.
func refusedUpdates() []struct {
	name, atLimit, beyond string
	code                  int
	message, token        string
} {
	// The section {"a":"x..."} has 8 bytes beside the text.
	document := func(size int) string {
		return `{"state":{"reported":{"a":"` + strings.Repeat("x", size-8) + `"}},"clientToken":"d"}`
	}
	// The section is the first level.
	levels := func(n int) string {
		return `{"state":{"reported":` + strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) + `},"clientToken":"l"}`
	}
	token := func(token string) string {
		return `{"state":{"reported":{"b":1}},"clientToken":"` + token + `"}`
	}
	const tooLarge, tooDeep = "The payload exceeds the maximum size allowed", "JSON contains too many levels of nesting; maximum is 8"
	const notUTF8 = "Unsupported documented encoding; supported encoding is UTF-8"
	return []struct {
		name, atLimit, beyond string
		code                  int
		message, token        string
	}{
		{"8193 bytes", document(8192), document(8193), 413, tooLarge, "d"},
		{"8193 bytes in both sections", `{"state":{"reported":null,"desired":null}}`, `{"state":{"desired":{"b":1},` + document(8186)[len(`{"state":{`):], 413, tooLarge, "d"},
		{"9 levels", levels(8), levels(9), 400, tooDeep, "l"},
		{"9000 levels", levels(7), levels(9000), 400, tooDeep, "l"},
		{"20000 levels", levels(1), levels(20000), 400, tooDeep, ""}, // not read to the end, where the token is
		{"token of 65 bytes", token(strings.Repeat("t", 64)), token(strings.Repeat("t", 65)), 400, "Invalid clientToken", ""},
		{"token of 33 letters of two bytes", token(strings.Repeat("é", 32)), token(strings.Repeat("é", 33)), 400, "Invalid clientToken", ""},
		{"half a letter", token("é"), token("\xc3"), 415, notUTF8, ""},
		{"overlong form", token("/"), token("\xc0\xaf"), 415, notUTF8, ""},
		{"bytes that are no text", token("b"), "\xff\xfe\x00\x01", 415, notUTF8, ""},
		{"128 KB", token("x"), document(120000), 413, tooLarge, "d"},
		{"nothing", token("n"), "", 400, "Missing required node: state", ""},
	}
}

// TestUpdatesBeyondLimits sends what is refused: the answer says why, the
// shadow stays as it was, and neither the sender's connection nor that of
// another client is harmed.
func TestUpdatesBeyondLimits(t *testing.T) {
	for _, aws := range []bool{false, true} {
		s := start(t, localbroker.Config{AWSMode: aws})
		other := dialRaw(t, s, "other", "ordinary/#")
		for i, c := range refusedUpdates() {
			t.Run(fmt.Sprintf("%s, AWS mode %t", c.name, aws), func(t *testing.T) {
				key := shadow.Key{Thing: fmt.Sprint("limits-", i)}
				device := dialRaw(t, s, fmt.Sprint("device", i), key.Topic("update/accepted"), key.Topic("update/rejected"), key.Topic("get/accepted"))
				read := func() string {
					device.send(key.Topic("get"), "")
					_, payload := device.next()
					document, _, _ := strings.Cut(payload, `,"timestamp"`)
					return document
				}
				device.send(key.Topic("update"), c.atLimit)
				if topic, payload := device.next(); topic != key.Topic("update/accepted") {
					t.Fatalf("at the limit: %s %s", topic, payload)
				}
				before := read()
				device.send(key.Topic("update"), c.beyond)
				topic, payload := device.next()
				if a := answerTo(t, payload); topic != key.Topic("update/rejected") || a.Code != c.code || a.Message != c.message || a.ClientToken != c.token {
					t.Errorf("%s %s, want %d %q with token %q", topic, payload, c.code, c.message, c.token)
				}
				if after := read(); after != before {
					t.Errorf("the shadow was\n%s and is\n%s", before, after)
				}
				other.pingPong(i)
			})
		}
	}
}
