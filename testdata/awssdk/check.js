// What the scripts of this folder share. Each gets one argument, the settings
// as JSON, and ends with 0, or with 1 after a sentence that says what is wrong.
"use strict";
const { isDeepStrictEqual } = require("util");

// patience bounds a script, so that one that waits says for what.
const patience = 30_000;

// config is: host, port, ca, certificate and key (names of PEM files), thing,
// and what else a script names.
const config = JSON.parse(process.argv[2] || "{}");

let doing = "start";

// step says what comes next, for the sentence when it does not come.
function step(what) {
  doing = what;
}

// fail ends the script. An SDK may reject with an Error or with a string.
function fail(reason) {
  const text = reason instanceof Error ? reason.message : String(reason);
  process.stderr.write(`${doing}: ${text}\n`);
  process.exit(1);
}

// run ends the script when main has. It does not wait for an SDK's own ends:
// they are checked where a script closes its clients.
function run(main) {
  setTimeout(() => fail(`nothing came within ${patience / 1000} s`), patience).unref();
  process.on("uncaughtException", fail);
  process.on("unhandledRejection", fail);
  let done = false;
  process.on("exit", (code) => {
    if (code === 0 && !done) {
      process.stderr.write(`${doing}: the SDK let go of the connection\n`);
      process.exitCode = 1;
    }
  });
  main().then(() => {
    done = true;
    process.exit(0);
  }, fail);
}

function show(value) {
  return value === undefined ? "nothing" : JSON.stringify(value);
}

// equal fails unless both are the same, types and all.
function equal(what, got, want) {
  // An SDK's models have classes of their own: compare what is in them.
  const plain = got === undefined ? undefined : JSON.parse(JSON.stringify(got));
  if (!isDeepStrictEqual(plain, want)) {
    throw new Error(`${what} is ${show(got)}, want ${show(want)}`);
  }
}

function ok(what, condition) {
  if (!condition) throw new Error(what);
}

// recent fails unless t is a time of this minute in whole epoch seconds.
function recent(what, t) {
  const seconds = t instanceof Date ? t.getTime() / 1000 : t;
  const now = Date.now() / 1000;
  ok(`${what} is ${show(t)}, want epoch seconds of now`, Number.isInteger(seconds) && Math.abs(now - seconds) < 60);
}

// leaves calls see for every time in metadata and returns the tree without
// them: {"a": {"timestamp": 5}} becomes {"a": "timestamp"}.
function leaves(metadata, see) {
  if (Array.isArray(metadata)) return metadata.map((m) => leaves(m, see));
  if (typeof metadata.timestamp === "number" || metadata.timestamp instanceof Date) {
    see("a time in metadata", metadata.timestamp);
    return "timestamp";
  }
  return Object.fromEntries(Object.entries(metadata).map(([k, m]) => [k, leaves(m, see)]));
}

// times fails unless metadata has the shape, with a recent time at each leaf.
function times(what, metadata, shape) {
  ok(`${what}: there is none`, metadata);
  equal(what, leaves(metadata, recent), shape);
}

// Inbox holds what arrives. An ordered one must be emptied in the order of
// arrival, so that a message that should not have come is found at once.
class Inbox {
  constructor(name, ordered) {
    this.name = name;
    this.ordered = ordered;
    this.messages = [];
    this.wake = () => {};
  }

  put(kind, message) {
    this.messages.push({ kind, message });
    this.wake();
  }

  // take waits for the next message of a kind and returns it.
  async take(kind) {
    step(`${this.name}: ${kind}`);
    for (;;) {
      const i = this.messages.findIndex((m) => m.kind === kind || this.ordered);
      if (i >= 0) {
        const [next] = this.messages.splice(i, 1);
        ok(`${next.kind} came instead: ${show(next.message)}`, next.kind === kind);
        return next.message;
      }
      await new Promise((resolve) => (this.wake = resolve));
    }
  }

  // empty fails when something has come that nobody took.
  empty() {
    equal(`what came besides to ${this.name}`, this.messages, []);
  }
}

module.exports = { config, step, run, show, equal, ok, recent, times, Inbox };
