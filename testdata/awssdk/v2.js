// A device of aws-iot-device-sdk-v2 with the IotShadowClient: it subscribes to
// each answer and publishes requests, for the classic and a named shadow.
"use strict";
const { iotshadow, mqtt } = require("aws-iot-device-sdk-v2");
const { connect } = require("./connect.js");
const { config, run, step, equal, ok, recent, times, Inbox } = require("./check.js");

const { thing, protocol } = config;
const qos = mqtt.QoS.AtLeastOnce;

// Shadow is one shadow of the Thing, classic without a name.
class Shadow extends Inbox {
  constructor(client, shadowName) {
    super(shadowName || "classic shadow");
    this.client = client;
    this.request = shadowName ? { thingName: thing, shadowName } : { thingName: thing };
    this.quoted = shadowName ? `'${thing}~${shadowName}'` : `'${thing}'`;
    this.named = shadowName ? "Named" : "";
    this.prefix = `$aws/things/${thing}/shadow/` + (shadowName ? `name/${shadowName}/` : "");
    this.sent = 0;
    this.arrived = []; // topics in the order in which they came
    this.taken = []; // topics in the order in which they should
  }

  // see notes what arrives. The SDK calls the handlers of MQTT 3.1.1 in no
  // certain order, but tells messages in theirs.
  see(topic, payload) {
    const own = JSON.parse(Buffer.from(payload).toString()).clientToken !== undefined;
    if (own && topic.startsWith(this.prefix)) this.arrived.push(topic.slice(this.prefix.length));
  }

  async take(kind) {
    this.taken.push(kind);
    return super.take(kind);
  }

  // order fails unless all came in the order in which it was taken.
  async order() {
    step(`${this.name}: all messages`);
    while (this.arrived.length < this.taken.length) await new Promise(setImmediate);
    equal("order of arrival", this.arrived, this.taken);
    this.empty();
  }

  async subscribe() {
    const topics = {
      [`Get${this.named}ShadowAccepted`]: "get/accepted", [`Get${this.named}ShadowRejected`]: "get/rejected",
      [`Update${this.named}ShadowAccepted`]: "update/accepted", [`Update${this.named}ShadowRejected`]: "update/rejected",
      [`Delete${this.named}ShadowAccepted`]: "delete/accepted", [`Delete${this.named}ShadowRejected`]: "delete/rejected",
      [`${this.named}ShadowDeltaUpdatedEvents`]: "update/delta", [`${this.named}ShadowUpdatedEvents`]: "update/documents",
    };
    for (const [method, kind] of Object.entries(topics)) {
      step(`${this.name}: subscribe to ${kind}`);
      await this.client[`subscribeTo${method}`](this.request, qos, (error, message) => {
        if (error) this.put(`unreadable ${kind}: ${error.message}`);
        // Without a token it answers Thingdesk's own client, which asks for
        // the shadow of a Thing that it sees for the first time.
        else if (message.clientToken !== undefined) this.put(kind, message);
      });
    }
  }

  async publish(operation, members) {
    step(`${this.name}: publish ${operation}`);
    this.token = `${thing}-${this.sent++}`;
    await this.client[`publish${operation}${this.named}Shadow`]({ ...this.request, clientToken: this.token, ...members }, qos);
  }

  // answer takes a message that this client's request has caused.
  async answer(kind) {
    const message = await this.take(kind);
    equal(`${kind}: token`, message.clientToken, this.token);
    return message;
  }

  async rejected(operation, code, message) {
    const got = await this.answer(`${operation}/rejected`);
    equal(`${operation}/rejected`, { code: got.code, message: got.message }, { code, message });
  }

  // update publishes an update and takes what it causes; the order matters to
  // clients that drop a delta whose version they have seen already.
  async update(state, want, version) {
    await this.publish("Update", { state, version });
    if (want.delta) {
      const delta = await this.answer("update/delta");
      equal("delta", delta.state, want.delta);
      equal("version of delta", delta.version, want.version);
      recent("timestamp of delta", delta.timestamp);
    }
    const documents = await this.answer("update/documents");
    equal("previous", documents.previous ? documents.previous.state : documents.previous, want.previous);
    equal("current", documents.current.state, want.current);
    equal("version of current", documents.current.version, want.version);
    if (want.previous) equal("version of previous", documents.previous.version, want.version - 1);
    const accepted = await this.answer("update/accepted");
    equal("state accepted", accepted.state, state);
    equal("version accepted", accepted.version, want.version);
    recent("timestamp accepted", accepted.timestamp);
    return accepted;
  }
}

// live leads a shadow from its first update to its end.
async function live(shadow) {
  await shadow.publish("Get");
  await shadow.rejected("get", 404, `No shadow exists with name: ${shadow.quoted}`);

  const first = { desired: { temperature: 28, mode: "eco" }, reported: { temperature: 36, mode: "eco", alarms: [1, { at: 2.5 }] } };
  const accepted = await shadow.update(first, { delta: { temperature: 28 }, previous: null, current: first, version: 1 });
  times("metadata accepted", accepted.metadata, {
    desired: { temperature: "timestamp", mode: "timestamp" },
    reported: { temperature: "timestamp", mode: "timestamp", alarms: ["timestamp", { at: "timestamp" }] },
  });

  const second = { desired: first.desired, reported: { ...first.reported, temperature: 28 } };
  await shadow.update({ reported: { temperature: 28 } }, { previous: first, current: second, version: 2 });

  await shadow.publish("Update", { state: { desired: { temperature: 1 } }, version: 1 });
  await shadow.rejected("update", 409, "Version conflict");
  await shadow.publish("Update", { state: { wanted: {} } });
  equal("code of a state that is none", (await shadow.answer("update/rejected")).code, 400);

  await shadow.publish("Get");
  const got = await shadow.answer("get/accepted");
  equal("state", got.state, second); // without a delta
  equal("version", got.version, 2);
  recent("timestamp", got.timestamp);

  const third = { ...second, desired: { temperature: 20, mode: "eco" } };
  await shadow.update({ desired: { temperature: 20 } }, { delta: { temperature: 20 }, previous: second, current: third, version: 3 }, 2);
  await shadow.publish("Get");
  equal("delta of get", (await shadow.answer("get/accepted")).state, { ...third, delta: { temperature: 20 } });

  const fourth = { reported: { temperature: 28, alarms: second.reported.alarms } };
  await shadow.update({ desired: null, reported: { mode: null } }, { previous: third, current: fourth, version: 4 });
}

// end deletes a shadow that has come to version 4, and makes it anew.
async function end(shadow) {
  await shadow.publish("Delete");
  const deleted = await shadow.answer("delete/accepted");
  equal("version deleted", deleted.version, 4);
  recent("timestamp of delete", deleted.timestamp);
  await shadow.publish("Get");
  await shadow.rejected("get", 404, `No shadow exists with name: ${shadow.quoted}`);
  await shadow.publish("Delete");
  await shadow.rejected("delete", 404, `No shadow exists with name: ${shadow.quoted}`);

  await shadow.publish("Update", { state: { reported: { again: true } } });
  equal("previous of the second life", (await shadow.answer("update/documents")).previous, null);
  const again = await shadow.answer("update/accepted");
  ok(`version goes on with ${again.version}, want more than 4`, again.version > 4);
  await shadow.publish("Delete");
  equal("version deleted", (await shadow.answer("delete/accepted")).version, again.version);
}

run(async () => {
  step("connect");
  const connection = await connect[protocol](config, thing);
  const client = protocol === 5
    ? iotshadow.IotShadowClient.newFromMqtt5Client(connection.client)
    : new iotshadow.IotShadowClient(connection.client);
  const named = new Shadow(client, "settings");
  const classic = new Shadow(client);
  // The topics of the classic shadow begin like those of the named one.
  connection.watch((topic, payload) => (topic.startsWith(named.prefix) ? named : classic).see(topic, payload));
  for (const shadow of [classic, named]) await shadow.subscribe();
  for (const shadow of [classic, named]) await live(shadow);
  await end(classic);
  await named.publish("Get"); // it lives on without the classic one
  equal("version of the named shadow", (await named.answer("get/accepted")).version, 4);
  await end(named);
  for (const shadow of [classic, named]) await shadow.order();

  if (config.stranger) {
    step("subscribe to another Thing");
    const code = await connection.subscribe(`$aws/things/${config.stranger}/shadow/update/delta`).catch(() => 128);
    ok(`the broker granted ${code}`, code >= 128);
  }
  step("disconnect");
  await connection.close();
});
