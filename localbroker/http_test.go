package localbroker_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iotdataplane"
	"github.com/aws/aws-sdk-go-v2/service/iotdataplane/types"
	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/localbroker"
	"github.com/thingdesk/thingdesk/things/shadow"
)

// startHTTP runs a broker with its data plane until the test ends.
func startHTTP(t *testing.T, c localbroker.Config) *localbroker.Server {
	t.Helper()
	if c.HTTP == "" {
		c.HTTP = "127.0.0.1:0"
	}
	return start(t, c)
}

// httpClient returns a client that leaves nothing behind.
func httpClient(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: patience}
}

// sdk returns the AWS SDK's client of the data plane.
func sdk(t *testing.T, s *localbroker.Server) *iotdataplane.Client {
	t.Helper()
	return iotdataplane.New(iotdataplane.Options{
		Region: "eu-central-1", BaseEndpoint: aws.String("http://" + s.HTTPAddr()), HTTPClient: httpClient(t), RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "any"}, nil
		}),
	})
}

// members returns those members of a JSON object.
func members(t *testing.T, payload []byte, names ...string) string {
	t.Helper()
	var all map[string]json.RawMessage
	if err := json.Unmarshal(payload, &all); err != nil {
		t.Fatalf("%v in %s", err, payload)
	}
	var list []string
	for _, n := range names {
		list = append(list, n+"="+string(all[n]))
	}
	return strings.Join(list, " ")
}

func TestShadowOverHTTP(t *testing.T) {
	t.Parallel()
	store := new(memoryStore)
	s := startHTTP(t, localbroker.Config{Store: store})
	device := connect(t, s, "device")
	device.subscribe(t, everyShadow, 1)
	c := sdk(t, s)

	for _, name := range []*string{nil, aws.String("cfg$1")} {
		k := shadow.Key{Thing: "lamp:1", Name: aws.ToString(name)}
		update, err := c.UpdateThingShadow(t.Context(), &iotdataplane.UpdateThingShadowInput{
			ThingName: &k.Thing, ShadowName: name, Payload: []byte(`{"state":{"desired":{"on":true,"n":9007199254740993}},"clientToken":"t1"}`),
		})
		if err != nil {
			t.Fatal(err)
		}
		const want = `state={"desired":{"n":9007199254740993,"on":true}} version=1 clientToken="t1"`
		if got := members(t, update.Payload, "state", "version", "clientToken"); got != want {
			t.Errorf("update: %s", got)
		}
		if r, ok := store.get(k); !ok || r.Version != 1 {
			t.Errorf("the update was answered before it was stored: %+v", r)
		}
		for _, suffix := range []string{"update/delta", "update/documents", "update/accepted"} {
			m := device.next(t)
			if m.Topic() != k.Topic(suffix) || !strings.Contains(string(m.Payload()), `"clientToken":"t1"`) {
				t.Errorf("got %s %s, want %s", m.Topic(), m.Payload(), suffix)
			}
			if suffix == "update/accepted" && string(m.Payload()) != string(update.Payload) {
				t.Errorf("over MQTT %s\nover HTTP %s", m.Payload(), update.Payload)
			}
		}

		get, err := c.GetThingShadow(t.Context(), &iotdataplane.GetThingShadowInput{ThingName: &k.Thing, ShadowName: name})
		if err != nil {
			t.Fatal(err)
		}
		if got := members(t, get.Payload, "state", "version"); got != `state={"desired":{"n":9007199254740993,"on":true},"delta":{"n":9007199254740993,"on":true}} version=1` {
			t.Errorf("get: %s", got)
		}

		device.publish(t, k.Topic("update"), 1, `{"state":{"reported":{"on":true,"n":9007199254740993}}}`)
		if m := device.next(t); m.Topic() != k.Topic("update") { // a get over HTTP tells nothing
			t.Errorf("got %s %s", m.Topic(), m.Payload())
		}
		for range 2 {
			device.next(t)
		}

		gone, err := c.DeleteThingShadow(t.Context(), &iotdataplane.DeleteThingShadowInput{ThingName: &k.Thing, ShadowName: name})
		if err != nil {
			t.Fatal(err)
		}
		if got := members(t, gone.Payload, "version"); got != "version=2" {
			t.Errorf("delete: %s", gone.Payload)
		}
		device.want(t, k.Topic("delete/accepted"), string(gone.Payload))
		if r, _ := store.get(k); !r.Deleted {
			t.Error("the delete was answered before it was stored")
		}
	}
}

func TestErrorsOverHTTPAreTyped(t *testing.T) {
	t.Parallel()
	store := new(memoryStore)
	s := startHTTP(t, localbroker.Config{Store: store})
	device := connect(t, s, "device")
	device.subscribe(t, everyShadow, 1)
	c := sdk(t, s)
	thing := aws.String("x")
	update := func(payload string) error {
		_, err := c.UpdateThingShadow(t.Context(), &iotdataplane.UpdateThingShadowInput{ThingName: thing, Payload: []byte(payload)})
		return err
	}
	if err := update(`{"state":{"reported":{"a":1}}}`); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		device.next(t)
	}

	get := func(thing, name string) error {
		in := &iotdataplane.GetThingShadowInput{ThingName: &thing}
		if name != "" {
			in.ShadowName = &name
		}
		_, err := c.GetThingShadow(t.Context(), in)
		return err
	}
	for _, err := range []struct {
		err           error
		want          any
		code, message string
	}{
		{update(`{"state":{},"version":7}`), new(*types.ConflictException), "ConflictException", "Version conflict"},
		{update(`{"stat":{}}`), new(*types.InvalidRequestException), "InvalidRequestException", "Missing required node: state"},
		{update(``), new(*types.InvalidRequestException), "InvalidRequestException", "Missing required node: state"},
		{update(`{"state":`), new(*types.InvalidRequestException), "InvalidRequestException", "Invalid JSON"},
		{update("{\"state\":{\"reported\":\"\xff\"}}"), new(*types.UnsupportedDocumentEncodingException), "UnsupportedDocumentEncodingException", "Unsupported documented encoding; supported encoding is UTF-8"},
		{update(`{"state":{"reported":{"a":"` + strings.Repeat("x", 8193) + `"}}}`), new(*types.RequestEntityTooLargeException), "RequestEntityTooLargeException", "The payload exceeds the maximum size allowed"},
		{update(strings.Repeat(" ", 128<<10+1)), new(*types.RequestEntityTooLargeException), "RequestEntityTooLargeException", "The payload exceeds the maximum size allowed"},
		{get("none", ""), new(*types.ResourceNotFoundException), "ResourceNotFoundException", "No shadow exists with name: 'none'"},
		{get("x", "n"), new(*types.ResourceNotFoundException), "ResourceNotFoundException", "No shadow exists with name: 'x~n'"},
		{get("bad name", ""), new(*types.InvalidRequestException), "InvalidRequestException", "Invalid thing name: it must have 1 to 128 characters of a-z A-Z 0-9 : _ -"},
		{get("a/b", ""), new(*types.InvalidRequestException), "InvalidRequestException", "Invalid thing name: it must have 1 to 128 characters of a-z A-Z 0-9 : _ -"},
		{get("x", "a/b"), new(*types.InvalidRequestException), "InvalidRequestException", "Invalid shadow name: it must have 1 to 64 characters of a-z A-Z 0-9 : _ - $"},
		{get(strings.Repeat("x", 129), ""), new(*types.InvalidRequestException), "InvalidRequestException", "Invalid thing name: it must have 1 to 128 characters of a-z A-Z 0-9 : _ -"},
	} {
		wantTyped(t, err.err, err.want, err.code, err.message)
	}
	store.fail(errors.New("disk full"))
	wantTyped(t, update(`{"state":{}}`), new(*types.InternalFailureException), "InternalFailureException", "Internal service failure")
	store.fail(nil)
	if err := update(`{"state":{},"version":1}`); err != nil {
		t.Errorf("after the store recovered: %v", err)
	}
	if m := device.next(t); m.Topic() != "$aws/things/x/shadow/update/documents" { // no error was told
		t.Errorf("got %s %s", m.Topic(), m.Payload())
	}
}

// wantTyped checks that err is of the type that target points to, with its
// message.
func wantTyped(t *testing.T, err error, target any, code, message string) {
	t.Helper()
	if !errors.As(err, target) {
		t.Errorf("error %v, want %s", err, code)
		return
	}
	typed, ok := reflect.TypeAssert[interface {
		ErrorCode() string
		ErrorMessage() string
	}](reflect.ValueOf(target).Elem())
	if !ok || typed.ErrorCode() != code || typed.ErrorMessage() != message {
		t.Errorf("error %v, want %s %q", err, code, message)
	}
}

func TestNamedShadowsAreListed(t *testing.T) {
	t.Parallel()
	store := new(memoryStore)
	s := startHTTP(t, localbroker.Config{Store: store})
	c := sdk(t, s)
	var want []string
	for i := range 57 {
		want = append(want, fmt.Sprintf("n-%02d", i))
	}
	app := connect(t, s, "app")
	app.subscribe(t, everyShadow, 0)
	for i := range want {
		k := shadow.Key{Thing: "x", Name: want[len(want)-1-i]}
		app.publish(t, k.Topic("update"), 1, `{"state":{}}`)
		app.publish(t, k.Topic("update"), 1, `{"state":{}}`)
	}
	for _, k := range []shadow.Key{{Thing: "x"}, {Thing: "x", Name: "gone"}, {Thing: "y", Name: "other"}} {
		app.publish(t, k.Topic("update"), 1, `{"state":{}}`)
	}
	app.publish(t, shadow.Key{Thing: "x", Name: "gone"}.Topic("delete"), 1, ``)
	app.barrier(t)

	list := func(c *iotdataplane.Client, thing string, size *int32) (names []string, pages int) {
		t.Helper()
		in := &iotdataplane.ListNamedShadowsForThingInput{ThingName: &thing, PageSize: size}
		for {
			out, err := c.ListNamedShadowsForThing(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			if age := time.Since(time.Unix(out.Timestamp, 0)); age < 0 || age > time.Minute {
				t.Errorf("timestamp %d", out.Timestamp)
			}
			names = append(names, out.Results...)
			pages++
			if in.NextToken = out.NextToken; in.NextToken == nil {
				return names, pages
			}
		}
	}
	for size, pages := range map[int32]int{0: 3, 1: 57, 10: 6, 19: 3, 57: 1, 100: 1} {
		var p *int32
		if size != 0 {
			p = &size
		}
		got, n := list(c, "x", p)
		if d := cmp.Diff(want, got); d != "" || n != pages {
			t.Errorf("page size %d: %d pages, want %d; -want +got\n%s", size, n, pages, d)
		}
	}
	if got, _ := list(c, "unknown", nil); len(got) != 0 {
		t.Errorf("unknown: %q", got)
	}

	// What is loaded is listed too.
	again := startHTTP(t, localbroker.Config{Store: store})
	if got, _ := list(sdk(t, again), "x", aws.Int32(100)); !cmp.Equal(want, got) {
		t.Errorf("after a restart: %q", got)
	}
	for _, in := range []*iotdataplane.ListNamedShadowsForThingInput{
		{ThingName: aws.String("x"), PageSize: aws.Int32(0)},
		{ThingName: aws.String("x"), PageSize: aws.Int32(101)},
		{ThingName: aws.String("x"), NextToken: aws.String("n-07")},
		{ThingName: aws.String("x y")},
	} {
		_, err := c.ListNamedShadowsForThing(t.Context(), in)
		if _, ok := errors.AsType[*types.InvalidRequestException](err); !ok {
			t.Errorf("%+v: error %v", in, err)
		}
	}
	store.fail(errors.New("disk full"))
	_, err := c.UpdateThingShadow(t.Context(), &iotdataplane.UpdateThingShadowInput{ThingName: aws.String("u"), ShadowName: aws.String("n"), Payload: []byte(`{"state":{}}`)})
	if err == nil {
		t.Error("no error of a store that fails")
	}
	if got, _ := list(c, "u", nil); len(got) != 0 {
		t.Errorf("%q was listed and is not stored", got)
	}
}
