package storage

// Keys of the tables whose rows belong to a session hold its number in front,
// so that they lie together and a session is dropped by a range of keys.
const (
	seqBits    = 40 // of delivery.id = session<<40 | seq
	packetBits = 16 // of received.id = session<<16 | packet identifier

	maxSeq     = 1<<seqBits - 1
	maxSession = 1<<22 - 1
)

// Bits of delivery.flags.
const (
	deliveryQoS      = 0x03
	deliveryRetain   = 0x04
	deliveryReleased = 0x08
)

// brokerSteps are the migrations of broker.db. A step that was released is
// never changed: add another. Messages are as appendMessage makes them.
var brokerSteps = []string{`
CREATE TABLE session (
  number  INTEGER PRIMARY KEY,
  client  TEXT NOT NULL,
  owner   TEXT NOT NULL,
  version INTEGER NOT NULL,
  expiry  INTEGER NOT NULL,           -- seconds
  ended   INTEGER NOT NULL,           -- microseconds since 1970 UTC; 0 while connected
  will    BLOB                        -- delay in seconds as uvarint, message
) STRICT;
CREATE TABLE sent (
  session INTEGER PRIMARY KEY,
  seq     INTEGER NOT NULL            -- deliveries up to it have been sent once
) STRICT;
CREATE TABLE subscription (
  session INTEGER NOT NULL,
  filter  TEXT NOT NULL,
  options INTEGER NOT NULL,
  id      INTEGER NOT NULL,
  PRIMARY KEY (session, filter)
) STRICT, WITHOUT ROWID;
CREATE TABLE message (                -- those that deliveries share
  id   INTEGER PRIMARY KEY,
  data BLOB NOT NULL
) STRICT;
CREATE TABLE delivery (
  id      INTEGER PRIMARY KEY,        -- session << 40 | seq
  flags   INTEGER NOT NULL,           -- QoS, 4 RETAIN, 8 released
  ids     BLOB,                       -- subscription identifiers as uvarints
  message INTEGER,                    -- message.id when it is shared
  data    BLOB                        -- the message when it is not
) STRICT;
CREATE TABLE received (
  id INTEGER PRIMARY KEY              -- session << 16 | packet identifier
) STRICT;
CREATE TABLE retained (
  topic TEXT PRIMARY KEY,
  data  BLOB NOT NULL                 -- a message without its topic
) STRICT, WITHOUT ROWID;
`}
