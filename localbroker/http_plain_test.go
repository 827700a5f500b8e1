package localbroker_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iotdataplane"
	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/localbroker"
	"github.com/thingdesk/thingdesk/localbroker/dataplane"
	"github.com/thingdesk/thingdesk/localbroker/durable"
	"github.com/thingdesk/thingdesk/things/shadow"
)

// rawRequest makes a request by hand and returns the answer and its body.
func rawRequest(t *testing.T, s *localbroker.Server, method, target string, head map[string]string, body string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://"+s.HTTPAddr()+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range head {
		if name == "Host" {
			r.Host = value
		}
		r.Header.Set(name, value)
	}
	answer, err := httpClient(t).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(b)
}

func TestPlainHTTP(t *testing.T) {
	t.Parallel()
	s := startHTTP(t, localbroker.Config{})
	_, port, _ := net.SplitHostPort(s.HTTPAddr())
	user := base64.StdEncoding.EncodeToString([]byte(`[{"a":1}]`))
	for _, c := range []struct {
		method, target string
		head           map[string]string
		body           string
		status         int
		exception      string
		contains       string
	}{
		{"POST", "/things/x/shadow", nil, `{"state":{"reported":{"a":1}}}`, 200, "", `"version":1`},
		{"GET", "/things/x/shadow", nil, "", 200, "", `"reported":{"a":1}`},
		{"GET", "/things/%78/shadow", nil, "", 200, "", `"reported":{"a":1}`},
		{"GET", "/things/x/shadow?name=", nil, "", 400, "InvalidRequestException", "shadow name"},
		{"GET", "/things/x/shadow?name=%zz", nil, "", 400, "InvalidRequestException", "query"},
		{"PUT", "/things/x/shadow", nil, "{}", 405, "MethodNotAllowedException", `{"message":"Method Not Allowed"}`},
		{"HEAD", "/things/x/shadow", nil, "", 405, "MethodNotAllowedException", ""},
		{"OPTIONS", "/things/x/shadow", nil, "", 405, "MethodNotAllowedException", ""},
		{"POST", "/retainedMessage", nil, "", 405, "MethodNotAllowedException", ""},
		{"GET", "/topics/a", nil, "", 405, "MethodNotAllowedException", ""},
		{"GET", "/", nil, "", 404, "UnknownOperationException", `{"message":"Not Found"}`},
		{"GET", "//things/x/shadow", nil, "", 404, "UnknownOperationException", ""},
		{"GET", "/things/x/shadow/", nil, "", 404, "UnknownOperationException", ""},
		{"GET", "/things//shadow", nil, "", 404, "UnknownOperationException", ""},
		{"POST", "/topics/", nil, "", 404, "UnknownOperationException", ""},
		{"POST", "/topics/a/b//c/?qos=1", nil, "x", 200, "", `{"message":"OK","traceId":"`},
		{"POST", "/topics/keep/me?retain=true", nil, "x", 200, "", `"OK"`},
		{"GET", "/retainedMessage/keep/me", nil, "", 200, "", `{"topic":"keep/me","payload":"eA==","qos":0,"lastModifiedTime":`},
		{"GET", "/retainedMessage/keep%2Fme", nil, "", 200, "", `"keep/me"`},
		{"GET", "/retainedMessage/a%00", nil, "", 400, "InvalidRequestException", "topic"},
		{"GET", "/retainedMessage/", nil, "", 200, "", `"retainedTopics":[{"topic":"keep/me"`},
		{"POST", "/topics/%ff", nil, "", 400, "InvalidRequestException", "topic"},
		{"POST", "/topics/a%2B", nil, "", 400, "InvalidRequestException", "topic"},
		{"POST", "/topics/$SYS%2Fx", nil, "", 400, "InvalidRequestException", "$SYS"},
		{"POST", "/topics/$aws/things/x/shadow/update/accepted", nil, "", 400, "InvalidRequestException", "shadow service"},
		{"POST", "/topics/$aws/things/x/shadow/get?retain=true", nil, "", 400, "InvalidRequestException", "retain"},
		{"POST", "/topics/a?qos=x", nil, "", 400, "InvalidRequestException", "qos"},
		{"POST", "/topics/a?retain=1", nil, "", 400, "InvalidRequestException", "retain"},
		{"POST", "/topics/a?messageExpiry=-1", nil, "", 400, "InvalidRequestException", "messageExpiry"},
		{"POST", "/topics/a?responseTopic=a%2F%23", nil, "", 400, "InvalidRequestException", "responseTopic"},
		{"POST", "/topics/a?contentType=a%00", nil, "", 400, "InvalidRequestException", "contentType"},
		{"POST", "/topics/a?contentType=%ff", nil, "", 400, "InvalidRequestException", "contentType"},
		{"POST", "/topics/a", map[string]string{"x-amz-mqtt5-user-properties": "[]"}, "", 400, "InvalidRequestException", "userProperties"},
		{"POST", "/topics/a", map[string]string{"x-amz-mqtt5-user-properties": user}, "", 400, "InvalidRequestException", "userProperties"},
		{"POST", "/topics/a", map[string]string{"x-amz-mqtt5-correlation-data": "*"}, "", 400, "InvalidRequestException", "correlationData"},
		{"POST", "/topics/a", map[string]string{"x-amz-mqtt5-payload-format-indicator": "X"}, "", 400, "InvalidRequestException", "payloadFormatIndicator"},
		{"POST", "/topics/a", nil, strings.Repeat("x", 128<<10), 200, "", "OK"},
		{"POST", "/topics/a", nil, strings.Repeat("x", 128<<10+1), 413, "RequestEntityTooLargeException", "maximum size"},

		{"GET", "/things/x/shadow", map[string]string{"Host": "localhost:" + port}, "", 200, "", ""},
		{"GET", "/things/x/shadow", map[string]string{"Host": "LOCALHOST."}, "", 200, "", ""},
		{"GET", "/things/x/shadow", map[string]string{"Host": "iot.localhost:1"}, "", 200, "", ""},
		{"GET", "/things/x/shadow", map[string]string{"Host": "[::1]:80"}, "", 200, "", ""},
		{"GET", "/things/x/shadow", map[string]string{"Host": "evil.example:" + port}, "", 403, "ForbiddenException", "host name"},
		{"GET", "/things/x/shadow", map[string]string{"Host": "127.0.0.1.evil.example"}, "", 403, "ForbiddenException", "host name"},
		{"GET", "/things/x/shadow", map[string]string{"Host": "192.0.2.7"}, "", 403, "ForbiddenException", "host name"},
		{"POST", "/topics/a", map[string]string{"Origin": "http://localhost:" + port}, "", 403, "ForbiddenException", "Web pages"},
		{"POST", "/topics/a", map[string]string{"Origin": "null"}, "", 403, "ForbiddenException", "Web pages"},
		{"GET", "/things/x/shadow", map[string]string{"Sec-Fetch-Site": "cross-site"}, "", 403, "ForbiddenException", "Web pages"},
		{"GET", "/things/x/shadow", map[string]string{"Sec-Fetch-Site": "none"}, "", 200, "", ""},
	} {
		answer, body := rawRequest(t, s, c.method, c.target, c.head, c.body)
		where := fmt.Sprintf("%s %s %v", c.method, c.target, c.head)
		if answer.StatusCode != c.status || answer.Header.Get("x-amzn-ErrorType") != c.exception || !strings.Contains(body, c.contains) {
			t.Errorf("%s: %d %s %s", where, answer.StatusCode, answer.Header.Get("x-amzn-ErrorType"), body)
		}
		if answer.Header.Get("content-type") != "application/json" || len(answer.Header.Get("x-amzn-RequestId")) != 36 {
			t.Errorf("%s: header %v", where, answer.Header)
		}
		if (answer.Header.Get("Allow") != "") != (c.status == 405) || answer.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: header %v", where, answer.Header)
		}
		if c.status >= 400 && c.method != "HEAD" && members(t, []byte(body), "message") == "message=" {
			t.Errorf("%s: no message in %s", where, body)
		}
	}
}

func TestHTTPHeaderIsBounded(t *testing.T) {
	t.Parallel()
	s := startHTTP(t, localbroker.Config{})
	long := map[string]string{"X-Long": strings.Repeat("x", 64<<10)}
	if answer, _ := rawRequest(t, s, "GET", "/retainedMessage", long, ""); answer.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("status %s", answer.Status)
	}
}

// Connections beyond the bound wait until others have gone.
func TestHTTPConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	s := startHTTP(t, localbroker.Config{})
	silent := make([]net.Conn, 1024)
	for i := range silent {
		c, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.HTTPAddr())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		silent[i] = c
	}
	answered := make(chan error)
	go func() {
		answer, err := httpClient(t).Get("http://" + s.HTTPAddr() + "/retainedMessage")
		if err == nil {
			err = answer.Body.Close()
		}
		answered <- err
	}()
	select {
	case err := <-answered:
		t.Errorf("answered at once: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	_ = silent[7].Close()
	if err := <-answered; err != nil {
		t.Error(err)
	}
}

func TestHTTPIsOffUnlessAskedFor(t *testing.T) {
	t.Parallel()
	s := start(t, localbroker.Config{})
	if s.HTTPAddr() != "" || len(s.Listeners()) != 1 {
		t.Errorf("HTTP at %q, listeners %q", s.HTTPAddr(), s.Listeners())
	}
	on := startHTTP(t, localbroker.Config{})
	if want := []string{"tcp " + on.Addr(), "http " + on.HTTPAddr()}; !cmp.Equal(want, on.Listeners()) {
		t.Errorf("listeners %q, want %q", on.Listeners(), want)
	}
	_, err := localbroker.Start(t.Context(), localbroker.Config{Listen: "127.0.0.1:0", HTTP: on.HTTPAddr()})
	if err == nil || !strings.HasPrefix(err.Error(), fmt.Sprintf("open data plane over HTTP: listen on %q: address already in use: ", on.HTTPAddr())) {
		t.Errorf("error %v", err)
	}
}

// A request that waits for a store that hangs does not keep the broker from
// closing, nor does a connection that says nothing.
func TestCloseBreaksOffHTTP(t *testing.T) {
	t.Parallel()
	hang, held := make(chan struct{}), make(chan struct{}, 10)
	s, err := localbroker.Start(t.Context(), localbroker.Config{
		Listen: "127.0.0.1:0", HTTP: "127.0.0.1:0", Store: &memoryStore{before: func() { held <- struct{}{}; <-hang }},
	})
	if err != nil {
		t.Fatal(err)
	}
	silent, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.HTTPAddr())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	answered := make(chan error)
	c := sdk(t, s)
	go func() {
		_, err := c.UpdateThingShadow(t.Context(), &iotdataplane.UpdateThingShadowInput{ThingName: aws.String("x"), Payload: []byte(`{"state":{}}`)})
		answered <- err
	}()
	<-held
	ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
	defer cancel()
	begun := time.Now()
	if err := s.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Close = %v", err)
	}
	if d := time.Since(begun); d > 4*time.Second {
		t.Errorf("Close took %v", d)
	}
	if err := <-answered; err == nil {
		t.Error("an update that was not stored was accepted")
	}
	close(hang)
}

func TestAskingAClosedBroker(t *testing.T) {
	t.Parallel()
	s := startHTTP(t, localbroker.Config{})
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.AskShadow(t.Context(), shadow.Key{Thing: "x"}, dataplane.Get, nil); !errors.Is(err, dataplane.ErrClosed) {
		t.Errorf("AskShadow: %v", err)
	}
	if _, err := s.ListShadows(t.Context(), "x", "", 1); !errors.Is(err, dataplane.ErrClosed) {
		t.Errorf("ListShadows: %v", err)
	}
	if err := s.Publish(durable.Message{Topic: "a"}); !errors.Is(err, dataplane.ErrClosed) {
		t.Errorf("Publish: %v", err)
	}
	if c, err := new(net.Dialer).DialContext(t.Context(), "tcp", s.HTTPAddr()); err == nil {
		_ = c.Close()
		t.Error("the port is open")
	}
}

// A request that is being answered when the broker closes gets its answer.
func TestCloseAnswersHTTP(t *testing.T) {
	t.Parallel()
	held := make(chan struct{}, 10)
	store := &memoryStore{before: func() { held <- struct{}{}; time.Sleep(100 * time.Millisecond) }}
	s := startHTTP(t, localbroker.Config{Store: store})
	answered := make(chan error)
	c := sdk(t, s)
	go func() {
		_, err := c.UpdateThingShadow(t.Context(), &iotdataplane.UpdateThingShadowInput{ThingName: aws.String("x"), Payload: []byte(`{"state":{}}`)})
		answered <- err
	}()
	<-held
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-answered; err != nil {
		t.Error(err)
	}
	if _, ok := store.get(shadow.Key{Thing: "x"}); !ok {
		t.Error("the update was not stored")
	}
}

// BenchmarkUpdateOverHTTP makes updates one after the other on each of a few
// connections.
func BenchmarkUpdateOverHTTP(b *testing.B) {
	s, err := localbroker.Start(b.Context(), localbroker.Config{Listen: "127.0.0.1:0", HTTP: "127.0.0.1:0"})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close(b.Context()) }()
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	defer transport.CloseIdleConnections()
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, "http://"+s.HTTPAddr()+"/things/x/shadow", strings.NewReader(`{"state":{"reported":{"a":1}}}`))
			if err != nil {
				b.Error(err)
				return
			}
			answer, err := (&http.Client{Transport: transport}).Do(r)
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, answer.Body)
			_ = answer.Body.Close()
			if answer.StatusCode != http.StatusOK {
				b.Error(answer.Status)
			}
		}
	})
}
