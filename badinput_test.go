package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// need skips loudly where a program is not installed.
func need(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("LOUD: %s is not installed; `make test` installs it", name)
		}
	}
}

// watched is a server whose standard error can be read while it runs.
type watched struct {
	*server
	file string
}

func watch(t *testing.T, dir string) *watched {
	t.Helper()
	file := filepath.Join(t.TempDir(), "stderr")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cmd := exec.Command(binary, "serve", "--data", dir, "--listen", "127.0.0.1:0")
	cmd.Stderr = f
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	start(t, cmd)
	w := &watched{&server{cmd: cmd, stderr: &output{}}, file}
	var line string
	if _, err := fmt.Fscanln(out, &line, &w.addr); err != nil || line != "ready" {
		t.Fatalf("serve said %q (%v), want ready; stderr: %s", line, err, w.said())
	}
	w.addr = strings.TrimPrefix(w.addr, "mqtt://")
	return w
}

func (w *watched) said() string {
	b, err := os.ReadFile(w.file)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// row is one line of an export.
type row struct {
	Topic, Payload string
	Base64         string `json:"payload_base64"`
}

func exported(t *testing.T, dir string, args ...string) []row {
	t.Helper()
	stdout, stderr, code := execute(t, append([]string{"export", "--data", dir}, args...)...)
	if code != 0 {
		t.Fatalf("export: exit %d: %s", code, stderr)
	}
	var rows []row
	for line := range strings.Lines(stdout) {
		var r row
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		rows = append(rows, r)
	}
	return rows
}

// Topics and payloads at the edges of what MQTT allows are recorded and
// exported as they were sent.
func TestStrangeMessagesAreKeptExactly(t *testing.T) {
	t.Parallel()
	needMosquitto(t)
	dir := t.TempDir()
	s := serveIn(t, dir)
	big := make([]byte, 10_000_000)
	for i := range big {
		big[i] = byte(i * i >> 7)
	}
	deep := strings.TrimSuffix(strings.Repeat("level/", 200), "/")
	messages := []struct {
		topic   string
		payload []byte
	}{
		{"🌡/Küche/😀", []byte("héllo")},
		{"/a//b/", []byte("empty levels")},
		{"//", []byte("only empty levels")},
		{deep, []byte("200 levels")},
		{strings.Repeat("/", 65000), []byte("65,001 levels")},
		{"binary", []byte("\x00\xff\xfe\x80bin")},
		{"json", []byte(`{"state":`)},
		{"nothing", nil},
		{"big", big},
	}
	for _, m := range messages {
		file := filepath.Join(t.TempDir(), "payload")
		if err := os.WriteFile(file, m.payload, 0o600); err != nil {
			t.Fatal(err)
		}
		s.mosquitto(t, nil, "mosquitto_pub", "-q", "1", "-t", m.topic, "-f", file)
	}
	if code := s.stop(t, syscall.SIGTERM); code != 0 || s.stderr.String() != "" {
		t.Errorf("exit %d, %s", code, s.stderr)
	}
	rows := exported(t, dir)
	if len(rows) != len(messages) {
		t.Fatalf("%d messages exported, want %d", len(rows), len(messages))
	}
	for i, m := range messages {
		got := []byte(rows[i].Payload)
		if rows[i].Base64 != "" {
			got, _ = base64.StdEncoding.DecodeString(rows[i].Base64)
		}
		if rows[i].Topic != m.topic || !bytes.Equal(got, m.payload) {
			t.Errorf("message %d: topic %.80q with %d bytes, want %.80q with %d", i, rows[i].Topic, len(got), m.topic, len(m.payload))
		}
	}
}

// packet is an MQTT packet.
func packet(first byte, body string) string {
	n := len(body)
	head := []byte{first}
	for more := true; more; n >>= 7 {
		b := byte(n & 127)
		if more = n > 127; more {
			b |= 128
		}
		head = append(head, b)
	}
	return string(head) + body
}

func text(s string) string { return string([]byte{byte(len(s) >> 8), byte(len(s))}) + s }

func (s *server) dial(t *testing.T) *net.TCPConn {
	t.Helper()
	address, err := net.ResolveTCPAddr("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.DialTCP("tcp", nil, address)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// A client that sends what is no MQTT, half a packet, nothing, or a publish
// that the standard forbids is cut off alone: the others are served on, and
// nothing of it is recorded.
func TestBrokenClients(t *testing.T) {
	t.Parallel()
	needMosquitto(t)
	dir := t.TempDir()
	s := serveIn(t, dir)
	hello := packet(0x10, text("MQTT")+"\x04\x02\x00\x3c"+text("broken"))
	cases := []struct {
		name, bytes string
		stays       bool // open, for the broker waits for more
	}{
		{"nothing", "", true},
		{"half a connect", hello[:5], true},
		{"half a publish", hello + "\x30\x20" + text("half")[:4], true},
		{"http", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", false},
		{"wildcard +", hello + packet(0x32, text("a/+/b")+"\x00\x01x"), false},
		{"wildcard #", hello + packet(0x32, text("a/#")+"\x00\x01x"), false},
		{"empty topic", hello + packet(0x32, text("")+"\x00\x01x"), false},
		{"NUL in topic", hello + packet(0x32, text("a\x00b")+"\x00\x01x"), false},
		{"topic not UTF-8", hello + packet(0x32, text("\xff\xfe")+"\x00\x01x"), false},
		{"QoS 3", hello + packet(0x36, text("a")+"\x00\x01x"), false},
		{"17 MB", hello + packet(0x32, text("huge")+"\x00\x01"+strings.Repeat("x", 17<<20)), false},
		{"length of five bytes", hello + "\x30\xff\xff\xff\xff\x01", false},
		{"connect twice", hello + hello, false},
		{"no such packet", hello + packet(0xf0, ""), false},
	}
	dice := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		b := make([]byte, dice.IntN(1000))
		for i := range b {
			b[i] = byte(dice.Uint32())
		}
		cases = append(cases, struct {
			name, bytes string
			stays       bool
		}{"garbage", hello + "\xf0" + string(b), false})
	}
	for _, c := range cases {
		conn := s.dial(t)
		go func() {
			_, _ = io.WriteString(conn, c.bytes)
			if c.name == "garbage" { // or the broker may rightly wait for more
				_ = conn.CloseWrite()
			}
		}()
		if c.stays {
			defer conn.Close() // and the others go on meanwhile
			continue
		}
		_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		if _, err := io.Copy(io.Discard, conn); os.IsTimeout(err) {
			t.Errorf("%s: the connection is still open", c.name)
		}
		conn.Close()
	}
	s.mosquitto(t, nil, "mosquitto_pub", "-q", "1", "-t", "after", "-m", "well")
	if code := s.stop(t, syscall.SIGTERM); code != 0 {
		t.Errorf("exit %d, %s", code, s.stderr)
	}
	if rows := exported(t, dir); len(rows) != 1 || rows[0].Topic != "after" {
		t.Errorf("recorded: %v", rows)
	}
}

// A shadow request that is no good is answered with the code that AWS gives.
func TestBadShadowRequests(t *testing.T) {
	t.Parallel()
	needMosquitto(t)
	s := serveIn(t, t.TempDir(), "--history=off")
	deep := func(n int) string {
		return `{"state":{"desired":` + strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) + "}}"
	}
	cases := []struct {
		request, payload, want string
	}{
		{"update", `{"state":`, `"code":400,"message":"Invalid JSON"`},
		{"update", strings.Repeat("[", 8000), `"code":400,"message":"Invalid JSON"`},
		{"update", `{}`, `"code":400,"message":"Missing required node: state"`},
		{"update", `{"state":5}`, `"code":400`},
		{"update", "\x00\xff\xfe\x80", `"code":415`},
		{"update", deep(100), `"code":400,"message":"JSON contains too many levels of nesting`},
		{"update", `{"state":{"desired":{"a":"` + strings.Repeat("x", 9<<10) + `"}}}`, `"code":413`},
		{"update", `{"state":{"desired":{"a":1}},"version":77}`, `"code":409`},
		{"delete", "{}", `"code":404`},
	}
	answers := s.subscribe(t, "$aws/things/+/shadow/update/rejected", "$aws/things/+/shadow/delete/rejected")
	for i, c := range cases {
		s.mosquitto(t, strings.NewReader(c.payload), "mosquitto_pub", "-q", "1", "-s", "-t", fmt.Sprintf("$aws/things/t%d/shadow/%s", i, c.request))
	}
	got := make(map[string]string) // by topic: the order among Things is not promised
	for range cases {
		topic, payload, _ := strings.Cut(answers.next(t), " ")
		got[topic] = payload
	}
	for i, c := range cases {
		if answer := got[fmt.Sprintf("$aws/things/t%d/shadow/%s/rejected", i, c.request)]; !strings.Contains(answer, c.want) {
			t.Errorf("%s %.40q: %s, want %s", c.request, c.payload, answer, c.want)
		}
	}
	if code := s.stop(t, syscall.SIGTERM); code != 0 || s.stderr.String() != "" {
		t.Errorf("exit %d, %s", code, s.stderr)
	}
}

// A subscriber that does not read keeps nobody else from anything.
func TestSubscriberThatDoesNotRead(t *testing.T) {
	t.Parallel()
	needMosquitto(t)
	const n = 50_000
	dir := t.TempDir()
	s := serveIn(t, dir)
	stuck := s.subscribe(t, "flood")
	if err := stuck.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	lines := strings.NewReader(strings.Repeat(strings.Repeat("x", 400)+"\n", n))
	s.mosquitto(t, lines, "mosquitto_pub", "-q", "1", "-t", "flood", "-l")
	if code := s.stop(t, syscall.SIGTERM); code != 0 {
		t.Errorf("exit %d, %s", code, s.stderr)
	}
	if got := len(exported(t, dir, "--filter", "flood")); got != n {
		t.Errorf("%d messages stored, want %d", got, n)
	}
}

// Files that export may not write are told; the databases are never
// overwritten.
func TestExportTargets(t *testing.T) {
	t.Parallel()
	needMosquitto(t)
	dir := recorded(t, 2000)
	for _, target := range []string{filepath.Join(dir, "none", "out"), dir, filepath.Join(dir, "history.db"), filepath.Join(dir, "app.db")} {
		_, stderr, code := execute(t, "export", "--data", dir, "-o", target)
		if code != 1 || !strings.Contains(stderr, target) {
			t.Errorf("-o %s: exit %d, %q", target, code, stderr)
		}
	}
	if n := len(exported(t, dir)); n != 2000 {
		t.Errorf("%d messages are left, want 2000", n)
	}
}

// Three clients that send as fast as they can at QoS 0 lose nothing.
func TestThreeFloods(t *testing.T) {
	t.Parallel()
	needMosquitto(t)
	const n = 100_000
	dir := t.TempDir()
	s := serveIn(t, dir)
	var floods []*exec.Cmd
	for i := range 3 {
		cmd := exec.Command("mosquitto_pub", "-h", "127.0.0.1", "-p", s.port(), "-t", "flood/"+strconv.Itoa(i), "-l")
		cmd.Stdin = numbered(n)
		start(t, cmd)
		floods = append(floods, cmd)
	}
	for _, cmd := range floods {
		if err := cmd.Wait(); err != nil {
			t.Fatal(err)
		}
	}
	if code := s.stop(t, syscall.SIGTERM); code != 0 {
		t.Errorf("exit %d, %s", code, s.stderr)
	}
	if got := strings.Count(exportText(t, dir), "\n"); got != 3*n {
		t.Errorf("%d messages stored, want %d", got, 3*n)
	}
}

func exportText(t *testing.T, dir string) string {
	t.Helper()
	stdout, stderr, code := execute(t, "export", "--data", dir)
	if code != 0 {
		t.Fatalf("export: exit %d: %s", code, stderr)
	}
	return stdout
}
