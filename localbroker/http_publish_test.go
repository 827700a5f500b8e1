package localbroker_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iotdataplane"
	"github.com/aws/aws-sdk-go-v2/service/iotdataplane/types"
	"github.com/google/go-cmp/cmp"

	"github.com/thingdesk/thingdesk/localbroker"
)

func TestPublishOverHTTP(t *testing.T) {
	t.Parallel()
	s := startHTTP(t, localbroker.Config{})
	c := sdk(t, s)
	w := dial(t, s)
	w.send(hello(5, "five"))
	w.expect(2)
	w.send(packet(0x82, "\x00\x01\x00", str("#"), "\x01"))
	w.expect(9)
	publish := func(in *iotdataplane.PublishInput) {
		t.Helper()
		if _, err := c.Publish(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}

	publish(&iotdataplane.PublishInput{Topic: aws.String("a b/ä/20%/?x&y=~*()'/c"), Payload: []byte("zero")})
	if got, want := string(w.expect(3)), str("a b/ä/20%/?x&y=~*()'/c")+"\x00zero"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	publish(&iotdataplane.PublishInput{
		Topic: aws.String("/plant//x%2F"), Payload: []byte{0, 255}, Qos: 1,
		ContentType: aws.String("text/plain; a=ä"), ResponseTopic: aws.String("answer/to"), CorrelationData: aws.String("AQL/"),
		PayloadFormatIndicator: types.PayloadFormatIndicatorUnspecifiedBytes,
		UserProperties:         aws.String(`[{"deviceName": "alpha"}, {"b": "2", "a": "1"}, {"b": ""}]`),
	})
	props := "\x01\x00\x03" + str("text/plain; a=ä") + "\x08" + str("answer/to") + "\x09" + str("\x01\x02\xff") +
		"\x26" + str("deviceName") + str("alpha") + "\x26" + str("b") + str("2") + "\x26" + str("a") + str("1") + "\x26" + str("b") + str("")
	body := string(w.expect(3))
	topic := str("/plant//x%2F")
	if !strings.HasPrefix(body, topic) || body[len(topic)+2:] != string([]byte{byte(len(props))})+props+"\x00\xff" {
		t.Errorf("got  %q\nwant %q", body, topic+"??"+string([]byte{byte(len(props))})+props+"\x00\xff")
	}

	// Message Expiry goes out once, with the time that is left.
	publish(&iotdataplane.PublishInput{Topic: aws.String("e"), Payload: []byte("soon"), MessageExpiry: 1000})
	if got, want := string(w.expect(3)), str("e")+"\x05\x02\x00\x00\x03\xe8soon"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}

	_, err := c.Publish(t.Context(), &iotdataplane.PublishInput{Topic: aws.String("a"), Qos: 2})
	wantTyped(t, err, new(*types.InvalidRequestException), "InvalidRequestException", "qos must be a number from 0 to 1")
	_, err = c.Publish(t.Context(), &iotdataplane.PublishInput{Topic: aws.String("a/#")})
	if _, ok := errors.AsType[*types.InvalidRequestException](err); !ok {
		t.Errorf("error %v", err)
	}

	// A request of the shadow service is answered.
	device := connect(t, s, "device")
	device.subscribe(t, "$aws/things/+/shadow/update/delta", 1)
	publish(&iotdataplane.PublishInput{Topic: aws.String("$aws/things/x/shadow/update"), Payload: []byte(`{"state":{"desired":{"a":1}}}`), Qos: 1})
	if m := device.next(t); !strings.Contains(string(m.Payload()), `"state":{"a":1}`) {
		t.Errorf("got %s", m.Payload())
	}
}

func TestRetainedOverHTTP(t *testing.T) {
	t.Parallel()
	s := startHTTP(t, localbroker.Config{})
	c := sdk(t, s)
	var want []string
	for i := range 61 {
		name := fmt.Sprintf("r/%02d/ü %%", i)
		want = append(want, name)
		in := &iotdataplane.PublishInput{Topic: &name, Payload: []byte("abc"), Qos: int32(i % 2), Retain: true}
		if i == 3 {
			in.UserProperties = aws.String(`[{"k":"v"},{"k":"<&>"}]`)
		}
		if _, err := c.Publish(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	for _, size := range []int32{0, 7, 61, 200} {
		var got []string
		in := &iotdataplane.ListRetainedMessagesInput{}
		if size != 0 {
			in.MaxResults = &size
		}
		for {
			out, err := c.ListRetainedMessages(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range out.RetainedTopics {
				if age := time.Since(time.UnixMilli(r.LastModifiedTime)); r.PayloadSize != 3 || r.Qos != int32(len(got)%2) || age < -time.Second || age > time.Minute {
					t.Errorf("%s: %+v", *r.Topic, r)
				}
				got = append(got, *r.Topic)
			}
			if in.NextToken = out.NextToken; in.NextToken == nil {
				break
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("-want +got\n%s", d)
		}
	}

	one, err := c.GetRetainedMessage(t.Context(), &iotdataplane.GetRetainedMessageInput{Topic: &want[3]})
	if err != nil {
		t.Fatal(err)
	}
	if age := time.Since(time.UnixMilli(one.LastModifiedTime)); age < -time.Second || age > time.Minute {
		t.Errorf("modified %v ago", age)
	}
	if *one.Topic != want[3] || string(one.Payload) != "abc" || one.Qos != 1 || string(one.UserProperties) != `[{"k":"v"},{"k":"\u003c\u0026\u003e"}]` {
		t.Errorf("got %+v with %s and %s", one, one.Payload, one.UserProperties)
	}
	if one, err := c.GetRetainedMessage(t.Context(), &iotdataplane.GetRetainedMessageInput{Topic: &want[2]}); err != nil || one.UserProperties != nil {
		t.Errorf("got %+v, %v", one, err)
	}
	if _, err := c.Publish(t.Context(), &iotdataplane.PublishInput{Topic: &want[3], Retain: true}); err != nil {
		t.Fatal(err)
	}
	_, err = c.GetRetainedMessage(t.Context(), &iotdataplane.GetRetainedMessageInput{Topic: &want[3]})
	wantTyped(t, err, new(*types.ResourceNotFoundException), "ResourceNotFoundException", "No retained message exists for topic: '"+want[3]+"'")
	_, err = c.ListRetainedMessages(t.Context(), &iotdataplane.ListRetainedMessagesInput{MaxResults: aws.Int32(201)})
	wantTyped(t, err, new(*types.InvalidRequestException), "InvalidRequestException", "maxResults must be a number from 1 to 200")
}
