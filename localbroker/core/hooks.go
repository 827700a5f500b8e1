package core

import (
	"context"
	"net"
	"time"

	"github.com/thingdesk/thingdesk/localbroker/durable"
	"github.com/thingdesk/thingdesk/localbroker/packet"
)

// Door is what connections of one listener have in common.
type Door struct {
	// Name is shown for its clients: "tcp 127.0.0.1:1883".
	Name string
	// Durable lets acknowledgements and messages wait until what they stand for
	// is stored. Without it they go out at once and storing follows: faster,
	// but what was acknowledged in the last moment before a crash is lost.
	Durable bool
	// Guard decides who may come in; nil lets everybody in and do everything.
	Guard Guard
}

// Guard decides who may use a Door.
type Guard interface {
	// Admit looks at an Applicant. It may take its time and gives up when ctx
	// ends. Reason is packet.Success, or why not.
	Admit(ctx context.Context, a Applicant) (Pass, packet.Reason)
}

// Applicant is a client that sent CONNECT.
type Applicant struct {
	Conn        net.Conn
	ClientID    string
	HasUser     bool
	User        string
	HasPassword bool
	Password    []byte
}

// Pass is what an admitted client goes by.
type Pass struct {
	// Owner is the user that was authenticated, or the name in the client
	// certificate; "" for nobody. A session is not given to another Owner.
	Owner string
	// Permit says what it may do; nil for everything.
	Permit Permit
	// Exempt keeps Config.Judge and Config.Policy off it.
	Exempt bool
}

// Permit says what a client may do. Its methods are called from several
// goroutines at once, mostly with the Broker's lock held, and must be quick.
type Permit interface {
	Publish(topic string) bool
	Subscribe(filter string) bool // of a shared subscription, the filter in it
	Receive(topic string) bool
}

// Observer is told what happens, in the order in which it happens. Its methods
// are called with the Broker's lock held: they must return at once and must not
// call the Broker.
type Observer interface {
	// Connected comes for each client that is let in.
	Connected(c Client)
	// Disconnected comes once for each Connected.
	Disconnected(c Client, why Ending)
	// Subscribed tells the subscriptions that were granted.
	Subscribed(client string, granted []durable.Subscription)
	// Unsubscribed tells the filters that were removed.
	Unsubscribed(client string, filters []string)
	// Published tells each message that was accepted. The ID is not set yet.
	Published(m *durable.Message, o Origin)
	// Dropped tells a message that client should have got, or of a refused one,
	// that it sent.
	Dropped(client string, m *durable.Message, why Drop)
}

// Publication is a PUBLISH that is to be judged.
type Publication struct {
	Client, Owner string
	Version       packet.Version
	Message       *durable.Message // not to be changed
}

// Verdict is what is to be done with a Publication. The zero value passes it.
type Verdict struct {
	// Refuse is the reason why the message is not accepted; packet.Success
	// accepts it. Clients of MQTT 3 get a plain acknowledgement, for they know
	// no other, unless Disconnect is set.
	Refuse packet.Reason
	// Text is the Reason String that goes with Refuse.
	Text string
	// Disconnect ends the connection with Refuse as its reason.
	Disconnect bool
	// Drop acknowledges the message and forgets it.
	Drop bool
	// Again is how many more times the message is delivered.
	Again int
	// Delay holds the message, its acknowledgement and the messages that the
	// client sends after it back for so long. What is not acknowledged when the
	// connection ends is forgotten; the client sends it again.
	Delay time.Duration
}

// Origin says how a message came. Message.From has the client ID, "" for the
// broker itself.
type Origin struct {
	// Dup is the DUP flag it came with.
	Dup bool
	// Will tells that it is a Will.
	Will bool
}

// Drop says why a message was not delivered.
type Drop string

// The reasons.
const (
	DropQueueFull Drop = "the queue of the client is full"
	DropTotalFull Drop = "the queues of all clients together are full"
	DropTooLarge  Drop = "the message is longer than the client takes"
	DropExpired   Drop = "the message expired"
	DropDenied    Drop = "the rules do not allow it"
	DropRefused   Drop = "the broker refused it"
	DropRetained  Drop = "there is no room for more retained messages"
)

// Ending says why a connection ended.
type Ending struct {
	Reason packet.Reason
	// Text says more; "" for nothing.
	Text string
	// ByClient tells that the client sent DISCONNECT.
	ByClient bool

	quiet bool // the client is not told
}
