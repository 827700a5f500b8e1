package dataplane

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iotdataplane"
	"github.com/aws/aws-sdk-go-v2/service/iotdataplane/types"
	"go.uber.org/goleak"

	"github.com/thingdesk/thingdesk/localbroker/durable"
	"github.com/thingdesk/thingdesk/things/shadow"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a Broker that answers everything with one reply or error. The real one
// is tested with package localbroker.
type fake struct {
	code  int // of AskShadow, with reply
	reply string
	err   error
	hold  func(context.Context) // called by AskShadow

	mu    sync.Mutex
	asked []string
}

func (f *fake) AskShadow(ctx context.Context, k shadow.Key, op Op, payload []byte) (int, []byte, error) {
	f.mu.Lock()
	f.asked = append(f.asked, k.Topic(string(op))+" "+string(payload))
	f.mu.Unlock()
	if f.hold != nil {
		f.hold(ctx)
		if ctx.Err() != nil {
			return 0, nil, ctx.Err()
		}
	}
	return f.code, []byte(f.reply), f.err
}

func (f *fake) ListShadows(context.Context, string, string, int) ([]byte, error) {
	return []byte("{}"), f.err
}
func (*fake) Retained(string, string, int) (ms []*durable.Message, _ bool) { return nil, false }
func (*fake) RetainedMessage(string) *durable.Message                      { return nil }
func (f *fake) Publish(durable.Message) error                              { return f.err }

func handler(b Broker, names ...string) *Handler {
	return New(b, names, slog.New(slog.DiscardHandler))
}

// method is a transport that makes every request one of another method.
type method struct {
	http.RoundTripper
	name string
}

func (m method) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Method = m.name
	return m.RoundTripper.RoundTrip(r)
}

// Every exception of the API comes out of the SDK as its type.
func TestFaultsAreTheExceptionsOfTheSDK(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		code   int
		reply  string
		err    error
		method string
		status int
		is     func(error) bool
	}{
		"busy":       {err: ErrBusy, status: 429, is: typed[*types.ThrottlingException]},
		"closed":     {err: ErrClosed, status: 503, is: typed[*types.ServiceUnavailableException]},
		"cancelled":  {err: context.Canceled, status: 503, is: typed[*types.ServiceUnavailableException]},
		"other":      {err: errors.New("no idea"), status: 500, is: typed[*types.InternalFailureException]},
		"400":        {code: 400, reply: `{"message":"m"}`, status: 400, is: typed[*types.InvalidRequestException]},
		"401":        {code: 401, reply: `{"message":"m"}`, status: 401, is: typed[*types.UnauthorizedException]},
		"404":        {code: 404, reply: `{"message":"m"}`, status: 404, is: typed[*types.ResourceNotFoundException]},
		"405":        {code: 405, reply: `{"message":"m"}`, status: 405, is: typed[*types.MethodNotAllowedException]},
		"409":        {code: 409, reply: `{"message":"m","clientToken":"t"}`, status: 409, is: typed[*types.ConflictException]},
		"413":        {code: 413, reply: `{"message":"m"}`, status: 413, is: typed[*types.RequestEntityTooLargeException]},
		"415":        {code: 415, reply: `{"message":"m"}`, status: 415, is: typed[*types.UnsupportedDocumentEncodingException]},
		"429":        {code: 429, reply: `{"message":"m"}`, status: 429, is: typed[*types.ThrottlingException]},
		"500":        {code: 500, reply: `{"message":"m"}`, status: 500, is: typed[*types.InternalFailureException]},
		"503":        {code: 503, reply: `{"message":"m"}`, status: 503, is: typed[*types.ServiceUnavailableException]},
		"code 99":    {code: 99, reply: `{"message":"m"}`, status: 500, is: typed[*types.InternalFailureException]},
		"no JSON":    {code: 400, reply: `oops`, status: 500, is: typed[*types.InternalFailureException]},
		"bad method": {method: http.MethodPatch, status: 405, is: typed[*types.MethodNotAllowedException]},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := &fake{code: c.code, reply: c.reply, err: c.err}
			s := httptest.NewServer(handler(b))
			t.Cleanup(s.Close)
			client := s.Client()
			if c.method != "" {
				client = &http.Client{Transport: method{client.Transport, c.method}}
			}
			sdk := iotdataplane.New(iotdataplane.Options{
				Region: "us-east-1", BaseEndpoint: &s.URL, HTTPClient: client, RetryMaxAttempts: 1,
				Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
					return aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "any"}, nil
				}),
			})
			var err error
			op := "update {}"
			if name == "404" { // which an update never comes to
				op = "get "
				_, err = sdk.GetThingShadow(t.Context(), &iotdataplane.GetThingShadowInput{ThingName: aws.String("x"), ShadowName: aws.String("n")})
			} else {
				_, err = sdk.UpdateThingShadow(t.Context(), &iotdataplane.UpdateThingShadowInput{
					ThingName: aws.String("x"), ShadowName: aws.String("n"), Payload: []byte("{}"),
				})
			}
			var answer interface{ HTTPStatusCode() int }
			if !c.is(err) || !errors.As(err, &answer) || answer.HTTPStatusCode() != c.status {
				t.Errorf("error %v", err)
			}
			if c.method == "" && (len(b.asked) != 1 || b.asked[0] != "$aws/things/x/shadow/name/n/"+op) {
				t.Errorf("asked %q", b.asked)
			}
		})
	}
}

func typed[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// ask makes a request of h over a connection whose local address is local.
func ask(t *testing.T, h http.Handler, local, host, target string) (status int, body string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, http.NoBody)
	r.Host = host
	r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, &net.TCPAddr{IP: net.ParseIP(local), Port: 80}))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func TestHostNames(t *testing.T) {
	t.Parallel()
	h := handler(&fake{}, "DevBox.example.", "devbox", "", "0.0.0.0")
	for _, c := range []struct {
		local, host string
		status      int
	}{
		{"127.0.0.1", "devbox:8080", 200},
		{"127.0.0.1", "devbox.EXAMPLE", 200},
		{"127.0.0.1", "127.0.0.9", 200},
		{"127.0.0.1", "192.168.1.5", 403},
		{"127.0.0.1", "other", 403},
		{"127.0.0.1", "", 403},
		{"::1", "[::1]", 200},
		{"::1", "[::1", 200}, // a browser sends none such
		{"192.168.1.5", "192.168.1.5:8080", 200},
		{"192.168.1.5", "10.0.0.1", 200}, // through a router
		{"192.168.1.5", "devbox", 200},
		{"192.168.1.5", "localhost", 200},
		{"192.168.1.5", "rebound.example", 403},
		{"192.168.1.5", "devbox.rebound.example", 403},
		{"192.168.1.5", "192.168.1.5.rebound.example", 403},
	} {
		if status, body := ask(t, h, c.local, c.host, "/retainedMessage"); status != c.status {
			t.Errorf("Host %q over %s: %d %s", c.host, c.local, status, body)
		}
	}
}

// Requests beyond the bound are told to come again, and those before them are
// not held up.
func TestRequestsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		h := handler(&fake{code: 404, reply: `{"message":"m"}`, hold: func(context.Context) { <-free }})
		var all sync.WaitGroup
		for range maxRequests {
			all.Go(func() {
				if status, body := ask(t, h, "127.0.0.1", "localhost", "/things/x/shadow"); status != http.StatusNotFound {
					t.Errorf("%d %s", status, body)
				}
			})
		}
		synctest.Wait()
		if status, body := ask(t, h, "127.0.0.1", "localhost", "/retainedMessage"); status != http.StatusTooManyRequests || body != `{"message":"Rate exceeded"}` {
			t.Errorf("%d %s", status, body)
		}
		close(free)
		all.Wait()
		if status, body := ask(t, h, "127.0.0.1", "localhost", "/retainedMessage"); status != http.StatusOK {
			t.Errorf("afterwards %d %s", status, body)
		}
	})
}

// A shadow service that gives no answer is told after a while.
func TestAnswerTakesTooLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := handler(&fake{hold: func(ctx context.Context) { <-ctx.Done() }})
		begun := time.Now()
		status, body := ask(t, h, "127.0.0.1", "localhost", "/things/x/shadow")
		if status != http.StatusServiceUnavailable || time.Since(begun) != answerTime {
			t.Errorf("after %v: %d %s", time.Since(begun), status, body)
		}
	})
}

// A body without length is read up to the bound.
func TestBodyWithoutLength(t *testing.T) {
	t.Parallel()
	h := handler(&fake{})
	for size, status := range map[int]int{MaxPayload: 200, MaxPayload + 1: 413} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost/topics/a", io.MultiReader(strings.NewReader(strings.Repeat("x", size))))
		r.ContentLength = -1
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		var said struct{ Message string }
		if err := json.Unmarshal(w.Body.Bytes(), &said); err != nil || w.Code != status || said.Message == "" {
			t.Errorf("%d bytes: %d %s", size, w.Code, w.Body)
		}
	}
}
