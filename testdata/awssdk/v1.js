// A device and an app of aws-iot-device-sdk share the shadow of a Thing. The
// SDK itself adds versions and client tokens, and drops what is older than it
// has seen.
"use strict";
const { thingShadow } = require("aws-iot-device-sdk");
const { config, run, step, equal, ok, recent, times, Inbox } = require("./check.js");

const { thing } = config;

// Party is one client: what it is told and does.
class Party extends Inbox {
  constructor(name, clientId) {
    super(name, true);
    this.shadow = thingShadow({
      host: config.host, port: config.port, caPath: config.ca, certPath: config.certificate, keyPath: config.key, clientId,
    });
    for (const event of ["error", "close", "offline"]) this.shadow.on(event, (e) => this.put(event, e && e.message));
    this.shadow.on("connect", () => this.put("connect"));
    this.shadow.on("delta", (_, document) => this.put("delta", document));
    this.shadow.on("foreignStateChange", (_, operation, document) => this.put(`foreign ${operation}`, document));
    this.shadow.on("status", (_, status, token, document) => this.put(status, { token, document }));
    this.shadow.on("timeout", (_, token) => this.put("timeout", token));
  }

  // register resolves with the filters that were not granted.
  register(name) {
    step(`${this.name}: register ${name}`);
    return new Promise((resolve, reject) =>
      this.shadow.register(name, { qos: 1 }, (err, refused) => (err && !refused ? reject(err) : resolve(refused || []))));
  }

  // start begins an operation, the answer to which comes later.
  start(operation, ...args) {
    step(`${this.name}: ${operation}`);
    this.token = this.shadow[operation](thing, ...args);
    ok("the SDK refused the operation", typeof this.token === "string");
  }

  // answer takes the answer, which must have the token of the operation.
  async answer(status) {
    const { token, document } = await this.take(status);
    equal(`token of ${status}`, token, this.token);
    return document;
  }
}

run(async () => {
  const device = new Party("device", thing);
  const app = new Party("app", `${thing}-app`);
  for (const party of [device, app]) {
    await party.take("connect");
    equal("refused filters", await party.register(thing), []);
  }

  device.start("get");
  const missing = await device.answer("rejected");
  equal("rejection", missing, { code: 404, message: `No shadow exists with name: '${thing}'` });

  device.start("update", { state: { reported: { temperature: 36, fan: { on: false, speed: 0 } } } });
  let document = await device.answer("accepted");
  equal("state accepted", document.state, { reported: { temperature: 36, fan: { on: false, speed: 0 } } });
  equal("version", document.version, 1);
  recent("timestamp", document.timestamp);
  equal("state that the app sees", (await app.take("foreign update")).state.reported.temperature, 36);

  app.start("update", { state: { desired: { temperature: 28, fan: { on: true } } } });
  let delta = await app.take("delta"); // before accepted, or the SDK might drop it
  equal("delta", delta.state, { temperature: 28, fan: { on: true } });
  document = await app.answer("accepted");
  equal("version", document.version, 2);
  delta = await device.take("delta");
  equal("delta", delta.state, { temperature: 28, fan: { on: true } });
  equal("version of delta", delta.version, 2);
  times("metadata of delta", delta.metadata, { temperature: "timestamp", fan: { on: "timestamp" } });
  await device.take("foreign update");

  device.start("update", { state: { reported: { temperature: 28, fan: { on: true } } } });
  document = await device.answer("accepted"); // with no delta before it: all is as desired
  equal("version", document.version, 3);
  await app.take("foreign update");

  app.start("get", "my own token");
  equal("own token", app.token, "my own token");
  document = await app.answer("accepted");
  equal("state", document.state, {
    desired: { temperature: 28, fan: { on: true } }, reported: { temperature: 28, fan: { on: true, speed: 0 } },
  });
  equal("version", document.version, 3);
  times("metadata", document.metadata, {
    desired: { temperature: "timestamp", fan: { on: "timestamp" } },
    reported: { temperature: "timestamp", fan: { on: "timestamp", speed: "timestamp" } },
  });

  app.start("update", { state: { desired: null } });
  equal("state accepted", (await app.answer("accepted")).state, { desired: null });
  await device.take("foreign update");

  device.start("delete");
  equal("version deleted", (await device.answer("accepted")).version, 4);
  await app.take("foreign delete");
  app.start("get");
  equal("code after delete", (await app.answer("rejected")).code, 404);
  device.start("delete");
  equal("code of a second delete", (await device.answer("rejected")).code, 404);

  if (config.stranger) {
    const refused = await device.register(config.stranger);
    equal("filters refused of another Thing", refused.length, 7);
  }
  for (const party of [device, app]) {
    party.empty();
    party.shadow.end(true);
  }
});
