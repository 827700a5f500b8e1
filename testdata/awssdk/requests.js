// A device of aws-iot-device-sdk-v2 with the IotShadowClientv2: it awaits the
// answer to each request and reads streams of deltas and documents.
"use strict";
const { iotshadow } = require("aws-iot-device-sdk-v2");
const { connect } = require("./connect.js");
const { config, run, step, equal, ok, recent, Inbox } = require("./check.js");

const { thing, protocol } = config;

// Shadow is one shadow of the Thing, classic without a name.
class Shadow extends Inbox {
  constructor(client, shadowName) {
    super(shadowName || "classic shadow");
    this.client = client;
    this.request = shadowName ? { thingName: thing, shadowName } : { thingName: thing };
    this.quoted = shadowName ? `'${thing}~${shadowName}'` : `'${thing}'`;
    this.named = shadowName ? "Named" : "";
  }

  // open starts the streams and returns when the broker serves them.
  async open() {
    this.streams = [];
    for (const [method, kind] of [["ShadowDeltaUpdated", "delta"], ["ShadowUpdated", "documents"]]) {
      step(`${this.name}: open the stream of ${kind}`);
      const stream = this.client[`create${this.named}${method}Stream`](this.request);
      stream.on("incomingPublish", (event) => this.put(kind, event.message));
      stream.on("incomingPublishError", (event) => this.put(`unreadable ${kind}: ${event.error}`));
      const served = new Promise((resolve, reject) =>
        stream.on("subscriptionStatus", (event) => (event.error ? reject(event.error) : resolve(event))));
      stream.open();
      await served;
      this.streams.push(stream);
    }
  }

  send(operation, members) {
    step(`${this.name}: ${operation}`);
    return this.client[`${operation}${this.named}Shadow`]({ ...this.request, ...members });
  }

  // refused sends what the service must reject.
  async refused(operation, members, code, message) {
    const error = await this.send(operation, members).then(
      (response) => { throw new Error(`was accepted: ${JSON.stringify(response)}`); },
      (e) => e);
    ok(`no answer of the service, but: ${error.message} ${error.internalError || ""}`, error.modeledError);
    equal("rejection", { code: error.modeledError.code, message: error.modeledError.message }, { code, message });
  }
}

async function live(shadow) {
  const missing = `No shadow exists with name: ${shadow.quoted}`;
  await shadow.refused("get", {}, 404, missing);

  const first = { desired: { temperature: 28 }, reported: { temperature: 36 } };
  let response = await shadow.send("update", { state: first });
  equal("state accepted", response.state, first);
  equal("version", response.version, 1);
  recent("timestamp", response.timestamp);
  let delta = await shadow.take("delta");
  equal("delta", delta.state, { temperature: 28 });
  equal("version of delta", delta.version, 1);
  let documents = await shadow.take("documents");
  equal("current", documents.current.state, first);
  ok("there is a previous document of a new shadow", !documents.previous);

  response = await shadow.send("update", { state: { reported: { temperature: 28 } }, version: 1 });
  equal("version", response.version, 2);
  documents = await shadow.take("documents"); // with no delta before it
  equal("previous", documents.previous.state, first);
  equal("version of current", documents.current.version, 2);

  await shadow.refused("update", { state: { desired: { temperature: 1 } }, version: 1 }, 409, "Version conflict");

  response = await shadow.send("update", { state: { desired: { temperature: 20, unit: "C" } } });
  equal("version", response.version, 3);
  delta = await shadow.take("delta");
  equal("delta", delta.state, { temperature: 20, unit: "C" });
  await shadow.take("documents");

  response = await shadow.send("get");
  equal("state", response.state, {
    desired: { temperature: 20, unit: "C" }, reported: { temperature: 28 }, delta: { temperature: 20, unit: "C" },
  });
  equal("version", response.version, 3);
}

async function end(shadow) {
  const missing = `No shadow exists with name: ${shadow.quoted}`;
  equal("version deleted", (await shadow.send("delete")).version, 3);
  await shadow.refused("get", {}, 404, missing);
  await shadow.refused("delete", {}, 404, missing);
  for (const stream of shadow.streams) stream.close();
  shadow.empty();
}

run(async () => {
  step("connect");
  const connection = await connect[protocol](config, thing);
  const options = { maxRequestResponseSubscriptions: 12, maxStreamingSubscriptions: 4, operationTimeoutInSeconds: 20 };
  const client = protocol === 5
    ? iotshadow.IotShadowClientv2.newFromMqtt5(connection.client, options)
    : iotshadow.IotShadowClientv2.newFromMqtt311(connection.client, options);
  const classic = new Shadow(client);
  const named = new Shadow(client, "settings");
  for (const shadow of [classic, named]) await shadow.open();
  for (const shadow of [classic, named]) await live(shadow);
  await end(classic);
  equal("version of the named shadow", (await named.send("get")).version, 3); // it lives on
  await end(named);
  step("disconnect");
  client.close();
  await connection.close();
});
